//! An in-memory stand-in for S3: stores objects, counts changes, and fails as the test says.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::{Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use jiff::Timestamp;
use lambda_http::http::request::Parts;
use serde_json::{Value, json};

use crate::embedded::RawResponse;

/// The start of the tests' clock.
const START: &str = "2026-01-01T00:00:00.000Z";

/// Maximum number of keys in a list (S3 API reference, ListObjectsV2).
const PAGE: usize = 1000;

/// The stand-in. Clones share their state.
#[derive(Clone, Debug, Default)]
pub struct FakeS3(Arc<Mutex<State>>);

/// The clock of a stand-in. Without one, every object is stored at the start of the tests' clock.
#[derive(Default)]
struct Clock(Option<Box<dyn Fn() -> Timestamp + Send>>);

#[derive(Debug, Default)]
struct State {
    clock: Clock,
    objects: BTreeMap<String, Object>,
    /// Number of changes; sequencers are derived from it.
    changes: u64,
    /// Statuses with which the next requests of a method are refused; none for one that is served.
    planned: HashMap<String, VecDeque<Option<u16>>>,
    /// Methods whose next response is lost.
    lost: Vec<String>,
}

/// A stored object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The object's bytes.
    pub bytes: Vec<u8>,
    /// `content-type`.
    pub content_type: String,
    /// `cache-control`.
    pub cache_control: String,
    /// Position in the order of uploads to this key.
    pub sequencer: String,
    stored_at: Timestamp,
    etag: String,
}

impl FakeS3 {
    /// Returns an SDK configuration whose S3 client uses this stand-in.
    pub fn config(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .endpoint_url("http://s3.test")
            .credentials_provider(aws_sdk_dynamodb::config::SharedCredentialsProvider::new(
                Credentials::for_tests(),
            ))
            .http_client(SharedHttpClient::new(self.clone()))
            .build()
    }

    /// Refuses the next request of this method with `status`; 404 means that the object does not exist.
    pub fn plan(&self, method: &str, status: u16) {
        let mut state = self.0.lock().expect("not poisoned");
        let planned = state.planned.entry(method.to_owned()).or_default();
        planned.push_back(Some(status));
    }

    /// Serves the next request of this method, before those that are planned after it.
    pub fn plan_served(&self, method: &str) {
        let mut state = self.0.lock().expect("not poisoned");
        state.planned.entry(method.to_owned()).or_default().push_back(None);
    }

    /// Serves the next request of this method, and loses its response.
    pub fn lose_answer(&self, method: &str) {
        self.0.lock().expect("not poisoned").lost.push(method.to_owned());
    }

    /// Uploads `bytes` as a customer and returns the event that S3 sends.
    pub fn upload(&self, bucket: &str, key: &str, bytes: &[u8]) -> Value {
        let mut state = self.0.lock().expect("not poisoned");
        let object = state.put(format!("{bucket}/{key}"), bytes.to_vec());
        let object_detail = json!({
            "key": key,
            "size": bytes.len(),
            "etag": object.etag,
            "sequencer": object.sequencer,
        });
        json!({
            "source": "aws.s3",
            "detail-type": "Object Created",
            "detail": { "version": "0", "bucket": { "name": bucket }, "object": object_detail, "reason": "PutObject" },
        })
    }

    /// Sets the clock that tells when an object is stored.
    pub fn set_clock(&self, clock: impl Fn() -> Timestamp + Send + 'static) {
        self.0.lock().expect("not poisoned").clock = Clock(Some(Box::new(clock)));
    }

    /// Removes an object, as somebody does by mistake.
    pub fn remove(&self, bucket: &str, key: &str) {
        let mut state = self.0.lock().expect("not poisoned");
        state.objects.remove(&format!("{bucket}/{key}"));
    }

    /// Serves a request.
    ///
    /// # Panics
    /// If no function sends such a request.
    pub fn serve(&self, request: &Parts, body: &[u8]) -> RawResponse {
        let (status, etag, body) = self.0.lock().expect("not poisoned").serve(request, body);
        RawResponse { status, body, etag }
    }

    /// Refuses a request because S3 is busy.
    pub fn refuse() -> RawResponse {
        RawResponse::new(503, error(503))
    }

    /// Returns how often objects were written or deleted.
    pub fn changes(&self) -> u64 {
        self.0.lock().expect("not poisoned").changes
    }

    /// Returns the objects in a bucket.
    pub fn objects(&self, bucket: &str) -> BTreeMap<String, Object> {
        let state = self.0.lock().expect("not poisoned");
        let prefix = format!("{bucket}/");
        let own = state.objects.iter().filter_map(|(path, object)| {
            let key = path.strip_prefix(&prefix)?;
            Some((key.to_owned(), object.clone()))
        });
        own.collect()
    }
}

impl Clock {
    fn now(&self) -> Timestamp {
        let start = || START.parse().expect("a time");
        self.0.as_ref().map_or_else(start, |now| now())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Clock")
    }
}

impl State {
    fn put(&mut self, path: String, bytes: Vec<u8>) -> Object {
        self.changes += 1;
        let object = Object {
            // As in S3, the same bytes have the same ETag.
            etag: format!("{:032x}", fingerprint(&bytes)),
            sequencer: format!("0062E99A88DC{:06X}", self.changes),
            stored_at: self.clock.now(),
            bytes,
            content_type: String::new(),
            cache_control: String::new(),
        };
        self.objects.insert(path, object.clone());
        object
    }

