//! A shop with a search: the search functions on the engine, a stand-in for S3 and one for the queue.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_config::BehaviorVersion;
use harness::gateway::{Answer, Call};
use harness::objects::FakeS3;
use harness::platform::SEARCH;
use harness::{FakeQueue, Services};
use jiff::SignedDuration;
use search::opensearch::OpenSearch;
use search::roll_back_search_index::RollBackSearchIndex;
use search::searcher::Searcher;
use search::state::IndexState;
use search::write_index::WriteIndex;
use serde_json::{Value, json};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::batch::Batch;
use shared::aws::transport::{HttpsTransport, Transport};
use shared::core::actor::Actor;
use shared::search::{DocumentKind, IndexQueue};

use crate::Shop;
use crate::search_server::SearchServer;

/// A shop with a search.
#[derive(Debug)]
pub struct SearchFixture {
    /// The shop.
    pub shop: Shop,
    /// The stand-in for S3.
    pub s3: FakeS3,
    /// The queue of the index.
    pub queue: FakeQueue,
    /// The function that writes the index, warm from one call to the next.
    pub writer: WriteIndex,
    platform: Platform,
    bucket: String,
    /// The server behind the search. None for the embedded engine.
    server: Option<SearchServer>,
}

/// The longest response of a server, in bytes.
const MAX_REPLY: usize = 16 << 20;

/// The time limit of an invocation with a server on this machine.
const LOCAL: Duration = Duration::from_secs(16);

/// How long a search may take to see what was written: a serverless OpenSearch takes up to a minute.
const SEEN_WITHIN: Duration = Duration::from_secs(90);

impl SearchFixture {
    /// Opens an empty shop without an index.
    pub async fn open() -> Self {
        let shop = Shop::open().await;
        let queue = shop.index_queue.clone();
        Self::of(shop, queue, FakeS3::default(), None).await
    }

    /// Opens an empty shop whose search is on a server, without an index. None if there is no server.
    pub async fn on_server() -> Option<Self> {
        let server = SearchServer::start()?;
        let mut shop = Shop::open().await;
        if !server.is_external() {
            // A rebuild waits until searches see it, and one that is incomplete waits in vain.
            shop = shop.with_time(LOCAL);
        }
        let queue = shop.index_queue.clone();
        Some(Self::of(shop, queue, FakeS3::default(), Some(server)).await)
    }

    /// The same shop and bucket, with a server added to the embedded engine. None if there is no server.
    pub async fn moved_to_server(self) -> Option<Self> {
        let server = SearchServer::start()?;
        Some(Self::of(self.shop, self.queue, self.s3, Some(server)).await)
    }

    /// Opens a shop whose search is on a server that `transport` plays, and complete.
    pub async fn on_transport(endpoint: &str, transport: Arc<dyn Transport>) -> Self {
        let mut shop = Self::open().await;
        let invocation = shop.shop.invocation();
        let mut state = IndexState::empty(invocation.new_id(), invocation.now);
        state.current.rebuild_id = Some(invocation.new_id());
        let state = serde_json::to_vec(&state).expect("it serializes");
        shop.s3.upload(SEARCH, "opensearch.json", &state);
        shop.platform = shop
            .platform
            .with_variable("SEARCH_ENDPOINT", endpoint)
            .with_transport(transport);
        shop.writer = WriteIndex::new(&shop.platform).expect("its variables");
        shop
    }

    async fn of(shop: Shop, queue: FakeQueue, s3: FakeS3, server: Option<SearchServer>) -> Self {
        let services = Services {
            objects: Some(s3.clone()),
            queue: Some(queue.clone()),
            ..Services::default()
        };
        let mut aws = services.config().into_builder();
        // An OpenSearch of others' has others' indexes, and those of earlier runs.
        let is_external = server.as_ref().is_some_and(SearchServer::is_external);
        let bucket = if is_external {
            let own = aws_config::defaults(BehaviorVersion::latest()).load().await;
            aws.set_region(own.region().cloned());
            aws.set_credentials_provider(own.credentials_provider());
            format!("test-{}", shop.invocation().new_id())
        } else {
            SEARCH.to_owned()
        };
        let endpoint = server.as_ref().map(|server| server.endpoint.as_str());
        let mut platform = shop
            .platform()
            .with_aws(aws.build())
            .with_variable("SEARCH_BUCKET", &bucket)
            .with_variable("SEARCH_ENDPOINT", endpoint.unwrap_or_default());
        if server.is_some() {
            // One client: reading the root certificates takes long in a test.
            let transport = HttpsTransport::new().expect("TLS").accepting(MAX_REPLY);
            platform = platform.with_transport(Arc::new(transport));
        }
        Self {
            writer: WriteIndex::new(&platform).expect("its variables"),
            shop,
            s3,
            queue,
            platform,
            bucket,
            server,
        }
    }

