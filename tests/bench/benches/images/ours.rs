//! Our side of a pair: a process of this program that makes the variants and prints its usage.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};
use bench::statistics::quantile;
use photo::{Options, Output, make_variants};

/// The argument that starts this program as our side.
const ROLE: &str = "make-variants";

/// Returns the command that makes the variants of `photo` `runs` times and writes the last ones to `out`.
///
/// # Errors
/// If the path of this program is unknown.
pub fn command(photo: &Path, threads: usize, runs: usize, output: &str, out: &Path) -> Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    command
        .args([ROLE, output, &threads.to_string(), &runs.to_string()])
        .args([photo, out]);
    Ok(command)
}

/// Makes the variants if this process was started for that.
///
/// # Errors
/// If the photo is rejected or the files cannot be written.
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

/// Returns this process's CPU time in milliseconds, in the kernel's ticks of ten; ended threads are included.
fn cpu_time() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The program's name, in parentheses, may contain anything; user and system time are the 12th and 13th word after
    // it.
    let (_, behind) = stat.rsplit_once(')').context("no name in /proc/self/stat")?;
    let times = behind.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Ok(times.sum::<Result<f64, _>>()? * 10.0)
}

/// Returns this process's peak memory in megabytes.
fn peak_memory() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kilobytes.context("no VmHWM")?.parse::<f64>()? * 1.024 / 1000.0)
}
