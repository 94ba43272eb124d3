//! HTTP calls to providers: each is sent once, and its outcome is unknown unless the whole response is read.

mod outcome;

pub use outcome::display_text;
pub(crate) use outcome::{
    CallError, answer, check_refunded_sum, not_charged, provider_unavailable, refused_unless_changed,
    unknown_if_pending,
};

use std::sync::Arc;
use std::time::Duration;

use lambda_http::http::Request;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode, Url};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::aws::transport::Transport;
use crate::core::error::Cause;

/// The time limit for a confirmation.
pub(crate) const CONFIRM_LIMIT: Duration = Duration::from_secs(20);
/// The time limit for other calls.
pub(crate) const CALL_LIMIT: Duration = Duration::from_secs(8);

/// A client for all providers.
#[derive(Clone, Debug)]
pub(crate) struct Http(Arc<dyn Transport>);

/// A request to a provider.
#[derive(Debug)]
pub(crate) struct Call {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// A complete response.
#[derive(Debug)]
pub(crate) struct Reply {
    pub status: StatusCode,
    pub body: Value,
}

/// No readable response: the outcome of the request is unknown.
#[derive(Debug)]
pub(crate) struct NoResponse(pub Cause);

impl Http {
    /// Creates a client that sends through `transport`.
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self(transport)
    }

    /// Sends `call` and reads the response, within `limit` and before `deadline`.
    pub async fn send(&self, call: Call, limit: Duration, deadline: Instant) -> Result<Reply, NoResponse> {
        let deadline = deadline.min(Instant::now() + limit);
        match timeout_at(deadline, self.exchange(call)).await {
            Ok(exchanged) => exchanged.map_err(NoResponse),
            Err(elapsed) => Err(NoResponse(elapsed.into())),
        }
    }

    async fn exchange(&self, call: Call) -> Result<Reply, Cause> {
        let mut request = Request::new(call.body);
        *request.method_mut() = call.method;
        *request.uri_mut() = call.url.as_str().parse()?;
        *request.headers_mut() = call.headers;
        let (head, body) = self.0.send(request).await?.into_parts();
        let status = head.status;
        let body = match body.as_slice() {
            // An empty body has no fields.
            [] => Value::Null,
            body => serde_json::from_slice(body).map_err(|error| unreadable(status, &error))?,
        };
        Ok(Reply { status, body })
    }
}

/// The error of an unreadable body. It contains the position and not the body.
fn unreadable(status: StatusCode, error: &serde_json::Error) -> Cause {
    format!("the {status} response is not JSON at line {}", error.line()).into()
}

impl Call {
    /// Creates a GET of `path` under `base`. Encodes each segment.
    pub fn get(base: &str, path: &[&str]) -> Result<Self, Cause> {
        Self::new(Method::GET, base, path)
    }

    /// Creates a POST to `path` under `base`. Encodes each segment.
    pub fn post(base: &str, path: &[&str]) -> Result<Self, Cause> {
        Self::new(Method::POST, base, path)
    }

    /// Creates a DELETE of `path` under `base`. Encodes each segment.
    pub fn delete(base: &str, path: &[&str]) -> Result<Self, Cause> {
        Self::new(Method::DELETE, base, path)
    }

    fn new(method: Method, base: &str, path: &[&str]) -> Result<Self, Cause> {
        Ok(Self {
            method,
            url: url(base, path)?,
            headers: HeaderMap::new(),
            body: vec![],
        })
    }

    /// Adds a header.
    pub fn header(mut self, name: &'static str, value: &str) -> Result<Self, Cause> {
        self.headers
            .insert(HeaderName::from_static(name), HeaderValue::from_str(value)?);
        Ok(self)
    }

    /// Adds the `Authorization` header and marks it as sensitive.
    pub fn authorization(mut self, value: &str) -> Result<Self, Cause> {
        let mut value = HeaderValue::from_str(value)?;
        value.set_sensitive(true);
        self.headers.insert(reqwest::header::AUTHORIZATION, value);
        Ok(self)
    }

    /// Adds a query parameter.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        self
    }

    /// Sets a JSON body.
    pub fn json(mut self, body: &Value) -> Result<Self, Cause> {
        self.body = serde_json::to_vec(body)?;
        self.header("content-type", "application/json")
    }

    /// Sets a form body.
    pub fn form(mut self, fields: &[(&str, String)]) -> Result<Self, Cause> {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.body = form.into_bytes();
        self.header("content-type", "application/x-www-form-urlencoded")
    }
}

