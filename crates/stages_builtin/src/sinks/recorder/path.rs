//! What a recording is called: a path below the data dir with words in braces that stand for something.

use plugin_api::{ConfigError, StageInitCtx, nearest};
use std::path::{Component, Path, PathBuf};

/// Words that any recording knows.
const ALWAYS: [&str; 2] = ["run", "start"];
/// Words that a study gives a meaning to; see [`StageInitCtx::names`].
const OF_A_STUDY: [&str; 3] = ["study", "participant", "task"];

/// A path with its words, those of a study filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathTemplate {
    text: String,
    data_dir: PathBuf,
}

impl PathTemplate {
    /// Checks that every word is known and that whatever they stand for leads to a file below the data dir.
    pub(crate) fn parse(path: &str, ctx: &StageInitCtx) -> Result<Self, ConfigError> {
        let refuse = |message: String| ConfigError::param_message("path", message);
        let mut text = String::new();
        let mut rest = path;
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let (word, after) = after.split_once('}').ok_or_else(|| {
                refuse(format!("`{path}` has a `{{` without a `}}`: close it, as in `{{run}}`"))
            })?;
            rest = after;
            if ALWAYS.contains(&word) {
                text.extend(["{", word, "}"]);
            } else if let Some(value) = ctx.names.get(word) {
                text.push_str(value);
            } else if OF_A_STUDY.contains(&word) {
                return Err(refuse(format!(
                    "`{{{word}}}` in `{path}` is known in a study only: start one, or leave it out"
                )));
            } else {
                let known = || ALWAYS.into_iter().chain(OF_A_STUDY);
                let meant = match nearest(word, known()) {
                    Some(near) => format!("did you mean `{{{near}}}`?"),
                    None => format!("it may be one of {}", known().collect::<Vec<_>>().join(", ")),
                };
                return Err(refuse(format!("`{path}` has no use for `{{{word}}}`; {meant}")));
            }
        }
        if rest.contains('}') {
            return Err(refuse(format!("`{path}` has a `}}` without a `{{`")));
        }
        text.push_str(rest);
        let template = Self { text, data_dir: ctx.data_dir.clone() };
        ctx.output("path", &template.filled(1, "start"))?;
        Ok(template)
    }

    fn filled(&self, run: u32, start: &str) -> String {
        self.text.replace("{run}", &format!("{run:02}")).replace("{start}", start)
    }

    /// Whether another run has another name.
    pub(super) fn has_run(&self) -> bool {
        self.text.contains("{run}")
    }

    pub(super) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The file, relative to the data dir; the parts of a recording after the first have their number at the end.
    pub(super) fn relative(&self, run: u32, start: &str, part: u32) -> PathBuf {
        let path: PathBuf = Path::new(&self.filled(run, start))
            .components()
            .filter(|component| matches!(component, Component::Normal(_)))
            .collect();
        if part <= 1 { path } else { with_ending(&path, &format!("_part-{part:02}")) }
    }
}

/// `a/b.bdf` and `_x` make `a/b_x.bdf`.
pub(super) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension =
        path.extension().map_or_else(String::new, |e| format!(".{}", e.to_string_lossy()));
    path.with_file_name(format!("{stem}{ending}{extension}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn in_study() -> StageInitCtx {
        let names = [("study", "studies/s1"), ("participant", "P001"), ("task", "rest")];
        let names = names.map(|(name, value)| (name.to_owned(), value.to_owned()));
        StageInitCtx { names: Arc::new(names.into()), ..StageInitCtx::in_folder("/data") }
    }

    #[test]
    fn words_are_filled_in() {
        let path = "{study}/{participant}_{task}_run-{run}_{start}.bdf";
        let template = PathTemplate::parse(path, &in_study()).unwrap();
        assert!(template.has_run());
        assert_eq!(
            template.relative(2, "20261123T103000Z", 1),
            Path::new("studies/s1/P001_rest_run-02_20261123T103000Z.bdf")
        );
        assert_eq!(
            template.relative(2, "20261123T103000Z", 3),
            Path::new("studies/s1/P001_rest_run-02_20261123T103000Z_part-03.bdf")
        );
        assert!(!PathTemplate::parse("./a.csv", &in_study()).unwrap().has_run());
    }

    #[test]
    fn what_makes_no_path_is_refused_with_what_to_do() {
        let outside = StageInitCtx::in_folder("/data");
        for (path, words) in [
            ("{study}/a.bdf", "is known in a study only: start one"),
            ("a_{rnu}.bdf", "did you mean `{run}`?"),
            ("a_{xyzzy}.bdf", "it may be one of run, start, study"),
            ("a_{run.bdf", "without a `}`"),
            ("a_run}.bdf", "without a `{`"),
            ("../{run}.bdf", "not a file name below the data dir"),
            ("{run}/", "not a file name below the data dir"),
        ] {
            let error = PathTemplate::parse(path, &outside).unwrap_err();
            assert_eq!(error.param(), Some("path"));
            assert!(error.to_string().contains(words), "{path}: {error}");
        }
    }
}
