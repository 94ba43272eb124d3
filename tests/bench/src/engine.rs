//! The engine in its own process, so that its work is measured separately.

use std::env;
use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use harness::Engine;

/// The argument that starts a benchmark as the engine.
const ROLE: &str = "serve-engine";

/// An engine that serves until it is dropped.
#[derive(Debug)]
pub struct EngineProcess {
    child: Child,
    /// The URL at which it serves.
    pub endpoint: String,
}

impl EngineProcess {
    /// Starts this program as the engine.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start() -> Result<Self> {
        let program = env::current_exe().context("cannot find this program")?;
        let mut child = Command::new(program)
            .arg(ROLE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the engine")?;
        let mut endpoint = String::new();
        let output = child.stdout.take().context("the engine has no output")?;
        BufReader::new(output).read_line(&mut endpoint)?;
        let endpoint = endpoint.trim().to_owned();
        Ok(Self { child, endpoint })
    }
}

impl Drop for EngineProcess {
    fn drop(&mut self) {
        // It would end when its input ends; killing it is faster.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Acts as the engine if this process was started as one: serves until its input ends.
///
/// # Errors
/// If the runtime cannot be created.
pub fn serve_if_asked() -> Result<bool> {
    if env::args().nth(1).as_deref() != Some(ROLE) {
        return Ok(false);
    }
    let runtime = tokio::runtime::Runtime::new()?;
    let engine = runtime.block_on(Engine::serve());
    println!("{}", engine.endpoint);
    io::stdin().read_to_end(&mut vec![])?;
    Ok(true)
}
