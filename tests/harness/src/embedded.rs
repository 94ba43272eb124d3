//! The DynamoDB engine, called in this process: serves the SDK's HTTP requests without a socket.

use std::fmt;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use dynoxide::actions::get_item::GetItemRequest;
use dynoxide::actions::scan::ScanRequest;
use dynoxide::{AttributeValue, Database, DynoxideError, Item};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The engine. Clones share their tables.
#[derive(Clone)]
pub struct Embedded(Database);

/// A response of a service, as on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawResponse {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// The entity tag of an object, without quotes.
    pub etag: Option<String>,
}

impl RawResponse {
    /// Creates a response without an entity tag.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self {
            status,
            body,
            etag: None,
        }
    }
}

impl Embedded {
    /// Creates an engine without tables.
    pub fn new() -> Self {
        Self(Database::memory().expect("a database"))
    }

    /// Returns every item of a table as JSON, for audits; numbers are integers.
    pub fn items(&self, table: &str) -> Vec<Value> {
        let mut items = vec![];
        let mut request = ScanRequest {
            table_name: table.to_owned(),
            ..ScanRequest::default()
        };
        loop {
            let page = self.0.scan(request).expect("a table");
            items.extend(page.items.unwrap_or_default().into_iter().map(json_of_item));
            let Some(last) = page.last_evaluated_key else {
                return items;
            };
            request = ScanRequest {
                table_name: table.to_owned(),
                exclusive_start_key: Some(last),
                ..ScanRequest::default()
            };
        }
    }

    /// Returns the item with this key, for audits.
    pub fn item(&self, table: &str, pk: &str) -> Option<Value> {
        self.get(table, json!({ "pk": { "S": pk } })).map(json_of_item)
    }

    /// Returns an item as a stream record has it, in DynamoDB's JSON; null when there is none.
    pub fn image(&self, table: &str, key: Value) -> Value {
        serde_json::to_value(self.get(table, key)).expect("an item is JSON")
    }

    fn get(&self, table: &str, key: Value) -> Option<Item> {
        let request = GetItemRequest {
            table_name: table.to_owned(),
            key: serde_json::from_value(key).expect("a key"),
            consistent_read: Some(true),
            ..GetItemRequest::default()
        };
        self.0.get_item(request).expect("a table").item
    }

    /// Serves `operation` (such as `GetItem`) atomically.
    ///
    /// # Panics
    /// If no function or test uses the operation.
    pub fn serve(&self, operation: &str, body: &[u8]) -> RawResponse {
        let db = &self.0;
        match operation {
            "BatchGetItem" => answer(body, |request| db.batch_get_item(request)),
            "BatchWriteItem" => answer(body, |request| db.batch_write_item(request)),
            "CreateTable" => answer(body, |request| db.create_table(request)),
            "DeleteItem" => answer(body, |request| db.delete_item(request)),
            "GetItem" => answer(body, |request| db.get_item(request)),
            "PutItem" => answer(body, |request| db.put_item(request)),
            "Query" => answer(body, |request| db.query(request)),
            "Scan" => answer(body, |request| db.scan(request)),
            "TransactGetItems" => answer(body, |request| db.transact_get_items(request)),
            "TransactWriteItems" => answer(body, |request| db.transact_write_items(request)),
            "UpdateItem" => answer(body, |request| db.update_item(request)),
            other => panic!("unsupported operation {other}"),
        }
    }
}

fn json_of_item(item: Item) -> Value {
    item.into_iter().map(|(name, value)| (name, json_of(value))).collect()
}

fn json_of(value: AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => text.into(),
        AttributeValue::N(digits) => digits.parse::<i64>().expect("an integer").into(),
        AttributeValue::BOOL(flag) => flag.into(),
        AttributeValue::L(values) => values.into_iter().map(json_of).collect(),
        AttributeValue::M(item) => json_of_item(item),
        AttributeValue::NULL(_) => Value::Null,
        AttributeValue::B(bytes) => crate::audit::hex(bytes.as_ref()).into(),
        other => panic!("no entity has {other:?}"),
    }
}

impl Default for Embedded {
    fn default() -> Self {
        Self::new()
    }
}

fn answer<Q: DeserializeOwned, A: Serialize>(body: &[u8], serve: impl FnOnce(Q) -> dynoxide::Result<A>) -> RawResponse {
    let request = serde_json::from_slice(body).map_err(|error| DynoxideError::ValidationException(error.to_string()));
    match request.and_then(serve) {
        Ok(answer) => RawResponse::new(200, serde_json::to_vec(&answer).expect("an answer is JSON")),
        Err(error) => RawResponse::new(error.status_code(), error.to_json()),
    }
}

/// Returns the operation of an SDK request, such as `GetItem`.
pub fn operation_of(request: &HttpRequest) -> &str {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default()
}

impl From<RawResponse> for HttpResponse {
    fn from(response: RawResponse) -> Self {
        let RawResponse { status, body, etag } = response;
        let status = StatusCode::try_from(status).expect("a status");
        let mut response = Self::new(status, SdkBody::from(body));
        response
            .headers_mut()
            .insert("content-type", "application/x-amz-json-1.0");
        if let Some(etag) = etag {
            response.headers_mut().insert("etag", format!("\"{etag}\""));
        }
        response
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Embedded")
    }
}

impl HttpClient for Embedded {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Embedded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().expect("a body in memory");
        let response = self.serve(operation_of(&request), body);
        HttpConnectorFuture::ready(Ok(response.into()))
    }
}
