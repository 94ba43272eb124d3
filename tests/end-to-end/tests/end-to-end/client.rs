//! The TypeScript client against the deployed stack, through a proxy that loses answers. Needs Node.

use std::path::Path;

use anyhow::{Result, ensure};
use client_tests::Client;
use end_to_end::{EVENT_DEADLINE, Shop};
use serde_json::Value;

use crate::Test;

pub const TESTS: &[Test] = &[(
    "the_typescript_client_places_one_order_when_answers_are_lost",
    the_typescript_client_places_one_order_when_answers_are_lost,
)];

/// The orders that `infra/client/test/stack.ts` places.
const ORDERS: usize = 3;

fn the_typescript_client_places_one_order_when_answers_are_lost(shop: &Shop) -> Result<()> {
    let Some(client) = Client::build(Path::new(env!("CARGO_TARGET_TMPDIR")))? else {
        return Ok(());
    };
    let sku = shop.product(10, 1)?;
    // A customer with no orders of other tests.
    let customer = shop.stack.sign_up(&shop.unique("client"), &[])?;
    let variables = [
        ("MADANG_API_URL", shop.api.url.as_str()),
        ("MADANG_TOKEN", customer.as_str()),
        ("MADANG_SKU", sku.as_str()),
    ];
    client.test(&["stack"], &variables)?;
    let list = || shop.get(&customer, "/orders?limit=100");
    let count = |list: &Value| list["items"].as_array().map_or(0, Vec::len);
    // The list is eventually consistent.
    let listed = shop.until(EVENT_DEADLINE, list, |list| count(list) >= ORDERS)?;
    ensure!(count(&listed) == ORDERS, "{listed}");
    Ok(())
}
