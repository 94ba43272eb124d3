//! Test fixtures: an engine, a clock that the test sets, and every function on them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot be set up has failed"
)]

pub mod auction_fixture;
pub mod billing_fixture;
pub mod coupons_fixture;
pub mod delivery;
pub mod fulfillment_fixture;
pub mod image_fixture;
pub mod import_fixture;
pub mod listing_audit;
pub mod payment_fixture;
pub mod private_search_fixture;
pub mod search_fixture;
pub mod search_server;
pub mod tickets_fixture;
pub mod waiting_rooms_fixture;

pub use billing_fixture::BillingFixture;
pub use coupons_fixture::CouponsFixture;
pub use payment_fixture::PaymentFixture;
pub use search_fixture::SearchFixture;
pub use tickets_fixture::TicketsFixture;
pub use waiting_rooms_fixture::WaitingRoomsFixture;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use harness::gateway::{Answer, Call};
use harness::{Engine, FakeKms, FakeQueue, Services};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::stream::Changes;
use shared::core::actor::Actor;

/// How long stock is reserved for an unpaid order, as the platform's `RESERVATION_MINUTES` says.
pub const RESERVATION: SignedDuration = SignedDuration::from_mins(15);

/// A shop: the catalog and order functions on one engine and clock.
#[derive(Debug)]
pub struct Shop {
    /// The engine with the shop's tables.
    pub engine: Engine,
    /// KMS.
    pub kms: FakeKms,
    /// The queue of the search index.
    pub index_queue: FakeQueue,
    now_ms: Arc<AtomicI64>,
    time: Duration,
}

impl Shop {
    /// Opens an empty shop. The clock starts at 2026-01-01.
    pub async fn open() -> Self {
        Self::on(Engine::start().await)
    }

    /// Opens a shop on the tables of `engine`. The clock starts at 2026-01-01.
    pub fn on(engine: Engine) -> Self {
        Self {
            engine,
            kms: FakeKms::default(),
            index_queue: FakeQueue::new(SignedDuration::from_mins(30), 3),
            now_ms: Arc::new(AtomicI64::new(1_767_225_600_000)),
            // A long limit: a thousand concurrent buyers share few cores.
            time: Duration::from_secs(180),
        }
    }

    /// Returns a second handle to the shop, with the same engine, faults and clock.
    #[must_use]
    pub fn again(&self) -> Self {
        Self {
            engine: self.engine.clone(),
            kms: self.kms.clone(),
            index_queue: self.index_queue.clone(),
            now_ms: Arc::clone(&self.now_ms),
            time: self.time,
        }
    }

    /// Opens a shop with a listed product of 1,000 won in `shards` shards, and `units` of it.
    pub async fn with(sku: &str, shards: u8, units: u64) -> Self {
        let shop = Self::open().await;
        shop.list(sku, 1000, shards).await;
        if units > 0 {
            shop.receive(sku, units).await;
        }
        shop
    }

    /// Sets the time limit of an invocation.
    #[must_use]
    pub fn with_time(mut self, time: Duration) -> Self {
        self.time = time;
        self
    }

