//! The services that functions call: each serves a request atomically.

mod bus;
mod connector;
mod index_commits;
mod providers;
pub mod stock_changes;
mod tables;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};

use function_tests::payment_fixture::{CARRIER_SECRETS, carriers};
use function_tests::tickets_fixture::KEY as TICKET_KEY;
use harness::embedded::RawResponse;
use harness::objects::FakeS3;
use harness::platform::{PRIVATE_SEARCH, SEARCH};
use harness::queue::{
    EXPORT_STEPS_URL, IMPORT_STEPS_URL, INDEX_URL, PRIVATE_INDEX_URL, TICKET_UPDATES_URL, UNSERVABLE_ORDERS_URL,
};
use harness::{ADMISSION_KEYS, CARRIER_CREDENTIALS, FakeKms, FakeQueue, TICKET_KEYS};
use lambda_http::http::Method;
use lambda_http::http::header::{IF_MATCH, IF_NONE_MATCH};
use lambda_http::http::request::Parts;
use sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::lambda::Invoked;
use crate::mutant::Mutant;
use crate::net::Reply;

pub use connector::aws_config;
pub use index_commits::IndexCommits;
pub use providers::Providers;
pub use tables::Tables;

/// The object with the state of the search index.
const INDEX_STATE: &str = "index.json";

/// A request to a service.
pub struct Request {
    to: Service,
    body: Vec<u8>,
    by: Option<Arc<Invoked>>,
}

/// The service and the operation.
pub enum Service {
    /// DynamoDB, with the operation.
    Tables(String),
    /// EventBridge's `PutEvents`.
    Bus,
    /// SQS, with the operation.
    Queue(String),
    /// KMS, with the operation.
    BillingKeys(String),
    /// Secrets Manager's `GetSecretValue`.
    Secrets,
    /// S3, with the request's head.
    Objects(Box<Parts>),
    /// A payment provider, with the request's head.
    Provider(Box<Parts>),
}

/// All services.
#[derive(Debug)]
pub struct Services {
    /// DynamoDB.
    pub tables: Arc<Tables>,
    /// S3.
    pub objects: FakeS3,
    /// The commits of the search index.
    pub index_commits: Arc<IndexCommits>,
    /// EventBridge: accepted entries, to be delivered to their targets.
    pub bus: Arc<Mailbox<Value>>,
    /// SQS: events that `relay-events` could not publish.
    pub undelivered: Arc<Mailbox<Value>>,
    /// SQS: commands for `charge-subscription`.
    pub charges: FakeQueue,
    /// SQS: the steps of imports.
    pub import_steps: FakeQueue,
    /// SQS: the steps of exports.
    pub export_steps: FakeQueue,
    /// Orders that the shop cannot serve.
    pub unservable_orders: FakeQueue,
    /// The queue of orders whose tickets change.
    pub ticket_updates: FakeQueue,
    /// SQS: commands for `write-index`.
    pub index: FakeQueue,
    /// SQS: commands for `write-private-index`.
    pub private_index: FakeQueue,
    /// KMS.
    pub kms: FakeKms,
    /// The payment providers.
    pub sandbox: Arc<Sandbox>,
    /// The secret with the providers' credentials.
    pub credentials: Value,
    /// Notified when a provider may have webhooks.
    pub webhooks_ready: Arc<Notify>,
    /// The mutant to run.
    pub mutant: Option<Mutant>,
}

