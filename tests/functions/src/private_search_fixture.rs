//! A shop whose orders administrators find by names: the functions of the private index on the engine, a stand-in for S3, one
//! for KMS and one for the queue.

use harness::gateway::{Answer, Call};
use harness::objects::FakeS3;
use harness::platform::PRIVATE_SEARCH;
use harness::{FakeQueue, Services};
use search::search_orders::SearchOrders;
use search::state::IndexState;
use search::sweep_private_index::{PrivateSweepSummary, SweepPrivateIndex};
use search::write_private_index::WritePrivateIndex;
use serde_json::{Value, json};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::batch::Batch;
use shared::core::actor::Actor;

use crate::delivery::address;
use crate::{Shop, id_of, order_call};

/// A shop with tea, and the private index.
#[derive(Debug)]
pub struct PrivateSearchFixture {
    /// The shop.
    pub shop: Shop,
    /// The stand-in for S3.
    pub s3: FakeS3,
    /// The queue of the private index.
    pub queue: FakeQueue,
    /// The function that writes the index, warm from one call to the next.
    pub writer: WritePrivateIndex,
    platform: Platform,
}

impl PrivateSearchFixture {
    /// Opens a shop with tea and without orders.
    pub async fn open() -> Self {
        let shop = Shop::with("tea", 1, 100).await;
        let (s3, queue) = (FakeS3::default(), shop.index_queue.clone());
        s3.set_clock({
            let clock = shop.clock();
            move || clock()
        });
        let services = Services {
            objects: Some(s3.clone()),
            queue: Some(queue.clone()),
            kms: Some(shop.kms.clone()),
            ..Services::default()
        };
        let platform = shop.platform().with_aws(services.config());
        Self {
            writer: WritePrivateIndex::new(&platform).expect("its variables"),
            shop,
            s3,
            queue,
            platform,
        }
    }

    /// Places an order of somebody with this name and e-mail address, and returns its id.
    pub async fn place(&self, customer: &str, key: &str, name: &str, email: &str) -> String {
        self.shop.advance(jiff::SignedDuration::from_secs(1));
        let mut to = address();
        to["recipient"] = json!(name);
        let body = json!({
            "items": [{ "sku": "tea", "quantity": 1 }],
            "contact": { "name": name, "email": email }, "shipping_address": to,
        });
        let placed = self.shop.checkout(order_call(customer, key, &[]).json(&body)).await;
        assert_eq!(placed.status, 201, "{placed:?}");
        id_of(&placed)
    }

    /// Indexes all orders: calls `index-orders`, and then `write-private-index` until the queue is empty.
    pub async fn index(&self) {
        self.shop.index_all_orders().await;
        self.write().await;
    }

    /// Calls `write-private-index` until the queue is empty.
    pub async fn write(&self) {
        while let Some(delivery) = self.queue.receive(10, self.shop.now()) {
            self.write_batch(delivery.batch.clone()).await.expect("it writes");
            self.queue.settle(&delivery, &Default::default());
        }
    }

    /// Calls `write-private-index` with a batch.
    ///
    /// # Errors
    /// The function's error.
    pub async fn write_batch(&self, batch: Batch) -> Result<(), Error> {
        let invocation = self.shop.invocation().by(Actor::function("write-private-index"));
        search::write_private_index::handle(&self.writer, batch, invocation).await
    }

    /// Calls `sweep-private-index`.
    pub async fn sweep(&self) -> PrivateSweepSummary {
        let function = SweepPrivateIndex::new(&self.platform).expect("its variables");
        let invocation = self.shop.invocation().by(Actor::schedule("sweep-private-index"));
        search::sweep_private_index::handle(&function, invocation)
            .await
            .expect("it sweeps")
    }

    /// Calls `search-orders`, on a function that has just started.
    pub async fn search(&self, call: Call) -> Answer {
        let function = SearchOrders::new(&self.platform).expect("its variables");
        call.send(self.shop.invocation(), |request, invocation| {
            search::search_orders::handle(&function, request, invocation)
        })
        .await
    }

    /// The ids of the orders that an administrator finds by a text.
    pub async fn found(&self, text: &str) -> Vec<String> {
        ids(&self.search(search_orders_call(text)).await)
    }

    /// The state of the index.
    pub fn state(&self) -> IndexState {
        let objects = self.s3.objects(PRIVATE_SEARCH);
        serde_json::from_slice(&objects["index.json"].bytes).expect("a state")
    }

    /// The names of the stored bundles.
    pub fn bundles(&self) -> Vec<String> {
        let objects = self.s3.objects(PRIVATE_SEARCH);
        let names = objects.keys().filter_map(|key| key.strip_prefix("bundles/"));
        names.map(str::to_owned).collect()
    }
}

/// An administrator's search for orders by a name.
pub fn search_orders_call(text: &str) -> Call {
    Call::new("GET", "/admin/orders/search").by_admin().query("q", text)
}

/// The ids on a page of orders that were found.
pub fn ids(page: &Answer) -> Vec<String> {
    assert_eq!(page.status, 200, "{page:?}");
    let items = page.body["items"].as_array().expect("items");
    let id = |item: &Value| item["order"]["order_id"].as_str().expect("an id").to_owned();
    items.iter().map(id).collect()
}
