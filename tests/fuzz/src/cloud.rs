//! A stand-in for AWS with constant answers, for the functions that fuzz targets call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use futures::future::BoxFuture;
use jiff::Timestamp;
use lambda_http::http::{Request, Response};
use serde_json::{Map, Value, json};
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::transport::Transport;
use shared::core::error::Cause;

/// The time of every invocation, in Unix seconds.
pub const NOW: i64 = 1_767_225_600;

/// The secret of Stripe's webhooks.
pub const STRIPE_SECRET: &str = "whsec_stripe";
/// The secret of Standard Webhooks: the bytes `madang`.
pub const STANDARD_SECRET: &str = "whsec_bWFkYW5n";

/// URL of the payment providers; the address is reserved for documentation (RFC 5737).
const NOWHERE: &str = "http://192.0.2.1";

/// The stand-in: DynamoDB has every product and stores nothing; EventBridge and SQS accept everything.
#[derive(Clone, Debug, Default)]
pub struct Cloud {
    stored: Arc<AtomicUsize>,
}

impl Cloud {
    /// Returns an SDK configuration that uses this stand-in.
    pub fn aws(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
            .http_client(SharedHttpClient::new(self.clone()))
            .build()
    }

    /// Returns the platform that functions are built from. No provider can be reached.
    pub fn platform(&self) -> Platform {
        let variables = [
            ("ACCOUNTS_TABLE", "accounts"),
            ("AUCTIONS_TABLE", "auctions"),
            ("CATALOG_TABLE", "catalog"),
            ("COUPONS_TABLE", "coupons"),
            ("FULFILLMENT_TABLE", "fulfillment"),
            ("IMAGES_TABLE", "images"),
            ("LISTINGS_TABLE", "listings"),
            ("LOOKUPS_TABLE", "lookups"),
            ("ORDERS_TABLE", "orders"),
            ("PAYMENTS_TABLE", "payments"),
            ("SEATS_TABLE", "seats"),
            ("SHOWS_TABLE", "shows"),
            ("SUBSCRIPTIONS_TABLE", "subscriptions"),
            ("TICKETS_TABLE", "tickets"),
            ("WAITING_ROOMS_TABLE", "waiting-rooms"),
            ("RESERVATION_MINUTES", "15"),
            ("HOLD_MINUTES", "8"),
            ("HOLD_BUDGET_MINUTES", "20"),
            ("CHECK_IN_OPENS_MINUTES", "120"),
            ("REVIEWS_NEED_CHECK_IN", "true"),
            ("SHOP_COUNTRY", "KR"),
            ("SELLER_NAME", ""),
            ("SELLER_REGISTRATION_NUMBER", ""),
            ("SELLER_ADDRESS", ""),
            ("SELLER_REPRESENTATIVE", ""),
            ("SELLER_CONTACT", ""),
            ("DELIVERY_DAYS", "14"),
            ("RETURN_DAYS", "7"),
            ("SHOP_TIME_ZONE", "Asia/Seoul"),
            ("PAYMENT_CREDENTIALS", "payment-credentials"),
            ("CARRIER_CREDENTIALS", "carrier-credentials"),
            ("ADMISSION_KEYS", "admission-keys"),
            ("TICKET_KEYS", "ticket-keys"),
            ("TOSS_URL", NOWHERE),
            ("STRIPE_URL", NOWHERE),
            ("KAKAOPAY_URL", NOWHERE),
            ("DATA_KEY_ID", "alias/billing"),
            ("CHARGES_URL", "https://queue.example.com/1/charges"),
            ("RETRY_DAYS", "1,3,5,7"),
            ("PAST_DUE_DAYS", "14"),
            ("POSTPONED_HOURS", "24"),
            ("CATCH_UP_DAYS", "7"),
            ("MISSED_PERIODS", "LATEST"),
            ("UPLOADS_BUCKET", "uploads"),
            ("IMAGES_BUCKET", "images"),
            ("CATALOG_FILES_BUCKET", "catalog-files"),
            ("IMPORT_STEPS_URL", "https://queue.example.com/1/import-steps"),
            ("EXPORT_STEPS_URL", "https://queue.example.com/1/export-steps"),
            ("SEARCH_BUCKET", "search"),
            ("SEATING_BUCKET", "seating"),
            ("SEARCH_ENDPOINT", ""),
            ("PRIVATE_SEARCH_BUCKET", "private-search"),
            ("INDEX_QUEUE_URL", "https://queue.example.com/1/index.fifo"),
            (
                "PRIVATE_INDEX_QUEUE_URL",
                "https://queue.example.com/1/private-index.fifo",
            ),
            ("UNSERVABLE_ORDERS_URL", "https://queue.example.com/1/unservable-orders"),
            ("TICKET_UPDATES_URL", "https://queue.example.com/1/ticket-updates"),
            ("IMAGES_URL", "https://images.example.com"),
            ("IMAGE_WIDTHS", "40,80"),
            ("IMAGE_FORMATS", "jpeg"),
            ("JPEG_QUALITY", "80"),
            ("WEBP_QUALITY", "80"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769"),
            ("AWS_REGION", "us-east-1"),
            ("EVENT_BUS", "madang"),
            ("UNDELIVERED_EVENTS_URL", "https://queue.example.com/1/undelivered"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Platform::new(self.aws(), variables).with_transport(Arc::new(Unreachable))
    }

    /// Returns the number of requests to DynamoDB.
    pub fn stored(&self) -> usize {
        self.stored.load(Ordering::SeqCst)
    }

    fn answer(&self, target: &str, body: &Value) -> Option<Value> {
        let (service, operation) = target.split_once('.')?;
        if service.starts_with("DynamoDB") {
            self.stored.fetch_add(1, Ordering::SeqCst);
        }
        Some(match operation {
            "GetItem" => match products(&json!([body["Key"]])).pop() {
                Some(product) => json!({ "Item": product }),
                None => json!({}),
            },
            "PutItem" | "UpdateItem" | "TransactWriteItems" => json!({}),
            "BatchGetItem" => {
                let tables = body["RequestItems"].as_object()?.iter();
                let found = tables.map(|(table, request)| (table.clone(), json!(products(&request["Keys"]))));
                json!({ "Responses": found.collect::<Map<_, _>>() })
            }
            "TransactGetItems" => {
                let nothing = body["TransactItems"].as_array()?.iter().map(|_| json!({}));
                json!({ "Responses": nothing.collect::<Vec<_>>() })
            }
            "Query" => json!({ "Items": [], "Count": 0, "ScannedCount": 0 }),
            "GetSecretValue" => {
                let name = &body["SecretId"];
                let secret = if name == "carrier-credentials" {
                    carriers()
                } else {
                    credentials()
                };
                json!({ "Name": name, "SecretString": secret.to_string() })
            }
            "PutEvents" => {
                let entries = body["Entries"].as_array()?.iter().map(|_| json!({ "EventId": "1" }));
                json!({ "FailedEntryCount": 0, "Entries": entries.collect::<Vec<_>>() })
            }
            "SendMessage" => json!({ "MessageId": "1" }),
            _ => return None,
        })
    }
}

/// A transport without a network.
#[derive(Debug)]
struct Unreachable;

impl Transport for Unreachable {
    fn send(&self, _: Request<Vec<u8>>) -> BoxFuture<'_, Result<Response<Vec<u8>>, Cause>> {
        Box::pin(async { Err(Cause::from("there is no network")) })
    }
}

impl HttpClient for Cloud {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Cloud {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
        // S3, which names no target. It has no object.
        if target.is_empty() {
            let missing = StatusCode::try_from(404).expect("a status");
            let error = SdkBody::from("<Error><Code>NoSuchKey</Code><Message>none</Message></Error>");
            return HttpConnectorFuture::ready(Ok(HttpResponse::new(missing, error)));
        }
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap_or_default();
        let answer = self
            .answer(&target, &body)
            .unwrap_or_else(|| panic!("unexpected request {target} {body}"));
        let ok = StatusCode::try_from(200).expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(ok, SdkBody::from(answer.to_string()))))
    }
}

