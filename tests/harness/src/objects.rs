//! A stand-in for S3, where the SDK hands requests to HTTP: it keeps objects, counts uploads, and fails when it is told to.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::{Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::{Value, json};

/// The stand-in.
#[derive(Clone, Debug, Default)]
pub struct FakeS3(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<String, Object>,
    /// How many uploads there were.
    uploads: u64,
    /// Methods whose next requests are refused, and with what status.
    planned: HashMap<String, VecDeque<u16>>,
}

/// An object that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// `content-type`.
    pub content_type: String,
    /// `cache-control`.
    pub cache_control: String,
    etag: String,
}

impl FakeS3 {
    /// The SDK's configuration with which its client speaks to this.
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

    /// The next request with this method is refused with `status`; 404 stands for an object that is not there.
    pub fn plan(&self, method: &str, status: u16) {
        let mut state = self.0.lock().expect("not poisoned");
        state.planned.entry(method.to_owned()).or_default().push_back(status);
    }

    /// A customer uploads `bytes`; answers the event that tells of it.
    pub fn upload(&self, bucket: &str, key: &str, bytes: &[u8]) -> Value {
        let mut state = self.0.lock().expect("not poisoned");
        let object = state.put(format!("{bucket}/{key}"), bytes.to_vec());
        let told = json!({
            "key": key,
            "size": bytes.len(),
            "etag": object.etag,
            "sequencer": format!("0062E99A88DC{:06X}", state.uploads),
        });
        json!({
            "source": "aws.s3",
            "detail-type": "Object Created",
            "detail": { "version": "0", "bucket": { "name": bucket }, "object": told, "reason": "PutObject" },
        })
    }

    /// What lies in a bucket.
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

impl State {
    fn put(&mut self, path: String, bytes: Vec<u8>) -> Object {
        self.uploads += 1;
        let object = Object {
            // As S3 does it: the same bytes have the same etag.
            etag: format!("{:032x}", fingerprint(&bytes)),
            bytes,
            content_type: String::new(),
            cache_control: String::new(),
        };
        self.objects.insert(path, object.clone());
        object
    }

    fn serve(&mut self, request: &HttpRequest, body: Vec<u8>) -> (u16, Option<String>, Vec<u8>) {
        let (path, query) = path_and_query(request.uri());
        let header = |name: &str| request.headers().get(name).unwrap_or_default().to_owned();
        if let Some(status) = self.planned.get_mut(request.method()).and_then(VecDeque::pop_front) {
            return (status, None, error(status));
        }
        match (request.method(), query.contains("delete")) {
            ("PUT", _) => {
                let mut object = self.put(path.clone(), body);
                object.content_type = header("content-type");
                object.cache_control = header("cache-control");
                let etag = object.etag.clone();
                self.objects.insert(path, object);
                (200, Some(etag), vec![])
            }
            ("GET", _) => match self.objects.get(&path) {
                None => (404, None, error(404)),
                Some(object) if !["", &object.etag].contains(&header("if-match").trim_matches('"')) => {
                    (412, None, error(412))
                }
                Some(object) => (200, Some(object.etag.clone()), object.bytes.clone()),
            },
            ("DELETE", _) => {
                self.objects.remove(&path);
                (204, None, vec![])
            }
            ("POST", true) => {
                let wanted = String::from_utf8(body).expect("XML");
                let keys = wanted
                    .split("<Key>")
                    .skip(1)
                    .filter_map(|rest| rest.split_once("</Key>"));
                for (key, _) in keys {
                    self.objects.remove(&format!("{}/{key}", path.trim_end_matches('/')));
                }
                (200, None, b"<DeleteResult></DeleteResult>".to_vec())
            }
            (method, _) => panic!("nobody needs {method} {path}"),
        }
    }
}

fn fingerprint(bytes: &[u8]) -> u128 {
    bytes
        .iter()
        .fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash: u128, &byte| {
            (hash ^ u128::from(byte)).wrapping_mul(0x0100_0000_0000_0000_013b)
        })
}

/// `/bucket/key` and what stands behind the question mark.
fn path_and_query(uri: &str) -> (String, String) {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let path = rest.split_once('/').map_or("", |(_, path)| path);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    (path.to_owned(), query.to_owned())
}

/// An error as S3 words it.
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
            let (status, etag, answer) =
                s3.0.lock()
                    .expect("not poisoned")
                    .serve(&request, body.into_bytes().to_vec());
            let status = StatusCode::try_from(status).expect("a status");
            let mut response = HttpResponse::new(status, SdkBody::from(answer));
            if let Some(etag) = etag {
                response.headers_mut().insert("etag", format!("\"{etag}\""));
            }
            Ok(response)
        })
    }
}
