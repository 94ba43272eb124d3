//! A DynamoDB engine with the stack's tables, used through the real SDK: in this process, or over HTTP.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType,
};
use aws_smithy_http_client::Builder as HttpBuilder;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use dynoxide::Database;
use shared::aws::Platform;
use shared::orders::{OrderStore, ReservationStore};
use tokio::net::TcpListener;

use crate::embedded::Embedded;
use crate::faults::Faults;
use crate::latency::Latency;
use crate::platform::{Services, variables};

/// Name of the accounts table.
pub const ACCOUNTS: &str = "accounts";
/// Name of the catalog table.
pub const CATALOG: &str = "catalog";
/// Name of the coupons table.
pub const COUPONS: &str = "coupons";
/// Name of the listings table.
pub const LISTINGS: &str = "listings";
/// Name of the lookups table.
pub const LOOKUPS: &str = "lookups";
/// Name of the orders table.
pub const ORDERS: &str = "orders";
/// Name of the payments table.
pub const PAYMENTS: &str = "payments";
/// Name of the fulfillment table.
pub const FULFILLMENT: &str = "fulfillment";
/// Name of the subscriptions table.
pub const SUBSCRIPTIONS: &str = "subscriptions";
/// Name of the images table.
pub const IMAGES: &str = "images";
/// Name of the auctions table.
pub const AUCTIONS: &str = "auctions";

/// Name of the shows table.
pub const SHOWS: &str = "shows";
/// Name of the seats table.
pub const SEATS: &str = "seats";
/// Name of the waiting rooms' table.
pub const WAITING_ROOMS: &str = "waiting-rooms";
/// Name of the tickets' table.
pub const TICKETS: &str = "tickets";

/// Endpoint of an engine that is called in this process; nothing resolves it.
const NOWHERE: &str = "http://dynamodb.test";

/// The engine, and the clients that reach it.
#[derive(Clone, Debug)]
pub struct Engine {
    /// The URL at which it serves.
    pub endpoint: String,
    /// The client of the functions: its requests pass [`Faults`].
    pub client: Client,
    /// A client without faults, for setup and audits.
    pub direct: Client,
    /// The faults between the functions and the engine.
    pub faults: Faults,
}

impl Engine {
    /// Starts an engine with the stack's tables, called in this process.
    pub async fn start() -> Self {
        let engine = Self::embedded(Embedded::new());
        create_tables(&engine.direct).await;
        engine
    }

    /// Uses an engine that exists in this process.
    pub fn embedded(engine: Embedded) -> Self {
        Self::on(NOWHERE, SharedHttpClient::new(engine))
    }

    /// Starts an engine that serves HTTP on loopback. It ends with the test's runtime.
    pub async fn serve() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(dynoxide::server::serve_on(
            listener,
            Database::memory().expect("a database"),
        ));
        let engine = Self::at(&endpoint);
        create_tables(&engine.direct).await;
        engine
    }

    /// Connects to the engine that serves at `endpoint`.
    pub fn at(endpoint: &str) -> Self {
        Self::on(endpoint, HttpBuilder::new().build_http())
    }

    /// Connects to the engine that serves at `endpoint`, with the latency of a network.
    pub fn far(endpoint: &str, network: Latency) -> Self {
        let near = Self::at(endpoint);
        let wire = network.to(HttpBuilder::new().build_http());
        Self {
            client: client(endpoint, wire),
            ..near
        }
    }

    fn on(endpoint: &str, wire: SharedHttpClient) -> Self {
        let faults = Faults::default();
        Self {
            endpoint: endpoint.to_owned(),
            client: client(endpoint, faults.before(wire.clone())),
            direct: client(endpoint, wire),
            faults,
        }
    }

    /// Returns a platform on this engine, without other AWS services.
    pub fn platform(&self) -> Platform {
        Platform::new(Services::default().config(), variables()).with_dynamodb(self.client.clone())
    }

    /// Returns the order store that the functions use.
    pub fn orders(&self) -> OrderStore {
        OrderStore::new(&self.platform()).expect("its table")
    }

    /// Returns the reservation store that the functions use.
    pub fn reservations(&self) -> ReservationStore {
        ReservationStore::new(&self.platform()).expect("its table")
    }
}

/// Creates a DynamoDB client for `endpoint` over `wire`, with short retry delays.
pub fn client(endpoint: &str, wire: SharedHttpClient) -> Client {
    let aws = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::for_tests())
        .http_client(wire)
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(3)
                .with_initial_backoff(std::time::Duration::from_millis(2)),
        )
        .build();
    Client::from_conf(aws)
}

