//! An engine that counts requests and capacity, whatever language the function is written in.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use anyhow::Result;
use harness::engine::create_tables;
use harness::{Embedded, Engine};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::spawn_local;

/// The engine, on loopback.
#[derive(Debug)]
pub struct Meter {
    /// The URL at which it serves.
    pub endpoint: String,
    /// The same engine for setup, not counted.
    pub engine: Engine,
    count: Arc<Mutex<Count>>,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Count {
    /// Requests.
    pub requests: u32,
    /// Read capacity units.
    pub read_units: f64,
    /// Write capacity units, indexes included.
    pub write_units: f64,
}

impl Meter {
    /// Starts an empty engine with the stack's tables, within a [`tokio::task::LocalSet`].
    ///
    /// # Errors
    /// If no port is free.
    pub async fn start() -> Result<Self> {
        let embedded = Embedded::new();
        let engine = Engine::embedded(embedded.clone());
        create_tables(&engine.direct).await;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let count = Arc::<Mutex<Count>>::default();
        let counted = Arc::clone(&count);
        spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (embedded, counted) = (embedded.clone(), Arc::clone(&counted));
                let serve = service_fn(move |request| serve(embedded.clone(), Arc::clone(&counted), request));
                // It ends when the function closes the connection, which is not an error.
                spawn_local(async move {
                    drop(
                        http1::Builder::new()
                            .serve_connection(TokioIo::new(stream), serve)
                            .await,
                    )
                });
            }
        });
        Ok(Self {
            endpoint,
            engine,
            count,
        })
    }

    /// Returns what was counted since the last call.
    pub fn take(&self) -> Count {
        self.count
            .lock()
            .map(|mut count| std::mem::take(&mut *count))
            .unwrap_or_default()
    }
}

async fn serve(
    embedded: Embedded,
    count: Arc<Mutex<Count>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let target = request
        .headers()
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    let operation = target
        .and_then(|target| target.rsplit('.').next())
        .unwrap_or_default()
        .to_owned();
    let body = request
        .into_body()
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    let mut body: Value = serde_json::from_slice(&body).unwrap_or_default();
    body["ReturnConsumedCapacity"] = json!("INDEXES");
    let raw = embedded.serve(&operation, body.to_string().as_bytes());
    let answer: Value = serde_json::from_slice(&raw.body).unwrap_or_default();
    if let Ok(mut count) = count.lock() {
        count.requests += 1;
        let units = units(&answer["ConsumedCapacity"]);
        match operation.as_str() {
            "GetItem" | "BatchGetItem" | "Query" => count.read_units += units,
            _ => count.write_units += units,
        }
    }
    let mut response = Response::new(Full::new(Bytes::from(raw.body)));
    *response.status_mut() = hyper::StatusCode::from_u16(raw.status).unwrap_or_default();
    let json = hyper::header::HeaderValue::from_static("application/x-amz-json-1.0");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, json);
    Ok(response)
}

/// Returns the units of one table or of several.
fn units(consumed: &Value) -> f64 {
    match consumed {
        Value::Array(tables) => tables.iter().map(units).sum(),
        table => table["CapacityUnits"].as_f64().unwrap_or_default(),
    }
}
