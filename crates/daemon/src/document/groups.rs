//! `groups:`, the settings of groups of threads, and whether the groups that stages name exist.

use super::model::{Document, GroupDoc};
use super::read::Reader;
use super::tree::{Key, Node, Tree};
use pipeline_core::Role;
use pipeline_core::executor::Wait;
use pipeline_core::graph::nearest;
use std::ops::RangeInclusive;

/// The highest core number that makes sense anywhere.
const MAX_CORE: u64 = 1023;
/// Those of `SCHED_FIFO` on Linux (sched(7)).
const PRIORITIES: RangeInclusive<u8> = 1..=99;
const SETTINGS: &str = "`cores`, `priority` and `wait`";

/// Groups that exist without being declared.
fn defaults() -> [&'static str; 3] {
    [Role::Source, Role::Transform, Role::Sink].map(Role::default_group)
}

/// Reads `groups:`.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node) {
    let Tree::Map(groups) = &node.tree else {
        let message =
            format!("`groups` must be a mapping from groups to their settings, not {node}");
        return reader.report(node.at, "/groups", message);
    };
    for (name, settings) in groups {
        let path = format!("/groups/{}", name.text);
        reader.note(&*path, name.at);
        let mut group = GroupDoc::default();
        match &settings.tree {
            Tree::Null => {}
            Tree::Map(entries) => {
                for (key, value) in entries {
                    setting(reader, &mut group, &path, key, value);
                }
            }
            _ => {
                let message = format!(
                    "the settings of `{}` must be a mapping with any of {SETTINGS}, not {settings}",
                    name.text
                );
                reader.report(settings.at, path, message);
            }
        }
        reader.group_mut().insert(name.text.clone(), group);
    }
}

fn setting(reader: &mut Reader<'_>, group: &mut GroupDoc, path: &str, key: &Key, value: &Node) {
    let path = format!("{path}/{}", key.text);
    match key.text.as_str() {
        "cores" => group.cores = cores(reader, value, &path),
        "priority" => group.priority = priority(reader, value, &path),
        "wait" => group.wait = wait(reader, value, &path),
        other => {
            let message = format!("a group has no setting `{other}`; it takes {SETTINGS}");
            reader.report(key.at, path, message);
        }
    }
}

fn priority(reader: &mut Reader<'_>, node: &Node, path: &str) -> Option<u8> {
    reader.note(path, node.at);
    let number = match &node.tree {
        Tree::Null => return None,
        Tree::Number(n) => n.as_u64().and_then(|n| u8::try_from(n).ok()),
        _ => None,
    };
    let priority = number.filter(|n| PRIORITIES.contains(n));
    if priority.is_none() {
        let message = format!(
            "`priority` is the real-time priority, a number from {} to {}, not {node}",
            PRIORITIES.start(),
            PRIORITIES.end()
        );
        reader.report(node.at, path, message);
    }
    priority
}

fn wait(reader: &mut Reader<'_>, node: &Node, path: &str) -> Wait {
    reader.note(path, node.at);
    let named = |word: &str| Wait::ALL.into_iter().find(|wait| wait.name() == word);
    let wait = match &node.tree {
        Tree::Null => Some(Wait::default()),
        Tree::Str(word) => named(word),
        _ => None,
    };
    wait.unwrap_or_else(|| {
        let message = format!("`wait` is `park` or `spin`, not {node}");
        reader.report(node.at, path, message);
        Wait::default()
    })
}

fn cores(reader: &mut Reader<'_>, node: &Node, path: &str) -> Vec<usize> {
    reader.note(path, node.at);
    let Tree::Seq(items) = &node.tree else {
        if !node.is_null() {
            reader.report(
                node.at,
                path,
                format!("`cores` must be a list such as `[2, 3]`, not {node}"),
            );
        }
        return Vec::new();
    };
    let mut cores = Vec::new();
    for (i, item) in items.iter().enumerate() {
        match &item.tree {
            Tree::Number(n) if n.as_u64().is_some_and(|n| n <= MAX_CORE) => {
                cores.extend(n.as_u64().map(|n| n as usize));
            }
            _ => {
                let message = format!("a core is a number from 0 to {MAX_CORE}, not {item}");
                reader.report(item.at, format!("{path}/{i}"), message);
            }
        }
    }
    cores
}

/// A stage's `group` is declared or a default; a declared group that nobody is in is a typo of a default.
pub(super) fn check_names(document: &Document, report: &mut dyn FnMut(String, String)) {
    let declared = || document.groups.keys().map(String::as_str);
    for (id, stage) in &document.stages {
        if let Some(group) = &stage.group
            && !declared().chain(defaults()).any(|known| known == group)
        {
            let hint = nearest(group, declared().chain(defaults())).map_or_else(
                || "declare it under `groups`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            report(format!("/stages/{id}/group"), format!("there is no group `{group}`; {hint}"));
        }
    }
    let used =
        |group: &str| document.stages.values().any(|stage| stage.group.as_deref() == Some(group));
    for group in declared().filter(|group| !defaults().contains(group) && !used(group)) {
        if let Some(near) = nearest(group, defaults()) {
            report(
                format!("/groups/{group}"),
                format!("no stage is in group `{group}`; did you mean `{near}`?"),
            );
        }
    }
}
