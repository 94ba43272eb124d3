//! Our side of a pair: a process of this program that makes the variants and prints what it took.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};
use bench::statistics::quantile;
use photo::{Options, Output, make_variants};

/// The argument that makes a process of this program do our work.
const ROLE: &str = "make-variants";

/// The process that makes the variants of `photo` so many times and puts the last one into `out`.
///
/// # Errors
/// When nobody can tell which program this is.
pub fn command(photo: &Path, threads: usize, runs: usize, output: &str, out: &Path) -> Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    command
        .args([ROLE, output, &threads.to_string(), &runs.to_string()])
        .args([photo, out]);
    Ok(command)
}

/// Does our work, when this process was started for it.
///
/// # Errors
/// When the photo is refused, or the files cannot be written.
pub fn make_if_asked(arguments: &[String]) -> Result<bool> {
    let [role, output, threads, runs, photo, out] = arguments else {
        return Ok(false);
    };
    if role != ROLE {
        return Ok(false);
    }
    let runs: usize = runs.parse()?;
    let photo = fs::read(photo)?;
    let written = match output.as_str() {
        "webp" => Output::WebP { quality: 80, effort: 4 },
        _ => Output::Jpeg { quality: 80 },
    };
    let options = Options {
        threads: threads.parse()?,
        outputs: vec![written],
        ..Options::default()
    };
    let (mut times, mut variants) = (vec![], vec![]);
    let before = cpu_time()?;
    for _ in 0..runs {
        variants.clear();
        let start = Instant::now();
        make_variants(&photo, &options, &mut |variant| variants.push(variant))?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    let cpu = (cpu_time()? - before) / runs as f64;
    for variant in &variants {
        fs::write(
            Path::new(out).join(format!("{}.{output}", variant.width)),
            &variant.bytes,
        )?;
    }
    let bytes: usize = variants.iter().map(|variant| variant.bytes.len()).sum();
    println!("{} {cpu} {bytes} {}", quantile(&times, 0.5), peak_memory()?);
    Ok(true)
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
