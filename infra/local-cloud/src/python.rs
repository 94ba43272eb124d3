//! The Python tools (emulator, SAM, cfn-lint, webhook libraries, checkov) in virtual environments below `target/`.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::process;
use crate::progress::Progress;
use crate::workspace::Workspace;

const MIN_VERSION: (u32, u32) = (3, 10);
const NAMES: [&str; 7] = [
    "python3",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
    "python",
];
/// Prints the version and whether virtual environments can be created (a separate package on Debian).
const PROBE: &str = "import sys, importlib.util as u\n\
    print('%d.%d' % sys.version_info[:2], bool(u.find_spec('venv') and u.find_spec('ensurepip')))";

/// The installed tools.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    python: PathBuf,
}

impl Tools {
    /// Installs the tools of the local cloud, unless they are installed already.
    pub(crate) fn ready(workspace: &Workspace, progress: Progress) -> Result<Self> {
        Self::install(workspace, "requirements.txt", "venv", progress)
    }

    /// Installs checkov, unless it is installed already. It has its own environment, because it and SAM pin different
    /// versions of boto3.
    pub(crate) fn checkov(workspace: &Workspace, progress: Progress) -> Result<Self> {
        Self::install(workspace, "checkov/requirements.txt", "checkov-venv", progress)
    }

    /// Installs a requirements file below `infra/local-cloud` into the environment called `venv`.
    fn install(workspace: &Workspace, requirements: &str, venv: &str, progress: Progress) -> Result<Self> {
        let step = progress.step("installing the Python tools");
        // Two local clouds may start at the same time. The second waits and uses the first one's installation.
        let lock = File::create(workspace.base.join(format!("{venv}.lock")))?;
        lock.lock().context("cannot lock the virtual environment")?;

        let requirements = workspace.root.join("infra/local-cloud").join(requirements);
        let wanted = fs::read(&requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
        let venv = workspace.base.join(venv);
        let tools = Self {
            python: venv.join("bin/python"),
        };
        let stamp = venv.join("installed");
        if fs::read(&stamp).is_ok_and(|found| found == wanted) && tools.python.exists() {
            step.done("Python tools already installed");
            return Ok(tools);
        }

        if venv.exists() {
            fs::remove_dir_all(&venv).with_context(|| format!("cannot remove {}", venv.display()))?;
        }
        let (name, version) = choose(NAMES.into_iter().filter_map(|name| Some((name, probe(name)?))))?;
        let log = workspace.base.join("install.log");
        process::run(Command::new(name).args(["-m", "venv"]).arg(&venv), &log, || ())
            .context("cannot create a virtual environment")?;
        let all = wanted
            .split(|byte| *byte == b'\n')
            .filter(|line| starts_requirement(line))
            .count() as u64;
        process::run(
            tools
                .module("pip")
                // The file lists every package with its hash, so nothing has to be resolved.
                .args([
                    "install",
                    "--no-deps",
                    "--require-hashes",
                    "--no-input",
                    "--progress-bar",
                    "off",
                ])
                .args(["--disable-pip-version-check", "-r"])
                .arg(&requirements),
            &log,
            || step.update(count(&log, "Collecting "), all),
        )
        .with_context(|| {
            format!(
                "cannot install {} (check the network connection)",
                requirements.display()
            )
        })?;
        fs::write(&stamp, &wanted)?;
        step.done(format!("Python tools installed (Python {}.{})", version.0, version.1));
        Ok(tools)
    }

    /// `python -m name`. The scripts in `bin/` fail if their path is too long.
    pub(crate) fn module(&self, name: &str) -> Command {
        let mut command = Command::new(&self.python);
        command.args(["-m", name]);
        command
    }

    /// `python -c program`.
    pub(crate) fn program(&self, text: &str) -> Command {
        let mut command = Command::new(&self.python);
        command.args(["-c", text]);
        command
    }

    /// Runs `program` with `arguments` and `input`. Returns its output.
    pub(crate) fn run_program(&self, program: &str, arguments: &[&str], input: &[u8]) -> Result<String> {
        let mut child = self
            .program(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start Python")?;
        // The program reads all input before it prints, so this cannot deadlock.
        if let Some(mut stdin) = child.stdin.take() {
            stdin
                .write_all(input)
                .context("cannot write to Python's standard input")?;
        }
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!("a Python program failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        String::from_utf8(output.stdout).context("a Python program's output is not UTF-8")
    }

    /// The SAM CLI, without telemetry and with its state below `target/`.
    pub(crate) fn sam(&self, workspace: &Workspace) -> Command {
        let mut command = self.module("samcli");
        command
            .current_dir(&workspace.base)
            .env("SAM_CLI_TELEMETRY", "0")
            .env("__SAM_CLI_APP_DIR", workspace.base.join("sam"))
            .env("NO_COLOR", "1");
        command
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Python {
    version: (u32, u32),
    venv: bool,
}

fn probe(name: &str) -> Option<Python> {
    let output = Command::new(name).args(["-c", PROBE]).output().ok()?;
    output
        .status
        .success()
        .then(|| parse(&String::from_utf8_lossy(&output.stdout)))?
}

fn parse(answer: &str) -> Option<Python> {
    let (version, venv) = answer.trim().split_once(' ')?;
    let (major, minor) = version.split_once('.')?;
    Some(Python {
        version: (major.parse().ok()?, minor.parse().ok()?),
        venv: venv == "True",
    })
}

/// Chooses the first Python that is new enough and can create virtual environments.
fn choose<'a>(found: impl Iterator<Item = (&'a str, Python)>) -> Result<(&'a str, (u32, u32))> {
    let mut rejected = Vec::new();
    for (name, python) in found {
        if python.version >= MIN_VERSION && python.venv {
            return Ok((name, python.version));
        }
        let without = if python.venv { "" } else { " without venv" };
        rejected.push(format!("{name} is {}.{}{without}", python.version.0, python.version.1));
    }
    let rejected = if rejected.is_empty() {
        "no Python was found".to_owned()
    } else {
        rejected.join(", ")
    };
    bail!(
        "Python 3.10 or newer with its venv module is needed ({rejected}).\n\
         Install it (Debian, Ubuntu: `apt install python3 python3-venv`; macOS: `brew install python`) and \
         run this again."
    )
}

fn starts_requirement(line: &[u8]) -> bool {
    line.first().is_some_and(u8::is_ascii_alphanumeric)
}

fn count(log: &Path, beginning: &str) -> u64 {
    fs::read_to_string(log)
        .unwrap_or_default()
        .lines()
        .filter(|line| line.starts_with(beginning))
        .count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn python(minor: u32, venv: bool) -> Python {
        Python {
            version: (3, minor),
            venv,
        }
    }

    #[test]
    fn the_first_suitable_python_is_chosen() {
        let found = [
            ("python3", python(9, true)),
            ("python3.13", python(13, false)),
            ("python3.12", python(12, true)),
        ];
        assert_eq!(choose(found.into_iter()).unwrap(), ("python3.12", (3, 12)));
    }

    #[test]
    fn an_unsuitable_python_is_reported_with_the_fix() {
        let error = choose([("python3", python(11, false))].into_iter())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("python3 is 3.11 without venv") && error.contains("apt install"),
            "{error}"
        );
        let error = choose(std::iter::empty()).unwrap_err().to_string();
        assert!(error.contains("no Python was found"), "{error}");
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(parse("3.9 True\n"), Some(python(9, true)));
        assert!(parse("3.10 True").unwrap().version >= MIN_VERSION);
        assert!(parse("3.9 True").unwrap().version < MIN_VERSION);
        assert_eq!(parse("Python was not found"), None);
    }
}
