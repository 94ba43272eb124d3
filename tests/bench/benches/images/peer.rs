//! The other side of a pair: sharp, in a Node process.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// The version of sharp.
const SHARP: &str = "sharp@0.35.5";

/// An installed sharp.
pub struct Peer {
    script: PathBuf,
    modules: PathBuf,
}

impl Peer {
    /// Installs sharp in `folder` if it is missing.
    ///
    /// # Errors
    /// If Node is missing or npm fails.
    pub fn install(folder: &Path) -> Result<Self> {
        let modules = folder.join("node_modules");
        if !modules.join("sharp").exists() {
            let installed = Command::new("npm")
                .args(["install", "--no-save", "--no-audit", "--no-fund", "--prefix"])
                .arg(folder)
                .arg(SHARP)
                .stdout(Stdio::null())
                .status();
            ensure!(
                installed.context("cannot start npm: install Node")?.success(),
                "npm cannot install {SHARP}"
            );
        }
        let script = folder.join("sharp.js");
        fs::write(&script, include_str!("sharp.js"))?;
        Ok(Self { script, modules })
    }

    fn node(&self, mode: &str, photo: &Path) -> Command {
        let mut node = Command::new("node");
        node.arg(&self.script).arg(mode).arg(&self.modules).arg(photo);
        node
    }

    /// Returns the command that makes the variants of `photo` `runs` times and writes the last ones to `out`.
    pub fn variants(&self, photo: &Path, threads: usize, runs: usize, output: &str, out: &Path) -> Command {
        let mut node = self.node("variants", photo);
        node.args([output, &threads.to_string(), &runs.to_string()]).arg(out);
        node
    }

    /// Converts `photo` to PNG or WebP, by the extension of `to`.
    ///
    /// # Errors
    /// If sharp fails.
    pub fn convert(&self, photo: &Path, to: &Path) -> Result<()> {
        answer(self.node("convert", photo).arg(to)).map(drop)
    }

    /// Returns three columns of a table: whether sharp shows `picture` at its default strictness, whether it does when
    /// nothing may fail, and the mean difference of its pixels from those of `variant`.
    ///
    /// # Errors
    /// If sharp fails to answer.
    pub fn compare(&self, picture: &Path, variant: &Path) -> Result<String> {
        answer(self.node("compare", picture).arg(variant))
    }

    /// Writes the luma of all variants, ours, theirs and the reference, to `folder`, and returns the sizes.
    ///
    /// # Errors
    /// If sharp fails.
    pub fn luma(&self, photo: &Path, output: &str, ours: &Path, theirs: &Path, folder: &Path) -> Result<String> {
        answer(self.node("luma", photo).arg(output).args([ours, theirs, folder]))
    }
}

/// Returns a process's output.
fn answer(node: &mut Command) -> Result<String> {
    let output = node.stderr(Stdio::inherit()).output().context("cannot start node")?;
    ensure!(output.status.success(), "{node:?} failed");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
