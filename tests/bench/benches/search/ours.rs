//! Our engine: a full build, a batch, and queries of several shapes.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bench::statistics::quantile;
use search_engine::sample;
use search_engine::{Change, Commit, Index, IndexWriter, Manifest, Order, PriceRange, Query};

use crate::queries;

/// Documents of one commit of a build.
const CHUNK: u64 = 50_000;
/// Queries before the measured ones, so that files are in memory as after some minutes in service.
const WARM_UP: usize = 200;

/// An index on disk, opened.
pub struct Opened {
    /// The index.
    pub index: Index,
}

impl Opened {
    /// Opens the index of a build.
    ///
    /// # Errors
    /// If there is none.
    pub fn at(folder: &Path) -> Result<Self> {
        let manifest = fs::read(manifest_path(folder)).context("no build")?;
        let index = Index::open(folder, &Manifest::from_json(&manifest)?)?;
        Ok(Self { index })
    }
}

/// Runs one step and prints its figures.
///
/// # Errors
/// If the engine fails.
pub fn step(name: &str, folder: &Path, documents: u64) -> Result<()> {
    match name {
        "build" => build(folder, documents),
        "read" => read(folder, documents),
        "batch" => batch(folder),
        _ => bail!("no step {name}"),
    }
}

fn build(folder: &Path, documents: u64) -> Result<()> {
    fs::remove_dir_all(folder).ok();
    let (clock, mut generating) = (Instant::now(), Duration::ZERO);
    let mut manifest = Manifest::empty(0);
    for first in (0..documents).step_by(usize::try_from(CHUNK)?) {
        let making = Instant::now();
        let upsert = |number| Change::Upsert(Box::new(sample::document(number)));
        let changes = (first..documents.min(first + CHUNK)).map(upsert).collect();
        generating += making.elapsed();
        manifest = save(folder, IndexWriter::open(folder, &manifest)?.apply(changes, "")?)?;
        eprintln!("{} of {documents} documents", documents.min(first + CHUNK));
    }
    manifest = save(folder, IndexWriter::open(folder, &manifest)?.merge()?)?;
    fs::write(manifest_path(folder), manifest.to_json()?)?;
    let seconds = (clock.elapsed() - generating).as_secs_f64();
    let bytes: u64 = manifest.bundles.iter().map(|bundle| bundle.size).sum();
    let size = label(documents);
    println!("BENCH search/{size}/index_seconds {seconds:.1} s");
    #[allow(clippy::cast_precision_loss, reason = "a mean")]
    let each = bytes as f64 / documents as f64;
    println!("BENCH search/{size}/bytes_per_document {each:.1} B");
    println!("BENCH search/{size}/build_mb {} MB", megabytes("status", "VmHWM:")?);
    Ok(())
}

fn save(folder: &Path, commit: Commit) -> Result<Manifest> {
    if let Some(bundle) = &commit.bundle {
        bundle.save(folder)?;
    }
    search_engine::remove_unused(folder, &[&commit.manifest])?;
    Ok(commit.manifest)
}

