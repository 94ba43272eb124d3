//! A function as it would be if it did not look at the rows before its transaction: the first read of each request finds every
//! row as it was before the sale. After a failed transaction it reads them, to tell its customer which seat is taken.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use harness::embedded::RawResponse;
use harness::engine::SEATS;
use harness::partitions::Partitions;
use serde_json::{Value, json};

/// The rows before the sale, by partition key and sort key.
pub type Rows = Arc<HashMap<(String, String), Value>>;

/// The wire of such a function.
#[derive(Clone, Debug)]
pub struct Unread {
    dynamodb: Partitions,
    rows: Rows,
    is_first: Arc<AtomicBool>,
}

impl Unread {
    /// Puts a function before `dynamodb`.
    pub fn new(dynamodb: Partitions, rows: Rows) -> Self {
        Self {
            dynamodb,
            rows,
            is_first: Arc::default(),
        }
    }

    /// Begins a request of a customer.
    pub fn begin(&self) {
        self.is_first.store(true, Ordering::Relaxed);
    }

    /// Returns an HTTP client for the SDK.
    pub fn client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    /// Takes the rows out of a batch read, and returns them as they were before the sale.
    fn take_rows(&self, request: &mut Value) -> Vec<Value> {
        let Some(keys) = request["RequestItems"][SEATS]["Keys"].as_array_mut() else {
            return vec![];
        };
        let mut rows = vec![];
        keys.retain(|key| {
            let text = |name: &str| key[name]["S"].as_str().unwrap_or_default().to_owned();
            let row = self.rows.get(&(text("pk"), text("sk")));
            rows.extend(row.cloned());
            row.is_none()
        });
        rows
    }

    async fn read_unseen(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let mut batch: Value = serde_json::from_slice(request.body().bytes()?).ok()?;
        let rows = self.take_rows(&mut batch);
        let answer = self
            .dynamodb
            .serve("BatchGetItem", batch.to_string().into_bytes())
            .await;
        if answer.status != 200 {
            return Some(answer.into());
        }
        self.is_first.store(false, Ordering::Relaxed);
        let mut found: Value = serde_json::from_slice(&answer.body).ok()?;
        let items = &mut found["Responses"][SEATS];
        match items.as_array_mut() {
            Some(items) => items.extend(rows),
            None => *items = json!(rows),
        }
        Some(RawResponse::new(200, found.to_string()).into())
    }
}

impl HttpClient for Unread {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Unread {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move {
            let target = request.headers().get("x-amz-target").unwrap_or_default();
            let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
            if operation == "BatchGetItem"
                && this.is_first.load(Ordering::Relaxed)
                && let Some(response) = this.read_unseen(&request).await
            {
                return Ok(response);
            }
            let body = request.body().bytes().unwrap_or_default().to_vec();
            Ok(this.dynamodb.serve(&operation, body).await.into())
        })
    }
}