/// Creates the tables as template.yaml declares them: keys and indexes.
pub async fn create_tables(client: &Client) {
    client
        .create_table()
        .table_name(CATALOG)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(vec![
            attribute("pk", ScalarAttributeType::S),
            attribute("sku", ScalarAttributeType::S),
            attribute("created_ms", ScalarAttributeType::N),
            attribute("change_shard", ScalarAttributeType::S),
            attribute("change_position", ScalarAttributeType::S),
            attribute("listed_in", ScalarAttributeType::S),
            attribute("due_shard", ScalarAttributeType::N),
            attribute("due_ms", ScalarAttributeType::N),
        ]))
        .key_schema(key("pk", KeyType::Hash))
        .global_secondary_indexes(due_index())
        .global_secondary_indexes(index(
            "products-by-change",
            "change_shard",
            "change_position",
            include(&["version", "wakes"]),
        ))
        .global_secondary_indexes(index(
            "imports-by-time",
            "listed_in",
            "created_ms",
            imports_projection(),
        ))
        .global_secondary_indexes(index(
            "movements-by-sku",
            "sku",
            "created_ms",
            include(&["movement_id", "kind", "change", "note", "created_by", "created_at"]),
        ))
        .send()
        .await
        .expect("the catalog's table");
    client
        .create_table()
        .table_name(LISTINGS)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(
            [
                "pk",
                "sk",
                "list",
                "listed_key",
                "updated_key",
                "price_list",
                "price_key",
            ]
            .map(|name| attribute(name, ScalarAttributeType::S))
            .to_vec(),
        ))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .global_secondary_indexes(index("by-time", "list", "listed_key", include(&["card"])))
        .global_secondary_indexes(index("by-update", "list", "updated_key", include(&["card"])))
        .global_secondary_indexes(index("by-price", "price_list", "price_key", include(&["card"])))
        .send()
        .await
        .expect("the listings' table");
    client
        .create_table()
        .table_name(ORDERS)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(vec![
            attribute("pk", ScalarAttributeType::S),
            attribute("customer_id", ScalarAttributeType::S),
            attribute("placed_ms", ScalarAttributeType::N),
            attribute("due_shard", ScalarAttributeType::N),
            attribute("due_ms", ScalarAttributeType::N),
        ]))
        .key_schema(key("pk", KeyType::Hash))
        .global_secondary_indexes(index(
            "by-customer",
            "customer_id",
            "placed_ms",
            by_customer_projection(),
        ))
        .global_secondary_indexes(due_index())
        .send()
        .await
        .expect("the orders' table");
    client
        .create_table()
        .table_name(LOOKUPS)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(
            ["pk", "sk", "list", "position"]
                .map(|name| attribute(name, ScalarAttributeType::S))
                .to_vec(),
        ))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .global_secondary_indexes(index(
            "by-list",
            "list",
            "position",
            include(&["customer_id", "key_id"]),
        ))
        .send()
        .await
        .expect("the lookups' table");
    client
        .create_table()
        .table_name(PAYMENTS)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(vec![
            attribute("pk", ScalarAttributeType::S),
            attribute("due_shard", ScalarAttributeType::N),
            attribute("due_ms", ScalarAttributeType::N),
        ]))
        .key_schema(key("pk", KeyType::Hash))
        .global_secondary_indexes(due_index())
        .send()
        .await
        .expect("the payments' table");
    client
        .create_table()
        .table_name(FULFILLMENT)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(vec![
            attribute("pk", ScalarAttributeType::S),
            attribute("of_order", ScalarAttributeType::S),
            attribute("tracking", ScalarAttributeType::S),
            attribute("in_status", ScalarAttributeType::S),
            attribute("list_place", ScalarAttributeType::S),
            attribute("created_ms", ScalarAttributeType::N),
            attribute("due_shard", ScalarAttributeType::N),
            attribute("due_ms", ScalarAttributeType::N),
        ]))
        .key_schema(key("pk", KeyType::Hash))
        .global_secondary_indexes(index("by-order", "of_order", "created_ms", all_attributes()))
        .global_secondary_indexes(index("by-tracking", "tracking", "created_ms", keys_only()))
        .global_secondary_indexes(index("by-status", "in_status", "list_place", all_attributes()))
        .global_secondary_indexes(due_index())
        .send()
        .await
        .expect("the fulfillment table");
    client
        .create_table()
        .table_name(IMAGES)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(vec![attribute("pk", ScalarAttributeType::S)]))
        .key_schema(key("pk", KeyType::Hash))
        .send()
        .await
        .expect("the pictures' table");
    client
        .create_table()
        .table_name(ACCOUNTS)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(vec![attribute("pk", ScalarAttributeType::S)]))
        .key_schema(key("pk", KeyType::Hash))
        .send()
        .await
        .expect("the accounts' table");
    client
        .create_table()
        .table_name(AUCTIONS)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(vec![
            attribute("pk", ScalarAttributeType::S),
            attribute("sk", ScalarAttributeType::S),
            attribute("listed_in", ScalarAttributeType::S),
            attribute("listed_ms", ScalarAttributeType::N),
            attribute("due_shard", ScalarAttributeType::N),
            attribute("due_ms", ScalarAttributeType::N),
        ]))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .global_secondary_indexes(index("listed", "listed_in", "listed_ms", all_attributes()))
        .global_secondary_indexes(due_index())
        .send()
        .await
        .expect("the auctions' table");
    client
        .create_table()
        .table_name(SUBSCRIPTIONS)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(vec![
            attribute("pk", ScalarAttributeType::S),
            attribute("sk", ScalarAttributeType::S),
            attribute("customer_id", ScalarAttributeType::S),
            attribute("started_ms", ScalarAttributeType::N),
            attribute("due_shard", ScalarAttributeType::N),
            attribute("due_ms", ScalarAttributeType::N),
        ]))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .global_secondary_indexes(index("by-customer", "customer_id", "started_ms", keys_only()))
        .global_secondary_indexes(due_index())
        .send()
        .await
        .expect("the subscriptions' table");
    client
        .create_table()
        .table_name(SHOWS)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(vec![
            attribute("pk", ScalarAttributeType::S),
            attribute("listed_in", ScalarAttributeType::S),
            attribute("listed_ms", ScalarAttributeType::N),
        ]))
        .key_schema(key("pk", KeyType::Hash))
        .global_secondary_indexes(index("listed", "listed_in", "listed_ms", all_attributes()))
        .send()
        .await
        .expect("the shows' table");
    client
        .create_table()
        .table_name(SEATS)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(vec![
            attribute("pk", ScalarAttributeType::S),
            attribute("sk", ScalarAttributeType::S),
        ]))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .send()
        .await
        .expect("the seats' table");
    client
        .create_table()
        .table_name(TICKETS)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(vec![
            attribute("pk", ScalarAttributeType::S),
            attribute("holder_id", ScalarAttributeType::S),
            attribute("starts_ms", ScalarAttributeType::N),
            attribute("door", ScalarAttributeType::S),
            attribute("seat", ScalarAttributeType::S),
        ]))
        .key_schema(key("pk", KeyType::Hash))
        .global_secondary_indexes(index("by-holder", "holder_id", "starts_ms", keys_only()))
        .global_secondary_indexes(index("at-door", "door", "seat", keys_only()))
        .send()
        .await
        .expect("the tickets' table");
    client
        .create_table()
        .table_name(COUPONS)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(vec![
            attribute("pk", ScalarAttributeType::S),
            attribute("listed_in", ScalarAttributeType::S),
            attribute("listed_ms", ScalarAttributeType::N),
        ]))
        .key_schema(key("pk", KeyType::Hash))
        .global_secondary_indexes(index("listed", "listed_in", "listed_ms", all_attributes()))
        .send()
        .await
        .expect("the coupons' table");
    client
        .create_table()
        .table_name(WAITING_ROOMS)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(vec![
            attribute("pk", ScalarAttributeType::S),
            attribute("sk", ScalarAttributeType::S),
            attribute("listed_in", ScalarAttributeType::S),
            attribute("listed_ms", ScalarAttributeType::N),
        ]))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .global_secondary_indexes(index("listed", "listed_in", "listed_ms", all_attributes()))
        .send()
        .await
        .expect("the waiting rooms' table");
}

