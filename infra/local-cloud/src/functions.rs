//! Builds the functions and the payment sandbox, and packs the functions as SAM uploads them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process;
use crate::progress::Progress;
use crate::python::Tools;
use crate::workspace::{Run, Workspace, cargo};

const CODE: &str = "CodeUri:";

/// Packs `python -c PACK from to from to …`, each binary into the archive that Lambda takes.
/// Lightly: a local upload costs less than squeezing harder. An archive then bears the time of its
/// binary, which is how an unchanged one is known again.
const PACK: &str = "\
import os, sys, zipfile
from concurrent.futures import ThreadPoolExecutor
def pack(pair):
    binary, archive = pair
    with zipfile.ZipFile(archive, 'w', zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.write(binary, 'bootstrap')
    time = os.stat(binary).st_mtime_ns
    os.utime(archive, ns=(time, time))
with ThreadPoolExecutor() as pool:
    list(pool.map(pack, zip(sys.argv[1::2], sys.argv[2::2])))
";

/// The package and the binary of the stand-in for the payment providers.
const SANDBOX: &str = "sandbox";

/// What was built.
pub(crate) struct Built {
    /// The template to deploy: the checkout's, with each `CodeUri` pointing at an archive of the ready binary.
    pub(crate) template: PathBuf,
    /// The binary of the payment sandbox.
    pub(crate) sandbox: PathBuf,
}

/// Builds what the template names, and the payment sandbox.
pub(crate) fn build(workspace: &Workspace, run: &Run, tools: &Tools, progress: Progress) -> Result<Built> {
    let path = workspace.template();
    let template = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let names: Vec<String> = sources(&template)
        .iter()
        .map(|folder| binary(folder).to_owned())
        .collect();
    if names.is_empty() {
        bail!(
            "{} has no function with a `CodeUri: functions/<domain>/<action>`",
            path.display()
        );
    }

    let step = progress.step("building the functions");
    let log = run.log("build");
    let messages = run.logs().join("build.json");
    // Of the binaries only the functions are built, but features are resolved as `cargo test` does it,
    // so that the two share every compiled dependency: for the whole workspace, and with what tests
    // depend on. Naming any test asks for the latter; this crate's own costs least.
    let mut command = cargo(&workspace.root);
    command
        .args(["build", "--workspace", "--message-format", "json-render-diagnostics"])
        .args(["--test", "command-line"])
        .args(names.iter().flat_map(|name| ["--bin", name]))
        .args(["--bin", SANDBOX])
        .env("CARGO_TERM_COLOR", "never")
        .env("CARGO_TERM_PROGRESS_WHEN", "always")
        .env("CARGO_TERM_PROGRESS_WIDTH", "80")
        .stdin(std::process::Stdio::null())
        .stdout(File::create(&messages)?)
        .stderr(File::create(&log)?);
    process::wait(&mut command, &log, &mut || {
        if let Some((done, all)) = fs::read(&log)
            .ok()
            .and_then(|text| units(&String::from_utf8_lossy(&text)))
        {
            step.at(done, all);
        }
    })
    .context("the functions do not build")?;

    let built = executables(&fs::read_to_string(&messages)?);
    let ready = |name: &str| {
        let binary = built.get(name);
        binary.with_context(|| format!("cargo built no binary called {name}"))
    };
    let folder = run.folder.join("functions");
    fs::create_dir_all(&folder)?;
    let mut stale = Vec::new();
    for name in &names {
        let binary = ready(name)?;
        let archive = archive(&folder, name);
        if modified(binary) != modified(&archive) {
            stale.extend([binary.clone(), archive]);
        }
    }
    if !stale.is_empty() {
        process::run(tools.program(PACK).args(stale), &run.log("pack"), || ()).context("cannot pack the functions")?;
    }
    let deployed = run.folder.join("template.yaml");
    fs::write(&deployed, staged(&template, &folder))?;
    step.done(format!("{} functions built", names.len()));
    Ok(Built {
        template: deployed,
        sandbox: ready(SANDBOX)?.clone(),
    })
}

/// The folders that the template takes code from.
fn sources(template: &str) -> Vec<&str> {
    template.lines().filter_map(source).collect()
}

/// `target/lambda/checkout` of a line `  CodeUri: target/lambda/checkout`.
fn source(line: &str) -> Option<&str> {
    let value = line.trim_start().strip_prefix(CODE)?.split(" #").next()?.trim();
    let value = value.strip_suffix('/').unwrap_or(value);
    value.starts_with("target/lambda/").then_some(value)
}

/// A function's artifact and binary share one name.
fn binary(folder: &str) -> &str {
    folder.rsplit('/').next().unwrap_or(folder)
}

fn archive(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.zip"))
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|found| found.modified()).ok()
}

