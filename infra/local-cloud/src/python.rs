//! The Python tools (emulator, SAM, cfn-lint, webhook libraries, checkov) in virtual environments below `target/`.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::environment;
use crate::interrupt;
use crate::process;
use crate::progress::{Progress, Step};
use crate::workspace::Workspace;

/// The oldest and the newest version for which all tools have packages.
const VERSIONS: [(u32, u32); 2] = [(3, 10), (3, 14)];
const NAMES: [&str; 7] = [
    "python3",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
    "python",
];
/// Prints the implementation, the version, and whether virtual environments can be created (a separate package on
/// Debian).
const PROBE: &str = "import sys, importlib.util as u\n\
    print(sys.implementation.name, '%d.%d' % sys.version_info[:2], bool(u.find_spec('venv') and u.find_spec('ensurepip')))";

/// Prints what an environment was made for. An upgrade of Python, another processor and a moved checkout change it.
const IDENTITY: &str = "import sys, sysconfig\n\
    print(sys.version, sysconfig.get_platform(), sys.base_prefix, sys.prefix)";

/// Runs SAM until standard input closes. After a `kill -9` of this process it would deploy to the next emulator that
/// listens on the same port. `os.read`, since Python aborts at its end while a thread waits in `sys.stdin`.
const SAM: &str = "\
import os, threading
threading.Thread(target=lambda: (os.read(0, 1), os._exit(1)), daemon=True).start()
from samcli.cli.main import cli
cli(prog_name='sam')
";

/// The installed tools.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    python: PathBuf,
    /// The home folder of the tools.
    home: PathBuf,
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
        let lock = lock(&workspace.base.join(format!("{venv}.lock")))?;
        let requirements = workspace.root.join("infra/local-cloud").join(requirements);
        let wanted =
            fs::read_to_string(&requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
        let venv = workspace.base.join(venv);
        let tools = Self {
            python: venv.join("bin/python"),
            home: workspace.base.join("home"),
        };
        fs::create_dir_all(&tools.home).with_context(|| format!("cannot create {}", tools.home.display()))?;
        // Written last, so an environment without it is half-made.
        let stamp = venv.join("installed");
        if tools.is_current(&stamp, &wanted) {
            step.done("Python tools already installed");
            return Ok(tools);
        }

        remove(&venv)?;
        let log = workspace.base.join("install.log");
        let installed = tools
            .create(&venv, &requirements, &wanted, (&lock, &log, &step))
            .and_then(|version| {
                let text = tools.identity()? + &wanted;
                fs::write(&stamp, text).with_context(|| format!("cannot write {}", stamp.display()))?;
                Ok(version)
            });
        match installed {
            Ok((major, minor)) => step.done(format!("Python tools installed (Python {major}.{minor})")),
            Err(error) => {
                remove(&venv)?;
                return Err(error);
            }
        }
        Ok(tools)
    }

    /// Creates the environment `venv` with all packages. Returns the version of Python.
    fn create(
        &self,
        venv: &Path,
        requirements: &Path,
        wanted: &str,
        (lock, log, step): (&File, &Path, &Step),
    ) -> Result<(u32, u32)> {
        let (name, version) = choose(NAMES.into_iter().filter_map(|name| Some((name, probe(name)?))))?;
        let run = |command: &mut Command, tick: &mut dyn FnMut()| -> Result<()> {
            let output = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
            // The command holds the lock too: after a `kill -9` of this process it still writes to the environment.
            command
                .stdin(lock.try_clone()?)
                .stdout(output.try_clone()?)
                .stderr(output);
            process::wait(command, log, tick)
        };
        // `-I`: ignores PYTHONPATH, PYTHONHOME and packages in the user's home folder.
        let mut create = Command::new(name);
        run(create.args(["-I", "-m", "venv"]).arg(venv), &mut || ())
            .with_context(|| format!("{name} cannot create a virtual environment in {}", venv.display()))?;
        let all = wanted.lines().filter(|line| starts_requirement(line)).count() as u64;
        let mut pip = Command::new(&self.python);
        // The file lists every package with its hash, so nothing has to be resolved.
        pip.args([
            "-I",
            "-m",
            "pip",
            "install",
            "--no-deps",
            "--require-hashes",
            "--no-input",
        ])
        .args(["--progress-bar", "off", "--disable-pip-version-check", "-r"])
        .arg(requirements);
        run(&mut pip, &mut || step.update(count(log, "Collecting "), all)).with_context(|| {
            format!(
                "pip cannot install {}; pip's message is below. It needs the network, and uses your settings of pip \
                 and your proxy",
                requirements.display()
            )
        })?;
        Ok(version)
    }

    /// Whether the environment has the packages `wanted`, and was made for the Python that it starts.
    fn is_current(&self, stamp: &Path, wanted: &str) -> bool {
        let is_stamped = |identity: String| fs::read_to_string(stamp).is_ok_and(|found| found == identity + wanted);
        self.identity().is_ok_and(is_stamped)
    }

    /// The identity of the environment. Fails if its Python does not start.
    fn identity(&self) -> Result<String> {
        process::pipe(&mut self.program(IDENTITY), &[])
    }

    /// `python -c program`, in a clean environment. The scripts in `bin/` fail if their path is too long.
    pub(crate) fn program(&self, text: &str) -> Command {
        let mut command = Command::new(&self.python);
        environment::isolate(&mut command, &self.home);
        // UTF-8 whatever the locale is (X), and log lines that are written at once (u).
        command.args(["-IuXutf8", "-c", text]);
        command
    }

    /// The SAM CLI, without telemetry and with its state below `target/`. It runs until its standard input closes.
    pub(crate) fn sam(&self, workspace: &Workspace) -> Command {
        let mut command = self.program(SAM);
        command
            .current_dir(&workspace.base)
            .env("SAM_CLI_TELEMETRY", "0")
            .env("__SAM_CLI_APP_DIR", workspace.base.join("sam"))
            .env("NO_COLOR", "1");
        command
    }
}

