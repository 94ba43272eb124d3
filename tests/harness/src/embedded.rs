//! The DynamoDB engine called in this process: what the SDK hands to HTTP is answered without a socket.

use std::fmt;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The engine.
#[derive(Clone)]
pub struct Embedded(Database);

/// What the engine says: a status and a body, as on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The HTTP status.
    pub status: u16,
    /// The body: JSON.
    pub body: Vec<u8>,
}

impl Embedded {
    /// An empty engine.
    pub fn new() -> Self {
        Self(Database::memory().expect("a database"))
    }

    /// From now on the changes of `table` are kept for its stream, which begins here.
    pub fn open_stream(&self, table: &str) -> Stream {
        let ask = |operation, body: Value| self.ask(operation, &body);
        let stream = json!({ "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" });
        ask(
            "UpdateTable",
            json!({ "TableName": table, "StreamSpecification": stream }),
        );
        let described = ask("DescribeTable", json!({ "TableName": table }));
        let arn = &described["Table"]["LatestStreamArn"];
        let described = ask("DescribeStream", json!({ "StreamArn": arn }));
        let shard = &described["StreamDescription"]["Shards"][0]["ShardId"];
        let from = json!({ "StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON" });
        let position = ask("GetShardIterator", from)["ShardIterator"].clone();
        Stream {
            engine: self.clone(),
            position,
        }
    }

    fn ask(&self, operation: &str, body: &Value) -> Value {
        let said = self.serve(operation, body.to_string().as_bytes());
        assert_eq!(said.status, 200, "{operation}: {}", String::from_utf8_lossy(&said.body));
        serde_json::from_slice(&said.body).expect("JSON")
    }

    /// Serves `operation` (`GetItem`) at once and whole: nobody sees a part of it.
    ///
    /// # Panics
    /// For an operation that no function and no test sends.
    pub fn serve(&self, operation: &str, body: &[u8]) -> Said {
        let db = &self.0;
        match operation {
            "BatchGetItem" => answer(body, |request| db.batch_get_item(request)),
            "BatchWriteItem" => answer(body, |request| db.batch_write_item(request)),
            "CreateTable" => answer(body, |request| db.create_table(request)),
            "DeleteItem" => answer(body, |request| db.delete_item(request)),
            "DescribeStream" => answer(body, |request| db.describe_stream(request)),
            "DescribeTable" => answer(body, |request| db.describe_table(request)),
            "GetItem" => answer(body, |request| db.get_item(request)),
            "GetRecords" => answer(body, |request| db.get_records(request)),
            "GetShardIterator" => answer(body, |request| db.get_shard_iterator(request)),
            "PutItem" => answer(body, |request| db.put_item(request)),
            "Query" => answer(body, |request| db.query(request)),
            "Scan" => answer(body, |request| db.scan(request)),
            "TransactGetItems" => answer(body, |request| db.transact_get_items(request)),
            "TransactWriteItems" => answer(body, |request| db.transact_write_items(request)),
            "UpdateItem" => answer(body, |request| db.update_item(request)),
            "UpdateTable" => answer(body, |request| db.update_table(request)),
            other => panic!("the engine is not asked for {other}"),
        }
    }
}

/// The changes of a table, in order.
#[derive(Clone, Debug)]
pub struct Stream {
    engine: Embedded,
    position: Value,
}

impl Stream {
    /// The changes since the last call, each as the stream's event has it.
    pub fn read(&mut self) -> Vec<Value> {
        let mut answer = self
            .engine
            .ask("GetRecords", &json!({ "ShardIterator": self.position }));
        self.position = answer["NextShardIterator"].take();
        match answer["Records"].take() {
            Value::Array(records) => records,
            _ => vec![],
        }
    }
}

impl Default for Embedded {
    fn default() -> Self {
        Self::new()
    }
}

fn answer<Q: DeserializeOwned, A: Serialize>(body: &[u8], serve: impl FnOnce(Q) -> dynoxide::Result<A>) -> Said {
    let request = serde_json::from_slice(body).map_err(|error| DynoxideError::ValidationException(error.to_string()));
    match request.and_then(serve) {
        Ok(answer) => Said {
            status: 200,
            body: serde_json::to_vec(&answer).expect("an answer is JSON"),
        },
        Err(error) => Said {
            status: error.status_code(),
            body: error.to_json().into_bytes(),
        },
    }
}

/// The operation that a request of the SDK's asks for: `GetItem`.
pub fn operation_of(request: &HttpRequest) -> &str {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default()
}

impl From<Said> for HttpResponse {
    fn from(said: Said) -> Self {
        let status = StatusCode::try_from(said.status).expect("a status");
        let mut response = Self::new(status, SdkBody::from(said.body));
        response
            .headers_mut()
            .insert("content-type", "application/x-amz-json-1.0");
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
        let said = self.serve(operation_of(&request), body);
        HttpConnectorFuture::ready(Ok(said.into()))
    }
}
