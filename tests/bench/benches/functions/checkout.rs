//! `checkout`: each request is a new customer's order of one unit of one product in one shard.

use anyhow::Result;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use bench::case::Case;
use function_tests::{Shop, order_call};
use harness::engine::ORDERS;
use harness::gateway::Call;
use serde_json::Value;

/// More units than a run orders.
const UNITS: u64 = 100_000;
/// The table of Powertools' idempotency records.
const IDEMPOTENCY: &str = "idempotency";

/// The checkout case.
pub struct Checkout;

impl Case for Checkout {
    const FUNCTION: &'static str = "checkout";
    const ENVIRONMENT: &'static [(&'static str, &'static str)] = &[("IDEMPOTENCY_TABLE", IDEMPOTENCY)];
    const HAS_PEER: bool = true;

    async fn prepare(shop: &Shop) -> Result<()> {
        create_idempotency_table(&shop.engine.direct).await?;
        shop.list("tea", 12_900, 1).await;
        shop.receive("tea", UNITS).await;
        Ok(())
    }

    fn call(n: usize) -> Call {
        order_call(&format!("customer-{n}"), &format!("order-{n}"), &[("tea", 1)])
    }

    fn is_right(status: u16, body: &Value) -> bool {
        status == 201 && body["status"] == "PENDING_PAYMENT" && body["totals"]["total"]["amount"] == 12_900
    }

    async fn audit(shop: &Shop, requests: usize) {
        let balance = shop.engine.balance("tea").await;
        let ordered = i64::try_from(requests).unwrap_or(i64::MAX);
        assert_eq!(balance.held, ordered, "one order per request: {balance:?}");
        assert_eq!(shop.engine.count(ORDERS).await, requests);
    }
}

/// Creates the table that Powertools requires (its documentation, "Required resources").
async fn create_idempotency_table(client: &Client) -> Result<()> {
    let id = AttributeDefinition::builder().attribute_name("id");
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash);
    let create = client
        .create_table()
        .table_name(IDEMPOTENCY)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(id.attribute_type(ScalarAttributeType::S).build()?)
        .key_schema(key.build()?);
    create.send().await?;
    Ok(())
}
