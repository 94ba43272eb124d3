//! Measures the engine with made-up documents: `cargo run --release -p search-engine --example measure -- 1000000`.
//!
//! `build`, `read`, `batch` and `recall` before the number run one of the steps.
//!
//! Prints the time and memory of a full build, bytes a document, the time to open, the time of a batch, the latency of
//! several shapes of queries, and the private memory of the reader. Then it compares the hits of random substrings with
//! those of a scan over all titles.

use std::collections::HashSet;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use search_engine::sample::{self, Random};
use search_engine::{Change, Commit, Index, IndexWriter, Manifest, Order, PriceRange, Query};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Documents a commit of the full build.
const CHUNK: u64 = 50_000;
const QUERIES: usize = 2000;

fn main() -> Outcome<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let count = arguments.pop().unwrap_or_else(|| "100000".to_owned());
    let directory = std::env::temp_dir().join("search-measure");
    match arguments.pop().as_deref() {
        Some("build") => build(&directory, count.parse()?),
        Some("read") => read(&directory, count.parse()?),
        Some("batch") => batch(&directory),
        Some("recall") => recall(&directory),
        Some(_) => Err("build, read, batch and recall are the steps".into()),
        // Each in a process of its own, so that its memory is only its own.
        None => {
            for step in ["build", "read", "batch", "recall"] {
                let status = Command::new(std::env::current_exe()?).args([step, &count]).status()?;
                if !status.success() {
                    return Err(format!("{step} failed").into());
                }
            }
            Ok(fs::remove_dir_all(&directory)?)
        }
    }
}

fn build(directory: &Path, count: u64) -> Outcome<()> {
    fs::remove_dir_all(directory).ok();
    let start = Instant::now();
    let mut generating = Duration::ZERO;
    let mut manifest = Manifest::empty(0);
    for first in (0..count).step_by(CHUNK as usize) {
        let clock = Instant::now();
        let upsert = |number| Change::Upsert(Box::new(sample::document(number)));
        let changes = (first..count.min(first + CHUNK)).map(upsert).collect();
        generating += clock.elapsed();
        manifest = save(directory, IndexWriter::open(directory, &manifest)?.apply(changes, "")?)?;
    }
    println!(
        "indexed {count} documents: {:.1} s",
        (start.elapsed() - generating).as_secs_f64()
    );
    let clock = Instant::now();
    manifest = save(directory, IndexWriter::open(directory, &manifest)?.merge()?)?;
    println!("merged: {:.1} s", clock.elapsed().as_secs_f64());
    let size: u64 = manifest.bundles.iter().map(|bundle| bundle.size).sum();
    println!(
        "bytes a document: {:.1}",
        size as f64 / manifest.document_count() as f64
    );
    println!("most memory of the build: {}", memory("/proc/self/status", "VmHWM:")?);
    search_engine::remove_unused(directory, &[&manifest])?;
    fs::write(manifest_path(directory), manifest.to_json()?)?;
    Ok(())
}

fn save(directory: &Path, commit: Commit) -> Outcome<Manifest> {
    if let Some(bundle) = &commit.bundle {
        bundle.save(directory)?;
    }
    search_engine::remove_unused(directory, &[&commit.manifest])?;
    Ok(commit.manifest)
}

