//! A peer: a TypeScript implementation of the same function, installed and bundled in the target folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::process::Program;

/// A bundled peer.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The program that runs it.
    pub program: Program,
    /// The deployed bundle.
    pub bundle: PathBuf,
}

/// Installs the packages that `peers/<name>` locks into `folder`, and bundles the peer there.
///
/// # Errors
/// If Node is missing, or npm or esbuild fail.
pub fn bundle(name: &str, folder: &Path) -> Result<Peer> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(name);
    let folder = folder.join("peers").join(name);
    copy(&source, &folder)?;
    let npm = |arguments: &[&str]| -> Result<()> {
        let ran = Command::new("npm")
            .args(arguments)
            .current_dir(&folder)
            .stdout(Stdio::null())
            .status();
        let ran = ran.context("cannot start npm: install Node 20 or newer")?;
        ensure!(
            ran.success(),
            "npm {} failed in {}",
            arguments.join(" "),
            folder.display()
        );
        Ok(())
    };
    npm(&["ci", "--ignore-scripts"])?;
    npm(&["run", "check"])?;
    npm(&["run", "build"])?;
    fs::copy(source.join("src/bootstrap.cjs"), folder.join("dist/bootstrap.cjs"))?;
    Ok(Peer {
        program: Program {
            binary: "node".into(),
            arguments: vec![folder.join("dist/bootstrap.cjs")],
        },
        bundle: folder.join("dist/handler.cjs"),
    })
}

/// Copies the files of the folder `from`, not recursively.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot create {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let (path, target) = (entry.as_ref().map(fs::DirEntry::path), to);
        let path = path.map_err(|error| anyhow::anyhow!("cannot read {}: {error}", from.display()))?;
        let Some(name) = path.file_name() else { continue };
        if ["node_modules", "dist"].iter().any(|made| name == *made) {
            continue;
        }
        if path.is_dir() {
            copy(&path, &target.join(name))?;
        } else {
            fs::copy(&path, target.join(name)).with_context(|| format!("cannot copy {}", path.display()))?;
        }
    }
    Ok(())
}
