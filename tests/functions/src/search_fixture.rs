//! A shop with a search: the search functions on the engine, a stand-in for S3 and one for the queue.

use harness::gateway::{Answer, Call};
use harness::objects::FakeS3;
use harness::platform::SEARCH;
use harness::{FakeQueue, Services};
use jiff::SignedDuration;
use search::index_reader::IndexReader;
use search::state::IndexState;
use search::write_index::WriteIndex;
use serde_json::{Value, json};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::batch::Batch;
use shared::core::actor::Actor;
use shared::search::{DocumentKind, IndexQueue};

use crate::Shop;

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
}

impl SearchFixture {
    /// Opens an empty shop without an index.
    pub async fn open() -> Self {
        let shop = Shop::open().await;
        let (s3, queue) = (FakeS3::default(), shop.index_queue.clone());
        let services = Services {
            objects: Some(s3.clone()),
            queue: Some(queue.clone()),
            ..Services::default()
        };
        let platform = shop.platform().with_aws(services.config());
        Self {
            writer: WriteIndex::new(&platform).expect("its variables"),
            shop,
            s3,
            queue,
            platform,
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
        search::write_index::handle(writer, batch, invocation).await
    }

    /// Calls `sweep-index`.
    pub async fn sweep(&self) -> search::sweep_index::SweepSummary {
        let function = search::sweep_index::SweepIndex::new(&self.platform).expect("its variables");
        let invocation = self.shop.invocation().by(Actor::schedule("sweep-index"));
        search::sweep_index::handle(&function, invocation)
            .await
            .expect("it sweeps")
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
        let function = search::roll_back_search_index::RollBackSearchIndex::new(&self.platform).expect("its variables");
        let call = Call::new("POST", "/admin/search/index/roll-back").by_admin().key(key);
        call.send(self.shop.invocation(), |request, invocation| {
            search::roll_back_search_index::handle(&function, request, invocation)
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

    /// Returns a reader of the index that has just started.
    pub fn reader(&self) -> IndexReader {
        IndexReader::new(&self.platform).expect("its variables")
    }

    /// The state of the index.
    pub fn state(&self) -> IndexState {
        let objects = self.s3.objects(SEARCH);
        serde_json::from_slice(&objects["index.json"].bytes).expect("a state")
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
