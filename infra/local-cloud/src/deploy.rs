//! `sam deploy`, unchanged, against the emulator.

use std::path::Path;

use anyhow::{Context, Result};

use crate::aws::Account;
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
) -> Result<()> {
    let Account {
        region, credentials, ..
    } = account;
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
    ])
    .args(["--parameter-overrides", &format!("Architecture={}", architecture())])
    // SAM takes an argument apart at its spaces, but for those in quotes.
    .args(parameters.iter().map(|(name, value)| format!("{name}=\"{value}\"")))
    .arg("--template-file")
    .arg(template)
    .env("AWS_ENDPOINT_URL", account.endpoint.as_deref().unwrap_or_default())
    .env("AWS_DEFAULT_REGION", region)
    .env("AWS_REGION", region)
    .env("AWS_ACCESS_KEY_ID", &credentials.access_key)
    .env("AWS_SECRET_ACCESS_KEY", &credentials.secret_key)
    // Whatever account the user is signed in to stays out of this.
    .env_remove("AWS_SESSION_TOKEN")
    .env_remove("AWS_PROFILE")
    .env_remove("AWS_DEFAULT_PROFILE")
    .env("AWS_CONFIG_FILE", "/dev/null")
    .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    // SAM asks every five seconds how far the stack is; here it is there in two.
    .env("SAM_CLI_POLL_DELAY", "0.2")
    .env("TMPDIR", run.temporary());
    process::run(&mut sam, &run.log("deploy"), || ()).context("cannot deploy template.yaml; `cargo lint` may say why")
}

/// This machine's processor as Lambda calls it: the functions are built for the host.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    }
}
