//! The process of chromedriver, on a free port.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

/// What chromedriver prints before its port.
const STARTED: &str = "started successfully on port ";

/// A running chromedriver. Dropping it ends it.
pub(crate) struct Driver {
    pub(crate) url: String,
    process: Child,
}

impl Driver {
    pub(crate) fn start() -> Result<Self> {
        let mut command = Command::new("chromedriver");
        command
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut process = command.spawn().context("cannot start chromedriver")?;
        let output = process.stdout.take().context("chromedriver has no output")?;
        let mut lines = BufReader::new(output).lines();
        let port = lines.by_ref().find_map(|line| {
            let line = line.ok()?;
            let (_, port) = line.split_once(STARTED)?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let driver = Self {
            url: format!("http://127.0.0.1:{}", port.unwrap_or_default()),
            process,
        };
        port.context("chromedriver did not start")?;
        // It would block if nobody read what it prints.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(driver)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