fn read(directory: &Path, count: u64) -> Outcome<()> {
    let clock = Instant::now();
    let index = open(directory)?;
    println!("open: {:.1} ms", clock.elapsed().as_secs_f64() * 1000.0);
    let mut random = Random::new(1);
    let titles: Vec<Vec<char>> = (0..QUERIES)
        .map(|_| title(&mut random, count as u32).chars().collect())
        .collect();
    let part = |title: &Vec<char>, length: usize, random: &mut Random| {
        let korean: Vec<char> = title.iter().copied().filter(|c| ('가'..='힣').contains(c)).collect();
        let start = random.below((korean.len().saturating_sub(length) + 1) as u32) as usize;
        korean.into_iter().skip(start).take(length).collect::<String>()
    };
    for length in 1..=6 {
        let texts = titles.iter().map(|title| part(title, length, &mut random)).collect();
        measure(&index, &format!("Korean, {length} syllables"), texts, |query| query)?;
    }
    let english = ["jazz", "night fest", "limit", "ca", "winter gol", "symphony orch", "s"];
    let english: Vec<String> = (0..QUERIES).map(|_| random.pick(&english).to_owned()).collect();
    measure(&index, "English words and prefixes", english, |query| query)?;
    let typos = ["jaxz", "festvial", "symphny", "lether", "midnihgt"];
    let typos: Vec<String> = (0..QUERIES).map(|_| random.pick(&typos).to_owned()).collect();
    measure(&index, "English with a typo", typos, |query| query)?;
    let words = |random: &mut Random, length| {
        titles
            .iter()
            .map(|title| part(title, length, random))
            .collect::<Vec<_>>()
    };
    let mixed = words(&mut random, 2)
        .into_iter()
        .map(|word| format!("{word} {}", if *word < *"사" { "jazz" } else { "2026" }));
    measure(&index, "Korean and English", mixed.collect(), |query| query)?;
    let two = words(&mut random, 2)
        .into_iter()
        .zip(words(&mut random, 2))
        .map(|(a, b)| format!("{a} {b}"));
    measure(&index, "two Korean words", two.collect(), |query| query)?;
    let near = words(&mut random, 5).into_iter().map(|word| format!("{word}뷁"));
    measure(&index, "Korean with a wrong syllable", near.collect(), |query| query)?;
    measure(&index, "Korean, newest first", words(&mut random, 2), |query| Query {
        order: Order::Newest,
        ..query
    })?;
    measure(&index, "Korean, by price", words(&mut random, 2), |query| Query {
        order: Order::PriceAsc,
        ..query
    })?;
    measure(
        &index,
        "Korean, one kind and category",
        words(&mut random, 2),
        |query| Query {
            kinds: vec!["PRODUCT".into()],
            category: Some("goods".into()),
            price: Some(PriceRange {
                currency: "KRW".into(),
                min: 10_000,
                max: 100_000,
            }),
            ..query
        },
    )?;
    measure(
        &index,
        "initial consonants",
        ["ㅅㅇ", "ㅈㅈㅋㅅㅌ", "ㅋㅅㅌ", "ㅂㅅㅎㅇㄷ"]
            .map(str::to_owned)
            .to_vec(),
        |query| query,
    )?;
    measure(&index, "no words", vec![String::new()], |query| query)?;
    for (name, texts) in [
        ("suggest, 1 syllable", words(&mut random, 1)),
        ("suggest, 3 syllables", words(&mut random, 3)),
    ] {
        time(name, &texts, |text| suggest(&index, text))?;
    }
    let initials = ["ㅅ", "ㅅㅇ", "재ㅈ", "콘섵", "ja"].map(str::to_owned);
    time("suggest, half-typed", &initials, |text| suggest(&index, text))?;
    println!(
        "private memory of the reader: {}",
        memory("/proc/self/smaps_rollup", "Private_Dirty:")?
    );
    println!(
        "resident, with mapped files: {}",
        memory("/proc/self/smaps_rollup", "Rss:")?
    );
    Ok(())
}

fn measure(index: &Index, name: &str, texts: Vec<String>, shape: impl Fn(Query) -> Query) -> Outcome<()> {
    time(name, &texts, |text| {
        let query = shape(Query {
            text: text.to_owned(),
            limit: 20,
            ..Query::default()
        });
        black_box(index.search(&query)?);
        Ok(())
    })
}

fn suggest(index: &Index, text: &str) -> Outcome<()> {
    black_box(index.suggest(text, &[], 10)?);
    Ok(())
}

fn time(name: &str, texts: &[String], mut run: impl FnMut(&str) -> Outcome<()>) -> Outcome<()> {
    // Warm: files are in memory, as after a few minutes in service.
    for text in texts.iter().take(200) {
        run(text)?;
    }
    let mut times = vec![];
    for text in texts.iter().cycle().take(QUERIES.min(texts.len() * 50)) {
        let start = processor_time()?;
        run(text)?;
        times.push(processor_time()? - start);
    }
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
    println!(
        "{name}: p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
        at(50),
        at(99),
        at(100)
    );
    Ok(())
}

