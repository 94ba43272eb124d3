//! `cargo bench -p bench --bench images [-- --photos DIR]`: six JPEG variants of a photo, ours against sharp's fastest mode.
//!
//! Both run in turn, each in processes of its own: warm (the median of many runs in one process, on one core and on two)
//! and cold (a whole process for one photo). Needs Node, npm and taskset; sharp is installed below `target/`. Ends with
//! lines `BENCH images/<photo>/<case>/<metric> <value> ratio`. Without `--photos` a photo is drawn.

mod quality;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use bench::statistics::quantile;
use resize_image::photo::{Options, make_ladder};

/// The version of sharp that is run against.
const SHARP: &str = "sharp@0.35.5";
/// The argument that makes a process of this program do our work.
const ROLE: &str = "make-ladder";
/// How many pairs of processes are run for a case.
const PAIRS: usize = 7;
/// How many times a warm process makes all variants.
const RUNS: usize = 15;

/// What one process did.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// Milliseconds: of a run in the process, or of the whole process when it is cold.
    wall: f64,
    cpu: f64,
    bytes: f64,
    /// Megabytes at most.
    memory: f64,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [role, photo, threads, runs, out @ ..] = &arguments[..]
        && role == ROLE
    {
        return ours(
            Path::new(photo),
            threads.parse()?,
            runs.parse()?,
            out.first().map(Path::new),
        );
    }
    if !arguments.iter().any(|argument| argument == "--bench") {
        eprintln!("run it by `cargo bench`: a benchmark is no test");
        return Ok(());
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("images");
    fs::create_dir_all(&folder)?;
    let peer = Peer::install(&folder)?;
    println!("| photo | case | ours ms | sharp ms | speedup | memory | bytes |\n|---|---|---:|---:|---:|---:|---:|");
    let mut lines = vec![];
    for photo in photos(&arguments, &folder)? {
        measure(&photo, &peer, &folder, &mut lines).with_context(|| photo.display().to_string())?;
    }
    println!("\n{}", lines.join("\n"));
    Ok(())
}

/// Our side of a process: makes the ladder `runs` times and prints what it took.
fn ours(photo: &Path, threads: usize, runs: usize, out: Option<&Path>) -> Result<()> {
    let photo = fs::read(photo)?;
    let options = Options {
        threads,
        ..Options::default()
    };
    let (mut times, mut variants) = (vec![], vec![]);
    let before = cpu_time()?;
    for _ in 0..runs {
        variants.clear();
        let start = Instant::now();
        make_ladder(&photo, &options, &mut |variant| variants.push(variant))?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    let cpu = (cpu_time()? - before) / runs as f64;
    for variant in out.iter().flat_map(|_| &variants) {
        let name = format!("{}.jpg", variant.width);
        fs::write(out.unwrap_or(Path::new(".")).join(name), &variant.bytes)?;
    }
    let bytes: usize = variants.iter().map(|variant| variant.bytes.len()).sum();
    println!("{} {cpu} {bytes} {}", quantile(&times, 0.5), peak_memory()?);
    Ok(())
}

/// Milliseconds that this process has had of the processor, in the kernel's ticks of ten; threads that have ended count too.
fn cpu_time() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The program's name, in brackets, may hold anything; user and system time are the 12th and 13th word behind it.
    let (_, behind) = stat.rsplit_once(')').context("no name in /proc/self/stat")?;
    let times = behind.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Ok(times.sum::<Result<f64, _>>()? * 10.0)
}

/// Megabytes that this process had in memory at most.
fn peak_memory() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kilobytes.context("no VmHWM")?.parse::<f64>()? * 1.024 / 1000.0)
}

/// The photos of the folder that the command line names, or one that is drawn.
fn photos(arguments: &[String], folder: &Path) -> Result<Vec<PathBuf>> {
    let at = arguments.iter().position(|argument| argument == "--photos");
    let Some(named) = at.and_then(|at| arguments.get(at + 1)) else {
        let path = folder.join("drawn-12mp.jpg");
        fs::write(&path, local_cloud::pictures::landscape(4000, 3000)?)?;
        return Ok(vec![path]);
    };
    let entries = fs::read_dir(named).with_context(|| format!("cannot read {named}"))?;
    let mut found: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    found.retain(|path| path.extension().is_some_and(|extension| extension == "jpg"));
    found.sort();
    ensure!(!found.is_empty(), "{named} has no .jpg");
    Ok(found)
}

