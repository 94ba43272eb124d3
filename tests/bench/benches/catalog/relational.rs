//! PostgreSQL with one table of products and an index of (first listing, SKU): by OFFSET, and by the last key.

use std::time::Instant;

use anyhow::{Context, Result};
use bench::postgres::{Connection, Postgres};

use crate::PAGE;
use crate::ours::{listed_ms, product};

/// Rows of one statement.
const ROWS: u64 = 5_000;

/// The table.
pub struct Relational {
    connection: Connection,
    _server: Postgres,
}

impl Relational {
    /// Inserts `products` products.
    pub async fn fill(products: u64) -> Result<Self> {
        let server = Postgres::start()?;
        let mut connection = server.connect().await?;
        let table = "CREATE TABLE products (sku text PRIMARY KEY, name text NOT NULL, price bigint NOT NULL, \
                     currency text NOT NULL, first_listed_ms bigint NOT NULL)";
        connection.query(table).await?;
        for first in (0..products).step_by(usize::try_from(ROWS)?) {
            let rows: Result<Vec<String>> = (first..products.min(first + ROWS))
                .map(|number| {
                    let product = product(number)?;
                    let (sku, name, price) = (product.sku, product.name, product.price.amount());
                    Ok(format!("('{sku}', '{name}', {price}, 'KRW', {})", listed_ms(number)))
                })
                .collect();
            connection
                .query(&format!("INSERT INTO products VALUES {}", rows?.join(", ")))
                .await?;
        }
        for index in ["(first_listed_ms DESC, sku DESC)", "(price, sku)"] {
            connection.query(&format!("CREATE INDEX ON products {index}")).await?;
        }
        connection.query("VACUUM ANALYZE products").await?;
        Ok(Self {
            connection,
            _server: server,
        })
    }

    /// Reads the page after `before` products by OFFSET. Returns the milliseconds.
    pub async fn by_offset(&mut self, before: u64) -> Result<f64> {
        let sql = format!(
            "SELECT * FROM products ORDER BY first_listed_ms DESC, sku DESC LIMIT {} OFFSET {before}",
            PAGE + 1
        );
        self.time(&sql).await
    }

    /// Reads the page after `before` products by the last key, as its client knows it. Returns the milliseconds.
    pub async fn by_key(&mut self, before: u64) -> Result<f64> {
        let condition = match before.checked_sub(1) {
            None => String::new(),
            Some(last) => {
                let sql = format!(
                    "SELECT first_listed_ms, sku FROM products ORDER BY first_listed_ms DESC, sku DESC LIMIT 1 OFFSET {last}"
                );
                let row = self.connection.query(&sql).await?.context("a row")?;
                format!("WHERE (first_listed_ms, sku) < ({}, '{}')", row[0], row[1])
            }
        };
        let sql = format!(
            "SELECT * FROM products {condition} ORDER BY first_listed_ms DESC, sku DESC LIMIT {}",
            PAGE + 1
        );
        self.time(&sql).await
    }

    async fn time(&mut self, sql: &str) -> Result<f64> {
        let clock = Instant::now();
        self.connection.query(sql).await?;
        Ok(clock.elapsed().as_secs_f64() * 1000.0)
    }
}