    /// Returns the clock's time.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now_ms.load(Ordering::SeqCst)).expect("a time")
    }

    /// Returns the clock as a function.
    pub fn clock(&self) -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
        let now_ms = Arc::clone(&self.now_ms);
        Arc::new(move || Timestamp::from_millisecond(now_ms.load(Ordering::SeqCst)).expect("a time"))
    }

    /// Advances the clock.
    pub fn advance(&self, time: SignedDuration) {
        let millis = i64::try_from(time.as_millis()).expect("a short time");
        self.now_ms.fetch_add(millis, Ordering::SeqCst);
    }

    /// Creates an invocation at the clock's time.
    pub fn invocation(&self) -> Invocation {
        Invocation {
            trace: Some("Root=1-5759e988-bd862e3fe1be46a994272793".into()),
            request_id: "8f507cfc-1c8e-4f2b-b0ab-6d6ad3b5a0bd".into(),
            ..Invocation::new(self.now(), self.time)
        }
    }

    /// Builds an event as the bus delivers it; an administrator caused it.
    pub fn delivery(&self, source: &str, detail_type: &str, data: &Value) -> Value {
        let metadata = json!({
            "id": "018f0000-0000-7000-8000-000000000000",
            "occurred_at": self.now(),
            "actor": { "kind": "STAFF", "id": "the-admin" },
            "version": 1,
        });
        json!({
            "source": source,
            "detail-type": detail_type,
            "detail": { "metadata": metadata, "data": data },
        })
    }

    /// Returns the platform that its functions are built from.
    pub fn platform(&self) -> Platform {
        let services = Services {
            kms: Some(self.kms.clone()),
            queue: Some(self.index_queue.clone()),
            ..Services::default()
        };
        self.engine.platform().with_aws(services.config())
    }

    /// Calls `create-product`.
    pub async fn create_product(&self, call: Call) -> Answer {
        let function = catalog::create_product::CreateProduct::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            catalog::create_product::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `update-product`.
    pub async fn update_product(&self, call: Call) -> Answer {
        let function = catalog::update_product::UpdateProduct::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            catalog::update_product::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `get-admin-product`.
    pub async fn get_admin_product(&self, call: Call) -> Answer {
        let function = catalog::get_admin_product::GetAdminProduct::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            catalog::get_admin_product::handle(&function, request, invocation)
        })
        .await
    }

    /// Creates a product, or changes the product with this SKU.
    pub async fn put_product(&self, sku: &str, body: &Value) -> Answer {
        static KEYS: AtomicI64 = AtomicI64::new(0);
        let key = format!("product-{}", KEYS.fetch_add(1, Ordering::SeqCst));
        let created = self.create_product(create_call(sku, &key, body)).await;
        if created.status != 409 {
            return created;
        }
        self.update_product(update_call(sku, "*", body)).await
    }

    /// Calls `get-product`.
    pub async fn get_product(&self, call: Call) -> Answer {
        let function = catalog::get_product::GetProduct::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            catalog::get_product::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `list-products`.
    pub async fn list_products(&self, call: Call) -> Answer {
        let function = catalog::list_products::ListProducts::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            catalog::list_products::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `list-admin-products`.
    pub async fn list_admin_products(&self, call: Call) -> Answer {
        let function = catalog::list_admin_products::ListAdminProducts::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            catalog::list_admin_products::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `get-admin-categories`.
    pub async fn get_admin_categories(&self) -> Answer {
        let function = catalog::get_admin_categories::GetAdminCategories::new(&self.platform()).expect("its variables");
        let call = Call::new("GET", "/admin/categories").by_admin();
        call.send(self.invocation(), |request, invocation| {
            catalog::get_admin_categories::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `get-categories`.
    pub async fn get_categories(&self, call: Call) -> Answer {
        let function = catalog::get_categories::GetCategories::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            catalog::get_categories::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `update-categories`.
    pub async fn update_categories(&self, call: Call) -> Answer {
        let function = catalog::update_categories::UpdateCategories::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            catalog::update_categories::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `reshard-listing`.
    pub async fn reshard_listing(&self, call: Call) -> Answer {
        let function = catalog::reshard_listing::ReshardListing::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            catalog::reshard_listing::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `continue-resharding`.
    pub async fn continue_resharding(&self) -> Result<catalog::continue_resharding::Summary, shared::Error> {
        use catalog::continue_resharding::{ContinueResharding, handle};
        let function = ContinueResharding::new(&self.platform()).expect("its variables");
        let invocation = self.invocation().by(Actor::schedule("continue-resharding"));
        handle(&function, invocation).await
    }

    /// Adds categories with these paths, and those above them.
    pub async fn add_categories(&self, paths: &[&str]) {
        let mut categories = serde_json::Map::new();
        for path in paths {
            let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
            for end in ends {
                categories.insert(path[..end].to_owned(), json!({ "names": { "en": path[..end] } }));
            }
        }
        let answer = self.update_categories(categories_call("*", &json!(categories))).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Runs `watch-products` for changes of these products.
    pub async fn watch(&self, skus: &[&str]) {
        let keys: Vec<String> = skus.iter().map(|sku| format!("PRODUCT#{sku}")).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        self.watch_products(&keys).await.expect("the products are placed");
    }

    /// Calls `create-stock-movement`.
    pub async fn move_stock(&self, call: Call) -> Answer {
        let function =
            catalog::create_stock_movement::CreateStockMovement::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            catalog::create_stock_movement::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `list-stock-movements`.
    pub async fn list_movements(&self, call: Call) -> Answer {
        let function = catalog::list_stock_movements::ListStockMovements::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            catalog::list_stock_movements::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `watch-products` with a batch of changes of the items with these keys.
    pub async fn watch_products(&self, keys: &[&str]) -> Result<(), shared::Error> {
        let function = catalog::watch_products::WatchProducts::new(&self.platform()).expect("its variables");
        let invocation = self.invocation().by(Actor::function("watch-products"));
        catalog::watch_products::handle(&function, changes(keys), invocation).await
    }

    /// Calls `apply-product-schedules`.
    pub async fn apply_product_schedules(&self) -> Result<catalog::apply_product_schedules::Summary, shared::Error> {
        use catalog::apply_product_schedules::{ApplyProductSchedules, handle};
        let function = ApplyProductSchedules::new(&self.platform()).expect("its variables");
        let invocation = self.invocation().by(Actor::schedule("apply-product-schedules"));
        handle(&function, invocation).await
    }

    /// Calls `checkout`.
    pub async fn checkout(&self, call: Call) -> Answer {
        let function = orders::checkout::Checkout::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            orders::checkout::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `create-quote`.
    pub async fn create_quote(&self, call: Call) -> Answer {
        let function = orders::create_quote::CreateQuote::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            orders::create_quote::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `create-cancellation-quote`.
    pub async fn create_cancellation_quote(&self, call: Call) -> Answer {
        let function = orders::create_cancellation_quote::CreateCancellationQuote::new(&self.platform());
        let function = function.expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            orders::create_cancellation_quote::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `get-receipt`.
    pub async fn get_receipt(&self, call: Call) -> Answer {
        let function = orders::get_receipt::GetReceipt::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            orders::get_receipt::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `get-delivery-details`.
    pub async fn get_delivery_details(&self, call: Call) -> Answer {
        let function = orders::get_delivery_details::GetDeliveryDetails::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            orders::get_delivery_details::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `erase-personal-data` as an administrator.
    pub async fn erase_personal_data(&self, customer: &str) -> Answer {
        let call = Call::new("DELETE", "/admin/customers/{customer_id}/personal-data");
        let function = accounts::erase_personal_data::ErasePersonalData::new(&self.platform()).expect("its variables");
        call.path("customer_id", customer)
            .by_admin()
            .send(self.invocation(), |request, invocation| {
                accounts::erase_personal_data::handle(&function, request, invocation)
            })
            .await
    }

    /// Calls `get-order`.
    pub async fn get_order(&self, call: Call) -> Answer {
        let function = orders::get_order::GetOrder::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            orders::get_order::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `list-orders`.
    pub async fn list_orders(&self, call: Call) -> Answer {
        let function = orders::list_orders::ListOrders::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            orders::list_orders::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `list-admin-orders`.
    pub async fn list_admin_orders(&self, call: Call) -> Answer {
        let function = orders::list_admin_orders::ListAdminOrders::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            orders::list_admin_orders::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `index-orders` with a batch of changes of the items with these keys.
    ///
    /// # Errors
    /// The function's error. The stream would deliver the batch again.
    pub async fn index_orders(&self, keys: &[String]) -> Result<(), shared::Error> {
        let function = orders::index_orders::IndexOrders::new(&self.platform()).expect("its variables");
        let invocation = self.invocation().by(Actor::function("index-orders"));
        orders::index_orders::handle(&function, changes(keys), invocation).await
    }

    /// Calls `index-orders` with a change of each order.
    pub async fn index_all_orders(&self) {
        let orders = self.engine.items(harness::engine::ORDERS).await;
        let keys = orders
            .iter()
            .map(|order| order["pk"].as_str().expect("a key").to_owned());
        let keys: Vec<String> = keys.collect();
        for batch in keys.chunks(100) {
            self.index_orders(batch).await.expect("the orders are indexed");
        }
    }

    /// Calls `erase-lookups` with the records of these customers' erasures.
    ///
    /// # Errors
    /// The function's error. The stream would deliver the batch again.
    pub async fn erase_lookups(&self, customers: &[&str]) -> Result<(), shared::Error> {
        let function = orders::erase_lookups::EraseLookups::new(&self.platform()).expect("its variables");
        let keys: Vec<String> = customers.iter().map(|customer| format!("ERASURE#{customer}")).collect();
        let invocation = self.invocation().by(Actor::function("erase-lookups"));
        orders::erase_lookups::handle(&function, changes(&keys), invocation).await
    }

    /// Calls `cancel-order`.
    pub async fn cancel_order(&self, call: Call) -> Answer {
        let function = orders::cancel_order::CancelOrder::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            orders::cancel_order::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `expire-orders`.
    pub async fn expire_orders(&self) -> Result<orders::expire_orders::Summary, shared::Error> {
        let function = orders::expire_orders::ExpireOrders::new(&self.platform()).expect("its variables");
        let invocation = self.invocation().by(Actor::schedule("expire-orders"));
        orders::expire_orders::handle(&function, invocation).await
    }

    /// Lists a product at `won`.
    pub async fn list(&self, sku: &str, won: u64, shards: u8) -> Answer {
        let answer = self.put_product(sku, &product(won, shards)).await;
        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
        answer
    }

    /// Receives units, under a new key.
    pub async fn receive(&self, sku: &str, units: u64) -> Answer {
        static KEYS: AtomicI64 = AtomicI64::new(0);
        let key = format!("delivery-{}", KEYS.fetch_add(1, Ordering::SeqCst));
        let answer = self.move_stock(receive_call(sku, &key, units)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer
    }

    /// Places a customer's order under `key`.
    pub async fn order(&self, customer: &str, key: &str, items: &[(&str, i64)]) -> Answer {
        self.checkout(order_call(customer, key, items)).await
    }

    /// Returns a customer's order, as the customer sees it.
    pub async fn see(&self, customer: &str, order_id: &str) -> Answer {
        let call = Call::new("GET", "/orders/{order_id}");
        self.get_order(call.path("order_id", order_id).by(customer)).await
    }

    /// Cancels a customer's order.
    pub async fn cancel(&self, customer: &str, order_id: &str) -> Answer {
        let call = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", order_id);
        self.cancel_order(call.by(customer).key("cancel")).await
    }
}

/// Builds a batch of a table's stream, with a change of each item with one of these keys.
pub fn changes(keys: &[impl AsRef<str>]) -> Changes {
    let record = |key: &str| json!({ "dynamodb": { "Keys": { "pk": { "S": key } } } });
    let records: Vec<Value> = keys.iter().map(|key| record(key.as_ref())).collect();
    serde_json::from_value(json!({ "Records": records })).expect("a batch of a stream")
}

/// Returns the body of a product.
pub fn product(won: u64, shards: u8) -> Value {
    json!({
        "name": "Green tea, 100 g",
        "price": { "amount": won, "currency": "KRW" },
        "status": "LISTED",
        "stock_shards": shards,
    })
}

/// Builds an administrator's request to create a product.
pub fn create_call(sku: &str, key: &str, body: &Value) -> Call {
    let mut body = body.clone();
    body["sku"] = json!(sku);
    Call::new("POST", "/admin/products").by_admin().key(key).json(&body)
}

/// Builds an administrator's request to change a product whose `ETag` was `tag`.
pub fn update_call(sku: &str, tag: &str, body: &Value) -> Call {
    Call::new("PATCH", "/admin/products/{sku}")
        .path("sku", sku)
        .by_admin()
        .header("if-match", tag)
        .json(body)
}

/// Builds an administrator's request to change categories whose `ETag` was `tag`.
pub fn categories_call(tag: &str, categories: &Value) -> Call {
    Call::new("PATCH", "/admin/categories")
        .by_admin()
        .header("if-match", tag)
        .json(&json!({ "categories": categories }))
}

/// Builds an administrator's request to spread a listing over shards.
pub fn reshard_call(listing: &str, shards: u8, key: &str) -> Call {
    let body = json!({ "listing": listing, "shards": shards });
    Call::new("POST", "/admin/listings/reshard")
        .by_admin()
        .key(key)
        .json(&body)
}

/// Builds an administrator's request for a product.
pub fn admin_product_call(sku: &str) -> Call {
    Call::new("GET", "/admin/products/{sku}").path("sku", sku).by_admin()
}

/// Builds an administrator's request to receive stock.
pub fn receive_call(sku: &str, key: &str, units: u64) -> Call {
    movement_call(sku, key, &json!({ "kind": "RECEIPT", "quantity": units }))
}

/// Builds an administrator's request to write off stock.
pub fn write_off_call(sku: &str, key: &str, units: u64) -> Call {
    let body = json!({ "kind": "WRITE_OFF", "quantity": units, "note": "Two boxes fell off the shelf." });
    movement_call(sku, key, &body)
}

/// Builds an administrator's request to correct stock after a count.
pub fn correction_call(sku: &str, key: &str, quantity: i64) -> Call {
    let body = json!({ "kind": "CORRECTION", "quantity": quantity, "note": "Counted on Monday." });
    movement_call(sku, key, &body)
}

/// Builds an administrator's request to move stock.
pub fn movement_call(sku: &str, key: &str, body: &Value) -> Call {
    let call = Call::new("POST", "/admin/products/{sku}/stock-movements").path("sku", sku);
    call.by_admin().key(key).json(body)
}

/// Builds an administrator's request for a product's stock movements.
pub fn movements_call(sku: &str) -> Call {
    Call::new("GET", "/admin/products/{sku}/stock-movements")
        .path("sku", sku)
        .by_admin()
}

/// Builds a customer's checkout.
pub fn order_call(customer: &str, key: &str, items: &[(&str, i64)]) -> Call {
    let call = Call::new("POST", "/orders").by(customer).key(key);
    call.json(&order_body(items))
}

/// Returns the body of a checkout.
pub fn order_body(items: &[(&str, i64)]) -> Value {
    let items: Vec<Value> = items
        .iter()
        .map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity }))
        .collect();
    json!({ "items": items })
}

/// Returns the id in a response.
pub fn id_of(order: &Answer) -> String {
    order.body["order_id"].as_str().expect("an order").to_owned()
}
