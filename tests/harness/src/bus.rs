//! An in-memory stand-in for EventBridge and SQS: accepts entries, or refuses them as the test says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

/// The stand-in. Clones share their state.
#[derive(Clone, Debug, Default)]
pub struct FakeBus(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    published: Vec<Value>,
    queued: Vec<Value>,
    requests: Vec<usize>,
    refusals: VecDeque<(String, &'static str)>,
    outages: usize,
    queue_is_down: bool,
    poison: Option<String>,
    silent: Option<String>,
}

impl FakeBus {
    /// Refuses the next entry whose detail contains `text`, with `code`.
    pub fn refuse(&self, text: &str, code: &'static str) {
        self.state(|state| state.refusals.push_back((text.to_owned(), code)));
    }

    /// Fails the next `count` requests to the bus.
    pub fn fail(&self, count: usize) {
        self.state(|state| state.outages = count);
    }

    /// Refuses each request with an entry whose detail contains `text`.
    pub fn refuse_requests_with(&self, text: &str) {
        self.state(|state| state.poison = Some(text.to_owned()));
    }

    /// Never answers requests with this target.
    pub fn never_answer(&self, target: &str) {
        self.state(|state| state.silent = Some(target.to_owned()));
    }

    /// Fails all further requests to the queue.
    pub fn stop_queue(&self) {
        self.state(|state| state.queue_is_down = true);
    }

    /// Returns the entries that the bus accepted, in order.
    pub fn published(&self) -> Vec<Value> {
        self.state(|state| state.published.clone())
    }

    /// Returns the messages that the queue accepted.
    pub fn queued(&self) -> Vec<Value> {
        self.state(|state| state.queued.clone())
    }

    /// Returns the number of entries in each request to the bus.
    pub fn requests(&self) -> Vec<usize> {
        self.state(|state| state.requests.clone())
    }

    /// Returns an HTTP client for the SDK that is served by this stand-in.
    pub fn client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    fn state<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        with(&mut self.0.lock().expect("not poisoned"))
    }

    fn answer(&self, target: &str, body: &Value) -> (u16, Value) {
        self.state(|state| match target {
            "AWSEvents.PutEvents" => state.put_events(body),
            "AmazonSQS.SendMessage" if state.queue_is_down => (503, json!({ "__type": "ServiceUnavailable" })),
            "AmazonSQS.SendMessage" => {
                let text = body["MessageBody"].as_str().expect("a body");
                state.queued.push(serde_json::from_str(text).expect("JSON"));
                (200, json!({ "MessageId": "1" }))
            }
            other => panic!("no stand-in for {other}"),
        })
    }
}

impl State {
    fn put_events(&mut self, body: &Value) -> (u16, Value) {
        if self.outages > 0 {
            self.outages -= 1;
            return (500, json!({ "__type": "InternalException", "message": "down" }));
        }
        let entries = body["Entries"].as_array().expect("entries");
        self.requests.push(entries.len());
        let poison = |entry: &Value| {
            let detail = entry["Detail"].as_str().expect("a detail");
            self.poison.as_ref().is_some_and(|text| detail.contains(text))
        };
        if entries.iter().any(poison) {
            return (
                400,
                json!({ "__type": "ValidationException", "message": "invalid entry" }),
            );
        }
        let mut failed = 0;
        let mut fates = vec![];
        for entry in entries {
            let detail = entry["Detail"].as_str().expect("a detail");
            let refusal = self
                .refusals
                .iter()
                .position(|(text, _)| detail.contains(text.as_str()));
            if let Some((_, code)) = refusal.and_then(|place| self.refusals.remove(place)) {
                failed += 1;
                fates.push(json!({ "ErrorCode": code, "ErrorMessage": "refused" }));
            } else {
                self.published.push(entry.clone());
                fates.push(json!({ "EventId": "1" }));
            }
        }
        (200, json!({ "FailedEntryCount": failed, "Entries": fates }))
    }
}

impl HttpClient for FakeBus {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for FakeBus {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
        let body = serde_json::from_slice(request.body().bytes().expect("a body in memory")).expect("JSON");
        if self.state(|state| state.silent.as_ref() == Some(&target)) {
            return HttpConnectorFuture::new(std::future::pending());
        }
        let (status, body) = self.answer(&target, &body);
        let status = StatusCode::try_from(status).expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body.to_string()))))
    }
}
