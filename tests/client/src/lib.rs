//! The TypeScript client of `infra/client`, built with Node in a folder of the caller.

use std::env;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

/// Set by `.ci/run`: a missing Node is an error.
pub const REQUIRED: &str = "MADANG_NODE";

/// The oldest version of Node that runs the client.
const OLDEST: u32 = 20;

/// What a build needs of the client's folder.
const SOURCES: [&str; 6] = [
    "package.json",
    "package-lock.json",
    "README.md",
    "tsconfig.json",
    "src",
    "test",
];

/// The built client and its tests.
pub struct Client {
    folder: PathBuf,
    /// Other processes wait with their build until this one has used its own.
    _lock: File,
}

impl Client {
    /// Copies the client to `folder`, installs its packages, and compiles it and its tests. Without Node it says so and
    /// returns `None`.
    ///
    /// # Errors
    /// When the client does not compile, and when Node is missing and [`REQUIRED`] is set.
    pub fn build(folder: &Path) -> Result<Option<Self>> {
        if let Err(error) = check_node() {
            if env::var_os(REQUIRED).is_some() {
                return Err(error.context(format!("{REQUIRED} is set")));
            }
            // Not `eprintln`, whose output the test runner hides when the test passes.
            writeln!(io::stderr(), "not tested: {error:#}")?;
            return Ok(None);
        }
        let folder = folder.join("client");
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let lock = File::create(folder.join("lock")).context("cannot write the lock")?;
        lock.lock().context("cannot lock the folder")?;
        let client = Self { folder, _lock: lock };
        client.copy()?;
        client.install()?;
        client.run(Command::new("npm").args(["run", "build"]))?;
        client.run(Command::new("npm").args(["run", "build-tests"]))?;
        Ok(Some(client))
    }

    /// Runs the compiled tests of these files, such as `runtime.test`, with these variables.
    ///
    /// # Errors
    /// When one fails. The message has the output.
    pub fn test(&self, files: &[&str], variables: &[(&str, &str)]) -> Result<()> {
        let files = files.iter().map(|file| format!("build/test/{file}.js"));
        let mut node = Command::new("node");
        self.run(
            node.args(["--test", "--test-timeout=60000"])
                .args(files)
                .envs(variables.iter().copied()),
        )
    }

    /// Starts the compiled server of `file`, which prints its address.
    ///
    /// # Errors
    /// When it does not start.
    pub fn serve(&self, file: &str) -> Result<Server> {
        let mut node = Command::new("node");
        node.arg(format!("build/test/{file}.js")).current_dir(&self.folder);
        let mut process = node.stdout(Stdio::piped()).spawn().context("cannot start node")?;
        let output = process.stdout.take().context("the server has no output")?;
        let mut server = Server {
            process,
            url: String::new(),
        };
        BufReader::new(output)
            .read_line(&mut server.url)
            .context("the server prints no address")?;
        Ok(server)
    }

    /// Copies the sources, in place of those of an earlier build.
    fn copy(&self) -> Result<()> {
        for old in ["src", "test", "dist", "build"] {
            let old = self.folder.join(old);
            if old.exists() {
                fs::remove_dir_all(&old).with_context(|| format!("cannot remove {}", old.display()))?;
            }
        }
        let sources = SOURCES.map(|name| source().join(name));
        self.run(Command::new("cp").arg("-R").args(sources).arg("."))
    }

    /// Installs the locked packages, unless they are installed.
    fn install(&self) -> Result<()> {
        let lock =
            fs::read_to_string(self.folder.join("package-lock.json")).context("cannot read package-lock.json")?;
        let installed = self.folder.join("installed-lock.json");
        if fs::read_to_string(&installed).is_ok_and(|installed| installed == lock) {
            return Ok(());
        }
        self.run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
        fs::write(&installed, lock).with_context(|| format!("cannot write {}", installed.display()))
    }

    /// Runs a program in the folder.
    fn run(&self, command: &mut Command) -> Result<()> {
        let output = command.current_dir(&self.folder).output();
        let output = output.with_context(|| format!("cannot start {command:?}"))?;
        if !output.status.success() {
            bail!(
                "{command:?} failed in {}:\n{}{}",
                self.folder.display(),
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(())
    }
}

/// A running server of a test. Dropping it ends it.
pub struct Server {
    process: Child,
    url: String,
}

impl Server {
    /// The address.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.trim()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The client's folder in the repository.
fn source() -> PathBuf {
    // Read at run time first, since the checkout may have moved after the build.
    let here = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.join("../../infra/client")
}

/// Checks that Node and npm are there, and that Node is new enough.
fn check_node() -> Result<()> {
    for program in ["node", "npm"] {
        let output = Command::new(program).arg("--version").output();
        let output =
            output.with_context(|| format!("{program} is missing; install Node {OLDEST} or newer, with npm"))?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if program == "node" && major(&version).is_none_or(|major| major < OLDEST) {
            bail!("Node {version} is too old; install Node {OLDEST} or newer, with npm");
        }
    }
    Ok(())
}

/// The first part of a version such as `v20.19.0`.
fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major("v20.19.0"), Some(20));
        assert_eq!(major("v9"), Some(9));
        assert_eq!(major("20.19.0"), None);
        assert_eq!(major(""), None);
    }
}
