//! Termination signals such as Ctrl-C set a flag. Every wait checks it and returns an error, so destructors run.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::Result;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

static RAISED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// The error of a wait after Ctrl-C.
#[derive(Debug)]
pub struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// Handles SIGINT, SIGTERM and SIGHUP. A second signal exits the process immediately.
///
/// # Errors
/// When a handler cannot be installed.
pub fn listen() -> Result<()> {
    let raised = RAISED.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // The order matters: on the first signal the flag is not yet set, so the process does not exit.
        flag::register_conditional_shutdown(signal, 130, Arc::clone(raised))?;
        flag::register(signal, Arc::clone(raised))?;
    }
    Ok(())
}

/// Fails with [`Interrupted`] after a signal.
pub(crate) fn check() -> Result<()> {
    match RAISED.get() {
        Some(raised) if raised.load(Ordering::Relaxed) => Err(Interrupted.into()),
        _ => Ok(()),
    }
}
