//! `cargo bench -p bench --bench images [-- --photos DIR]`: six variants of a photo, ours against sharp's fastest mode.
//!
//! Both run alternately, each in its own processes: warm (the median of many runs in one process, on one core and on
//! two) and cold (a process per photo). Each photo is also measured rotated, as PNG, as WebP, and encoded to WebP.
//! Needs Node, npm and taskset; sharp is installed in `target/`. Ends with lines `BENCH images/<photo>/<case>/<metric>
//! <value> ratio`. Without `--photos` it draws its own photos, always the same.
//!
//! `-- --unusual DIR` compares what is shown of the pictures in a folder instead, and measures nothing.

mod ours;
mod peer;
mod photos;
mod quality;
mod unusual;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use bench::statistics::quantile;
use peer::Peer;
use photos::Photo;

/// Pairs of processes per case.
const PAIRS: usize = 7;
/// How often a warm process makes all variants.
const RUNS: usize = 11;

/// The result of one process.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// Milliseconds of a run, or of the whole process if it is cold.
    wall: f64,
    cpu: f64,
    bytes: f64,
    /// Peak memory in megabytes.
    memory: f64,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if ours::make_if_asked(&arguments)? {
        return Ok(());
    }
    if !arguments.iter().any(|argument| argument == "--bench") {
        eprintln!("run it with `cargo bench`");
        return Ok(());
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("images");
    fs::create_dir_all(&folder)?;
    let peer = Peer::install(&folder)?;
    let after = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)
    };
    if let Some(named) = after("--unusual") {
        return unusual::compare(Path::new(named), &folder, &peer);
    }
    let named = after("--photos").map(Path::new);
    let only = after("--only").map_or("", String::as_str);
    println!(
        "| photo | case | ours ms | sharp ms | speedup | CPU | memory | bytes | SSIM |\n\
         |---|---|---:|---:|---:|---:|---:|---:|---:|"
    );
    let mut lines = vec![];
    for photo in photos::all(named, &folder, &peer)? {
        if photo.name.contains(only) {
            measure(&photo, &peer, &folder, &mut lines).with_context(|| photo.path.display().to_string())?;
        }
    }
    println!("\n{}", lines.join("\n"));
    Ok(())
}

/// Runs `program` on the first `cores` cores and parses its output.
fn run(program: &Command, cores: usize, cold: bool) -> Result<Run> {
    let mut command = Command::new("taskset");
    command.args(["-c", if cores == 1 { "0" } else { "0,1" }]);
    command.arg(program.get_program()).args(program.get_args());
    let start = Instant::now();
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start taskset")?;
    let wall = start.elapsed().as_secs_f64() * 1000.0;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{command:?} failed");
    let numbers: Vec<f64> = text
        .split_whitespace()
        .filter_map(|number| number.parse().ok())
        .collect();
    let [within, cpu, bytes, memory] = numbers[..] else {
        bail!("{command:?} printed {text}");
    };
    let wall = if cold { wall } else { within };
    Ok(Run {
        wall,
        cpu,
        bytes,
        memory,
    })
}

/// Creates an empty folder.
fn emptied(folder: PathBuf) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn measure(photo: &Photo, peer: &Peer, folder: &Path, lines: &mut Vec<String>) -> Result<()> {
    let Photo { name, path, output } = photo;
    let (our_files, their_files) = (emptied(folder.join("ours"))?, emptied(folder.join("theirs"))?);
    let mut measured = vec![];
    for (case, cores, runs) in [("warm-1core", 1, RUNS), ("warm-2core", 2, RUNS), ("cold", 2, 1)] {
        let us = ours::command(path, cores, runs, output, &our_files)?;
        let them = peer.variants(path, cores, runs, output, &their_files);
        let mut pairs = vec![];
        for _ in 0..PAIRS {
            pairs.push((run(&us, cores, case == "cold")?, run(&them, cores, case == "cold")?));
        }
        measured.push((case, pairs));
    }
    let sizes = peer.luma(path, output, &our_files, &their_files, folder)?;
    let worst = quality::worst_difference(folder, &sizes)?;
    for (case, pairs) in measured {
        let median = |of: &dyn Fn(&(Run, Run)) -> f64| quantile(&pairs.iter().map(of).collect::<Vec<_>>(), 0.5);
        let (ours, theirs) = (median(&|(us, _)| us.wall), median(&|(_, them)| them.wall));
        let speedup = median(&|(us, them)| them.wall / us.wall);
        let cpu = median(&|(us, them)| them.cpu / us.cpu);
        let memory = median(&|(us, them)| us.memory / them.memory);
        let bytes = median(&|(us, them)| us.bytes / them.bytes);
        println!(
            "| {name} | {case} | {ours:.1} | {theirs:.1} | {speedup:.2} | {cpu:.2} | {memory:.2} | {bytes:.3} | {worst:+.5} |"
        );
        for (metric, value) in [
            ("speedup", speedup),
            ("cpu_speedup", cpu),
            ("memory_ratio", memory),
            ("bytes_ratio", bytes),
            ("ssim_delta_min", worst),
        ] {
            lines.push(format!("BENCH images/{name}/{case}/{metric} {value:.5} ratio"));
        }
    }
    Ok(())
}
