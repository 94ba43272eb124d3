//! Parsed requests and responses.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::Request;
use hyper::header::HeaderMap;
use serde_json::Value;

/// The names and values of a form or query, in order.
pub type Pairs = Vec<(String, String)>;

/// A parsed request.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: String,
    pub path: String,
    pub query: Pairs,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Call {
    /// Parses a request.
    pub fn of(request: Request<Vec<u8>>) -> Self {
        let (head, body) = request.into_parts();
        let query = head.uri.query().unwrap_or_default();
        Self {
            method: head.method.as_str().to_owned(),
            path: head.uri.path().to_owned(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers: head.headers,
            body,
        }
    }

    /// Returns the value of a text header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the body as a JSON object, if it is one.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok().filter(Value::is_object)
    }

    /// Returns the body as a form.
    pub fn form(&self) -> Pairs {
        form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// Whether `key` is the user name of the basic authentication, with an empty password.
    pub fn has_basic(&self, key: &str) -> bool {
        self.header("authorization") == Some(&format!("Basic {}", STANDARD.encode(format!("{key}:"))))
    }
}

/// Returns the first value of a name.
pub fn value<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(each, _)| each == name)
        .map(|(_, value)| value.as_str())
}

/// A response.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether it is stored under the request's idempotency key.
    pub stored: bool,
}

impl Answer {
    /// Creates a JSON response.
    pub fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.to_string().into_bytes(),
            stored: true,
        }
    }

    /// Creates a response without a body.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: vec![],
            body: vec![],
            stored: true,
        }
    }

    /// Marks the response as not stored for idempotency.
    pub fn not_stored(mut self) -> Self {
        self.stored = false;
        self
    }

    /// Adds a header.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}
