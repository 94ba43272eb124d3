//! Calls AWS services through boto3, which SAM depends on. The Rust SDK would delay the first line of `cargo up` by its
//! compile time.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::environment;
use crate::process::Group;
use crate::python::Tools;

/// Answers calls until its input closes.
const PROGRAM: &str = include_str!("aws.py");

/// AWS credentials: an access key, and a session token for temporary ones.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
    pub(crate) session_token: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({}, …)", self.access_key)
    }
}

/// An error response of a service.
#[derive(Debug)]
pub struct ServiceError {
    /// The error code, such as `ResourceNotFoundException`.
    pub code: String,
    /// The service's message.
    pub message: String,
}

impl std::fmt::Display for ServiceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for ServiceError {}

/// An account in a region: the emulator's, or one on AWS if there is no endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) endpoint: Option<String>,
    pub(crate) region: String,
    pub(crate) credentials: Credentials,
}

impl Account {
    /// Selects this account for a command with a clean environment.
    pub(crate) fn select<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("AWS_REGION", &self.region)
            .env("AWS_DEFAULT_REGION", &self.region)
            .env("AWS_ACCESS_KEY_ID", &self.credentials.access_key)
            .env("AWS_SECRET_ACCESS_KEY", &self.credentials.secret_key)
            .env("AWS_EC2_METADATA_DISABLED", "true");
        if let Some(token) = &self.credentials.session_token {
            command.env("AWS_SESSION_TOKEN", token);
        }
        if let Some(url) = &self.endpoint {
            command.env("AWS_ENDPOINT_URL", url);
        }
        if !self.endpoint.as_deref().is_some_and(environment::is_local) {
            command.envs(environment::network());
        }
        command
    }
}

/// The process that makes the calls. It exits when the last clone is dropped.
#[derive(Clone)]
pub(crate) struct Aws {
    process: Arc<Process>,
}

struct Process {
    calls: Mutex<Calls>,
    pending: Arc<Pending>,
    // Dropped last: the process exits when its input closes.
    _group: Group,
}

/// The pending calls by id. `None` after the process has exited.
type Pending = Mutex<Option<HashMap<u64, Sender<Value>>>>;

struct Calls {
    last_id: u64,
    input: ChildStdin,
}

impl std::fmt::Debug for Aws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Aws")
    }
}

impl Aws {
    /// Starts the process. Its errors go to `log`.
    pub(crate) fn start(tools: &Tools, account: &Account, log: &Path) -> Result<Self> {
        let mut command = tools.program(PROGRAM);
        account
            .select(&mut command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(log).with_context(|| format!("cannot write {}", log.display()))?);
        let mut group = Group::spawn(&mut command)?;
        let input = group.child.stdin.take().context("the process has no input")?;
        let output = group.child.stdout.take().context("the process has no output")?;
        let pending = Arc::new(Mutex::new(Some(HashMap::new())));
        std::thread::spawn({
            let pending = pending.clone();
            move || deliver(output, &pending)
        });
        Ok(Self {
            process: Arc::new(Process {
                calls: Mutex::new(Calls { last_id: 0, input }),
                pending,
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
        calls.last_id += 1;
        let id = calls.last_id;
        match &mut *self.process.pending.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(pending) => pending.insert(id, sender),
            None => bail!("the process that calls AWS has exited"),
        };
        let call = json!({ "id": id, "service": service, "operation": operation, "parameters": parameters });
        writeln!(calls.input, "{call}").context("the process that calls AWS has exited")?;
        drop(calls);
        receiver.recv().context("the process that calls AWS has exited")
    }
}

/// Sends each answer to its pending call.
fn deliver(output: ChildStdout, pending: &Pending) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        let Ok(answer) = serde_json::from_str::<Value>(&line) else {
            continue;
        };
        let mut pending = pending.lock().unwrap_or_else(PoisonError::into_inner);
        let caller = answer["id"].as_u64().and_then(|id| pending.as_mut()?.remove(&id));
        if let Some(caller) = caller {
            // The caller may no longer wait.
            let _ = caller.send(answer);
        }
    }
    *pending.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

/// One AWS service.
#[derive(Clone, Debug)]
pub struct Service {
    aws: Aws,
    name: String,
}

impl Service {
    /// Calls an operation, such as `Query` of `dynamodb`, with parameters as in the API reference. Reads all pages of a
    /// paginated operation.
    ///
    /// # Errors
    /// [`ServiceError`] when the service returns an error; other errors when it does not answer.
    pub fn call(&self, operation: &str, parameters: &Value) -> Result<Value> {
        let mut answer = self.aws.call(&self.name, operation, parameters)?;
        if let Some(failed) = answer["failed"].as_str() {
            bail!("{} {operation} failed: {failed}", self.name);
        }
        if let Some(refused) = answer.get("refused") {
            let text = |name: &str| refused[name].as_str().unwrap_or_default().to_owned();
            let error = ServiceError {
                code: text("Code"),
                message: text("Message"),
            };
            return Err(anyhow::Error::new(error).context(format!("{} {operation} failed", self.name)));
        }
        Ok(answer["result"].take())
    }
}
