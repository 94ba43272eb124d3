//! `cargo fuzz-targets`: fuzzes every parser of external input, with cargo-fuzz and AddressSanitizer.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process;
use crate::progress::Progress;
use crate::workspace::{Workspace, cargo};

/// The version of cargo-fuzz.
const CARGO_FUZZ: &str = "0.13.2";
/// The folder of the fuzz targets.
const FOLDER: &str = "tests/fuzz";

/// Command-line arguments.
#[derive(Clone, Debug)]
pub struct Arguments {
    /// Duration for each target.
    pub seconds: u32,
    /// The targets to run. Empty means all.
    pub names: Vec<String>,
}

impl Default for Arguments {
    fn default() -> Self {
        let (seconds, names) = (60, vec![]);
        Self { seconds, names }
    }
}

/// Fuzzes the targets one after another.
///
/// # Errors
/// When a target fails (the message has the input and its path) or cannot be built.
pub fn run(arguments: &Arguments, progress: &Progress) -> Result<()> {
    let progress = *progress;
    let workspace = Workspace::find()?;
    let run = workspace.claim("fuzz-targets")?;
    let names = select(&workspace.root.join(FOLDER).join("fuzz_targets"), &arguments.names)?;
    let fuzzer = Fuzzer {
        tools: install(&workspace, &run.log("install"), progress)?,
        workspace,
    };

    let step = progress.step("building the fuzz targets with AddressSanitizer (the first build takes minutes)");
    process::run(&mut fuzzer.command("build", &[]), &run.log("build"), || ())
        .context("cannot build the fuzz targets")?;
    step.done("fuzz targets built");

    for name in names {
        let step = progress.step(&format!("fuzzing {name}"));
        let corpus = fuzzer.workspace.base.join("corpora").join(&name);
        let seeds = fuzzer.workspace.root.join(FOLDER).join("corpus").join(&name);
        fs::create_dir_all(&corpus).with_context(|| format!("cannot create {}", corpus.display()))?;
        let mut fuzz = fuzzer.command("run", &[&name]);
        // libFuzzer writes new inputs to the first folder, so the committed corpus does not grow.
        fuzz.args([&corpus, &seeds]).arg("--");
        fuzz.arg(format!("-max_total_time={}", arguments.seconds));
        // Hides the functions' log lines, and limits each input to 10 seconds and 1 GB.
        fuzz.args([
            "-close_fd_mask=1",
            "-timeout=10",
            "-rss_limit_mb=1024",
            "-print_final_stats=1",
        ]);
        let log = run.log(&name);
        process::run(&mut fuzz, &log, || ()).with_context(|| {
            format!("the fuzz target `{name}` failed; add its input to {FOLDER}/crashes/{name}, named after the fault")
        })?;
        step.done(format!("{name}: {} inputs in {} s", executed(&log), arguments.seconds));
    }
    Ok(())
}

/// An installed cargo-fuzz and the workspace.
struct Fuzzer {
    tools: PathBuf,
    workspace: Workspace,
}

impl Fuzzer {
    fn command(&self, action: &str, arguments: &[&str]) -> Command {
        let mut command = cargo(&self.workspace.root);
        let path = env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(self.tools.join("bin")).chain(env::split_paths(&path));
        command.env("PATH", env::join_paths(paths).unwrap_or_else(|_| OsString::from(&path)));
        // Enables the sanitizer, an unstable option, on a stable compiler.
        command.env("RUSTC_BOOTSTRAP", "1");
        // The release profile optimizes for size, which slows the build and removes line numbers from backtraces.
        command.env("CARGO_PROFILE_RELEASE_LTO", "off");
        command.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        command.env("CARGO_PROFILE_RELEASE_STRIP", "none");
        command.env("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only");
        command.args(["fuzz", action, "--fuzz-dir", FOLDER, "--features", "libfuzzer"]);
        command.arg("--target-dir").arg(self.workspace.base.join("fuzz"));
        command.args(arguments);
        command
    }
}

/// Installs cargo-fuzz below the target folder, unless it is installed already.
fn install(workspace: &Workspace, log: &Path, progress: Progress) -> Result<PathBuf> {
    let root = workspace.base.join(format!("cargo-fuzz-{CARGO_FUZZ}"));
    if root.join("bin/cargo-fuzz").exists() {
        return Ok(root);
    }
    let step = progress.step("installing cargo-fuzz");
    let mut install = cargo(&workspace.base);
    install.args(["install", "cargo-fuzz", "--locked", "--version", CARGO_FUZZ, "--root"]);
    install.arg(&root).env("CARGO_TARGET_DIR", workspace.base.join("fuzz"));
    process::run(&mut install, log, || ()).context("cannot install cargo-fuzz (check the network connection)")?;
    step.done("cargo-fuzz installed");
    Ok(root)
}

/// The requested targets in `folder`, or all if none is requested.
fn select(folder: &Path, requested: &[String]) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    let unknown = requested.iter().find(|name| !names.contains(name));
    ensure!(
        unknown.is_none(),
        "unknown fuzz target {unknown:?}; the targets are {}",
        names.join(", ")
    );
    Ok(if requested.is_empty() {
        names
    } else {
        requested.to_vec()
    })
}

/// The number of inputs that libFuzzer reports.
fn executed(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    line.map_or_else(|| "some".to_owned(), |count| count.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_fuzzed_unless_some_are_named() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .join(FOLDER)
            .join("fuzz_targets");
        let all = select(&folder, &[]).unwrap();
        assert!(all.is_sorted() && all.contains(&"order".to_owned()), "{all:?}");
        assert_eq!(select(&folder, &["cursor".to_owned()]).unwrap(), ["cursor"]);
        let error = select(&folder, &["gate".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("gate") && error.contains("order"), "{error}");
    }
}