    fn serve(&mut self, request: &Parts, body: &[u8]) -> (u16, Option<String>, Vec<u8>) {
        let path = request.uri.path().trim_start_matches('/').to_owned();
        let query = request.uri.query().unwrap_or_default();
        let header = |name: &str| {
            let value = request.headers.get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let method = request.method.as_str();
        if let Some(lost) = self.lost.iter().position(|lost| lost == method) {
            self.lost.swap_remove(lost);
            self.serve(request, body);
            return (503, None, error(503));
        }
        if let Some(Some(status)) = self.planned.get_mut(method).and_then(VecDeque::pop_front) {
            return (status, None, error(status));
        }
        match (method, query.contains("delete")) {
            ("PUT", _) if !self.may_replace(&path, &header("if-match"), &header("if-none-match")) => {
                (412, None, error(412))
            }
            ("PUT", _) => {
                let mut object = self.put(path.clone(), body.to_vec());
                object.content_type = header("content-type");
                object.cache_control = header("cache-control");
                let etag = object.etag.clone();
                self.objects.insert(path, object);
                (200, Some(etag), vec![])
            }
            ("GET", _) if query.contains("list-type=2") => (200, None, self.list(&path, query)),
            ("GET", _) => match self.objects.get(&path) {
                None => (404, None, error(404)),
                Some(object) if !["", &object.etag].contains(&header("if-match").trim_matches('"')) => {
                    (412, None, error(412))
                }
                Some(object) if header("if-none-match").trim_matches('"') == object.etag => (304, None, vec![]),
                Some(object) => match range(&header("range"), object.bytes.len()) {
                    None => (200, Some(object.etag.clone()), object.bytes.clone()),
                    Some(range) => (206, Some(object.etag.clone()), object.bytes[range].to_vec()),
                },
            },
            ("DELETE", _) => {
                self.changes += 1;
                self.objects.remove(&path);
                (204, None, vec![])
            }
            ("POST", true) => {
                self.changes += 1;
                let wanted = String::from_utf8_lossy(body);
                let keys = wanted
                    .split("<Key>")
                    .skip(1)
                    .filter_map(|rest| rest.split_once("</Key>"));
                for (key, _) in keys {
                    self.objects.remove(&format!("{}/{key}", path.trim_end_matches('/')));
                }
                (200, None, b"<DeleteResult></DeleteResult>".to_vec())
            }
            (method, _) => panic!("unsupported request {method} {path}"),
        }
    }

    /// Whether the preconditions of a write hold.
    fn may_replace(&self, path: &str, if_match: &str, if_none_match: &str) -> bool {
        let stored = self.objects.get(path).map(|object| object.etag.as_str());
        let is_expected = if_match.is_empty() || stored == Some(if_match.trim_matches('"'));
        is_expected && (if_none_match.is_empty() || stored.is_none())
    }

    /// Lists the first thousand keys with a prefix, after a start key.
    fn list(&self, bucket: &str, query: &str) -> Vec<u8> {
        let parameter = |name: &str| {
            let given = query
                .split('&')
                .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            given.unwrap_or_default().replace("%2F", "/")
        };
        let bucket = bucket.trim_end_matches('/');
        let (prefix, after) = (parameter("prefix"), parameter("start-after"));
        let keys = self.objects.iter().filter_map(|(path, object)| {
            let key = path.strip_prefix(bucket)?.strip_prefix('/')?;
            Some((key, object.stored_at))
        });
        let mut keys = keys.filter(|(key, _)| key.starts_with(&prefix) && **key > *after);
        let page = keys.by_ref().take(PAGE);
        let contents: String = page
            .map(|(key, stored_at)| {
                format!("<Contents><Key>{key}</Key><LastModified>{stored_at}</LastModified></Contents>")
            })
            .collect();
        let is_truncated = keys.next().is_some();
        format!("<ListBucketResult>{contents}<IsTruncated>{is_truncated}</IsTruncated></ListBucketResult>").into_bytes()
    }
}

/// The bytes that a `Range` header names, if there is one.
fn range(header: &str, length: usize) -> Option<Range<usize>> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    let (first, last): (usize, usize) = (first.parse().expect("a number"), last.parse().expect("a number"));
    Some(first..length.min(last + 1))
}

fn fingerprint(bytes: &[u8]) -> u128 {
    bytes
        .iter()
        .fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash: u128, &byte| {
            (hash ^ u128::from(byte)).wrapping_mul(0x0100_0000_0000_0000_013b)
        })
}

/// Returns an error in S3's format.
fn error(status: u16) -> Vec<u8> {
    let code = match status {
        403 => "AccessDenied",
        404 => "NoSuchKey",
        412 => "PreconditionFailed",
        503 => "SlowDown",
        _ => "InternalError",
    };
    format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>").into_bytes()
}

impl HttpClient for FakeS3 {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for FakeS3 {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let s3 = self.clone();
        HttpConnectorFuture::new(async move {
            let body = std::mem::replace(request.body_mut(), SdkBody::empty());
            let body = ByteStream::new(body).collect().await.expect("a body in memory");
            let (head, _) = request.try_into_http1x().expect("a request").into_parts();
            Ok(s3.serve(&head, &body.into_bytes()).into())
        })
    }
}