/// The price of a unit, so high that many units exceed the maximum total of an order.
const PRICE: u64 = 40_000_000_000_000;

/// Returns every requested product. SKUs that begin with `u` are unlisted; those that begin with `d` have a price in
/// dollars.
fn products(keys: &Value) -> Vec<Value> {
    let keys = keys.as_array().into_iter().flatten();
    let skus = keys.filter_map(|key| key["pk"]["S"].as_str()?.strip_prefix("PRODUCT#"));
    skus.map(|sku| {
        let status = if sku.starts_with('u') { "UNLISTED" } else { "LISTED" };
        let currency = if sku.starts_with('d') { "USD" } else { "KRW" };
        json!({
            "pk": { "S": format!("PRODUCT#{sku}") }, "sku": { "S": sku }, "name": { "S": sku },
            "price": { "M": { "amount": { "N": PRICE.to_string() }, "currency": { "S": currency } } },
            "status": { "S": status }, "stock_shards": { "N": "4" }, "version": { "N": "1" },
            "updated_by": { "M": { "kind": { "S": "STAFF" }, "id": { "S": "the-admin" } } },
            "updated_at": { "S": "2026-01-01T00:00:00Z" },
        })
    })
    .collect()
}

fn credentials() -> Value {
    json!({
        "toss": { "secret_key": "test_sk" },
        "stripe": { "secret_key": "sk_test", "webhook_secrets": [STRIPE_SECRET] },
        "standard": { "webhook_secrets": [STANDARD_SECRET] },
    })
}

fn carriers() -> Value {
    json!({ "CJ": { "webhook_secrets": [STANDARD_SECRET] } })
}

/// Runs a future to completion.
pub fn run<T>(function: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    }
    RUNTIME.with(|runtime| runtime.block_on(function))
}

/// Creates an invocation at [`NOW`].
pub fn invocation() -> Invocation {
    let now = Timestamp::from_second(NOW).expect("a time");
    Invocation {
        request_id: "request".to_owned(),
        ..Invocation::new(now, Duration::from_secs(20))
    }
}

/// Builds the event of a customer's POST.
pub fn post(route: &str, path: &Value, headers: &[(&str, &str)], body: &[u8]) -> String {
    use base64::Engine as _;
    let headers: serde_json::Map<_, _> = headers
        .iter()
        .map(|&(name, value)| (name.into(), json!(value)))
        .collect();
    let claims = json!({ "sub": "ann", "token_use": "access" });
    let event = json!({
        "version": "2.0",
        "routeKey": format!("POST {route}"),
        "rawPath": route,
        "rawQueryString": "",
        "headers": headers,
        "pathParameters": path,
        "requestContext": {
            "accountId": "123456789012", "apiId": "api", "domainName": "api.example.com", "domainPrefix": "api",
            "http": {
                "method": "POST", "path": route, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "fuzzer",
            },
            "authorizer": { "jwt": { "claims": claims, "scopes": null } },
            "requestId": "request", "routeKey": format!("POST {route}"), "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": NOW * 1000,
        },
        "body": base64::prelude::BASE64_STANDARD.encode(body),
        "isBase64Encoded": true,
    });
    event.to_string()
}