impl Services {
    /// Serves a request; none if it never gets a response.
    pub fn serve(&self, request: &Request) -> Option<Reply> {
        if request.is_cut_off() {
            return None;
        }
        let body = &request.body;
        Some(match &request.to {
            Service::Tables(operation) => {
                let function = request.by.as_ref().map_or("", |by| by.function);
                Reply::Response(self.tables.serve(operation, body, function, self.mutant))
            }
            Service::Bus => Reply::Response(bus::put_events(&self.bus, body, self.mutant)),
            // Only `relay-events` sends single messages.
            Service::Queue(target) if target.ends_with(".SendMessage") => {
                self.undelivered.put(json_of(body));
                Reply::Response(raw_response(200, &json!({ "MessageId": "1" })))
            }
            Service::Queue(target) => {
                let mut body = json_of(body);
                let queue = match body["QueueUrl"].as_str().expect("a queue") {
                    INDEX_URL => &self.index,
                    PRIVATE_INDEX_URL => &self.private_index,
                    IMPORT_STEPS_URL => &self.import_steps,
                    EXPORT_STEPS_URL => &self.export_steps,
                    UNSERVABLE_ORDERS_URL => &self.unservable_orders,
                    TICKET_UPDATES_URL => &self.ticket_updates,
                    _ => &self.charges,
                };
                if self.mutant == Some(Mutant::CommandLost) {
                    lose_command(&mut body);
                }
                if self.mutant == Some(Mutant::CancellationLost) && body["QueueUrl"] == UNSERVABLE_ORDERS_URL {
                    lose_orders(&mut body);
                }
                let (status, answer) = queue.serve(target, &body)?;
                Reply::Response(raw_response(status, &answer))
            }
            Service::BillingKeys(target) => {
                let (status, answer) = self.kms.serve(target, &json_of(body));
                Reply::Response(raw_response(status, &answer))
            }
            Service::Secrets => {
                let name = json_of(body)["SecretId"].clone();
                let secret = match name.as_str() {
                    Some(CARRIER_CREDENTIALS) => carriers(&CARRIER_SECRETS),
                    Some(TICKET_KEYS | ADMISSION_KEYS) => json!({ "1": TICKET_KEY }),
                    _ => self.credentials.clone(),
                };
                let secret = json!({ "Name": name, "SecretString": secret.to_string() });
                Reply::Response(raw_response(200, &secret))
            }
            Service::Objects(head) if self.mutant == Some(Mutant::ObjectLost) && head.method == Method::PUT => {
                Reply::Response(RawResponse::new(200, vec![]))
            }
            Service::Objects(head) => {
                let mut head = head.clone();
                if self.mutant == Some(Mutant::CommitsUnchecked) {
                    head.headers.remove(IF_MATCH);
                    head.headers.remove(IF_NONE_MATCH);
                }
                let response = self.objects.serve(&head, body);
                let is_stored = head.method == Method::PUT && response.status == 200;
                if is_stored && request.is_of_index() && head.uri.path().ends_with(INDEX_STATE) {
                    self.index_commits.push(head.uri.path(), body);
                }
                Reply::Response(response)
            }
            Service::Provider(head) => {
                let reply = providers::serve(&self.sandbox, head, body, self.mutant);
                self.webhooks_ready.notify_one();
                return reply;
            }
        })
    }

    /// Refuses a request without any effect. `draw` decides the reason.
    pub fn refuse(&self, request: &Request, draw: u64) -> Reply {
        Reply::Response(match &request.to {
            Service::Tables(operation) => tables::refuse(operation, &request.body, draw),
            Service::Bus => bus::refuse(&self.bus, &request.body, draw),
            Service::Objects(_) => FakeS3::refuse(),
            Service::Queue(_) | Service::BillingKeys(_) | Service::Secrets => {
                raw_response(500, &json!({ "__type": "InternalServiceError" }))
            }
            Service::Provider(_) => raw_response(503, &json!({ "code": "PROVIDER_ERROR", "message": "down" })),
        })
    }

    /// Returns the result of a request whose response is lost, as a mutant may change it.
    pub fn lost(&self, request: &Request) -> Reply {
        match (&request.to, self.mutant) {
            (Service::Provider(_), Some(Mutant::TimeoutIsRefusal)) => Reply::Response(raw_response(
                400,
                &json!({ "code": "REJECT_CARD_PAYMENT", "message": "no" }),
            )),
            _ => Reply::Lost,
        }
    }
}

