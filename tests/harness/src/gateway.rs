//! Builds requests as an HTTP API sends them to a function (payload format 2.0), and parses responses.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::{Invocation, gateway, serve};

use crate::{description, recording};

/// A request builder.
#[derive(Clone, Debug)]
pub struct Call {
    route: String,
    event: Value,
}

impl Call {
    /// Starts a request with `method` for `route`, as the template has it, with its parameters in braces.
    pub fn new(method: &str, route: &str) -> Self {
        Self {
            route: format!("{method} {route}"),
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

    /// Sets a field of the event, at a JSON pointer, to any value.
    ///
    /// # Panics
    /// If the event has no such field.
    #[must_use]
    pub fn set(mut self, field: &str, value: Value) -> Self {
        *self.event.pointer_mut(field).expect("a field of the event") = value;
        self
    }

    /// Returns the route, such as `GET /orders/{order_id}`.
    pub fn route(&self) -> &str {
        &self.route
    }

    /// Returns the event that Lambda sends.
    pub const fn event(&self) -> &Value {
        &self.event
    }

    /// Sends the request to a function, through the code that receives it when deployed, and checks its response against
    /// the API description.
    ///
    /// # Panics
    /// If the operation does not declare the response.
    pub async fn send<R>(&self, invocation: Invocation, handle: impl FnOnce(Request, Invocation) -> R) -> Answer
    where
        R: Future<Output = Result<Response, shared::Error>>,
    {
        self.declared(self.send_unchecked(invocation, handle).await)
    }

    /// Checks a response to this request against the API description.
    ///
    /// # Panics
    /// If the operation does not declare the response.
    pub fn declared(&self, answer: Answer) -> Answer {
        if let Some(violation) = description::violation(&self.route, &answer) {
            panic!("{violation}");
        }
        recording::note(self, &answer);
        answer
    }

    /// Sends the request to a function, through the code that receives it when deployed. For measurements, which a check of
    /// the response would change.
    pub async fn send_unchecked<R>(
        &self,
        invocation: Invocation,
        handle: impl FnOnce(Request, Invocation) -> R,
    ) -> Answer
    where
        R: Future<Output = Result<Response, shared::Error>>,
    {
        Answer::of(serve::respond(&self.event.to_string(), invocation, handle).await)
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
    /// The `Link` header.
    pub link: Option<String>,
    /// The media type.
    pub media_type: String,
    /// The id of the request.
    pub request_id: String,
    /// All headers, by names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The parsed body, or its text if it is not JSON.
    pub body: Value,
}

impl Answer {
    /// Parses a function's response.
    pub fn of(response: Response) -> Self {
        let result = serde_json::to_value(gateway::result(response)).expect("JSON");
        let headers = result["headers"].as_object().into_iter().flatten();
        let headers: BTreeMap<String, String> = headers
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect();
        let header = |name: &str| headers.get(name).cloned();
        let body = result["body"].as_str().unwrap_or_default();
        Self {
            status: result["statusCode"]
                .as_u64()
                .and_then(|status| status.try_into().ok())
                .expect("a status"),
            replayed: header("idempotency-replayed").as_deref() == Some("true"),
            retry_after: header("retry-after"),
            link: header("link"),
            media_type: header("content-type").unwrap_or_default(),
            body: if body.is_empty() {
                Value::Null
            } else {
                serde_json::from_str(body).unwrap_or_else(|_| json!(body))
            },
            request_id: header("request-id").unwrap_or_default(),
            headers,
        }
    }

    /// Returns a header, which the response must have.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .unwrap_or_else(|| panic!("no header {name}: {self:?}"))
    }

    /// Returns the code at the end of the problem's type.
    pub fn problem(&self) -> &str {
        assert_eq!(self.media_type, "application/problem+json", "{self:?}");
        assert_eq!(self.body["status"], self.status, "{self:?}");
        let instance = format!("urn:madang:request:{}", self.request_id);
        assert_eq!(self.body["instance"], instance, "{self:?}");
        let kind = self.body["type"].as_str().expect("a problem has a type");
        kind.strip_prefix("urn:madang:problem:")
            .expect("a problem type of this API")
    }
}
