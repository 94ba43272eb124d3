//! Whether every document is found that contains a text, and no other: 2,000 Korean substrings of 20,000 titles, compared
//! with a scan over all of them.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use search_engine::sample::{self, Random};
use search_engine::{Change, Document, Index, IndexWriter, Manifest, Query};

const DOCUMENTS: u32 = 20_000;
const QUERIES: usize = 2_000;

/// Compares, and prints the shares.
///
/// # Errors
/// If a hit is missing or wrong.
pub fn run(folder: &Path) -> Result<()> {
    fs::remove_dir_all(folder).ok();
    let documents: Vec<Document> = (0..u64::from(DOCUMENTS)).map(sample::document).collect();
    let changes = documents
        .iter()
        .map(|document| Change::Upsert(Box::new(document.clone())))
        .collect();
    let commit = IndexWriter::open(folder, &Manifest::empty(0))?.apply(changes, "")?;
    if let Some(bundle) = &commit.bundle {
        bundle.save(folder)?;
    }
    let index = Index::open(folder, &commit.manifest)?;
    let compact = |text: &str| {
        text.chars()
            .filter(|character| !character.is_whitespace())
            .collect::<String>()
    };
    let texts: Vec<Vec<String>> = documents
        .iter()
        .map(|document| {
            let titles = document.titles.iter().map(|title| &title.text);
            titles.chain(&document.names).map(|text| compact(text)).collect()
        })
        .collect();
    let mut random = Random::new(2);
    let (mut queries, mut expected_hits, mut missing, mut wrong) = (0, 0, 0, 0);
    while queries < QUERIES {
        let title: Vec<char> = texts[random.below(DOCUMENTS) as usize][0].chars().collect();
        let start = random.below(u32::try_from(title.len())?) as usize;
        let length = 1 + random.below(6) as usize;
        let part: String = title[start..].iter().take(length).collect();
        if !part.chars().all(|character| ('가'..='힣').contains(&character)) {
            continue;
        }
        queries += 1;
        let containing = documents.iter().zip(&texts);
        let containing = containing.filter(|(_, texts)| texts.iter().any(|text| text.contains(&part)));
        let expected: HashSet<&str> = containing.map(|(document, _)| document.id.as_str()).collect();
        let hits = index
            .search(&Query {
                text: part,
                limit: 10_000,
                ..Query::default()
            })?
            .hits;
        let found: HashSet<&str> = hits.iter().map(|hit| hit.id.as_str()).collect();
        expected_hits += expected.len().min(10_000);
        missing += expected.len().min(10_000) - expected.intersection(&found).count().min(10_000);
        wrong += found.difference(&expected).count();
    }
    #[allow(clippy::cast_precision_loss, reason = "a share")]
    let share = (expected_hits - missing) as f64 / expected_hits as f64;
    println!("BENCH search/recall/found_share {share:.6} share");
    println!("BENCH search/recall/false_hits {wrong} hits");
    ensure!(
        missing == 0 && wrong == 0,
        "{missing} hits are missing, {wrong} are wrong"
    );
    Ok(())
}