impl Request {
    /// Creates a request of the current invocation.
    pub fn new(to: Service, body: Vec<u8>) -> Self {
        Self {
            to,
            body,
            by: Invoked::current(),
        }
    }

    /// Whether the request can conflict with another one.
    pub fn is_transaction(&self) -> bool {
        matches!(&self.to, Service::Tables(operation) if operation == "TransactWriteItems")
    }

    /// Whether the sender ended before its upload: S3 stores an object completely or not at all.
    fn is_cut_off(&self) -> bool {
        matches!(&self.to, Service::Objects(head) if head.method == Method::PUT)
            && self.by.as_ref().is_some_and(|by| by.is_over())
    }

    /// Whether the request is about the index of the search. The engine names its segments at random, so names and lengths of
    /// its bundles are others in each run.
    pub fn is_of_index(&self) -> bool {
        let path = match &self.to {
            Service::Objects(head) => head.uri.path(),
            _ => "",
        };
        let path = path.trim_start_matches('/');
        path.starts_with(SEARCH) || path.starts_with(PRIVATE_SEARCH)
    }

    /// Returns the operation.
    pub fn what(&self) -> String {
        match &self.to {
            Service::Objects(head) if self.is_of_index() => {
                let is_state = head.uri.path().ends_with(INDEX_STATE);
                let object = if is_state { "the state" } else { "a bundle" };
                format!("{} {object} of the index", head.method)
            }
            Service::Tables(operation) => operation.clone(),
            Service::Bus => "PutEvents".to_owned(),
            Service::Queue(target) | Service::BillingKeys(target) => target.clone(),
            Service::Secrets => "GetSecretValue".to_owned(),
            Service::Objects(head) | Service::Provider(head) => format!("{} {}", head.method, head.uri.path()),
        }
    }

    /// Returns the body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns the sender.
    pub fn by(&self) -> String {
        let by = self.by.as_ref();
        by.map_or_else(|| "outside".to_owned(), |by| format!("{}#{}", by.function, by.id))
    }
}

/// A FIFO queue with a single consumer.
#[derive(Debug)]
pub struct Mailbox<T> {
    waiting: Mutex<VecDeque<T>>,
    ready: Notify,
}

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
            ready: Notify::new(),
        }
    }
}

impl<T> Mailbox<T> {
    /// Adds an item.
    pub fn put(&self, item: T) {
        self.waiting.lock().expect("not poisoned").push_back(item);
        self.ready.notify_one();
    }

    /// Waits for the next item.
    pub async fn take(&self) -> T {
        loop {
            if let Some(item) = self.try_take() {
                return item;
            }
            self.ready.notified().await;
        }
    }

    /// Returns the next item, if there is one.
    pub fn try_take(&self) -> Option<T> {
        self.waiting.lock().expect("not poisoned").pop_front()
    }
}

/// Replaces a command about a product that is edited and not sold by one about no product.
fn lose_command(body: &mut Value) {
    for entry in body["Entries"].as_array_mut().into_iter().flatten() {
        if let Some(Value::String(text)) = entry.get_mut("MessageBody") {
            *text = text.replace("shelf-0", "shelf-none");
        }
    }
}

/// Replaces the names of orders by that of no order.
fn lose_orders(body: &mut Value) {
    for entry in body["Entries"].as_array_mut().into_iter().flatten() {
        let nobody = json!({ "order_id": "00000000-0000-0000-0000-000000000000" });
        entry["MessageBody"] = nobody.to_string().into();
    }
}

fn raw_response(status: u16, body: &Value) -> RawResponse {
    RawResponse::new(status, body.to_string())
}

fn json_of(body: &[u8]) -> Value {
    serde_json::from_slice(body).expect("JSON")
}

impl fmt::Debug for Request {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.what())
    }
}
