//! `sam deploy`, unchanged, against the emulator.

use std::path::Path;

use anyhow::Result;

use crate::aws::{Account, Aws};
use crate::cloudformation::failures;
use crate::process;
use crate::python::Tools;
use crate::workspace::{Run, Workspace};

/// The stack's name.
pub(crate) const STACK: &str = "madang";

/// Deploys `template` to the emulator's `account`.
pub(crate) fn deploy(
    workspace: &Workspace,
    run: &Run,
    tools: &Tools,
    template: &Path,
    parameters: &[(&str, String)],
    account: &Account,
    aws: &Aws,
) -> Result<()> {
    let mut sam = tools.sam(workspace);
    sam.args([
        "deploy",
        "--stack-name",
        STACK,
        "--resolve-s3",
        "--no-confirm-changeset",
    ])
    .args([
        "--no-fail-on-empty-changeset",
        "--no-progressbar",
        "--capabilities",
        "CAPABILITY_IAM",
        // The nested stacks are SAM templates.
        "CAPABILITY_AUTO_EXPAND",
    ])
    .args([
        "--parameter-overrides",
        &format!("Architecture={}", architecture()),
        "Emulated=true",
    ])
    // SAM takes an argument apart at its spaces, but for those in quotes.
    .args(parameters.iter().map(|(name, value)| format!("{name}=\"{value}\"")))
    .arg("--template-file")
    .arg(template)
    .envs(account.environment())
    .env_remove("AWS_SESSION_TOKEN");
    for name in Account::UNSET {
        sam.env_remove(name);
    }
    // SAM asks every five seconds how far the stack is. Here it is there in two.
    sam.env("SAM_CLI_POLL_DELAY", "0.2").env("TMPDIR", run.temporary());
    process::run(&mut sam, &run.log("deploy"), || ()).map_err(|error| explained(error, aws))
}

/// Adds the resources that failed and why: SAM names only the nested stack that they are in.
fn explained(error: anyhow::Error, aws: &Aws) -> anyhow::Error {
    match failures(&aws.service("cloudformation"), STACK) {
        Ok(failures) if !failures.is_empty() => {
            error.context(format!("cannot deploy template.yaml:\n  {}", failures.join("\n  ")))
        }
        _ => error.context("cannot deploy template.yaml; `cargo lint` may say why"),
    }
}

/// This machine's processor as Lambda calls it: the functions are built for the host.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    }
}
