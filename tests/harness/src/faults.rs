//! Injects faults between the SDK and the engine: throttles, conflicts, late and held requests, lost responses.
//!
//! It wraps the SDK's HTTP client, so the SDK's own retries, timeouts and parsing are part of every test. It also
//! counts requests and the capacity that they consume.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::embedded::{RawResponse, operation_of};

/// A fault of one request.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// The engine throttles the request; nothing is written.
    Throttle,
    /// The transaction's item at this index is in another transaction; nothing is written.
    Conflict(usize),
    /// The request is served, but its response is lost.
    LoseAnswer,
    /// The request is lost.
    LoseRequest,
    /// The request is served after this delay.
    Late(Duration),
    /// The request is served once the test releases it.
    Held(Hold),
    /// The engine fails; nothing is written.
    InternalError,
    /// The caller has no permission; nothing is written.
    Denied,
}

/// Holds a request between a function and the engine, while the test does something else first. Clones share their state.
#[derive(Clone, Debug, Default)]
pub struct Hold(Arc<Gate>);

#[derive(Debug, Default)]
struct Gate {
    arrived: Notify,
    released: Notify,
}

impl Hold {
    /// Waits until the request is held.
    pub async fn arrived(&self) {
        self.0.arrived.notified().await;
    }

    /// Sends the request on.
    pub fn release(&self) {
        self.0.released.notify_one();
    }

    async fn wait(&self) {
        self.0.arrived.notify_one();
        self.0.released.notified().await;
    }
}

impl PartialEq for Hold {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The planned faults and the measured cost. Clones share their state.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    planned: HashMap<String, VecDeque<Fault>>,
    /// Conflicts per 1,000 transactions.
    conflicts_per_mille: u32,
    requests: HashMap<String, u32>,
    read_units: f64,
    write_units: f64,
    measure: bool,
}

/// The cost of the measured requests.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cost {
    /// Number of requests by operation.
    pub requests: HashMap<String, u32>,
    /// Read capacity units, indexes included.
    pub read_units: f64,
    /// Write capacity units, indexes included.
    pub write_units: f64,
}

impl Faults {
    /// Plans `fault` for the next request of `operation`, after those planned before.
    pub fn plan(&self, operation: &str, fault: Fault) {
        let mut state = self.0.lock().expect("not poisoned");
        state.planned.entry(operation.to_owned()).or_default().push_back(fault);
    }

    /// Removes all planned faults.
    pub fn forget(&self) {
        self.0.lock().expect("not poisoned").planned.clear();
    }

    /// Makes this many of 1,000 transactions conflict, at a random item.
    pub fn set_conflicts_per_mille(&self, rate: u32) {
        self.0.lock().expect("not poisoned").conflicts_per_mille = rate;
    }

    /// Starts a new measurement.
    pub fn measure(&self) {
        let mut state = self.0.lock().expect("not poisoned");
        state.measure = true;
        state.requests.clear();
        (state.read_units, state.write_units) = (0.0, 0.0);
    }

    /// Returns what was measured since [`Faults::measure`].
    pub fn cost(&self) -> Cost {
        let state = self.0.lock().expect("not poisoned");
        Cost {
            requests: state.requests.clone(),
            read_units: state.read_units,
            write_units: state.write_units,
        }
    }

    /// Wraps the SDK's HTTP client `inner` in these faults.
    pub fn before(&self, inner: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(FaultyClient {
            faults: self.clone(),
            inner,
        })
    }

    fn next(&self, operation: &str, body: &Value) -> Option<Fault> {
        let mut state = self.0.lock().expect("not poisoned");
        *state.requests.entry(operation.to_owned()).or_default() += 1;
        let planned = state.planned.get_mut(operation).and_then(VecDeque::pop_front);
        planned.or_else(|| {
            let items = body["TransactItems"].as_array()?.len();
            let strikes = fastrand::u32(..1000) < state.conflicts_per_mille;
            strikes.then(|| Fault::Conflict(fastrand::usize(..items)))
        })
    }

    fn measuring(&self) -> bool {
        self.0.lock().expect("not poisoned").measure
    }

