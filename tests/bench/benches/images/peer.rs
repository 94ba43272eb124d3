//! The other side of a pair: sharp, in a process of Node.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// The version of sharp that is run against.
const SHARP: &str = "sharp@0.35.5";

/// sharp, installed.
pub struct Peer {
    script: PathBuf,
    modules: PathBuf,
}

impl Peer {
    /// Installs sharp into `folder`, unless it is there.
    ///
    /// # Errors
    /// When there is no Node, or npm cannot install it.
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
                installed.context("npm does not start: install Node")?.success(),
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

    /// The process that makes the variants of `photo` so many times and puts the last one into `out`.
    pub fn variants(&self, photo: &Path, threads: usize, runs: usize, output: &str, out: &Path) -> Command {
        let mut node = self.node("variants", photo);
        node.args([output, &threads.to_string(), &runs.to_string()]).arg(out);
        node
    }

    /// Writes `photo` as a PNG or WebP, by the name of `to`.
    ///
    /// # Errors
    /// When sharp cannot.
    pub fn convert(&self, photo: &Path, to: &Path) -> Result<()> {
        answer(self.node("convert", photo).arg(to)).map(drop)
    }

    /// Writes luma of all sizes, ours, theirs and as it should be, into `folder`; answers the sizes.
    ///
    /// # Errors
    /// When sharp cannot.
    pub fn luma(&self, photo: &Path, output: &str, ours: &Path, theirs: &Path, folder: &Path) -> Result<String> {
        answer(self.node("luma", photo).arg(output).args([ours, theirs, folder]))
    }
}

/// What a process prints.
fn answer(node: &mut Command) -> Result<String> {
    let output = node.stderr(Stdio::inherit()).output().context("node does not start")?;
    ensure!(output.status.success(), "{node:?} failed");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