fn read(folder: &Path, documents: u64) -> Result<()> {
    let clock = Instant::now();
    let opened = Opened::at(folder)?;
    let open = milliseconds(clock.elapsed());
    let index = &opened.index;
    println!("\n| {documents} documents | median, ms | 99th percentile, ms |\n|---|---:|---:|");
    // The figures of the lines are those of the shapes that people use most.
    let mut usual = vec![];
    for length in 2..=4 {
        let texts = queries::korean(length, documents, length as u64);
        usual.extend(row(&format!("Korean, {length} syllables"), &texts, |text| {
            search(index, text)
        })?);
    }
    usual.extend(row("English words and beginnings", &queries::english(), |text| {
        search(index, text)
    })?);
    usual.extend(row("Korean and English", &queries::mixed(documents), |text| {
        search(index, text)
    })?);
    row("Korean, 1 syllable", &queries::korean(1, documents, 1), |text| {
        search(index, text)
    })?;
    row("English with a typo", &queries::typos(), |text| search(index, text))?;
    row("Initial consonants", &queries::initials(), |text| search(index, text))?;
    row("Korean, newest first", &queries::korean(2, documents, 8), |text| {
        let order = Order::Newest;
        find(index, Query { order, ..query(text) })
    })?;
    row(
        "Korean, one kind, category and range of prices",
        &queries::korean(2, documents, 9),
        |text| {
            find(
                index,
                Query {
                    kinds: vec!["PRODUCT".into()],
                    category: Some("goods".into()),
                    price: Some(PriceRange {
                        currency: "KRW".into(),
                        min: 10_000,
                        max: 100_000,
                    }),
                    ..query(text)
                },
            )
        },
    )?;
    row("Suggestions, 1 syllable", &queries::korean(1, documents, 10), |text| {
        black_box(index.suggest(text, &[], 10)?);
        Ok(())
    })?;
    row("Suggestions, 3 syllables", &queries::korean(3, documents, 11), |text| {
        black_box(index.suggest(text, &[], 10)?);
        Ok(())
    })?;
    let size = label(documents);
    println!();
    println!("BENCH search/{size}/warm_p50_ms {:.2} ms", quantile(&usual, 0.5));
    println!("BENCH search/{size}/warm_p99_ms {:.2} ms", quantile(&usual, 0.99));
    println!(
        "BENCH search/{size}/private_mb {} MB",
        megabytes("smaps_rollup", "Private_Dirty:")?
    );
    println!("BENCH search/{size}/open_ms {open:.1} ms");
    Ok(())
}

fn batch(folder: &Path) -> Result<()> {
    let manifest = Manifest::from_json(&fs::read(manifest_path(folder))?)?;
    let changes = (0..500).map(|number| {
        let mut document = sample::document(number * 7);
        document.version += 10;
        Change::Upsert(Box::new(document))
    });
    let clock = Instant::now();
    let commit = IndexWriter::open(folder, &manifest)?.apply(changes.collect(), "")?;
    let size = label(manifest.document_count());
    println!(
        "BENCH search/{size}/batch_of_500_ms {:.0} ms",
        milliseconds(clock.elapsed())
    );
    let bytes = commit.bundle.map_or(0, |bundle| bundle.bytes.len());
    println!("BENCH search/{size}/batch_of_500_kb {} kB", bytes / 1000);
    println!("BENCH search/{size}/writer_mb {} MB", megabytes("status", "RssAnon:")?);
    Ok(())
}

/// A query for the best twenty.
pub fn query(text: &str) -> Query {
    Query {
        text: text.to_owned(),
        limit: 20,
        ..Query::default()
    }
}

/// Searches for a text.
///
/// # Errors
/// If the engine fails.
pub fn search(index: &Index, text: &str) -> Result<()> {
    find(index, query(text))
}

fn find(index: &Index, query: Query) -> Result<()> {
    black_box(index.search(&query)?);
    Ok(())
}

/// Measures each query, prints a row of the table, and returns the milliseconds.
fn row(name: &str, texts: &[String], run: impl Fn(&str) -> Result<()>) -> Result<Vec<f64>> {
    texts.iter().take(WARM_UP).try_for_each(|text| run(text))?;
    let mut times = vec![];
    for text in texts {
        let clock = Instant::now();
        run(text)?;
        times.push(milliseconds(clock.elapsed()));
    }
    println!(
        "| {name} | {:.2} | {:.2} |",
        quantile(&times, 0.5),
        quantile(&times, 0.99)
    );
    Ok(times)
}

/// A time in milliseconds.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn label(documents: u64) -> String {
    match documents {
        1_000_000.. => format!("{}m", documents / 1_000_000),
        _ => format!("{}k", documents / 1_000),
    }
}

fn manifest_path(folder: &Path) -> PathBuf {
    folder.join("manifest.json")
}

fn megabytes(file: &str, key: &str) -> Result<u64> {
    let text = fs::read_to_string(Path::new("/proc/self").join(file))?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(key))
        .context("no such line")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes / 1000)
}