    fn add_capacity(&self, operation: &str, answer: &Value) {
        let is_write = !matches!(
            operation,
            "GetItem" | "BatchGetItem" | "Query" | "Scan" | "TransactGetItems"
        );
        let consumed = match &answer["ConsumedCapacity"] {
            Value::Array(tables) => tables.iter().filter_map(|table| table["CapacityUnits"].as_f64()).sum(),
            table => table["CapacityUnits"].as_f64().unwrap_or_default(),
        };
        let mut state = self.0.lock().expect("not poisoned");
        if is_write {
            state.write_units += consumed;
        } else {
            state.read_units += consumed;
        }
    }
}

#[derive(Debug)]
struct FaultyClient {
    faults: Faults,
    inner: SharedHttpClient,
}

impl HttpClient for FaultyClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(FaultyConnector {
            faults: self.faults.clone(),
            inner: self.inner.http_connector(settings, components),
        })
    }
}

#[derive(Debug)]
struct FaultyConnector {
    faults: Faults,
    inner: SharedHttpConnector,
}

impl HttpConnector for FaultyConnector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let (faults, inner) = (self.faults.clone(), self.inner.clone());
        HttpConnectorFuture::new(async move {
            let operation = operation_of(&request).to_owned();
            let mut body: Value = request
                .body()
                .bytes()
                .and_then(|bytes| serde_json::from_slice(bytes).ok())
                .unwrap_or_default();
            if faults.measuring() {
                body["ReturnConsumedCapacity"] = json!("INDEXES");
                let text = body.to_string();
                request.headers_mut().insert("content-length", text.len().to_string());
                *request.body_mut() = SdkBody::from(text);
            }
            match faults.next(&operation, &body) {
                None => {}
                Some(Fault::Late(time)) => tokio::time::sleep(time).await,
                Some(Fault::Held(hold)) => hold.wait().await,
                Some(Fault::LoseRequest) => return Err(lost()),
                Some(Fault::LoseAnswer) => {
                    inner.call(request).await?;
                    return Err(lost());
                }
                Some(fault) => return Ok(fault.response(&body).into()),
            }
            let answer = inner.call(request).await?;
            if faults.measuring() {
                return measured(&faults, &operation, answer).await;
            }
            Ok(answer)
        })
    }
}

async fn measured(faults: &Faults, operation: &str, answer: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    let status = answer.status();
    let mut rebuilt = HttpResponse::new(status, SdkBody::empty());
    for (name, value) in answer.headers() {
        rebuilt.headers_mut().insert(name.to_owned(), value.to_owned());
    }
    let bytes = read(answer.into_body()).await;
    faults.add_capacity(operation, &serde_json::from_slice(&bytes).unwrap_or_default());
    *rebuilt.body_mut() = SdkBody::from(bytes);
    Ok(rebuilt)
}

async fn read(body: SdkBody) -> Vec<u8> {
    let collected = aws_smithy_types::byte_stream::ByteStream::new(body).collect().await;
    collected.expect("the engine's answer").to_vec()
}

fn lost() -> ConnectorError {
    ConnectorError::io("the connection was closed".into())
}

impl Fault {
    /// Returns the response that replaces the engine's, in DynamoDB's format.
    ///
    /// # Panics
    /// If the fault is not a response.
    pub fn response(&self, request: &Value) -> RawResponse {
        let (status, body) = match self {
            Self::Throttle => (400, error("ProvisionedThroughputExceededException", "Rate exceeded")),
            Self::InternalError => (500, error("InternalServerError", "Internal server error")),
            Self::Denied => (400, error("AccessDeniedException", "Not authorized")),
            Self::Conflict(place) => {
                let items = request["TransactItems"].as_array().map_or(1, Vec::len);
                let reasons: Vec<Value> = (0..items)
                    .map(|item| match item == *place {
                        true => {
                            json!({ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" })
                        }
                        false => json!({ "Code": "None" }),
                    })
                    .collect();
                let mut body = error("TransactionCanceledException", "Transaction cancelled");
                body["CancellationReasons"] = json!(reasons);
                (400, body)
            }
            Self::LoseAnswer | Self::LoseRequest | Self::Late(_) | Self::Held(_) => {
                unreachable!("these faults have no response")
            }
        };
        RawResponse::new(status, body.to_string())
    }
}

fn error(code: &str, message: &str) -> Value {
    json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": message })
}
