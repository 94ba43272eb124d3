//! Builds the functions and the payment sandbox, and packs the functions for SAM.

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

/// The folder of `cargo lambda build`, as the domains' templates name it.
const ARTIFACTS: &str = "CodeUri: ../../target/lambda/";

/// Packs each binary into a deployment archive: `python -c PACK BINARY ARCHIVE BINARY ARCHIVE …`. Compresses little,
/// because a local upload is cheap. Copies the binary's modification time to the archive to detect unchanged binaries.
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

/// The result of the build.
pub(crate) struct Built {
    /// The template to deploy: a copy beside the archives. The archives are where `cargo lambda build` would put them,
    /// so each `CodeUri` resolves.
    pub(crate) template: PathBuf,
    /// The binary of the payment sandbox.
    pub(crate) sandbox: PathBuf,
}

/// Builds the functions of the templates, and the payment sandbox.
pub(crate) fn build(workspace: &Workspace, run: &Run, tools: &Tools, progress: Progress) -> Result<Built> {
    let mut names = Vec::new();
    for template in workspace.templates()? {
        names.extend(functions(&read(&workspace.root.join(template))?));
    }
    if names.is_empty() {
        bail!("no template has a function with `CodeUri: {ARTIFACTS}<action>`");
    }

    let step = progress.step("building the functions");
    let log = run.log("build");
    let messages = run.logs().join("build.json");
    // `--workspace` and `--test` make cargo resolve features as `cargo test` does, so that both share the compiled
    // dependencies. This crate's own test compiles fastest.
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
            step.update(done, all);
        }
    })
    .context("cannot build the functions")?;

    let built = executables(&fs::read_to_string(&messages)?);
    let ready = |name: &str| {
        let binary = built.get(name);
        binary.with_context(|| format!("cargo built no binary called {name}"))
    };
    let stage = run.folder.join("stage");
    let archives = stage.join("target/lambda");
    fs::create_dir_all(&archives)?;
    let mut stale = Vec::new();
    for name in &names {
        let (binary, archive) = (ready(name)?, archives.join(name));
        if modified(binary) != modified(&archive) {
            stale.extend([binary.clone(), archive]);
        }
    }
    if !stale.is_empty() {
        process::run(tools.program(PACK).args(stale), &run.log("pack"), || ()).context("cannot pack the functions")?;
    }
    for template in workspace.templates()? {
        let to = stage.join(&template);
        fs::create_dir_all(to.parent().context("a template has a parent folder")?)?;
        fs::copy(workspace.root.join(&template), &to).with_context(|| format!("cannot write {}", to.display()))?;
    }
    step.done(format!("{} functions built", names.len()));
    Ok(Built {
        template: stage.join("template.yaml"),
        sandbox: ready(SANDBOX)?.clone(),
    })
}

/// The functions of a template.
fn functions(template: &str) -> Vec<String> {
    let names = template
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix(ARTIFACTS));
    names.map(|name| name.trim_end().to_owned()).collect()
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|found| found.modified()).ok()
}

/// Parses cargo's progress: the last `12/345` of its progress bar.
fn units(stderr: &str) -> Option<(u64, u64)> {
    let (_, bar) = stderr.rsplit_once("Building [")?;
    let (_, counts) = bar.split_once("] ")?;
    let (done, rest) = counts.split_once('/')?;
    let all = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((done.trim().parse().ok()?, all.parse().ok()?))
}

/// The path of each binary, from cargo's JSON messages.
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

    #[test]
    fn every_function_of_a_template_is_built() {
        let template = "\
Resources:
  Checkout:
    Properties:
      CodeUri: ../../target/lambda/checkout
      Description: not CodeUri ../../target/lambda/x
  Layer:
    Properties:
      CodeUri: layers/own
";
        assert_eq!(functions(template), ["checkout"]);
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
