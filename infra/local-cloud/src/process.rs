//! Child processes. Each leads a process group, and dropping the owner ends the group.

use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use crate::interrupt;

/// Polling interval of all waits.
pub(crate) const POLL: Duration = Duration::from_millis(25);
/// How long a group may take to exit after SIGTERM.
const GRACE: Duration = Duration::from_millis(1500);

/// A child process and its descendants.
pub(crate) struct Group {
    pub(crate) child: Child,
}

impl Group {
    /// Starts `command` as the leader of its own process group.
    pub(crate) fn spawn(command: &mut Command) -> Result<Self> {
        let child = command
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().to_string_lossy()))?;
        Ok(Self { child })
    }

    /// Waits up to `within` for the leader to exit.
    pub(crate) fn wait(&mut self, within: Duration) {
        let deadline = Instant::now() + within;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(POLL);
        }
    }

    fn signal(&self, signal: Signal) -> bool {
        self.id().is_some_and(|id| kill_process_group(id, signal).is_ok())
    }

    fn is_gone(&self) -> bool {
        self.id()
            .is_none_or(|id| test_kill_process_group(id).is_err() || has_only_zombies(id))
    }

    fn id(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // SIGTERM lets the leader stop its own children. SIGKILL ends the rest.
        if matches!(self.child.try_wait(), Ok(None)) && self.signal(Signal::TERM) {
            self.wait(GRACE);
        }
        self.signal(Signal::KILL);
        let _ = self.child.wait();
        let deadline = Instant::now() + GRACE;
        while !self.is_gone() && Instant::now() < deadline {
            std::thread::sleep(POLL);
        }
    }
}

/// Whether no process of the group `id` runs any more. Orphans that have ended stay in the group until the system's
/// init reaps them, which may take seconds in a Linux container. Without Linux's `/proc` it is not known.
fn has_only_zombies(id: Pid) -> bool {
    let group = id.as_raw_nonzero().to_string();
    // Other systems have no such file, even where there is a folder of this name.
    if !Path::new("/proc/self/stat").exists() {
        return false;
    }
    let processes = std::fs::read_dir("/proc").into_iter().flatten();
    let runs = processes
        .flatten()
        .filter_map(|process| std::fs::read_to_string(process.path().join("stat")).ok())
        .any(|stat| {
            // proc(5): the state, the parent and the group follow the name, which may contain blanks.
            let mut fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
            let state = fields.next();
            fields.nth(1) == Some(group.as_str()) && !matches!(state, Some("Z" | "X"))
        });
    !runs
}

/// Runs `command` to completion with its output in `log`. Calls `tick` while it runs.
///
/// # Errors
/// When it cannot start, when it fails (with the last lines of the log), or on Ctrl-C.
pub(crate) fn run(command: &mut Command, log: &Path, mut tick: impl FnMut()) -> Result<()> {
    let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    // The pipe closes when this process ends, which ends the programs that watch it.
    command.stdin(Stdio::piped()).stdout(file.try_clone()?).stderr(file);
    wait(command, log, &mut tick)
}

/// Like [`run`], for a command with its output redirected by the caller. Its errors must go to `log`.
pub(crate) fn wait(command: &mut Command, log: &Path, tick: &mut dyn FnMut()) -> Result<()> {
    let mut group = Group::spawn(command)?;
    let status: ExitStatus = loop {
        if let Some(status) = group.child.try_wait()? {
            break status;
        }
        interrupt::check()?;
        tick();
        std::thread::sleep(POLL);
    };
    if status.success() {
        return Ok(());
    }
    bail!("{} failed: {status}\n{}", name(command), tail(log));
}

/// Runs `command` with `input`. Returns its output.
///
/// # Errors
/// When it cannot start, when it fails (with its standard error), or when its output is not UTF-8.
pub(crate) fn pipe(command: &mut Command, input: &[u8]) -> Result<String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", name(command)))?;
    // The programs read all input before they print, so this cannot deadlock.
    if let Some(mut stdin) = child.stdin.take() {
        stdin
            .write_all(input)
            .with_context(|| format!("{} does not read its input", name(command)))?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("{} failed: {}", name(command), String::from_utf8_lossy(&output.stderr));
    }
    String::from_utf8(output.stdout).with_context(|| format!("the output of {} is not UTF-8", name(command)))
}

/// The last lines of a log, indented, and the log's path.
pub(crate) fn tail(log: &Path) -> String {
    const LINES: usize = 25;
    let bytes = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    // Progress bars overwrite their line with carriage returns. They say nothing about the failure.
    let lines: Vec<&str> = text
        .split(['\n', '\r'])
        .map(str::trim_end)
        .filter(|line| !line.is_empty() && !line.trim_start().starts_with("Building ["))
        .collect();
    let last = lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default();
    let mut shown: String = last.iter().map(|line| format!("    | {line}\n")).collect();
    shown.push_str(&format!("    full log: {}", log.display()));
    shown
}

/// The command's first words, such as `python -m samcli deploy …`. Program texts passed as arguments are left out.
fn name(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    let words = words
        .map(|word| word.to_string_lossy().into_owned())
        .take_while(|word| !word.contains('\n'));
    format!("`{} …`", words.take(4).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropping_a_group_ends_its_grandchildren() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "sleep 60 & sleep 60"]);
        let group = Group::spawn(&mut shell).unwrap();
        let id = group.id().unwrap();
        assert!(!group.is_gone());
        drop(group);
        assert!(test_kill_process_group(id).is_err() || has_only_zombies(id));
    }

    #[test]
    fn a_failure_shows_the_end_of_its_log() {
        let log = std::env::temp_dir().join(format!("local-cloud-test-{}.log", std::process::id()));
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo it was this >&2; exit 3"]);
        let error = run(&mut shell, &log, || ()).unwrap_err().to_string();
        std::fs::remove_file(&log).unwrap();
        assert!(
            error.contains("| it was this") && error.contains("exit status: 3"),
            "{error}"
        );
    }
}