/// The URL of `path` under `base`. Rejects segments that a URL would drop or change.
fn url(base: &str, path: &[&str]) -> Result<Url, Cause> {
    if !is_path(path) {
        return Err("the path has an invalid segment".into());
    }
    let mut url = Url::parse(base)?;
    url.path_segments_mut()
        .map_err(|()| "the provider's base URL is not an HTTP URL")?
        .pop_if_empty()
        .extend(path);
    Ok(url)
}

/// Whether a URL keeps all segments of `path`.
pub(crate) fn is_path(path: &[&str]) -> bool {
    let is_lost = |segment: &&str| matches!(*segment, "" | "." | "..") || segment.contains(char::is_control);
    !path.iter().any(is_lost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::transport::{HttpsTransport, MAX_BODY};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// Calls a server that sends `answer`, then closes the connection or stays silent.
    async fn call(answer: String, closes: bool) -> Result<Reply, NoResponse> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = connection.read(&mut request).await;
            let _ = connection.write_all(answer.as_bytes()).await;
            if !closes {
                std::future::pending::<()>().await;
            }
        });
        let call = Call::get(&base, &["v1"]).unwrap();
        let reply = Http::new(Arc::new(HttpsTransport::new().unwrap()));
        let reply = reply
            .send(call, Duration::from_millis(300), Instant::now() + CONFIRM_LIMIT)
            .await;
        server.abort();
        reply
    }

    fn answer(status: &str, body: &str) -> String {
        let length = body.len();
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nlocation: http://127.0.0.1:1/\r\n\r\n{body}")
    }

    #[tokio::test]
    async fn a_response_is_read_whole_or_the_outcome_is_unknown() {
        let (long, cut) = ("\"".to_owned() + &"x".repeat(MAX_BODY), answer("200 OK", "[1,2]"));
        let chunked = format!(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{long}\r\n0\r\n\r\n",
            long.len()
        );
        for (answer, closes, expected) in [
            (answer("200 OK", "[1]"), true, Some(200)),
            (answer("402 Payment Required", "{}"), true, Some(402)),
            (answer("307 Temporary Redirect", "{}"), true, Some(307)),
            (answer("200 OK", "<html>"), true, None),
            (answer("204 No Content", ""), true, Some(204)),
            (answer("200 OK", &format!("{long}\"")), true, None),
            (chunked, true, None),
            (cut[..cut.len() - 1].to_owned(), true, None),
            (cut[..cut.len() - 1].to_owned(), false, None),
            (String::new(), true, None),
            (String::new(), false, None),
        ] {
            let reply = call(answer.clone(), closes).await;
            let status = reply.ok().map(|reply| reply.status.as_u16());
            assert_eq!(status, expected, "{}", &answer[..answer.len().min(80)]);
        }
    }

    #[tokio::test]
    async fn a_call_ends_at_its_deadline() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let call = Call::get(&base, &["v1"]).unwrap();
        let begun = Instant::now();
        let http = Http::new(Arc::new(HttpsTransport::new().unwrap()));
        let sent = http.send(call, CONFIRM_LIMIT, begun + Duration::from_millis(50)).await;
        assert!(sent.is_err());
        assert!(begun.elapsed() < CALL_LIMIT);
    }

    #[test]
    fn a_url_keeps_every_segment_or_is_rejected() {
        for (segment, expected) in [
            ("tgen_1", Some("https://a.example/toss/v1/tgen_1")),
            ("a/../b", Some("https://a.example/toss/v1/a%2F..%2Fb")),
            ("a?b#c", Some("https://a.example/toss/v1/a%3Fb%23c")),
            ("%2e%2e", Some("https://a.example/toss/v1/%252e%252e")),
            ("키", Some("https://a.example/toss/v1/%ED%82%A4")),
            ("a\\b c", Some("https://a.example/toss/v1/a%5Cb%20c")),
            ("..", None),
            (".", None),
            ("", None),
            ("a\tb", None),
        ] {
            for base in ["https://a.example/toss", "https://a.example/toss/"] {
                let url = url(base, &["v1", segment]).map(String::from);
                assert_eq!(url.ok().as_deref(), expected, "{segment:?}");
            }
        }
    }

    #[test]
    fn a_secret_key_is_in_no_message() {
        let call = Call::post("https://a.example", &["v1"]).unwrap();
        let call = call.authorization("Bearer hush").unwrap();
        assert!(!format!("{call:?}").contains("hush"));
        let error = Call::post("https://a.example", &["v1"])
            .unwrap()
            .authorization("hush\n");
        assert!(!format!("{:?}", error.unwrap_err()).contains("hush"));
    }
}
