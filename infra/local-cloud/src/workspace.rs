//! Paths: the sources, and the generated files below `target/local-cloud/`.

use std::fs::{self, File, TryLockError};
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The checkout and its target folder.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// `target/local-cloud`.
    pub(crate) base: PathBuf,
}

impl Workspace {
    /// Finds the workspace through `cargo metadata`, which knows every way to set the target folder.
    pub(crate) fn find() -> Result<Self> {
        let output = cargo(Path::new(env!("CARGO_MANIFEST_DIR")))
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .output()
            .context("cannot run cargo; install Rust (https://rustup.rs)")?;
        if !output.status.success() {
            bail!(
                "cargo cannot read this workspace:\n{}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
        let folder = |name: &str| {
            metadata[name]
                .as_str()
                .map(PathBuf::from)
                .with_context(|| format!("no {name}"))
        };
        let base = folder("target_directory")?.join("local-cloud");
        create(&base)?;
        Ok(Self {
            root: folder("workspace_root")?,
            base,
        })
    }

    /// The root template, then those of the domains, as paths from the root.
    pub(crate) fn templates(&self) -> Result<Vec<PathBuf>> {
        let domains = fs::read_dir(self.root.join("functions")).context("cannot read functions/")?;
        let nested = domains.filter_map(|entry| {
            Some(
                Path::new("functions")
                    .join(entry.ok()?.file_name())
                    .join("template.yaml"),
            )
        });
        let mut nested: Vec<PathBuf> = nested.filter(|path| self.root.join(path).exists()).collect();
        nested.sort();
        nested.insert(0, "template.yaml".into());
        Ok(nested)
    }

    /// Locks and empties the folder of the local cloud called `name`.
    pub(crate) fn claim(&self, name: &str) -> Result<Run> {
        let folder = self.base.join(name);
        create(&folder)?;
        let path = folder.join("lock");
        let lock = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            // The operating system releases the lock when its process ends, for any reason.
            Err(TryLockError::WouldBlock) => bail!(
                "a local cloud called `{name}` is already running from this checkout; stop it (Ctrl-C) or wait for it"
            ),
            Err(TryLockError::Error(error)) => return Err(error).context("cannot lock the local cloud's folder"),
        }
        let run = Run { folder, _lock: lock };
        for folder in [run.temporary(), run.logs()] {
            if folder.exists() {
                fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
            }
            create(&folder)?;
        }
        Ok(run)
    }
}

/// The folder of one local cloud, locked until dropped.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) folder: PathBuf,
    _lock: File,
}

impl Run {
    pub(crate) fn logs(&self) -> PathBuf {
        self.folder.join("logs")
    }

    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.logs().join(format!("{name}.log"))
    }

    pub(crate) fn temporary(&self) -> PathBuf {
        self.folder.join("tmp")
    }
}

/// Cargo in `folder`, with the environment of the user's shell.
pub(crate) fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder);
    // `cargo run` and `cargo test` set variables about the running package. Some build scripts depend on them; they and
    // their dependents would be rebuilt.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
            "CARGO_PRIMARY_",
            "DEP_",
        ]
        .iter()
        .any(|prefix| text.starts_with(prefix))
        {
            command.env_remove(&name);
        }
    }
    for name in ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"] {
        if let (Some(set), Ok(program)) = (std::env::var_os(name), std::env::current_exe()) {
            command.env(name, absolute_target(Path::new(&set), &program));
        }
    }
    command
}

/// The target folder in which `program` was built. Cargo takes a relative path `set` from the folder in which it was
/// called, and calls tests in another one.
fn absolute_target(set: &Path, program: &Path) -> PathBuf {
    let is_name = |part: &Component<'_>| !matches!(part, Component::CurDir | Component::ParentDir);
    let end: PathBuf = set.components().filter(is_name).collect();
    let built = program.ancestors().find(|folder| folder.ends_with(&end));
    built.unwrap_or(set).to_owned()
}

fn create(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_target_folder_is_the_one_of_the_running_program() {
        let program = Path::new("/shop/our target/debug/local-cloud");
        for set in ["our target", "./our target", "../our target", "/shop/our target"] {
            assert_eq!(
                absolute_target(Path::new(set), program),
                Path::new("/shop/our target"),
                "{set}"
            );
        }
        assert_eq!(
            absolute_target(Path::new("/elsewhere"), program),
            Path::new("/elsewhere")
        );
    }
}