fn due_index() -> GlobalSecondaryIndex {
    index("due", "due_shard", "due_ms", keys_only())
}

fn all_attributes() -> Projection {
    Projection::builder().projection_type(ProjectionType::All).build()
}

fn keys_only() -> Projection {
    Projection::builder().projection_type(ProjectionType::KeysOnly).build()
}

fn imports_projection() -> Projection {
    include(&[
        "import_id",
        "format",
        "dry_run",
        "content_length",
        "status",
        "rows",
        "created",
        "changed",
        "unchanged",
        "error_count",
        "failure",
        "created_by",
        "created_at",
        "started_at",
        "ended_at",
    ])
}

fn by_customer_projection() -> Projection {
    include(&[
        "order_id",
        "status",
        "lines",
        "shipping",
        "coupons",
        "metadata",
        "external_reference",
        "subscription",
        "placed_at",
        "expires_at",
        "payment_id",
        "paid_at",
        "closed_at",
    ])
}

fn include(attributes: &[&str]) -> Projection {
    let attributes = attributes.iter().map(|&name| name.to_owned()).collect();
    Projection::builder()
        .projection_type(ProjectionType::Include)
        .set_non_key_attributes(Some(attributes))
        .build()
}

fn attribute(name: &str, kind: ScalarAttributeType) -> AttributeDefinition {
    let definition = AttributeDefinition::builder().attribute_name(name).attribute_type(kind);
    definition.build().expect("complete")
}

fn key(name: &str, kind: KeyType) -> KeySchemaElement {
    let element = KeySchemaElement::builder().attribute_name(name).key_type(kind);
    element.build().expect("complete")
}

fn index(name: &str, hash: &str, range: &str, projection: Projection) -> GlobalSecondaryIndex {
    GlobalSecondaryIndex::builder()
        .index_name(name)
        .key_schema(key(hash, KeyType::Hash))
        .key_schema(key(range, KeyType::Range))
        .projection(projection)
        .build()
        .expect("complete")
}
