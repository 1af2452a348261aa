//! The table of other drivers' mistakes names tests that exist.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;

#[test]
fn every_mistake_of_the_table_has_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let document = fs::read_to_string(root.join("docs/other-drivers-bugs.md")).unwrap();
    let is_row = |line: &&str| {
        line.starts_with('|') && !line.starts_with("|---") && !line.starts_with("| whose |")
    };
    let mut tests = 0;
    for row in document.lines().filter(is_row) {
        let named: Vec<(&str, &str)> =
            row.split('`').filter_map(|piece| piece.split_once("::")).collect();
        assert!(!named.is_empty(), "no test in the row\n{row}");
        for (file, test) in named {
            let source = fs::read_to_string(root.join("crates").join(file))
                .unwrap_or_else(|error| panic!("{file}: {error}, in the row\n{row}"));
            let is_test = source.match_indices(&format!("fn {test}(")).any(|(at, _)| {
                let before = source[..at].trim_end().lines().rev();
                before
                    .take_while(|line| !line.trim().is_empty())
                    .any(|line| line.trim() == "#[test]")
            });
            assert!(is_test, "{file} has no test `{test}`, in the row\n{row}");
            tests += 1;
        }
    }
    assert!(tests > 40, "only {tests} tests were found in the table");
}