/// sharp, installed.
struct Peer {
    script: PathBuf,
    modules: PathBuf,
}

impl Peer {
    fn install(folder: &Path) -> Result<Self> {
        let modules = folder.join("node_modules");
        if !modules.join("sharp").exists() {
            let installed = Command::new("npm")
                .args(["install", "--no-save", "--no-audit", "--no-fund", "--prefix"])
                .arg(folder)
                .arg(SHARP)
                .stdout(Stdio::null())
                .status();
            ensure!(
                installed.context("npm does not start: install Node")?.success(),
                "npm cannot install {SHARP}"
            );
        }
        let script = folder.join("sharp.js");
        fs::write(&script, include_str!("sharp.js"))?;
        Ok(Self { script, modules })
    }

    fn node(&self, mode: &str, photo: &Path) -> Command {
        let mut node = Command::new("node");
        node.arg(&self.script).arg(mode).arg(&self.modules).arg(photo);
        node
    }
}

/// Runs `program` on the first `cores` cores, and reads what it prints.
fn run(program: &Command, cores: usize, cold: bool) -> Result<Run> {
    let mut command = Command::new("taskset");
    command.args(["-c", if cores == 1 { "0" } else { "0,1" }]);
    command.arg(program.get_program()).args(program.get_args());
    let start = Instant::now();
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .context("taskset does not start")?;
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

fn measure(photo: &Path, peer: &Peer, folder: &Path, lines: &mut Vec<String>) -> Result<()> {
    let name = photo.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let (our_files, their_files) = (folder.join("ours"), folder.join("theirs"));
    for made in [&our_files, &their_files] {
        let _ = fs::remove_dir_all(made);
        fs::create_dir_all(made)?;
    }
    for (case, cores, runs) in [("warm-1core", 1, RUNS), ("warm-2core", 2, RUNS), ("cold", 2, 1)] {
        let numbers = [cores.to_string(), runs.to_string()];
        let mut us = Command::new(env::current_exe()?);
        us.arg(ROLE).arg(photo).args(&numbers).arg(&our_files);
        let mut them = peer.node("ladder", photo);
        them.args(&numbers).arg(&their_files);
        let mut pairs = vec![];
        for _ in 0..PAIRS {
            pairs.push((run(&us, cores, case == "cold")?, run(&them, cores, case == "cold")?));
        }
        let median = |of: &dyn Fn(&(Run, Run)) -> f64| quantile(&pairs.iter().map(of).collect::<Vec<_>>(), 0.5);
        let speedup = median(&|(us, them)| them.wall / us.wall);
        let memory = median(&|(us, them)| us.memory / them.memory);
        let bytes = median(&|(us, them)| us.bytes / them.bytes);
        println!(
            "| {name} | {case} | {:.1} | {:.1} | {speedup:.2} | {memory:.2} | {bytes:.3} |",
            median(&|(us, _)| us.wall),
            median(&|(_, them)| them.wall),
        );
        let cpu = median(&|(us, them)| them.cpu / us.cpu);
        for (metric, value) in [
            ("speedup", speedup),
            ("cpu_speedup", cpu),
            ("memory_ratio", memory),
            ("bytes_ratio", bytes),
        ] {
            lines.push(format!("BENCH images/{name}/{case}/{metric} {value:.3} ratio"));
        }
    }
    let mut node = peer.node("luma", photo);
    node.arg(&our_files).arg(&their_files).arg(folder);
    let output = node.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "sharp cannot measure quality");
    let worst = quality::worst_difference(folder, &String::from_utf8_lossy(&output.stdout))?;
    lines.push(format!("BENCH images/{name}/ssim_delta_min {worst:.5} ratio"));
    Ok(())
}
