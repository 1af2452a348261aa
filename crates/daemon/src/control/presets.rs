//! Pipelines by name: the files of a folder, or those that ship with eegd.

use super::refused::Refused;
use crate::document::{Format, MAX_BYTES};
use pipeline_core::graph::nearest;
use rust_embed::RustEmbed;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

#[derive(RustEmbed)]
#[folder = "../../pipelines/"]
struct Shipped;

/// Where presets come from.
#[derive(Debug, Clone, Default)]
pub struct Presets {
    folder: Option<PathBuf>,
}

/// One preset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Preset {
    /// The name of its file without the extension.
    pub(crate) name: String,
    pub(crate) format: Format,
    pub(crate) text: Vec<u8>,
}

/// A preset that is there but cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadPreset {
    pub(crate) name: String,
    pub(crate) message: String,
}

impl Presets {
    /// Presets of a folder, or those that ship with eegd.
    ///
    /// # Errors
    /// When there is no such folder.
    pub fn new(folder: Option<PathBuf>) -> io::Result<Self> {
        if let Some(folder) = &folder {
            fs::read_dir(folder)?;
        }
        Ok(Self { folder })
    }

    /// The folder that the paths in a preset are relative to; `None` for those that ship with eegd.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Every preset, by name. Files of other kinds are none.
    pub(crate) fn all(&self) -> Vec<Result<Preset, BadPreset>> {
        let files = self.files();
        files.iter().filter_map(|file| self.read(file)).collect()
    }

    /// The preset of that name.
    pub(super) fn get(&self, name: &str) -> Result<Preset, Refused> {
        let all = self.all();
        let name_of = |preset: &Result<Preset, BadPreset>| match preset {
            Ok(preset) => preset.name.clone(),
            Err(bad) => bad.name.clone(),
        };
        let names: Vec<String> = all.iter().map(name_of).collect();
        let found = names.iter().position(|known| known == name);
        match found.and_then(|i| all.into_iter().nth(i)) {
            Some(Ok(preset)) => Ok(preset),
            Some(Err(bad)) => Err(Refused::NoPreset(bad.message)),
            None => {
                let hint = nearest(name, names.iter().map(String::as_str)).map_or_else(
                    || format!("there are `{}`", names.join("`, `")),
                    |near| format!("did you mean `{near}`?"),
                );
                let name: String = name.chars().take(100).collect();
                Err(Refused::NoPreset(format!("there is no preset `{name}`; {hint}")))
            }
        }
    }

    /// Names of files, in order.
    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = match &self.folder {
            None => Shipped::iter().map(std::borrow::Cow::into_owned).collect(),
            Some(folder) => fs::read_dir(folder)
                .into_iter()
                .flatten()
                .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
                .filter(|name| !name.starts_with('.'))
                .collect(),
        };
        names.sort_unstable();
        names
    }

    fn read(&self, file: &str) -> Option<Result<Preset, BadPreset>> {
        let format = Format::of_file(Path::new(file))?;
        let name = Path::new(file).file_stem()?.to_str()?.to_owned();
        let text = match &self.folder {
            None => Ok(Shipped::get(file)?.data.into_owned()),
            Some(folder) => bytes(&folder.join(file)),
        };
        Some(match text {
            Ok(text) => Ok(Preset { name, format, text }),
            Err(error) => {
                Err(BadPreset { message: format!("{file} cannot be read: {error}"), name })
            }
        })
    }
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One more than a pipeline may have: then it is refused as too long, not cut.
    File::open(path)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_ship_are_there_by_name() {
        let presets = Presets::default();
        let names: Vec<String> = presets.all().into_iter().map(|p| p.unwrap().name).collect();
        assert!(names.is_sorted() && names.contains(&"demo".to_owned()), "{names:?}");
        assert_eq!(presets.get("two_boards").unwrap().format, Format::Toml);
        let Err(Refused::NoPreset(message)) = presets.get("dmeo") else { panic!() };
        assert_eq!(message, "there is no preset `dmeo`; did you mean `demo`?");
    }

    #[test]
    fn a_folder_of_ones_own() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("rest.yaml"), "- synthetic").unwrap();
        fs::write(folder.path().join("notes.txt"), "no pipeline").unwrap();
        fs::write(folder.path().join(".hidden.yaml"), "").unwrap();
        fs::create_dir(folder.path().join("folder.yaml")).unwrap();
        let presets = Presets::new(Some(folder.path().to_owned())).unwrap();
        let all = presets.all();
        assert_eq!(all.len(), 2, "{all:?}");
        assert!(all[0].as_ref().is_err_and(|bad| bad.name == "folder"), "{all:?}");
        assert_eq!(presets.get("rest").unwrap().text, b"- synthetic");
        for name in ["notes", "../rest", "", "rest.yaml", ".hidden"] {
            assert!(matches!(presets.get(name), Err(Refused::NoPreset(_))), "{name}");
        }
        assert!(Presets::new(Some(folder.path().join("missing"))).is_err());
    }
}