    /// Returns the platform that its functions are built from.
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// Creates or changes a listed product, without a message to the index.
    pub async fn put(&self, sku: &str, name: &str) {
        self.shop.advance(SignedDuration::from_millis(1));
        let body = json!({ "name": name, "price": { "amount": 1000, "currency": "KRW" }, "status": "LISTED" });
        let answer = self.shop.put_product(sku, &body).await;
        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
    }

    /// Changes fields of a product, without a message to the index.
    pub async fn change(&self, sku: &str, change: &Value) {
        self.shop.advance(SignedDuration::from_millis(1));
        let answer = self.shop.update_product(crate::update_call(sku, "*", change)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Sends a message that names products, as the function that watches them does.
    pub async fn name(&self, skus: &[&str]) {
        let skus: Vec<String> = skus.iter().map(ToString::to_string).collect();
        let queue = IndexQueue::new(&self.platform).expect("its variables");
        let deadline = self.shop.invocation().deadline;
        queue
            .index(DocumentKind::Product, &skus, deadline)
            .await
            .expect("the queue");
    }

    /// Puts products and indexes them.
    pub async fn index(&self, products: &[(&str, &str)]) {
        for (sku, name) in products {
            self.put(sku, name).await;
        }
        let skus: Vec<&str> = products.iter().map(|(sku, _)| *sku).collect();
        self.name(&skus).await;
        self.write().await;
    }

    /// Calls `write-index` until the queue is empty.
    pub async fn write(&self) {
        while self.write_once().await.expect("it writes") {}
    }

    /// Calls `write-index` with the next batch of messages. Returns false when there is none.
    ///
    /// # Errors
    /// The function's error; the messages then stay in the queue.
    pub async fn write_once(&self) -> Result<bool, Error> {
        let Some(delivery) = self.queue.receive(10, self.shop.now()) else {
            return Ok(false);
        };
        self.write_batch(&self.writer, delivery.batch.clone()).await?;
        self.queue.settle(&delivery, &Default::default());
        Ok(true)
    }

    /// Calls a `write-index` with a batch.
    ///
    /// # Errors
    /// The function's error.
    pub async fn write_batch(&self, writer: &WriteIndex, batch: Batch) -> Result<(), Error> {
        let invocation = self.shop.invocation().by(Actor::function("write-index"));
        Box::pin(search::write_index::handle(writer, batch, invocation)).await
    }

    /// Calls `sweep-index`.
    pub async fn sweep(&self) -> search::sweep_index::SweepSummary {
        let function = search::sweep_index::SweepIndex::new(&self.platform).expect("its variables");
        let invocation = self.shop.invocation().by(Actor::schedule("sweep-index"));
        let swept = Box::pin(search::sweep_index::handle(&function, invocation));
        swept.await.expect("it sweeps")
    }

    /// Calls `search-documents`, on a function that has just started.
    pub async fn search(&self, call: Call) -> Answer {
        let function = search::search_documents::SearchDocuments::new(&self.platform).expect("its variables");
        self.search_on(&function, call).await
    }

    /// Calls a `search-documents`.
    pub async fn search_on(&self, function: &search::search_documents::SearchDocuments, call: Call) -> Answer {
        call.send(self.shop.invocation(), |request, invocation| {
            search::search_documents::handle(function, request, invocation)
        })
        .await
    }

    /// Waits until `look` sees what is expected. The embedded engine shows it at once.
    pub async fn sees<T: PartialEq + Debug>(&self, expected: T, look: impl AsyncFn() -> T) {
        let deadline = Instant::now() + self.server.as_ref().map_or(Duration::ZERO, |_| SEEN_WITHIN);
        let mut polls = tokio::time::interval(Duration::from_millis(100));
        loop {
            polls.tick().await;
            let seen = look().await;
            if seen == expected {
                return;
            }
            assert!(Instant::now() < deadline, "expected {expected:?}, saw {seen:?}");
        }
    }

    /// Waits until a text finds exactly these products, in this order.
    pub async fn finds(&self, text: &str, skus: &[&str]) {
        let expected: Vec<String> = skus.iter().map(ToString::to_string).collect();
        self.sees((text, expected), async || (text, self.found(text).await))
            .await;
    }

    /// Removes the indexes of an OpenSearch that others use too.
    pub async fn close(self) {
        let server = OpenSearch::new(&self.platform).expect("its variables");
        let is_external = self.server.as_ref().is_some_and(SearchServer::is_external);
        if let Some(server) = server.filter(|_| is_external) {
            let deadline = self.shop.invocation().deadline;
            for index in server.indexes(deadline).await.expect("its indexes") {
                server.remove(&index, deadline).await.expect("it is removed");
            }
        }
    }

    /// The ids that a text finds.
    pub async fn found(&self, text: &str) -> Vec<String> {
        let answer = self.search(search_call(&[("q", text)])).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        ids(&answer.body)
    }

    /// Calls `suggest-searches`.
    pub async fn suggest(&self, call: Call) -> Answer {
        let function = search::suggest_searches::SuggestSearches::new(&self.platform).expect("its variables");
        call.send(self.shop.invocation(), |request, invocation| {
            search::suggest_searches::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `start-rebuild` as an administrator.
    pub async fn start_rebuild(&self, key: &str) -> Answer {
        let function = search::start_rebuild::StartRebuild::new(&self.platform).expect("its variables");
        let call = Call::new("POST", "/admin/search/rebuilds").by_admin().key(key);
        call.send(self.shop.invocation(), |request, invocation| {
            search::start_rebuild::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `roll-back-search-index` as an administrator.
    pub async fn roll_back(&self, key: &str) -> Answer {
        let function = RollBackSearchIndex::new(&self.platform).expect("its variables");
        // Boxed: the futures of a long test fill its stack.
        Box::pin(self.roll_back_on(&function, key)).await
    }

    /// Calls a `roll-back-search-index` as an administrator.
    pub async fn roll_back_on(&self, function: &RollBackSearchIndex, key: &str) -> Answer {
        let call = Call::new("POST", "/admin/search/index/roll-back").by_admin().key(key);
        call.send(self.shop.invocation(), |request, invocation| {
            search::roll_back_search_index::handle(function, request, invocation)
        })
        .await
    }

    /// Calls `get-search-index` as an administrator.
    pub async fn see_index(&self) -> Answer {
        let function = search::get_search_index::GetSearchIndex::new(&self.platform).expect("its variables");
        let call = Call::new("GET", "/admin/search/index").by_admin();
        call.send(self.shop.invocation(), |request, invocation| {
            search::get_search_index::handle(&function, request, invocation)
        })
        .await
    }

    /// Returns the engines to search, as a function that has just started has them.
    pub fn searcher(&self) -> Searcher {
        Searcher::new(&self.platform).expect("its variables")
    }

    /// The state of the index: of the server's, if there is one.
    pub fn state(&self) -> IndexState {
        let name = self.server.as_ref().map_or("index.json", |_| "opensearch.json");
        serde_json::from_slice(&self.s3.objects(&self.bucket)[name].bytes).expect("a state")
    }
}

/// A search with these parameters.
pub fn search_call(parameters: &[(&str, &str)]) -> Call {
    let call = Call::new("GET", "/search");
    parameters
        .iter()
        .fold(call, |call, (name, value)| call.query(name, value))
}

/// The ids of a page of results.
pub fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().expect("items");
    items
        .iter()
        .map(|item| item["id"].as_str().expect("an id").to_owned())
        .collect()
}