/// Waits for the lock on `path`: two local clouds may start at the same time, and the second uses the first one's
/// installation.
fn lock(path: &Path) -> Result<File> {
    let lock = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) => interrupt::check()?,
            Err(TryLockError::Error(error)) => return Err(error).context("cannot lock the virtual environment"),
        }
        std::thread::sleep(process::POLL);
    }
}

/// Removes a folder, a file or a link, whatever it points to.
fn remove(path: &Path) -> Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Err(_) => return Ok(()),
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    };
    removed.with_context(|| format!("cannot remove {}", path.display()))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Python {
    version: (u32, u32),
    cpython: bool,
    venv: bool,
}

fn probe(name: &str) -> Option<Python> {
    let output = Command::new(name)
        .args(["-I", "-c", PROBE])
        .stdin(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| parse(&String::from_utf8_lossy(&output.stdout)))?
}

fn parse(answer: &str) -> Option<Python> {
    let mut words = answer.split_whitespace();
    let (implementation, version, venv) = (words.next()?, words.next()?, words.next()?);
    let (major, minor) = version.split_once('.')?;
    Some(Python {
        version: (major.parse().ok()?, minor.parse().ok()?),
        cpython: implementation == "cpython",
        venv: venv == "True",
    })
}

/// Chooses the first Python of a version that works and that can create virtual environments.
fn choose<'a>(found: impl Iterator<Item = (&'a str, Python)>) -> Result<(&'a str, (u32, u32))> {
    let [oldest, newest] = VERSIONS;
    let mut rejected = Vec::new();
    let mut package = "python3-venv".to_owned();
    for (name, python) in found {
        let (major, minor) = python.version;
        let works = (oldest..=newest).contains(&python.version) && python.cpython;
        if works && python.venv {
            return Ok((name, python.version));
        }
        if works {
            package = format!("python{major}.{minor}-venv");
        }
        let kind = if python.cpython { "" } else { " but not CPython" };
        let without = if python.venv { "" } else { " without venv" };
        rejected.push(format!("{name} is {major}.{minor}{kind}{without}"));
    }
    if rejected.is_empty() {
        rejected.push("no Python was found".to_owned());
    }
    bail!(
        "CPython {}.{} to {}.{} with its venv module is needed ({}).\n\
         Install it (Debian, Ubuntu: `apt install python3 {package}`; macOS: `brew install python@{}.{}`) and run \
         this again.",
        oldest.0,
        oldest.1,
        newest.0,
        newest.1,
        rejected.join(", "),
        newest.0,
        newest.1,
    )
}

