//! Runs `sam deploy` against the emulator.

use std::path::Path;

use anyhow::Result;

use crate::aws::{Account, Aws};
use crate::cloudformation::failures;
use crate::process;
use crate::python::Tools;
use crate::workspace::{Run, Workspace};

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
    // SAM splits an argument at spaces outside quotes.
    .args(parameters.iter().map(|(name, value)| format!("{name}=\"{value}\"")))
    .arg("--template-file")
    .arg(template);
    account.select(&mut sam);
    // By default SAM polls every five seconds. The emulator deploys in two seconds.
    sam.env("SAM_CLI_POLL_DELAY", "0.2").env("TMPDIR", run.temporary());
    process::run(&mut sam, &run.log("deploy"), || ()).map_err(|error| with_failures(error, aws))
}

/// Adds the failed resources and the reasons. SAM reports only the nested stack.
fn with_failures(error: anyhow::Error, aws: &Aws) -> anyhow::Error {
    match failures(&aws.service("cloudformation"), STACK) {
        Ok(failures) if !failures.is_empty() => {
            error.context(format!("cannot deploy template.yaml:\n  {}", failures.join("\n  ")))
        }
        _ => error.context("cannot deploy template.yaml; run `cargo lint` to check the template"),
    }
}

/// This machine's architecture in Lambda's terms. The functions are built for the host.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    }
}
