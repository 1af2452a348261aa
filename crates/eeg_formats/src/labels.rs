//! Labels made unique, so that a channel can be asked for by name.

use std::collections::HashSet;

/// Unique names in the order of `labels`: a repeated `Fp1` becomes `Fp1-2`, `Fp1-3`; an empty one `channel N`.
///
/// A label that looks like such a name in the file itself (`Fp1-2`) keeps it; the made-up name gives way.
pub(crate) fn unique_names(labels: &[&str]) -> Vec<String> {
    let in_file: HashSet<String> = labels.iter().map(|label| label.to_lowercase()).collect();
    let mut used = HashSet::new();
    let mut repeats: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    let mut names = Vec::with_capacity(labels.len());
    for (i, label) in labels.iter().enumerate() {
        let base =
            if label.is_empty() { format!("channel {}", i + 1) } else { (*label).to_owned() };
        let key = base.to_lowercase();
        let mut name = base.clone();
        let made_up_and_taken =
            |name: &str| name != *label && in_file.contains(&name.to_lowercase());
        while made_up_and_taken(&name) || !used.insert(name.to_lowercase()) {
            // Kept per label, so that a thousand equal labels take a thousand steps and not a million.
            let count = repeats.entry(key.clone()).or_insert(1);
            *count += 1;
            name = format!("{base}-{count}");
        }
        names.push(name);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_get_a_number() {
        assert_eq!(unique_names(&["Fp1", "Cz", "Fp1", "Fp1"]), ["Fp1", "Cz", "Fp1-2", "Fp1-3"]);
        assert_eq!(unique_names(&["", "Cz", ""]), ["channel 1", "Cz", "channel 3"]);
    }

    #[test]
    fn a_label_of_the_file_is_never_taken_away() {
        assert_eq!(unique_names(&["Fp1", "Fp1", "Fp1-2"]), ["Fp1", "Fp1-3", "Fp1-2"]);
        assert_eq!(unique_names(&["cz", "Cz"]), ["cz", "Cz-2"]);
    }

    #[test]
    fn ten_thousand_equal_labels() {
        let names = unique_names(&vec!["x"; 9999]);
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), 9999);
    }
}