/// The permission to send messages, and as MiniStack wants it: there a batch needs one of its own, which IAM does not know
/// (SQS API reference, SendMessageBatch: "sqs:SendMessage").
const SEND: (&str, &str) = (
    "Action: sqs:SendMessage\n",
    "Action: [sqs:SendMessage, sqs:SendMessageBatch]\n",
);

/// The template with each `CodeUri` below `folder`, and with [`SEND`]; nothing else is changed.
fn staged(template: &str, folder: &Path) -> String {
    template
        .split_inclusive('\n')
        .map(|line| match source(line) {
            Some(found) => {
                let indent = line.len() - line.trim_start().len();
                let to = archive(folder, binary(found));
                format!("{}{CODE} {}\n", &line[..indent], Value::from(to.to_string_lossy()))
            }
            None => line.replace(SEND.0, SEND.1),
        })
        .collect()
}

/// How far cargo says it is: the last `12/345` of its progress bar.
fn units(stderr: &str) -> Option<(u64, u64)> {
    let (_, bar) = stderr.rsplit_once("Building [")?;
    let (_, counts) = bar.split_once("] ")?;
    let (done, rest) = counts.split_once('/')?;
    let all = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((done.trim().parse().ok()?, all.parse().ok()?))
}

/// Where cargo put each binary.
fn executables(messages: &str) -> BTreeMap<String, PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|message| {
            let name = message["target"]["name"].as_str()?.to_owned();
            Some((name, PathBuf::from(message["executable"].as_str()?)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "\
Resources:
  Checkout:
    Properties:
      CodeUri: target/lambda/checkout
      Description: keeps CodeUri: target/x as it is
  Layer:
    Properties:
      CodeUri: layers/own
  Relay:
    Properties:
      CodeUri: target/lambda/relay-events/ # a note
      Policies:
        - Effect: Allow
          Action: sqs:SendMessage
";

    #[test]
    fn every_function_of_the_template_is_built() {
        let found: Vec<&str> = sources(TEMPLATE).into_iter().map(binary).collect();
        assert_eq!(found, ["checkout", "relay-events"]);
    }

    #[test]
    fn staging_changes_code_uris_and_the_permission_to_send_and_nothing_else() {
        let staged = staged(TEMPLATE, Path::new("/t/functions"));
        let changed: Vec<(&str, &str)> = TEMPLATE.lines().zip(staged.lines()).filter(|(a, b)| a != b).collect();
        assert_eq!(
            changed,
            [
                (
                    "      CodeUri: target/lambda/checkout",
                    "      CodeUri: \"/t/functions/checkout.zip\""
                ),
                (
                    "      CodeUri: target/lambda/relay-events/ # a note",
                    "      CodeUri: \"/t/functions/relay-events.zip\""
                ),
                (
                    "          Action: sqs:SendMessage",
                    "          Action: [sqs:SendMessage, sqs:SendMessageBatch]"
                ),
            ]
        );
        assert_eq!(staged.lines().count(), TEMPLATE.lines().count());
    }

    #[test]
    fn cargos_progress_is_read_from_its_last_bar() {
        let stderr =
            "   Compiling a v1\r    Building [=>   ] 3/210: a, b\r    Building [==>  ] 41/210: shared(build)\r";
        assert_eq!(units(stderr), Some((41, 210)));
        assert_eq!(units("   Compiling a v1"), None);
    }

    #[test]
    fn binaries_are_found_in_cargos_messages() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"shared"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"checkout"},"executable":"/t/debug/checkout"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(
            executables(messages),
            BTreeMap::from([("checkout".into(), "/t/debug/checkout".into())])
        );
    }
}
