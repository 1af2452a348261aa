//! The commands of the README's section about control, as they stand there.

use crate::common::{code_and_words, root};
use crate::support::Rig;
use std::path::Path;
use std::process::Command;

const DEMO: &str = include_str!("../../../../pipelines/demo.yaml");

#[test]
fn the_examples_of_the_readme_work() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let section = readme.split("\n## Control\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let blocks: Vec<&str> =
        section.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(blocks.len(), 2, "curl, and eegd ctl");
    let rig = Rig::new(DEMO);
    std::fs::write(rig.scratch.path("my.yaml"), DEMO).unwrap();
    let eegd = Path::new(env!("CARGO_BIN_EXE_eegd")).parent().unwrap();
    for block in blocks {
        let script = format!(
            "set -e\ncurl() {{ command curl -sS --fail-with-body \"$@\"; echo; }}\n{}",
            block
                .replace("localhost:8080", &rig.live.address)
                .replace("eegd ctl", &format!("eegd ctl --url http://{}", rig.live.address))
        );
        let path = format!("{}:{}", eegd.display(), std::env::var("PATH").unwrap());
        let mut shell = Command::new("bash");
        let output = shell
            .args(["-c", &script])
            .env("PATH", path)
            .current_dir(rig.scratch.folder.path())
            .output()
            .unwrap();
        let (code, words) = code_and_words(&output);
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(code, Some(0), "{script}\n{said}\n{words}");
    }
    assert_eq!(rig.pipeline()["state"], "running");
    rig.until_frames("filtered", 10);
}
