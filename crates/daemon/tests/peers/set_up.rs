//! What tests against other programs need: a Python with the field's libraries, our examples built, Node with its packages.
//!
//! All of it is made once per build folder, below `peers/` in it, behind a file lock, and made anew when what it is made
//! from has changed.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "every test binary uses its own part"
)]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers");

/// The build folder this test was built into.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().to_path_buf()
}

/// Runs `make` while no other process does anything under this name.
fn alone<T>(name: &str, make: impl FnOnce(&Path) -> T) -> T {
    let folder = target().join("peers");
    fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap_or_else(|error| panic!("cannot lock {name}: {error}"));
    make(&folder)
}

/// Runs a command to its end; if it fails, with all it said and what to do about it.
fn must(command: &mut Command, what_to_do: &str) {
    let shown = format!("{command:?}");
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("cannot run {shown}: {error}\n{what_to_do}"));
    assert!(
        output.status.success(),
        "{shown}: {}\n{}{}\n{what_to_do}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
}

/// A Python with everything in `requirements.txt`.
pub fn python() -> PathBuf {
    alone("python", |folder| {
        let venv = folder.join("venv");
        let python = venv.join("bin/python");
        // Written last: what was interrupted is made anew.
        let made_from = venv.join("made_from.txt");
        let wanted = fs::read_to_string(Path::new(HERE).join("requirements.txt")).unwrap();
        if fs::read_to_string(&made_from).ok().as_deref() == Some(&wanted) && python.exists() {
            return python;
        }
        let _ = fs::remove_dir_all(&venv);
        let python3 = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
        must(
            Command::new(python3).args(["-m", "venv"]).arg(&venv),
            "The tests against peers need Python 3.11 or newer with venv (Debian: apt-get install python3-venv); \
             PYTHON names another interpreter.",
        );
        must(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
                .arg(Path::new(HERE).join("requirements.txt")),
            "The tests against peers install these packages once; that needs a package index that can be reached.",
        );
        fs::write(made_from, wanted).unwrap();
        python
    })
}

/// The binary of an example of this workspace, built now if it is not up to date.
pub fn example(name: &str) -> PathBuf {
    alone("examples", |_| {
        let folder = Path::new(env!("CARGO_BIN_EXE_eegd")).parent().unwrap();
        let profile = match folder.file_name().unwrap().to_str().unwrap() {
            "debug" => "dev",
            other => other,
        };
        // All of them: then features are those of `cargo test --workspace`, and there is nothing left to compile.
        must(
            Command::new(env!("CARGO"))
                .args([
                    "build",
                    "--quiet",
                    "--workspace",
                    "--examples",
                    "--profile",
                    profile,
                    "--target-dir",
                ])
                .arg(target())
                .current_dir(env!("CARGO_MANIFEST_DIR")),
            "The examples of the workspace do not build.",
        );
        folder.join("examples").join(name)
    })
}

/// Runs a pytest file, its path relative to `crates/`, and shows its report.
pub fn pytest(file: &str, variables: &[(&str, &Path)]) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(file);
    let mut command = Command::new(python());
    command
        .args([
            "-m",
            "pytest",
            "-q",
            "-rP",
            "--no-header",
            "-p",
            "no:cacheprovider",
            "--durations=3",
        ])
        .arg(&file);
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("OPENBLAS_NUM_THREADS", "1");
    command.envs(variables.iter().copied());
    show(&mut command, &file.display().to_string());
}

/// Runs a command, prints what it said, and fails if it failed.
pub fn show(command: &mut Command, what: &str) {
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {what}: {error}"));
    println!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{what}: {}", output.status);
}

/// The folder of the viewer's tests, with its packages installed.
pub fn viewer_tests() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("viewer_tests");
    alone("node", |_| {
        let changed = |path: PathBuf| fs::metadata(path).and_then(|meta| meta.modified()).ok();
        // npm writes the second as the last thing it does.
        let wanted = changed(folder.join("package-lock.json"));
        let installed = changed(folder.join("node_modules/.package-lock.json"));
        if installed < wanted {
            must(
                Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder),
                "The viewer's tests need Node.js 20.19 or newer with npm (Debian: apt-get install nodejs npm), \
                 and a package registry that can be reached once.",
            );
        }
    });
    folder
}

/// Fails unless there is a Chromium.
pub fn require_chromium() {
    let path = std::env::var_os("CHROMIUM").unwrap_or_else(|| "/usr/bin/chromium".into());
    assert!(
        Path::new(&path).is_file(),
        "There is no Chromium at {}. Install it (Debian: apt-get install chromium) or set CHROMIUM to its path.",
        Path::new(&path).display()
    );
}
