//! `cargo contract`: regenerates the API description, the reference page, the TypeScript client, the event schemas and the
//! routes in template.yaml, and compares the contract with the last release.

use std::env;
use std::process::ExitCode;

use anyhow::{Result, bail};
use contract::released;

const HELP: &str = "\
cargo contract                       write the contract's files; fail if the contract breaks the last release
cargo contract release               record the contract as released; fail if it breaks the last release
cargo contract release --breaking    record it although it breaks the last release";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<()> {
    match arguments {
        [] => write(),
        ["release"] => release(false),
        ["release", "--breaking"] => release(true),
        ["--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        _ => bail!("unknown arguments\n\n{HELP}"),
    }
}

fn write() -> Result<()> {
    for file in contract::write()? {
        println!("{}", file.path);
    }
    let differences = released::differences()?;
    if !differences.is_empty() {
        bail!("{}", released::refusal(&differences));
    }
    match released::released()? {
        Some(_) => println!("nothing breaks the last release, {}", released::PATH),
        None => println!(
            "nothing was released yet: `cargo contract release` writes {}",
            released::PATH
        ),
    }
    Ok(())
}

fn release(may_break: bool) -> Result<()> {
    contract::write()?;
    for difference in released::release(may_break)? {
        println!("breaks: {difference}");
    }
    println!("{}", released::PATH);
    Ok(())
}
