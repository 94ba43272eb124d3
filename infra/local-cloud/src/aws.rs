//! Calls of AWS services, made by boto3, which SAM brings along: the Rust SDK would have to be compiled before `cargo up`
//! shows anything.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::process::Group;
use crate::python::Tools;

/// Answers calls until its input closes.
const PROGRAM: &str = include_str!("aws.py");

/// An access key, and the token that comes with temporary ones.
#[derive(Clone)]
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`
    pub access_key: String,
    /// `AWS_SECRET_ACCESS_KEY`
    pub secret_key: String,
    /// `AWS_SESSION_TOKEN`
    pub session_token: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({}, …)", self.access_key)
    }
}

/// The service understood the call and refused it.
#[derive(Debug)]
pub struct Refused {
    /// `ResourceNotFoundException` and the like.
    pub code: String,
    /// The service's own words.
    pub message: String,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Refused {}

/// An account in a region: the emulator, or AWS itself when there is no endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) endpoint: Option<String>,
    pub(crate) region: String,
    pub(crate) credentials: Credentials,
}

impl Account {
    /// The variables that make a program use this account, whatever the user is signed in to.
    pub(crate) fn environment(&self) -> Vec<(&'static str, &str)> {
        let mut variables = vec![
            ("AWS_REGION", self.region.as_str()),
            ("AWS_DEFAULT_REGION", &self.region),
            ("AWS_ACCESS_KEY_ID", &self.credentials.access_key),
            ("AWS_SECRET_ACCESS_KEY", &self.credentials.secret_key),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        variables.extend(
            self.credentials
                .session_token
                .as_deref()
                .map(|token| ("AWS_SESSION_TOKEN", token)),
        );
        variables.extend(self.endpoint.as_deref().map(|url| ("AWS_ENDPOINT_URL", url)));
        variables
    }

    /// The variables that must not be there.
    pub(crate) const UNSET: [&str; 2] = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];
}

/// The process that makes the calls; it ends when the last clone is dropped.
#[derive(Clone)]
pub(crate) struct Aws {
    process: Arc<Process>,
}

struct Process {
    calls: Mutex<Calls>,
    waiting: Arc<Waiting>,
    // Dropped last: it ends when its input closes.
    _group: Group,
}

/// The calls without an answer yet; none once the process has ended.
type Waiting = Mutex<Option<HashMap<u64, Sender<Value>>>>;

struct Calls {
    made: u64,
    input: ChildStdin,
}

impl std::fmt::Debug for Aws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Aws")
    }
}

impl Aws {
    /// Starts the process. What it has to complain about goes to `log`.
    pub(crate) fn start(tools: &Tools, account: &Account, log: &Path) -> Result<Self> {
        let mut command = tools.program(PROGRAM);
        for name in Account::UNSET {
            command.env_remove(name);
        }
        command
            .env_remove("AWS_SESSION_TOKEN")
            .envs(account.environment())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(log).with_context(|| format!("cannot write {}", log.display()))?);
        let mut group = Group::spawn(&mut command)?;
        let input = group.child.stdin.take().context("the process has no input")?;
        let output = group.child.stdout.take().context("the process has no output")?;
        let waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        std::thread::spawn({
            let waiting = waiting.clone();
            move || deliver(output, &waiting)
        });
        Ok(Self {
            process: Arc::new(Process {
                calls: Mutex::new(Calls { made: 0, input }),
                waiting,
                _group: group,
            }),
        })
    }

    pub(crate) fn service(&self, name: &str) -> Service {
        Service {
            aws: self.clone(),
            name: name.to_owned(),
        }
    }

    fn call(&self, service: &str, operation: &str, parameters: &Value) -> Result<Value> {
        let (sender, receiver) = mpsc::channel();
        let mut calls = self.process.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.made += 1;
        let id = calls.made;
        match &mut *self.process.waiting.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(waiting) => waiting.insert(id, sender),
            None => bail!("the process that calls AWS has ended"),
        };
        let call = json!({ "id": id, "service": service, "operation": operation, "parameters": parameters });
        writeln!(calls.input, "{call}").context("the process that calls AWS has ended")?;
        drop(calls);
        receiver.recv().context("the process that calls AWS has ended")
    }
}

/// Hands each answer to the call that waits for it.
fn deliver(output: ChildStdout, waiting: &Waiting) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        let Ok(answer) = serde_json::from_str::<Value>(&line) else {
            continue;
        };
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let caller = answer["id"].as_u64().and_then(|id| waiting.as_mut()?.remove(&id));
        if let Some(caller) = caller {
            // It may have given up.
            let _ = caller.send(answer);
        }
    }
    *waiting.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

/// One AWS service.
#[derive(Clone, Debug)]
pub struct Service {
    aws: Aws,
    name: String,
}

impl Service {
    /// Calls an operation, such as `Query` of `dynamodb`, with its parameters as the API reference has them. An answer
    /// that comes in pages is read to its end.
    ///
    /// # Errors
    /// [`Refused`] when the service answers with an error; others when it does not answer.
    pub fn call(&self, operation: &str, parameters: &Value) -> Result<Value> {
        let mut answer = self.aws.call(&self.name, operation, parameters)?;
        if let Some(failed) = answer["failed"].as_str() {
            bail!("{} cannot be asked to {operation}: {failed}", self.name);
        }
        if let Some(refused) = answer.get("refused") {
            let text = |name: &str| refused[name].as_str().unwrap_or_default().to_owned();
            let refused = Refused {
                code: text("Code"),
                message: text("Message"),
            };
            return Err(anyhow::Error::new(refused).context(format!("{} refused {operation}", self.name)));
        }
        Ok(answer["result"].take())
    }
}
