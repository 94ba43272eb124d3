//! `cargo up`, `cargo lint` and `cargo fuzz-targets`: reads the arguments and runs the command.

use std::ffi::OsStr;
use std::process::ExitCode;

use anyhow::Context;
use lexopt::prelude::*;
use local_cloud::{Progress, fuzz_targets, interrupt, lint, up};

const HELP: &str = "\
cargo up            run the whole system on this machine until Ctrl-C
cargo up --once     exit after the first steps (status 0 if every step succeeded)
cargo up --port N   listen on port N, or on a free port if N is 0 (default: 4566, or a free port if 4566 is in use)
cargo lint          check the templates with `sam validate --lint`, cfn-lint and checkov
cargo fuzz-targets         fuzz every parser of external input for 60 seconds
cargo fuzz-targets NAME    fuzz one target (see tests/fuzz/fuzz_targets for the names)
cargo fuzz-targets --seconds N    fuzz each target for N seconds
";

enum Command {
    Up(up::Arguments),
    Lint,
    FuzzTargets(fuzz_targets::Arguments),
    Help,
}

fn main() -> ExitCode {
    let outcome = arguments().and_then(|command| {
        interrupt::listen()?;
        match command {
            Command::Up(arguments) => up::run(&arguments, &Progress::on_stdout()),
            Command::Lint => lint::run(&Progress::on_stdout()),
            Command::FuzzTargets(arguments) => fuzz_targets::run(&arguments, &Progress::on_stdout()),
            Command::Help => {
                print!("{HELP}");
                Ok(())
            }
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<interrupt::Interrupted>() => ExitCode::from(130),
        Err(error) => {
            eprintln!("\nerror: {error}");
            for cause in error.chain().skip(1) {
                eprintln!("caused by: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> anyhow::Result<Command> {
    let mut parser = lexopt::Parser::from_env();
    let mut command = match parser.next()? {
        Some(Value(name)) if name == "up" => Command::Up(up::Arguments::default()),
        Some(Value(name)) if name == "lint" => Command::Lint,
        Some(Value(name)) if name == "fuzz-targets" => Command::FuzzTargets(fuzz_targets::Arguments::default()),
        Some(Short('h') | Long("help")) | None => Command::Help,
        Some(other) => return Err(unknown(other)),
    };
    while let Some(argument) = parser.next()? {
        match (argument, &mut command) {
            (Short('h') | Long("help"), _) => return Ok(Command::Help),
            (Long("once"), Command::Up(up)) => up.once = true,
            (Long("port"), Command::Up(up)) => up.port = Some(port(&parser.value()?)?),
            (Long("seconds"), Command::FuzzTargets(targets)) => targets.seconds = parser.value()?.parse()?,
            (Value(name), Command::FuzzTargets(targets)) => targets.names.push(name.string()?),
            (other, _) => return Err(unknown(other)),
        }
    }
    Ok(command)
}

fn port(value: &OsStr) -> anyhow::Result<u16> {
    let port = value.to_str().and_then(|text| text.parse().ok());
    port.with_context(|| format!("--port is {}, expected a number from 0 to 65535", value.display()))
}

fn unknown(argument: lexopt::Arg) -> anyhow::Error {
    anyhow::anyhow!("{}\n\n{HELP}", argument.unexpected())
}
