//! `cargo bench -p bench --bench waiting_room`: a waiting room in a rush, and a function that starts in a long one.
//!
//! - `rush`: 50,000 customers join, four of five before the opening and the others in the ten seconds after it. Some reload, open a
//!   second tab, or lose a response. Each third one leaves. The others enter at their turns. The functions run as libraries on the
//!   engine, in this process, so their time is a processor's time and no network's.
//! - `start`: the process of `get-waiting-room` starts in a room that ten customers a second joined and entered for 24 hours, or
//!   `--hours=<number>`. With `--against=<label>=<file>`, that build of it instead of a release build.
//!
//! Fails if a join or an entry costs more than two writes, waiting costs one, a place moves or is not that of the published numbers, the
//! rate is not made up for within 30 seconds, or somebody is stuck. Arguments after `--` select one of the two. `--small` takes a
//! hundredth of the customers.
//!
//! Ends with lines `BENCH waiting_room/<case>/<metric> <value> <unit>`.

mod long_room;
mod place;
mod rush;

use std::env;

use anyhow::Result;

const CUSTOMERS: usize = 50_000;

fn main() -> Result<()> {
    if !env::args().any(|argument| argument == "--bench") {
        eprintln!("run it with `cargo bench`");
        return Ok(());
    }
    let part = if env::args().any(|argument| argument == "--small") {
        100
    } else {
        1
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if is_chosen("rush") {
        runtime.block_on(rush::run(CUSTOMERS / part))?;
    }
    if is_chosen("start") {
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime, long_room::start())?;
    }
    Ok(())
}

fn is_chosen(name: &str) -> bool {
    let mut chosen = env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .peekable();
    chosen.peek().is_none() || chosen.any(|argument| argument == name)
}