/// The time this thread has run, so that other processes do not count.
fn processor_time() -> Outcome<Duration> {
    // The kernel counts when the thread yields.
    std::thread::yield_now();
    let statistics = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = statistics.split(' ').next().ok_or("no such line")?;
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}

fn batch(directory: &Path) -> Outcome<()> {
    let manifest = Manifest::from_json(&fs::read(manifest_path(directory))?)?;
    let changes = (0..500).map(|number| {
        let mut document = sample::document(number * 7);
        document.version += 10;
        Change::Upsert(Box::new(document))
    });
    let clock = Instant::now();
    let commit = IndexWriter::open(directory, &manifest)?.apply(changes.collect(), "")?;
    println!(
        "batch of 500: {:.0} ms, {} documents",
        clock.elapsed().as_secs_f64() * 1000.0,
        commit.upserted
    );
    println!(
        "size of its bundle: {} bytes",
        commit.bundle.map_or(0, |bundle| bundle.bytes.len())
    );
    println!(
        "private memory of the writer: {}",
        memory("/proc/self/smaps_rollup", "Private_Dirty:")?
    );
    let clock = Instant::now();
    black_box(open(directory)?.checksum());
    println!("checksum: {:.0} ms", clock.elapsed().as_secs_f64() * 1000.0);
    Ok(())
}

/// 20,000 titles × 2,000 substrings against a scan.
fn recall(directory: &Path) -> Outcome<()> {
    let directory = directory.join("recall");
    let documents: Vec<_> = (0..20_000).map(sample::document).collect();
    let upsert = |document: &search_engine::Document| Change::Upsert(Box::new(document.clone()));
    let changes = documents.iter().map(upsert).collect();
    let manifest = save(
        &directory,
        IndexWriter::open(&directory, &Manifest::empty(0))?.apply(changes, "")?,
    )?;
    let index = Index::open(&directory, &manifest)?;
    let compact = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let korean = |text: &str| !text.is_empty() && text.chars().all(|c| ('가'..='힣').contains(&c));
    let texts: Vec<Vec<String>> = documents
        .iter()
        .map(|document| {
            document
                .titles
                .iter()
                .map(|title| &title.text)
                .chain(&document.names)
                .map(|text| compact(text))
                .collect()
        })
        .collect();
    let mut random = Random::new(2);
    let (mut queries, mut missing, mut wrong) = (0, 0, 0);
    while queries < QUERIES {
        let title: Vec<char> = texts[random.below(20_000) as usize][0].chars().collect();
        let start = random.below(title.len() as u32) as usize;
        let part: String = title[start..].iter().take(1 + random.below(6) as usize).collect();
        if !korean(&part) {
            continue;
        }
        queries += 1;
        let expected: HashSet<&str> = documents
            .iter()
            .zip(&texts)
            .filter(|(_, texts)| texts.iter().any(|text| text.contains(&part)))
            .map(|(document, _)| document.id.as_str())
            .collect();
        let hits = index.search(&Query {
            text: part,
            limit: 10_000,
            ..Query::default()
        })?;
        let found: HashSet<&str> = hits.hits.iter().map(|hit| hit.id.as_str()).collect();
        missing += expected.difference(&found).count();
        wrong += found.difference(&expected).count();
    }
    println!("recall: {queries} substrings of 20,000 documents, {missing} hits missing, {wrong} wrong");
    Ok(())
}

fn title(random: &mut Random, count: u32) -> String {
    sample::document(u64::from(random.below(count)))
        .titles
        .swap_remove(0)
        .text
}

fn open(directory: &Path) -> Outcome<Index> {
    let manifest = Manifest::from_json(&fs::read(manifest_path(directory))?)?;
    Ok(Index::open(directory, &manifest)?)
}

fn manifest_path(directory: &Path) -> PathBuf {
    directory.join("manifest.json")
}

fn memory(file: &str, key: &str) -> Outcome<String> {
    let text = fs::read_to_string(file)?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(key))
        .ok_or("no such line")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(format!("{} MB", kilobytes / 1024))
}
