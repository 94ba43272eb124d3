//! What the search does when its server is busy, breaks off or answers something else: a transport plays the server.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use function_tests::SearchFixture;
use function_tests::search_fixture::search_call;
use futures::future::BoxFuture;
use harness::platform::SEARCH;
use lambda_http::http::{Request, Response};
use search::search_documents::SearchDocuments;
use search::state::IndexState;
use serde_json::{Value, json};
use shared::aws::lambda::batch::Batch;
use shared::aws::transport::Transport;
use shared::core::error::Cause;
use uuid::Uuid;

const DOMAIN: &str = "https://search-shop.ap-northeast-2.es.amazonaws.com";
const COLLECTION: &str = "https://abc.ap-northeast-2.aoss.amazonaws.com";

/// Gives these answers in turn, and keeps the requests. `None` breaks the connection off.
#[derive(Debug, Default)]
struct Scripted {
    answers: Mutex<VecDeque<Option<(u16, Value)>>>,
    requests: Mutex<Vec<Request<Vec<u8>>>>,
}

impl Transport for Scripted {
    fn send(&self, request: Request<Vec<u8>>) -> BoxFuture<'_, Result<Response<Vec<u8>>, Cause>> {
        self.requests.lock().unwrap().push(request);
        let answer = self.answers.lock().unwrap().pop_front().expect("an answer");
        Box::pin(async move {
            let (status, body) = answer.ok_or("the connection broke off")?;
            let response = Response::builder().status(status).body(body.to_string().into_bytes());
            Ok(response?)
        })
    }
}

impl Scripted {
    fn new(answers: impl IntoIterator<Item = Option<(u16, Value)>>) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answers.into_iter().collect()),
            requests: Mutex::default(),
        })
    }
}

fn nothing_found() -> Option<(u16, Value)> {
    let body = json!({ "timed_out": false, "_shards": { "failed": 0 }, "hits": { "hits": [] } });
    Some((200, body))
}

fn failed(status: u16) -> Option<(u16, Value)> {
    Some((status, json!({ "error": { "type": "busy" }, "status": status })))
}

/// The status of a search whose server gives these answers, and the requests.
async fn search(endpoint: &str, answers: Vec<Option<(u16, Value)>>) -> (u16, Vec<Request<Vec<u8>>>) {
    let server = Scripted::new(answers);
    let shop = SearchFixture::on_transport(endpoint, server.clone()).await;
    let answer = shop.search(search_call(&[("order", "NEWEST")])).await;
    assert!(server.answers.lock().unwrap().is_empty(), "all answers were asked for");
    let requests = std::mem::take(&mut *server.requests.lock().unwrap());
    (answer.status, requests)
}

#[tokio::test]
async fn a_request_is_signed_for_its_service() {
    for (endpoint, service) in [(DOMAIN, "es"), (COLLECTION, "aoss")] {
        let (status, requests) = search(endpoint, vec![nothing_found()]).await;
        let headers = requests[0].headers();
        let authorization = headers["authorization"].to_str().unwrap();
        assert!(authorization.contains(&format!("/us-east-1/{service}/aws4_request")));
        assert!(authorization.contains("x-amz-content-sha256"));
        assert_eq!(status, 200);
    }
}

#[tokio::test]
async fn texts_are_sent_only_with_tls_or_to_this_machine() {
    let shop = SearchFixture::open().await;
    for (endpoint, is_allowed) in [
        ("http://search.example.com", false),
        ("http://localhost.example.com", false),
        ("ftp://127.0.0.1", false),
        ("search.example.com", false),
        ("http://127.0.0.1:9200", true),
        ("https://search.example.com", true),
    ] {
        let platform = shop.platform().clone().with_variable("SEARCH_ENDPOINT", endpoint);
        assert_eq!(SearchDocuments::new(&platform).is_ok(), is_allowed, "{endpoint}");
    }
}

