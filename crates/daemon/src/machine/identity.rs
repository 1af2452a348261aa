//! As whom this process runs, and what that opens to it.

use super::Root;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

/// User and groups of this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    user: u32,
    groups: Vec<u32>,
}

impl Identity {
    /// From `/proc/self/status`.
    pub(crate) fn read(root: &Root) -> Self {
        let status = root.text("/proc/self/status").unwrap_or_default();
        let numbers = |name: &str| -> Vec<u32> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.split_whitespace().filter_map(|word| word.parse().ok()).collect()
        };
        // Real, effective, saved and file system; the second decides.
        let effective = |name: &str| numbers(name).get(1).copied().unwrap_or(u32::MAX);
        let groups = [vec![effective("Gid:")], numbers("Groups:")].concat();
        Self { user: effective("Uid:"), groups }
    }

    /// Whether a file with this owner and mode may be read and written.
    pub(crate) fn may_use(&self, meta: &std::fs::Metadata) -> bool {
        let mode = meta.permissions().mode();
        let wanted = if meta.uid() == self.user {
            0o600
        } else if self.groups.contains(&meta.gid()) {
            0o060
        } else {
            0o006
        };
        self.user == 0 || mode & wanted == wanted
    }
}

/// The name of a group; its number where it has none.
pub(crate) fn group_name(root: &Root, group: u32) -> String {
    let groups = root.text("/etc/group").unwrap_or_default();
    let name = groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(group)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| group.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::tree::Tree;
    use std::fs;

    #[test]
    fn owner_group_and_others() {
        let tree = Tree::new(&[("/dev/x", ""), ("/etc/group", "root:x:0:\nspi:x:990:pi\n")]);
        let root = tree.root();
        let path = root.path("/dev/x");
        let owner = fs::metadata(&path).unwrap();
        let may = |user: u32, group: u32, mode: u32| {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let status =
                format!("Uid:\t1\t{user}\t1\t1\nGid:\t1\t4242\t1\t1\nGroups:\t7 {group} \n");
            tree.put("/proc/self/status", &status);
            Identity::read(&root).may_use(&fs::metadata(&path).unwrap())
        };
        let (stranger, theirs) = (owner.uid() + 4242, owner.gid() + 4242);
        assert!(may(stranger, owner.gid(), 0o660));
        assert!(!may(stranger, theirs, 0o660));
        assert!(may(stranger, theirs, 0o666));
        assert!(!may(stranger, owner.gid(), 0o640));
        assert!(may(0, theirs, 0o600), "root may use everything");
        assert_eq!((group_name(&root, 990), group_name(&root, 1)), ("spi".into(), "1".into()));
    }
}
