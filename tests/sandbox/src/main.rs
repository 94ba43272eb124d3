//! Runs the sandbox as a process: prints its address and serves until it is stopped.

#![allow(clippy::expect_used, reason = "a process that cannot start prints why and exits")]

use std::io::Read as _;
use std::time::Duration;

use lexopt::{Arg, ValueExt as _};
use sandbox::{Options, Sandbox};

const USAGE: &str = "\
usage: sandbox [--port PORT] [--webhook-target URL] [--retry-unit-ms MS] [--until-stdin-closes]
  [--toss-secret-key KEY] [--stripe-secret-key KEY] [--stripe-webhook-secret SECRET]...
  [--kakaopay-secret-key KEY] [--kakaopay-cid CID] [--standard-webhook-secret SECRET]...";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lexopt::Error> {
    let (options, until_stdin_closes) = read_arguments()?;
    let sandbox = Sandbox::start(options).await;
    println!("listening on {}", sandbox.url());
    if !until_stdin_closes {
        return std::future::pending().await;
    }
    let (closed, closes) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut vec![]);
        closed.send(())
    });
    let _ = closes.await;
    Ok(())
}

fn read_arguments() -> Result<(Options, bool), lexopt::Error> {
    let mut options = Options {
        // In a demonstration, retries after minutes are too slow.
        retry_unit: Duration::from_secs(1),
        ..Options::default()
    };
    let mut until_stdin_closes = false;
    let (mut stripe_secrets, mut standard_secrets) = (vec![], vec![]);
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        let Arg::Long(name) = argument else {
            return Err(argument.unexpected());
        };
        match name.to_owned().as_str() {
            "help" => {
                println!("{USAGE}");
                std::process::exit(0);
            }
            "port" => options.port = arguments.value()?.parse()?,
            "webhook-target" => options.webhook_target = Some(arguments.value()?.string()?),
            "retry-unit-ms" => options.retry_unit = Duration::from_millis(arguments.value()?.parse()?),
            "toss-secret-key" => options.toss_secret_key = arguments.value()?.string()?,
            "stripe-secret-key" => options.stripe_secret_key = arguments.value()?.string()?,
            "stripe-webhook-secret" => stripe_secrets.push(arguments.value()?.string()?),
            "kakaopay-secret-key" => options.kakaopay_secret_key = arguments.value()?.string()?,
            "kakaopay-cid" => options.kakaopay_cid = arguments.value()?.string()?,
            "standard-webhook-secret" => standard_secrets.push(arguments.value()?.string()?),
            "until-stdin-closes" => until_stdin_closes = true,
            other => return Err(Arg::Long(other).unexpected()),
        }
    }
    if !stripe_secrets.is_empty() {
        options.stripe_webhook_secrets = stripe_secrets;
    }
    if !standard_secrets.is_empty() {
        options.standard_webhook_secrets = standard_secrets;
    }
    Ok((options, until_stdin_closes))
}