#[tokio::test]
async fn a_busy_server_is_asked_three_times() {
    let (status, _) = search(DOMAIN, vec![failed(429), None, nothing_found()]).await;
    assert_eq!(status, 200);
    let (status, _) = search(DOMAIN, vec![failed(503), None, failed(429)]).await;
    assert_eq!(status, 503);
}

#[tokio::test]
async fn an_answer_of_a_part_of_the_index_is_none() {
    let body = json!({ "timed_out": false, "_shards": { "failed": 1 }, "hits": { "hits": [] } });
    let (status, _) = search(DOMAIN, vec![Some((200, body))]).await;
    assert_eq!(status, 503);
    let body = json!({ "timed_out": true, "_shards": { "failed": 0 }, "hits": { "hits": [] } });
    let (status, _) = search(DOMAIN, vec![Some((200, body))]).await;
    assert_eq!(status, 503);
}

#[tokio::test]
async fn an_index_that_is_not_known_yet_is_a_matter_of_time_and_a_refusal_is_a_fault() {
    let (status, _) = search(DOMAIN, vec![failed(404)]).await;
    assert_eq!(status, 503);
    for answer in [failed(400), failed(403), Some((200, json!({ "unexpected": true })))] {
        let (status, _) = search(DOMAIN, vec![answer]).await;
        assert_eq!(status, 500);
    }
}

fn exists() -> Option<(u16, Value)> {
    Some((400, json!({ "error": { "type": "resource_already_exists_exception" } })))
}

fn taken(status: u16) -> Option<(u16, Value)> {
    let item = json!({ "index": { "_id": "PRODUCT:tea", "status": status } });
    Some((200, json!({ "items": [item] })))
}

/// A shop whose server gives these answers, and a message that names a product.
async fn shop_with_a_message(server: &Arc<Scripted>) -> (SearchFixture, Batch) {
    let shop = SearchFixture::on_transport(DOMAIN, server.clone()).await;
    shop.put("tea", "Green tea").await;
    shop.name(&["tea"]).await;
    let batch = shop.queue.receive(10, shop.shop.now()).unwrap().batch;
    (shop, batch)
}

#[tokio::test]
async fn a_busy_server_is_written_again_and_a_message_stays_in_the_queue_if_that_fails() {
    let server = Scripted::new([
        exists(),
        taken(429),
        taken(201),
        failed(503),
        failed(503),
        failed(503),
        taken(409),
        failed(403),
    ]);
    let (shop, batch) = shop_with_a_message(&server).await;
    // Busy for one document, then written; busy for all requests, then already there; no access.
    for is_written in [true, true, false] {
        let written = shop.write_batch(&shop.writer, batch.clone()).await;
        assert_eq!(written.is_ok(), is_written, "{written:?}");
    }
    assert!(server.answers.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_server_that_is_not_searched_yet_does_not_stop_the_embedded_index() {
    // A collection of another type takes no ids.
    let item = json!({ "_id": "PRODUCT:tea", "status": 400, "error": { "type": "illegal_argument_exception" } });
    let server = Scripted::new([exists(), Some((200, json!({ "items": [{ "index": item }] })))]);
    let (shop, batch) = shop_with_a_message(&server).await;
    let mut state = IndexState::empty(Uuid::nil(), shop.shop.now());
    shop.s3
        .upload(SEARCH, "opensearch.json", &serde_json::to_vec(&state).unwrap());
    state.current.rebuild_id = Some(Uuid::max());
    shop.s3
        .upload(SEARCH, "index.json", &serde_json::to_vec(&state).unwrap());
    let written = shop.write_batch(&shop.writer, batch).await;
    written.expect("the embedded index is written");
    assert_eq!(shop.found("tea").await, ["tea"]);
    let objects = shop.s3.objects(SEARCH);
    let state: IndexState = serde_json::from_slice(&objects["opensearch.json"].bytes).unwrap();
    assert_eq!(state.next, None, "its build lacks the change, and starts over");
}
