//! The services that functions talk to: each serves a request whole, at one moment.

mod bus;
mod connector;
mod providers;
mod tables;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};

use harness::embedded::Said;
use harness::objects::FakeS3;
use harness::{FakeKms, FakeQueue};
use lambda_http::http::Method;
use lambda_http::http::request::Parts;
use sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::lambda::Invoked;
use crate::mutant::Mutant;
use crate::net::Reply;

pub use connector::aws_config;
pub use providers::Providers;
pub use tables::Tables;

/// A request to a service.
pub struct Request {
    to: Service,
    body: Vec<u8>,
    by: Option<Arc<Invoked>>,
}

/// Which service, and what it is asked for.
pub enum Service {
    /// DynamoDB's operation.
    Tables(String),
    /// EventBridge's `PutEvents`.
    Bus,
    /// SQS's operation.
    Queue(String),
    /// KMS's operation.
    BillingKeys(String),
    /// Secrets Manager's `GetSecretValue`.
    Secrets,
    /// S3, by the request's head; its body is beside it.
    Objects(Box<Parts>),
    /// A payment provider, likewise.
    Provider(Box<Parts>),
}

/// All services.
#[derive(Debug)]
pub struct Services {
    /// DynamoDB.
    pub tables: Arc<Tables>,
    /// S3.
    pub objects: FakeS3,
    /// EventBridge: what it took, on the way to those who asked for it.
    pub bus: Arc<Mailbox<Value>>,
    /// SQS: what `relay-events` keeps there.
    pub undelivered: Arc<Mailbox<Value>>,
    /// SQS: commands for `charge-subscription`.
    pub charges: FakeQueue,
    /// KMS.
    pub kms: FakeKms,
    /// The payment providers.
    pub sandbox: Arc<Sandbox>,
    /// The secret with their credentials.
    pub credentials: Value,
    /// A provider has something to tell.
    pub told: Arc<Notify>,
    /// What is broken.
    pub mutant: Option<Mutant>,
}

impl Services {
    /// Serves a request; nothing when it is never answered.
    pub fn serve(&self, request: &Request) -> Option<Reply> {
        if request.is_cut_off() {
            return None;
        }
        let body = &request.body;
        Some(match &request.to {
            Service::Tables(operation) => Reply::Said(self.tables.serve(operation, body, self.mutant)),
            Service::Bus => Reply::Said(bus::put_events(&self.bus, body, self.mutant)),
            // Only `relay-events` sends its messages one by one.
            Service::Queue(target) if target.ends_with(".SendMessage") => {
                self.undelivered.put(json_of(body));
                Reply::Said(said(200, &json!({ "MessageId": "1" })))
            }
            Service::Queue(target) => {
                let (status, answer) = self.charges.serve(target, &json_of(body))?;
                Reply::Said(said(status, &answer))
            }
            Service::BillingKeys(target) => {
                let (status, answer) = self.kms.serve(target, &json_of(body));
                Reply::Said(said(status, &answer))
            }
            Service::Secrets => {
                let secret = json!({ "Name": "credentials", "SecretString": self.credentials.to_string() });
                Reply::Said(said(200, &secret))
            }
            Service::Objects(head) if self.mutant == Some(Mutant::ObjectLost) && head.method == Method::PUT => {
                Reply::Said(Said {
                    status: 200,
                    body: vec![],
                })
            }
            Service::Objects(head) => Reply::Said(self.objects.serve(head, body).0),
            Service::Provider(head) => {
                let reply = providers::serve(&self.sandbox, head, body);
                self.told.notify_one();
                return reply;
            }
        })
    }

    /// Refuses a request: nothing is done. `draw` decides for what reason.
    pub fn refuse(&self, request: &Request, draw: u64) -> Reply {
        Reply::Said(match &request.to {
            Service::Tables(operation) => tables::refuse(operation, &request.body, draw),
            Service::Bus => bus::refuse(&self.bus, &request.body, draw),
            Service::Objects(_) => FakeS3::refuse(),
            Service::Queue(_) | Service::BillingKeys(_) | Service::Secrets => {
                said(500, &json!({ "__type": "InternalServiceError" }))
            }
            Service::Provider(_) => said(503, &json!({ "code": "PROVIDER_ERROR", "message": "down" })),
        })
    }

    /// What a broken build makes of a provider's silence.
    pub fn lost(&self, request: &Request) -> Reply {
        match (&request.to, self.mutant) {
            (Service::Provider(_), Some(Mutant::TimeoutIsRefusal)) => {
                Reply::Said(said(400, &json!({ "code": "REJECT_CARD_PAYMENT", "message": "no" })))
            }
            _ => Reply::Lost,
        }
    }
}

impl Request {
    /// A request of the function that is running.
    pub fn new(to: Service, body: Vec<u8>) -> Self {
        Self {
            to,
            body,
            by: Invoked::current(),
        }
    }

    /// Whether it can conflict with another one.
    pub fn is_transaction(&self) -> bool {
        matches!(&self.to, Service::Tables(operation) if operation == "TransactWriteItems")
    }

    /// Whether it ends before its body does, for its sender has: S3 keeps an object whole or not at all.
    fn is_cut_off(&self) -> bool {
        matches!(&self.to, Service::Objects(head) if head.method == Method::PUT)
            && self.by.as_ref().is_some_and(|by| by.is_over())
    }

    /// What is asked for.
    pub fn what(&self) -> String {
        match &self.to {
            Service::Tables(operation) => operation.clone(),
            Service::Bus => "PutEvents".to_owned(),
            Service::Queue(target) | Service::BillingKeys(target) => target.clone(),
            Service::Secrets => "GetSecretValue".to_owned(),
            Service::Objects(head) | Service::Provider(head) => format!("{} {}", head.method, head.uri.path()),
        }
    }

    /// Its body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Who sent it.
    pub fn by(&self) -> String {
        let by = self.by.as_ref();
        by.map_or_else(|| "nobody".to_owned(), |by| format!("{}#{}", by.function, by.id))
    }
}

/// Things that wait to be taken, in order.
#[derive(Debug)]
pub struct Mailbox<T> {
    waiting: Mutex<VecDeque<T>>,
    bell: Notify,
}

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
            bell: Notify::new(),
        }
    }
}

impl<T> Mailbox<T> {
    /// Puts something in.
    pub fn put(&self, thing: T) {
        self.waiting.lock().expect("not poisoned").push_back(thing);
        self.bell.notify_one();
    }

    /// The next thing, once there is one.
    pub async fn take(&self) -> T {
        loop {
            if let Some(thing) = self.try_take() {
                return thing;
            }
            self.bell.notified().await;
        }
    }

    /// The next thing, if there is one.
    pub fn try_take(&self) -> Option<T> {
        self.waiting.lock().expect("not poisoned").pop_front()
    }
}

fn said(status: u16, body: &Value) -> Said {
    Said {
        status,
        body: body.to_string().into_bytes(),
    }
}

fn json_of(body: &[u8]) -> Value {
    serde_json::from_slice(body).expect("JSON")
}

impl fmt::Debug for Request {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.what())
    }
}
