//! A function's process, in Lambda's environment, and its resource usage on Linux.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Duration;

use anyhow::{Context, Result};
use harness::platform;

/// The unit of CPU time in /proc, on every architecture (proc(5): USER_HZ).
const TICK: Duration = Duration::from_millis(10);

/// The program of a process: a binary, or an interpreter with its arguments.
#[derive(Clone, Debug)]
pub struct Program {
    /// The binary or the interpreter.
    pub binary: PathBuf,
    /// The interpreter's arguments.
    pub arguments: Vec<PathBuf>,
}

/// A running function. Dropping it stops the process.
#[derive(Debug)]
pub struct FunctionProcess {
    child: Child,
    log: PathBuf,
}

impl FunctionProcess {
    /// Starts `program` with the Runtime API at `runtime_api` and AWS at `endpoint`; its output goes to `log`. It has the variables that
    /// the template sets and those of `environment`.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start(
        name: &str,
        program: &Program,
        environment: &[(&str, &str)],
        runtime_api: SocketAddr,
        endpoint: &str,
        log: PathBuf,
    ) -> Result<Self> {
        let output = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let child = Command::new(&program.binary)
            .args(&program.arguments)
            .env_clear()
            .envs(platform::variables())
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
            .env("AWS_LAMBDA_LOG_LEVEL", "INFO")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_SESSION_TOKEN", "test")
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("LANG", "en_US.UTF-8")
            .env("TZ", ":UTC")
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .envs(environment.iter().copied())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("cannot start {}", program.binary.display()))?;
        Ok(Self { child, log })
    }

    /// Returns its CPU time, in user and kernel mode.
    ///
    /// # Errors
    /// If it has ended, or this is not Linux.
    pub fn cpu_time(&self) -> Result<Duration> {
        let stat = self.proc("stat")?;
        let ticks = cpu_ticks(&stat).with_context(|| format!("cannot read CPU time in {stat:?}"))?;
        Ok(TICK * ticks)
    }

    /// Returns its peak resident memory in bytes.
    ///
    /// # Errors
    /// If it has ended, or this is not Linux.
    pub fn peak_memory(&self) -> Result<u64> {
        let status = self.proc("status")?;
        let kibibytes = peak_kibibytes(&status).with_context(|| format!("cannot read VmHWM in {status:?}"))?;
        Ok(kibibytes * 1024)
    }

    /// Returns its output, for errors.
    pub fn output(&self) -> String {
        let written = fs::read_to_string(&self.log).unwrap_or_default();
        match written.trim_end() {
            "" => "the function wrote nothing".to_owned(),
            text => format!("the function wrote:\n{text}\n"),
        }
    }

    fn proc(&self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.child.id());
        fs::read_to_string(&path).with_context(|| format!("cannot read {path}: the benchmark needs Linux"))
    }
}

impl Drop for FunctionProcess {
    fn drop(&mut self) {
        // Lambda kills functions without notice, too.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Resource usage of this process.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// CPU time, in user and kernel mode.
    pub cpu_time: Duration,
    /// Peak resident memory in bytes, since [`forget_peak`].
    pub peak_memory: u64,
}

/// Returns this process's usage so far.
///
/// # Errors
/// If this is not Linux.
pub fn usage() -> Result<Usage> {
    let read = |file: &str| {
        let path = format!("/proc/self/{file}");
        fs::read_to_string(&path).with_context(|| format!("cannot read {path}: the benchmark needs Linux"))
    };
    let ticks = cpu_ticks(&read("stat")?).context("cannot read CPU time")?;
    let kibibytes = peak_kibibytes(&read("status")?).context("cannot read VmHWM")?;
    Ok(Usage {
        cpu_time: TICK * ticks,
        peak_memory: kibibytes * 1024,
    })
}

/// Resets this process's peak memory (proc(5): clear_refs).
///
/// # Errors
/// If this is not Linux.
pub fn forget_peak() -> Result<()> {
    fs::write("/proc/self/clear_refs", "5").context("cannot write /proc/self/clear_refs")
}

/// Parses user and system time of `/proc/<pid>/stat`: fields 14 and 15; the name in field 2 may contain blanks.
fn cpu_ticks(stat: &str) -> Option<u32> {
    let (_, behind_name) = stat.rsplit_once(") ")?;
    let mut fields = behind_name.split(' ').skip(11);
    let mut next = || fields.next()?.parse::<u32>().ok();
    Some(next()? + next()?)
}

/// Parses the peak memory of `/proc/<pid>/status`.
fn peak_kibibytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_parsed_after_any_name() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194304 900 0 0 0 17 5 0 0 20 0 2 0 100 1000 300\n";
        assert_eq!(cpu_ticks(stat), Some(22));
        assert_eq!(cpu_ticks("42 (checkout) S 1"), None);
    }

    #[test]
    fn the_peak_is_found_among_other_memory_figures() {
        let status = "Name:\tcheckout\nVmPeak:\t   20000 kB\nVmHWM:\t   11264 kB\nVmRSS:\t   10000 kB\n";
        assert_eq!(peak_kibibytes(status), Some(11_264));
    }
}
