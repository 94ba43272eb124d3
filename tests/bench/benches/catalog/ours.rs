//! Our list: `list-products` on the rows of made-up products.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use catalog::listings::layout::Layouts;
use catalog::listings::placement::rows;
use catalog::listings::scope::Scope;
use function_tests::Shop;
use harness::engine::LISTINGS;
use harness::gateway::Call;
use jiff::{SignedDuration, Timestamp};
use search_engine::sample;
use serde_json::{Value, json};
use shared::catalog::Product;

use crate::PAGE;

/// Rows of one write (DynamoDB's limit).
const BATCH: usize = 25;
/// Products of a page while the list is walked.
const WALKED: u64 = 100;
const WITHIN: Duration = Duration::from_secs(60);

/// A list of products.
pub struct Listing {
    shop: Shop,
}

/// A page that was read.
pub struct Read {
    /// The time of the request.
    pub milliseconds: f64,
    /// Read capacity units.
    pub read_units: f64,
    /// Requests to DynamoDB.
    pub requests: u32,
}

/// The cursors of the pages that are measured.
pub struct Positions {
    cursors: Vec<String>,
}

impl Positions {
    /// The cursor before a page of [`PAGE`] products. None for the first one.
    pub fn before(&self, page: u64) -> Option<&str> {
        let walked = (page - 1) * PAGE / WALKED;
        let walked = usize::try_from(walked).ok()?.checked_sub(1)?;
        self.cursors.get(walked).map(String::as_str)
    }
}

impl Listing {
    /// Writes the rows of `products` products, as `watch-products` makes them, for the list of all products.
    pub async fn fill(products: u64) -> Result<Self> {
        let shop = Shop::open().await.with_time(WITHIN);
        let scope = Scope::having(&product(0)?, true, true).pop().context("a scope")?;
        // The scope of all products is the last one.
        let (layouts, scope) = (Layouts::default(), format!("{scope}#"));
        let mut writes = vec![];
        for number in 0..products {
            let product = product(number)?;
            let mut rows = rows(&product, true, product.updated_at, &layouts).into_iter();
            let row = rows.find(|row| row.sk.starts_with(&scope));
            let mut item =
                serde_dynamo::to_item::<_, std::collections::HashMap<String, AttributeValue>>(row.context("a row")?)?;
            item.insert("pk".into(), AttributeValue::S(format!("PRODUCT#{}", product.sku)));
            let put = PutRequest::builder().set_item(Some(item)).build()?;
            writes.push(WriteRequest::builder().put_request(put).build());
            if writes.len() == BATCH || number + 1 == products {
                let write = shop.engine.direct.batch_write_item();
                let answer = write
                    .request_items(LISTINGS, std::mem::take(&mut writes))
                    .send()
                    .await?;
                ensure!(
                    answer.unprocessed_items.is_none_or(|left| left.is_empty()),
                    "rows were not written"
                );
            }
            if (number + 1) % 100_000 == 0 {
                eprintln!("{} of {products} rows", number + 1);
            }
        }
        Ok(Self { shop })
    }

    /// Walks the whole list.
    pub async fn walk(&self, products: u64) -> Result<Positions> {
        let (mut seen, mut cursors) = (HashSet::new(), vec![]);
        let mut cursor: Option<String> = None;
        loop {
            let page = self.request(WALKED, cursor.as_deref()).await?;
            for item in page["items"].as_array().context("items")? {
                let sku = item["sku"].as_str().context("a SKU")?.to_owned();
                ensure!(seen.insert(sku), "a product is shown twice");
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursors.push(next.to_owned()),
                None => break,
            }
            if cursors.len() % 1_000 == 0 {
                eprintln!("walked {} of {products} products", seen.len());
            }
            cursor = cursors.last().cloned();
        }
        ensure!(
            seen.len() as u64 == products,
            "{} of {products} products were shown",
            seen.len()
        );
        Ok(Positions { cursors })
    }

    /// Reads a page of [`PAGE`] products.
    pub async fn page(&self, cursor: Option<&str>) -> Result<Read> {
        self.shop.engine.faults.measure();
        let clock = Instant::now();
        self.request(PAGE, cursor).await?;
        let milliseconds = clock.elapsed().as_secs_f64() * 1000.0;
        let cost = self.shop.engine.faults.cost();
        Ok(Read {
            milliseconds,
            read_units: cost.read_units,
            requests: cost.requests.values().sum(),
        })
    }

    async fn request(&self, limit: u64, cursor: Option<&str>) -> Result<Value> {
        let call = Call::new("GET", "/products").query("limit", &limit.to_string());
        let call = cursor.map_or(call.clone(), |cursor| call.query("cursor", cursor));
        let answer = self.shop.list_products(call).await;
        ensure!(answer.status == 200, "{answer:?}");
        Ok(answer.body)
    }
}

/// A made-up product. Ten products have the same time.
pub fn product(number: u64) -> Result<Product> {
    let title = sample::document(number).titles.swap_remove(0).text;
    let at = Timestamp::UNIX_EPOCH + SignedDuration::from_millis(i64::try_from(listed_ms(number))?);
    Ok(serde_json::from_value(json!({
        "sku": format!("sku-{number:08}"),
        "name": title,
        "categories": [],
        "attributes": {},
        "price": { "amount": (number * 7919 % 100_000 + 1) * 10, "currency": "KRW" },
        "status": "LISTED",
        "images": [],
        "stock_shards": 1,
        "version": 1,
        "updated_by": { "kind": "STAFF", "id": "the-admin" },
        "updated_at": at,
        "first_listed_at": at,
    }))?)
}

/// When a product was first listed. The order of the list is not that of the SKUs.
pub fn listed_ms(number: u64) -> u64 {
    1_700_000_000_000 + number * 7_919 % 1_000_003 / 10 * 1_000
}
