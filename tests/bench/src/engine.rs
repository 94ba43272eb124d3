//! The engine in a process of its own, so that its work is nobody else's.

use std::env;
use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use harness::Engine;

/// The argument that makes a benchmark's process the engine.
const ROLE: &str = "serve-engine";

/// An engine that serves until it is dropped.
#[derive(Debug)]
pub struct EngineProcess {
    child: Child,
    /// Where it serves.
    pub endpoint: String,
}

impl EngineProcess {
    /// Starts this program once more, as the engine.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start() -> Result<Self> {
        let program = env::current_exe().context("cannot tell which program this is")?;
        let mut child = Command::new(program)
            .arg(ROLE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the engine does not start")?;
        let mut endpoint = String::new();
        let output = child.stdout.take().context("the engine has no output")?;
        BufReader::new(output).read_line(&mut endpoint)?;
        let endpoint = endpoint.trim().to_owned();
        Ok(Self { child, endpoint })
    }
}

impl Drop for EngineProcess {
    fn drop(&mut self) {
        // It ends by itself when its input does; this is for the impatient.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Is the engine, when this process was started as one: serves until its input ends, then says so.
///
/// # Errors
/// When there is no runtime to be had.
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
