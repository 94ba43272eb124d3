//! A function's deployed binary: built with the release profile and packed as SAM does.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Builds the binary `name` with the release profile. Cargo's messages go to standard error.
///
/// # Errors
/// If the build fails.
pub fn build(name: &str) -> Result<PathBuf> {
    let built = cargo()
        .args(["build", "--release", "--workspace", "--bin", name])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    ensure!(built.status.success(), "cargo cannot build {name}, see above");
    let messages = String::from_utf8_lossy(&built.stdout);
    executable(&messages, name).with_context(|| format!("cargo built no binary {name}"))
}

/// Other builds of the measured function, from arguments `--against=<label>=<file>`: another profile or another commit.
///
/// # Errors
/// If an argument has no label or names no file.
pub fn other_builds() -> Result<Vec<(String, PathBuf)>> {
    let arguments = env::args().filter_map(|argument| argument.strip_prefix("--against=").map(str::to_owned));
    let builds = arguments.map(|build| {
        let (label, file) = build
            .split_once('=')
            .with_context(|| format!("--against={build}: write --against=<label>=<file>"))?;
        ensure!(Path::new(file).is_file(), "--against={build}: there is no file {file}");
        Ok((label.to_owned(), PathBuf::from(file)))
    });
    builds.collect()
}

/// Cargo without the variables that `cargo bench` sets for this package: build scripts that watch them would run again
/// and cause rebuilds.
fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        let describes_us = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
        if describes_us
            .iter()
            .any(|prefix| name.to_string_lossy().starts_with(prefix))
        {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Returns the path of the binary `name` from cargo's messages.
fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str(line).ok());
    let mut found = messages.filter(|message: &Value| message["target"]["name"] == name);
    found.find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

/// Returns a file's size in bytes.
///
/// # Errors
/// If it cannot be read.
pub fn size(file: &Path) -> Result<u64> {
    let found = fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(found.len())
}

/// Returns the size in bytes of the uploaded archive: `binary` as `bootstrap`, packed in `folder` by Python's zipfile,
/// which SAM uses too.
///
/// # Errors
/// If Python 3 is missing or the disk is full.
pub fn zipped_size(binary: &Path, folder: &Path) -> Result<u64> {
    let (bootstrap, archive) = (folder.join("bootstrap"), folder.join("bootstrap.zip"));
    fs::copy(binary, &bootstrap).with_context(|| format!("cannot write {}", bootstrap.display()))?;
    let packed = Command::new("python3")
        .args(["-m", "zipfile", "-c"])
        .args([&archive, &bootstrap])
        .status()
        .context("cannot start python3: install Python 3")?;
    ensure!(packed.success(), "python3 cannot pack {}", bootstrap.display());
    size(&archive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_is_distinguished_from_the_library_of_the_same_name() {
        let messages = r#"
            {"reason":"compiler-artifact","target":{"name":"shared"},"executable":null}
            {"reason":"compiler-artifact","target":{"name":"checkout"},"executable":null}
            {"reason":"compiler-artifact","target":{"name":"checkout"},"executable":"/target/release/checkout"}
            {"reason":"build-finished","success":true}"#;
        assert_eq!(
            executable(messages, "checkout"),
            Some("/target/release/checkout".into())
        );
        assert_eq!(executable(messages, "cancel-order"), None);
    }
}
