//! PostgreSQL with an index of trigrams (`pg_trgm`): the newest twenty titles that contain a text, in turn with ours.

use std::time::Instant;

use anyhow::Result;
use bench::postgres::{Connection, Postgres};
use bench::statistics::quantile;
use search_engine::sample;

use crate::ours::{self, Opened, milliseconds};
use crate::queries;

/// Rows of one statement.
const ROWS: u64 = 5_000;
/// Queries of each length. Two syllables are too short for trigrams, so PostgreSQL reads all rows.
const QUERIES: usize = 200;

/// Compares, and prints the ratios.
///
/// # Errors
/// If PostgreSQL is not installed or fails.
pub async fn run(ours: &Opened, documents: u64) -> Result<()> {
    let postgres = Postgres::start()?;
    let mut connection = postgres.connect().await?;
    for statement in [
        "CREATE EXTENSION pg_trgm",
        "CREATE TABLE products (id text PRIMARY KEY, title text NOT NULL, created_at bigint NOT NULL)",
    ] {
        connection.query(statement).await?;
    }
    for first in (0..documents).step_by(usize::try_from(ROWS)?) {
        let rows = (first..documents.min(first + ROWS)).map(|number| {
            let document = sample::document(number);
            let titles: Vec<&str> = document.titles.iter().map(|title| title.text.as_str()).collect();
            format!("('{}', '{}', {})", document.id, titles.join(" / "), document.created_at)
        });
        let rows: Vec<String> = rows.collect();
        connection
            .query(&format!("INSERT INTO products VALUES {}", rows.join(", ")))
            .await?;
    }
    connection
        .query("CREATE INDEX ON products USING gin (title gin_trgm_ops)")
        .await?;
    connection.query("ANALYZE products").await?;
    let (mut our_all, mut their_all) = (vec![], vec![]);
    println!("\n| {documents} titles | ours, ms | `pg_trgm`, ms |\n|---|---:|---:|");
    for length in 2..=4 {
        let (mut our_times, mut their_times) = (vec![], vec![]);
        for text in queries::korean(length, documents, 20 + length as u64)
            .iter()
            .take(QUERIES)
        {
            let clock = Instant::now();
            ours::search(&ours.index, text)?;
            our_times.push(milliseconds(clock.elapsed()));
            let clock = Instant::now();
            search(&mut connection, text).await?;
            their_times.push(milliseconds(clock.elapsed()));
        }
        let (our, their) = (quantile(&our_times, 0.5), quantile(&their_times, 0.5));
        println!("| Korean, {length} syllables, median | {our:.2} | {their:.2} |");
        our_all.extend(our_times);
        their_all.extend(their_times);
    }
    let ratio = |share| quantile(&our_all, share) / quantile(&their_all, share);
    println!("\nBENCH search-vs-pg_trgm/p50_ratio {:.4} ratio", ratio(0.5));
    println!("BENCH search-vs-pg_trgm/p99_ratio {:.4} ratio", ratio(0.99));
    Ok(())
}

async fn search(connection: &mut Connection, text: &str) -> Result<()> {
    let sql = format!("SELECT id, title FROM products WHERE title ILIKE '%{text}%' ORDER BY created_at DESC LIMIT 20");
    connection.query(&sql).await?;
    Ok(())
}
