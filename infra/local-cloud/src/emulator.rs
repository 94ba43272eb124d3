//! The emulated AWS: one process group on one port. It ends with this process, even after `kill -9`.

use std::fs::File;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::{ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::api;
use crate::aws::Credentials;
use crate::interrupt;
use crate::port::Port;
use crate::process::{self, Group};
use crate::python::Tools;
use crate::workspace::Run;

const READY_TIMEOUT: Duration = Duration::from_secs(60);
const STOP_TIMEOUT: Duration = Duration::from_secs(3);

/// Patches and starts the emulator.
const PROGRAM: &str = include_str!("emulator.py");

/// The emulated region.
pub(crate) const REGION: &str = "us-east-1";

/// A running emulator. Dropping it ends it.
pub(crate) struct Emulator {
    pub(crate) port: u16,
    log: PathBuf,
    group: Group,
    /// The emulator exits when this pipe closes.
    stdin: Option<ChildStdin>,
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.stdin.take());
        self.group.wait(STOP_TIMEOUT);
    }
}

impl Emulator {
    /// Starts the emulator without waiting, so that other work can run before [`Emulator::wait_until_ready`].
    pub(crate) fn start(tools: &Tools, run: &Run, reserved: Port) -> Result<Self> {
        Self::spawn(tools.program(PROGRAM), run, reserved)
    }

    fn spawn(mut program: Command, run: &Run, reserved: Port) -> Result<Self> {
        let port = reserved.number;
        let log = run.log("emulator");
        let file = File::create(&log)?;
        let temporary = run.temporary();
        // The emulator listens on it from here on.
        drop(reserved);
        let mut group = Group::spawn(
            program
                .current_dir(&temporary)
                .env("GATEWAY_PORT", port.to_string())
                .env("BIND_HOST", Ipv4Addr::LOCALHOST.to_string())
                // The functions inherit this variable; it directs their SDK to the emulator.
                .env("AWS_ENDPOINT_URL", endpoint(port))
                .env("MINISTACK_REGION", REGION)
                // Enforces IAM, so that a missing permission in the template fails with AccessDenied.
                .env("AUTH", "true")
                .env("LAMBDA_EXECUTOR", "local")
                .env("PERSIST_STATE", "0")
                .env("TMPDIR", &temporary)
                .env("STATE_DIR", temporary.join("state"))
                .env("S3_DATA_DIR", temporary.join("s3"))
                // These listen on fixed ports, on which two local clouds would conflict.
                .env("IOT_MTLS_ENABLED", "0")
                .env("SFTP_ENABLED", "0")
                .stdin(Stdio::piped())
                .stdout(file.try_clone()?)
                .stderr(file),
        )
        .context("cannot start the emulator")?;
        let stdin = group.child.stdin.take();
        Ok(Self {
            port,
            log,
            group,
            stdin,
        })
    }

    /// Waits until the emulator answers.
    pub(crate) fn wait_until_ready(&mut self) -> Result<()> {
        let agent = api::agent(&self.endpoint(), Duration::from_secs(5));
        let health = format!("{}/_ministack/health", self.endpoint());
        let deadline = Instant::now() + READY_TIMEOUT;
        while !agent
            .get(&health)
            .call()
            .is_ok_and(|answer| answer.status().is_success())
        {
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

    /// Fails if the emulator has exited.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.group.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!(
                "the emulator exited: {status}; run the command again\n{}",
                self.log_tail()
            ),
        }
    }

    /// The last lines of its log.
    pub(crate) fn log_tail(&self) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::Account;
    use crate::environment::tests::has_foreign_variables;
    use crate::progress::Progress;
    use crate::workspace::Workspace;

    /// The missing features of an emulator started with `arguments`.
    fn gaps(run: &str, arguments: &[&str]) -> Vec<String> {
        let workspace = Workspace::find().unwrap();
        let run = workspace.claim(run).unwrap();
        let tools = Tools::ready(&workspace, Progress::plain()).unwrap();
        let mut program = tools.program(PROGRAM);
        program.args(arguments);
        let mut emulator = Emulator::spawn(program, &run, Port::reserve(None, false).unwrap()).unwrap();
        emulator.wait_until_ready().unwrap();
        let account = Account {
            endpoint: Some(emulator.endpoint()),
            region: REGION.to_owned(),
            credentials: Emulator::credentials(),
        };
        let mut program = tools.program(include_str!("gaps.py"));
        let found = process::pipe(account.select(&mut program), &[])
            .unwrap_or_else(|error| panic!("{error}\n{}", emulator.log_tail()));
        serde_json::from_str(&found).unwrap()
    }

    #[test]
    fn every_patch_is_still_needed() {
        let found = gaps("plain", &["--plain"]);
        for line in PROGRAM.lines() {
            let name = line
                .strip_prefix("def supply_")
                .and_then(|rest| rest.strip_suffix("():"));
            if let Some(name) = name {
                assert!(
                    found.iter().any(|gap| gap == name),
                    "the emulator now supports `{name}`: remove supply_{name} from emulator.py"
                );
            }
        }
    }

    #[test]
    fn the_patches_fill_every_gap_whatever_the_users_environment_is() {
        // Installed here, since pip uses the proxy.
        Tools::ready(&Workspace::find().unwrap(), Progress::plain()).unwrap();
        if has_foreign_variables("emulator::tests::the_patches_fill_every_gap_whatever_the_users_environment_is") {
            assert_eq!(gaps("supplied", &[]), [""; 0]);
        }
    }
}
