//! The emulated AWS: one process group on one port, which ends with us however we end.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::aws::Credentials;
use crate::interrupt;
use crate::process::{self, Group};
use crate::python::Tools;
use crate::workspace::Run;

/// The port that tools for local AWS expect.
const USUAL_PORT: u16 = 4566;
const READY_WITHIN: Duration = Duration::from_secs(60);
const ENDED_WITHIN: Duration = Duration::from_secs(3);

/// Starts it, with what it still lacks.
const PROGRAM: &str = include_str!("emulator.py");

/// The region that it emulates.
pub(crate) const REGION: &str = "us-east-1";

/// A running emulator; dropping it ends it.
pub(crate) struct Emulator {
    pub(crate) port: u16,
    log: PathBuf,
    group: Group,
    /// Open as long as it shall live.
    lifeline: Option<ChildStdin>,
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        self.group.wait(ENDED_WITHIN);
    }
}

impl Emulator {
    /// Starts it; [`Emulator::wait_until_ready`] comes later, so that other work fits between.
    pub(crate) fn start(tools: &Tools, run: &Run, port: Option<u16>, usual: bool) -> Result<Self> {
        Self::spawn(tools.program(PROGRAM), run, port, usual)
    }

    fn spawn(mut program: Command, run: &Run, port: Option<u16>, usual: bool) -> Result<Self> {
        let port = match port {
            Some(port) if is_taken(port) => bail!("port {port} is taken; leave --port out to get a free one"),
            Some(port) => port,
            None if usual && !is_taken(USUAL_PORT) => USUAL_PORT,
            None => free_port()?,
        };
        let log = run.log("emulator");
        let file = File::create(&log)?;
        let temporary = run.temporary();
        let mut group = Group::spawn(
            program
                .current_dir(&temporary)
                .env("GATEWAY_PORT", port.to_string())
                .env("BIND_HOST", Ipv4Addr::LOCALHOST.to_string())
                // Handed on to the functions: this is how their SDK finds the emulator.
                .env("AWS_ENDPOINT_URL", endpoint(port))
                .env("MINISTACK_REGION", REGION)
                // IAM is enforced: a permission that the template lacks is an AccessDenied.
                .env("AUTH", "true")
                .env("LAMBDA_EXECUTOR", "local")
                .env("PERSIST_STATE", "0")
                .env("TMPDIR", &temporary)
                .env("STATE_DIR", temporary.join("state"))
                .env("S3_DATA_DIR", temporary.join("s3"))
                // Listeners on fixed ports, where two local clouds would meet.
                .env("IOT_MTLS_ENABLED", "0")
                .env("SFTP_ENABLED", "0")
                .stdin(Stdio::piped())
                .stdout(file.try_clone()?)
                .stderr(file),
        )
        .context("cannot start the emulator")?;
        let lifeline = group.child.stdin.take();
        Ok(Self {
            port,
            log,
            group,
            lifeline,
        })
    }

    /// Waits until it answers.
    pub(crate) fn wait_until_ready(&mut self) -> Result<()> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(5)))
            .build()
            .into();
        let health = format!("{}/_ministack/health", self.endpoint());
        let deadline = Instant::now() + READY_WITHIN;
        while agent.get(&health).call().is_err() {
            interrupt::check()?;
            self.check()?;
            if Instant::now() > deadline {
                bail!(
                    "the emulator does not answer on port {}\n{}",
                    self.port,
                    process::tail(&self.log)
                );
            }
            std::thread::sleep(process::POLL);
        }
        Ok(())
    }

    /// Fails when it has ended.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.group.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("the emulator ended with {status}; start again\n{}", self.last_words()),
        }
    }

    /// The end of its log.
    pub(crate) fn last_words(&self) -> String {
        process::tail(&self.log)
    }

    pub(crate) fn endpoint(&self) -> String {
        endpoint(self.port)
    }

    /// The emulator's root user.
    pub(crate) fn credentials() -> Credentials {
        Credentials {
            access_key: "test".into(),
            secret_key: "test".into(),
            session_token: None,
        }
    }
}

fn endpoint(port: u16) -> String {
    format!("http://localhost:{port}")
}

fn is_taken(port: u16) -> bool {
    // Some systems let one bind an address beside a listener on all addresses: so knock, too.
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err() || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .context("no free port")?
        .local_addr()?
        .port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::Account;
    use crate::progress::Progress;
    use crate::workspace::Workspace;

    /// The gaps that an emulator has, started with `arguments`.
    fn gaps(run: &str, arguments: &[&str]) -> Vec<String> {
        let workspace = Workspace::find().unwrap();
        let run = workspace.claim(run).unwrap();
        let tools = Tools::ready(&workspace, Progress::plain()).unwrap();
        let mut program = tools.program(PROGRAM);
        program.args(arguments);
        let mut emulator = Emulator::spawn(program, &run, None, false).unwrap();
        emulator.wait_until_ready().unwrap();
        let account = Account {
            endpoint: Some(emulator.endpoint()),
            region: REGION.to_owned(),
            credentials: Emulator::credentials(),
        };
        let mut asking = tools.program(include_str!("gaps.py"));
        let output = asking.envs(account.environment()).output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{complaint}\n{}", emulator.last_words());
        serde_json::from_slice(&output.stdout).unwrap()
    }

    #[test]
    fn the_emulator_still_has_each_gap_that_is_supplied() {
        let found = gaps("plain", &["--plain"]);
        for line in PROGRAM.lines() {
            let name = line
                .strip_prefix("def supply_")
                .and_then(|rest| rest.strip_suffix("():"));
            if let Some(name) = name {
                assert!(
                    found.iter().any(|gap| gap == name),
                    "the emulator has no gap `{name}` any more: take supply_{name} out of emulator.py"
                );
            }
        }
    }

    #[test]
    fn what_is_supplied_fills_each_gap() {
        assert_eq!(gaps("supplied", &[]), [""; 0]);
    }

    #[test]
    fn a_port_with_a_listener_is_taken() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(is_taken(port));
        drop(listener);
        assert!(!is_taken(port));
    }
}