fn starts_requirement(line: &str) -> bool {
    line.starts_with(|first: char| first.is_ascii_alphanumeric())
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
            cpython: true,
            venv,
        }
    }

    #[test]
    fn the_first_suitable_python_is_chosen() {
        let found = [
            ("python3", python(9, true)),
            ("python3.15", python(15, true)),
            ("python3.13", python(13, false)),
            (
                "pypy",
                Python {
                    cpython: false,
                    ..python(12, true)
                },
            ),
            ("python3.12", python(12, true)),
        ];
        assert_eq!(choose(found.into_iter()).unwrap(), ("python3.12", (3, 12)));
    }

    #[test]
    fn an_unsuitable_python_is_reported_with_the_fix() {
        let message = |found: &[(&str, Python)]| choose(found.iter().copied()).unwrap_err().to_string();
        let error = message(&[("python3", python(11, false))]);
        assert!(
            error.contains("python3 is 3.11 without venv") && error.contains("apt install python3 python3.11-venv"),
            "{error}"
        );
        let error = message(&[("python3", python(9, true)), ("python", python(15, true))]);
        assert!(
            error.contains("3.10 to 3.14") && error.contains("python3 is 3.9, python is 3.15"),
            "{error}"
        );
        let error = message(&[]);
        assert!(error.contains("no Python was found"), "{error}");
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(parse("cpython 3.9 True\n"), Some(python(9, true)));
        assert!(parse("cpython 3.10 True").unwrap().version >= VERSIONS[0]);
        assert!(parse("cpython 3.9 True").unwrap().version < VERSIONS[0]);
        assert!(!parse("pypy 3.10 True").unwrap().cpython);
        assert_eq!(parse("Python was not found"), None);
    }

    /// A workspace whose tools are no packages, so that nothing is downloaded.
    struct Scratch(Workspace);

    impl Scratch {
        fn new(name: &str) -> Self {
            let root = std::env::temp_dir().join(format!("local-cloud-{name}-{}", std::process::id()));
            let base = root.join("target of tests");
            fs::create_dir_all(root.join("infra/local-cloud")).unwrap();
            fs::create_dir_all(&base).unwrap();
            fs::write(root.join("infra/local-cloud/requirements.txt"), "# none\n").unwrap();
            Self(Workspace { root, base })
        }

        fn venv(&self) -> PathBuf {
            self.0.base.join("venv")
        }

        fn install(&self) -> Result<Tools> {
            Tools::ready(&self.0, Progress::plain())
        }

        /// Whether `install` leaves a `mark` in the environment, which creating it anew removes.
        fn keeps_environment(&self) -> bool {
            let mark = self.venv().join("mark");
            fs::write(&mark, "").unwrap();
            let tools = self.install().unwrap();
            assert_eq!(process::pipe(&mut tools.program("print('ü')"), &[]).unwrap(), "ü\n");
            mark.exists()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0.root).unwrap();
        }
    }

    #[test]
    fn an_environment_is_used_only_with_the_python_for_which_it_was_made() {
        use std::os::unix::fs::PermissionsExt;
        let scratch = Scratch::new("identity");
        let (venv, wanted) = (scratch.venv(), "# none\n");
        let tools = Tools {
            python: venv.join("python"),
            home: scratch.0.base.clone(),
        };
        fs::create_dir(&venv).unwrap();
        let stamp = venv.join("installed");
        let replace_python = |script: &str| {
            fs::write(&tools.python, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&tools.python, fs::Permissions::from_mode(0o755)).unwrap();
        };

        replace_python("echo 3.12.1 of Debian");
        assert!(!tools.is_current(&stamp, wanted), "pip was killed");
        fs::write(&stamp, format!("3.12.1 of Debian\n{wanted}")).unwrap();
        assert!(tools.is_current(&stamp, wanted));
        assert!(!tools.is_current(&stamp, "another==1\n"), "the packages changed");
        replace_python("echo 3.12.2 of Debian");
        assert!(!tools.is_current(&stamp, wanted), "Python was upgraded in place");
        replace_python("echo 3.12.1 of Debian; exit 127");
        assert!(!tools.is_current(&stamp, wanted), "Python does not start");
        fs::remove_file(&tools.python).unwrap();
        std::os::unix::fs::symlink("/nowhere/python3", &tools.python).unwrap();
        assert!(!tools.is_current(&stamp, wanted), "Python was uninstalled");
    }

    #[test]
    fn a_broken_link_is_replaced_and_a_moved_checkout_gets_a_new_environment() {
        let mut scratch = Scratch::new("moved");
        std::os::unix::fs::symlink("/nowhere", scratch.venv()).unwrap();
        scratch.install().unwrap();
        assert!(scratch.keeps_environment(), "nothing changed");
        let moved = scratch.0.root.with_extension("away");
        fs::rename(&scratch.0.root, &moved).unwrap();
        scratch.0.base = moved.join("target of tests");
        scratch.0.root = moved;
        assert!(!scratch.keeps_environment(), "the checkout was moved");
    }

    #[test]
    fn a_failed_installation_says_why_and_leaves_nothing() {
        let scratch = Scratch::new("failed");
        let requirements = scratch.0.root.join("infra/local-cloud/requirements.txt");
        let hash = "0".repeat(64);
        fs::write(
            &requirements,
            format!("nothing @ file:///nowhere/nothing-1-py3-none-any.whl --hash=sha256:{hash}\n"),
        )
        .unwrap();
        let error = format!("{:#}", scratch.install().unwrap_err());
        assert!(
            error.contains("pip cannot install") && error.contains("/nowhere/nothing"),
            "{error}"
        );
        assert!(!scratch.venv().exists());
    }
}
