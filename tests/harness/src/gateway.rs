//! Builds requests as an HTTP API sends them to a function (payload format 2.0), and parses responses.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lambda_http::{Body, Request, Response};
use serde_json::{Value, json};

/// A request builder.
#[derive(Clone, Debug)]
pub struct Call {
    event: Value,
}

impl Call {
    /// Starts a request with `method` for `route`, as the template has it, with its parameters in braces.
    pub fn new(method: &str, route: &str) -> Self {
        Self {
            event: json!({
                "version": "2.0",
                "routeKey": format!("{method} {route}"),
                "rawPath": route,
                "rawQueryString": "",
                "headers": { "host": "api.example.com", "content-type": "application/json" },
                "isBase64Encoded": false,
                "requestContext": {
                    "accountId": "123456789012",
                    "apiId": "api",
                    "domainName": "api.example.com",
                    "domainPrefix": "api",
                    "http": {
                        "method": method,
                        "path": route,
                        "protocol": "HTTP/1.1",
                        "sourceIp": "192.0.2.1",
                        "userAgent": "test",
                    },
                    "requestId": "request",
                    "routeKey": format!("{method} {route}"),
                    "stage": "$default",
                    "time": "01/Jan/2026:00:00:00 +0000",
                    "timeEpoch": 1_767_225_600_000_i64,
                },
            }),
        }
    }

    /// Adds a customer's token.
    #[must_use]
    pub fn by(mut self, customer: &str) -> Self {
        let claims = json!({ "sub": customer, "token_use": "access" });
        self.event["requestContext"]["authorizer"] = json!({ "jwt": { "claims": claims, "scopes": null } });
        self
    }

    /// Adds an administrator's token.
    #[must_use]
    pub fn by_admin(mut self) -> Self {
        self = self.by("the-admin");
        self.event["requestContext"]["authorizer"]["jwt"]["claims"]["cognito:groups"] = json!("[admin]");
        self
    }

    /// Adds an `Idempotency-Key`.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.event["headers"][name] = json!(value);
        self
    }

    /// Adds a path parameter.
    #[must_use]
    pub fn path(mut self, name: &str, value: &str) -> Self {
        self.event["pathParameters"][name] = json!(value);
        self
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.event["queryStringParameters"][name] = json!(value);
        let separator = if self.event["rawQueryString"] == "" { "" } else { "&" };
        let query = self.event["rawQueryString"].as_str().expect("text");
        self.event["rawQueryString"] = json!(format!("{query}{separator}{name}={value}"));
        self
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.text(&body.to_string())
    }

    /// Sets any text as the body.
    #[must_use]
    pub fn text(mut self, body: &str) -> Self {
        self.event["body"] = json!(body);
        self
    }

    /// Sets a body as the gateway encodes binary content.
    #[must_use]
    pub fn base64(mut self, body: &[u8]) -> Self {
        self.event["body"] = json!(STANDARD.encode(body));
        self.event["isBase64Encoded"] = json!(true);
        self
    }

    /// Returns the event that Lambda sends.
    pub const fn event(&self) -> &Value {
        &self.event
    }

    /// Returns the request that the function receives.
    pub fn request(&self) -> Request {
        lambda_http::request::from_str(&self.event.to_string()).expect("a request of an HTTP API")
    }
}

/// A parsed response.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Whether it repeats the response to an earlier request.
    pub replayed: bool,
    /// The `Retry-After` header.
    pub retry_after: Option<String>,
    /// The media type.
    pub media_type: String,
    /// The parsed body.
    pub body: Value,
}

impl Answer {
    /// Parses a function's response. An error becomes the problem that the caller receives.
    pub fn of(outcome: Result<Response<Body>, shared::Error>) -> Self {
        let response = outcome.unwrap_or_else(|error| shared::aws::lambda::problem::respond(&error));
        let header = |name: &str| {
            let value = response.headers().get(name)?;
            Some(value.to_str().expect("a text header").to_owned())
        };
        Self {
            status: response.status().as_u16(),
            replayed: header("idempotency-replayed").as_deref() == Some("true"),
            retry_after: header("retry-after"),
            media_type: header("content-type").unwrap_or_default(),
            body: serde_json::from_slice(response.body()).unwrap_or_default(),
        }
    }

    /// Returns the code at the end of the problem's type.
    pub fn problem(&self) -> &str {
        assert_eq!(self.media_type, "application/problem+json", "{self:?}");
        assert_eq!(self.body["status"], self.status, "{self:?}");
        let kind = self.body["type"].as_str().expect("a problem has a type");
        kind.strip_prefix("urn:madang:problem:")
            .expect("a problem type of this API")
    }
}
