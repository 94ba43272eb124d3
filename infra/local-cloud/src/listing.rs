//! A shop's worth of products for `cargo up`, in Korean and English, and a page of them.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};

use crate::api::Api;
use crate::interrupt;
use crate::progress::Progress;
use crate::stack::Stack;
use crate::up::{Tokens, money, text};

/// How many products are created at the same time.
const CLIENTS: usize = 8;
/// How long the lists may take to show the products.
const LIST_TIMEOUT: Duration = Duration::from_secs(60);
/// How often the list is read meanwhile.
const POLL: Duration = Duration::from_millis(500);

/// Kinds of teas, origins and sizes: their combinations are the products.
const TEAS: [(&str, &str, u64); 6] = [
    ("green", "녹차 Green tea", 9_000),
    ("black", "홍차 Black tea", 8_000),
    ("oolong", "우롱차 Oolong", 12_000),
    ("barley", "보리차 Barley tea", 4_000),
    ("citron", "유자차 Citron tea", 7_000),
    ("chrysanthemum", "국화차 Chrysanthemum tea", 11_000),
];
const ORIGINS: [(&str, &str); 5] = [
    ("boseong", "보성 Boseong"),
    ("hadong", "하동 Hadong"),
    ("jeju", "제주 Jeju"),
    ("gangjin", "강진 Gangjin"),
    ("sancheong", "산청 Sancheong"),
];
const GRAMS: [u64; 7] = [20, 40, 50, 80, 100, 150, 200];

/// Adds categories and products, waits until the lists show them, and prints the cheapest ones.
pub(crate) fn list(stack: &Stack, tokens: &Tokens, progress: Progress) -> Result<()> {
    interrupt::check()?;
    let api = stack.api();
    let step = progress.step("adding a shelf of teas");
    add_categories(&api, &tokens.admin)?;
    let products = products();
    thread::scope(|scope| {
        let clients = products.chunks(products.len().div_ceil(CLIENTS));
        let clients: Vec<_> = clients
            .map(|part| scope.spawn(|| part.iter().try_for_each(|product| add(&api, &tokens.admin, product))))
            .collect();
        let joined = clients.into_iter().map(|client| client.join());
        joined
            .into_iter()
            .try_for_each(|outcome| outcome.map_err(|_| anyhow!("a client panicked"))?)
    })?;
    step.done(format!("{} teas in 7 categories", products.len()));

    let step = progress.step("listing them by price");
    let page = wait_for(&api, products.len())?;
    let items = page["items"].as_array().context("the list has no items")?;
    let cards = items
        .iter()
        .map(|card| format!("{} {}", text(&card["name"]), money(&card["current_price"])));
    let cards: Vec<String> = cards.collect();
    step.done(format!(
        "about {} teas, the cheapest: {}",
        page["approximate_count"],
        cards.join(", ")
    ));
    Ok(())
}

fn add_categories(api: &Api, token: &str) -> Result<()> {
    let mut categories = json!({
        "teas": { "names": { "en": "Teas", "ko": "차" }, "position": 1, "attributes": {
            "weight": { "type": "NUMBER", "unit": "g", "names": { "en": "Weight", "ko": "무게" }, "required": true },
            "origin": { "type": "TEXT", "names": { "en": "Origin", "ko": "산지" } },
        } },
    });
    for (position, (kind, name, _)) in TEAS.iter().enumerate() {
        let (korean, english) = name.split_once(' ').unwrap_or((name, name));
        categories[format!("teas/{kind}")] = json!({ "names": { "en": english, "ko": korean }, "position": position });
    }
    let call = api
        .call("PATCH", "/admin/categories")
        .token(token)
        .header("if-match", "*");
    let changed = call.json(&json!({ "categories": categories })).send()?;
    changed.expect(200).context("cannot add the categories")?;
    Ok(())
}

fn products() -> Vec<Value> {
    let mut products = vec![];
    for (kind, tea, price) in TEAS {
        for (origin, place) in ORIGINS {
            for grams in GRAMS {
                products.push(json!({
                    "sku": format!("{kind}-{origin}-{grams}g"),
                    "name": format!("{place} {tea}, {grams} g"),
                    "categories": [format!("teas/{kind}")],
                    "attributes": { "weight": grams.to_string(), "origin": place },
                    "price": { "amount": price * grams / 50, "currency": "KRW" },
                    "status": "LISTED",
                    "package": { "weight_grams": grams + 20 },
                }));
            }
        }
    }
    products
}

fn add(api: &Api, token: &str, product: &Value) -> Result<()> {
    let sku = text(&product["sku"]);
    let call = api.call("POST", "/admin/products").token(token);
    let created = call.key(&format!("teas-{sku}")).json(product).send()?;
    // Another administrator may have created it.
    if created.status != 409 {
        created
            .expect(201)
            .with_context(|| format!("cannot create the product {sku}"))?;
    }
    Ok(())
}

/// The first page of teas by price, once about `count` are listed.
fn wait_for(api: &Api, count: usize) -> Result<Value> {
    let until = Instant::now() + LIST_TIMEOUT;
    loop {
        interrupt::check()?;
        let path = "/products?category=teas&order=PRICE_ASC&currency=KRW&limit=3";
        let page = api.call("GET", path).send()?.expect(200)?;
        if page["approximate_count"]
            .as_u64()
            .is_some_and(|listed| listed >= count as u64)
        {
            return Ok(page);
        }
        if Instant::now() > until {
            bail!("the list shows {} of {count} products", page["approximate_count"]);
        }
        thread::sleep(POLL);
    }
}
