//! A shop with a voucher auction: the auction functions on the shop's engine and clock.

use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use auctions::matching::MatchingService;
use harness::Engine;
use harness::engine::AUCTIONS;
use harness::gateway::{Answer, Call};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::aws::lambda::Invocation;
use shared::catalog::Product;
use shared::core::actor::Actor;
use shared::core::country::Country;
use shared::core::identity::CustomerId;
use shared::core::money::Money;
use shared::orders::{Order, OrderId, OrderStatus, Pricing};

use crate::Shop;

/// SKU of the traded voucher.
pub const CARD: &str = "gift-card";

/// A shop with a voucher auction. Dereferences to its [`Shop`].
#[derive(Debug)]
pub struct AuctionFixture {
    /// The shop.
    pub shop: Shop,
    made: AtomicU64,
}

impl Deref for AuctionFixture {
    type Target = Shop;

    fn deref(&self) -> &Shop {
        &self.shop
    }
}

impl AuctionFixture {
    /// Opens an auction for [`CARD`] on an empty engine.
    pub async fn open() -> Self {
        Self::in_shop(Shop::open().await).await
    }

    /// Opens an auction on the tables of `engine`; `time` is the time limit of an invocation.
    pub async fn on(engine: Engine, time: Duration) -> Self {
        Self::in_shop(Shop::on(engine).with_time(time)).await
    }

    async fn in_shop(shop: Shop) -> Self {
        shop.list(CARD, 50_000, 1).await;
        Self {
            shop,
            made: AtomicU64::new(0),
        }
    }

    /// Adds an auction to an existing shop.
    pub fn beside(shop: &Shop) -> Self {
        Self {
            shop: shop.again(),
            made: AtomicU64::new(1_000_000),
        }
    }

    /// Returns the matching service that functions use.
    pub fn matching(&self) -> MatchingService {
        MatchingService::new(&self.platform()).expect("its variables")
    }

    /// Returns an unused idempotency key.
    pub fn key(&self) -> String {
        format!("key-{}", self.made.fetch_add(1, Ordering::SeqCst))
    }

    /// Calls `register-voucher`.
    pub async fn register(&self, call: Call) -> Answer {
        let function = auctions::register_voucher::RegisterVoucher::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            auctions::register_voucher::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `list-vouchers` for a customer's first page.
    pub async fn vouchers(&self, customer: &str) -> Answer {
        self.list_vouchers(Call::new("GET", "/vouchers").by(customer)).await
    }

    /// Calls `list-vouchers`.
    pub async fn list_vouchers(&self, call: Call) -> Answer {
        let function = auctions::list_vouchers::ListVouchers::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            auctions::list_vouchers::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `place-bid`.
    pub async fn place(&self, call: Call) -> Answer {
        self.place_in(call, self.invocation()).await
    }

    /// Calls `place-bid` in this invocation.
    pub async fn place_in(&self, call: Call, invocation: Invocation) -> Answer {
        let function = auctions::place_bid::PlaceBid::new(&self.platform()).expect("its variables");
        call.send(invocation, |request, invocation| {
            auctions::place_bid::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `take-bid`.
    pub async fn take(&self, call: Call) -> Answer {
        self.take_in(call, self.invocation()).await
    }

    /// Calls `take-bid` in this invocation.
    pub async fn take_in(&self, call: Call, invocation: Invocation) -> Answer {
        let function = auctions::take_bid::TakeBid::new(&self.platform()).expect("its variables");
        call.send(invocation, |request, invocation| {
            auctions::take_bid::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `get-order-book`.
    pub async fn book(&self, call: Call) -> Answer {
        let function = auctions::get_order_book::GetOrderBook::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            auctions::get_order_book::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `list-bids`.
    pub async fn list_bids(&self, call: Call) -> Answer {
        let function = auctions::list_bids::ListBids::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            auctions::list_bids::handle(&function, request, invocation)
        })
        .await
    }

    /// Cancels a customer's bid, under the key that this bid's cancellation has.
    pub async fn cancel_bid(&self, customer: &str, bid_id: &str) -> Answer {
        let call = Call::new("POST", "/bids/{bid_id}/cancel").path("bid_id", bid_id);
        self.call_cancel_bid(call.by(customer).key(&format!("cancel-{bid_id}")))
            .await
    }

    /// Calls `cancel-bid`.
    pub async fn call_cancel_bid(&self, call: Call) -> Answer {
        let function = auctions::cancel_bid::CancelBid::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            auctions::cancel_bid::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `get-wallet`.
    pub async fn get_wallet(&self, call: Call) -> Answer {
        let function = auctions::get_wallet::GetWallet::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            auctions::get_wallet::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `list-wallet-entries`.
    pub async fn list_entries(&self, call: Call) -> Answer {
        let function = auctions::list_wallet_entries::ListWalletEntries::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            auctions::list_wallet_entries::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `credit-points` with the event of a paid order.
    pub async fn credit(&self, order: &Value) -> Result<(), shared::Error> {
        self.credit_for(&self.delivery("madang.orders", "OrderPaid", order))
            .await
    }

    /// Calls `credit-points` with the event of a refunded payment.
    pub async fn refunded(&self, payment: &Value) -> Result<(), shared::Error> {
        self.credit_for(&self.delivery("madang.payments", "PaymentRefunded", payment))
            .await
    }

    /// Calls `credit-points` with the event of a refunded return.
    pub async fn returned(&self, details: &Value) -> Result<(), shared::Error> {
        self.credit_for(&self.delivery("madang.fulfillment", "ReturnRefunded", details))
            .await
    }

    async fn credit_for(&self, delivery: &Value) -> Result<(), shared::Error> {
        let event = serde_json::from_value(delivery.clone()).expect("an event");
        let function = auctions::credit_points::CreditPoints::new(&self.platform()).expect("its variables");
        let invocation = self.invocation().by(Actor::function("credit-points"));
        auctions::credit_points::handle(&function, event, invocation).await
    }

    /// Calls `expire-bids`.
    pub async fn expire_bids(&self) -> Result<auctions::expire_bids::Summary, shared::Error> {
        let function = auctions::expire_bids::ExpireBids::new(&self.platform()).expect("its variables");
        let invocation = self.invocation().by(Actor::schedule("expire-bids"));
        auctions::expire_bids::handle(&function, invocation).await
    }

    /// Credits points as if an order had bought them.
    pub async fn credit_points(&self, customer: &str, points: u64) {
        let order = paid_order(customer, &self.key(), points, self.now());
        self.credit(&order).await.expect("credited");
    }

    /// Returns a customer's available and held points.
    pub async fn wallet(&self, customer: &str) -> (u64, u64) {
        let answer = self.get_wallet(Call::new("GET", "/wallet").by(customer)).await;
        let of = |name: &str| answer.body[name].as_u64().expect("points");
        (of("available"), of("held"))
    }

    /// Registers a voucher with a new code and returns its id.
    pub async fn new_voucher(&self, customer: &str) -> String {
        let code = format!("CODE-{}", derived(&[&self.key()]));
        let answer = self.register(register_call(customer, &code)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.body["voucher_id"].as_str().expect("a voucher").to_owned()
    }

    /// Places a buy bid that expires in an hour.
    pub async fn buy(&self, customer: &str, price: u64) -> Answer {
        let call = bid_call(customer, &self.key(), "BUY", price, self.in_an_hour(), None);
        self.place(call).await
    }

    /// Places a sell bid for a new voucher that expires in an hour.
    pub async fn sell(&self, customer: &str, price: u64) -> Answer {
        let voucher = self.new_voucher(customer).await;
        let call = bid_call(customer, &self.key(), "SELL", price, self.in_an_hour(), Some(&voucher));
        self.place(call).await
    }

    /// Returns the time in an hour.
    pub fn in_an_hour(&self) -> Timestamp {
        self.now() + SignedDuration::from_hours(1)
    }

    /// Returns the number of items of a kind.
    pub async fn count_of(&self, kind: &str) -> usize {
        let items = self.engine.items(AUCTIONS).await;
        items
            .iter()
            .filter(|item| item["pk"].as_str().expect("a key").starts_with(kind))
            .count()
    }
}

/// Returns the event data of a paid order of `points` points.
pub fn paid_order(customer: &str, key: &str, points: u64, now: Timestamp) -> Value {
    let example = contract::examples::points().expect("a product");
    let product = Product {
        price: Money::new(points, example.price.currency()).expect("a price"),
        points: Some(points.try_into().expect("the points of one unit")),
        ..example
    };
    let sku = product.sku.clone();
    let country = Country::try_from("KR".to_owned()).expect("a country");
    let pricing = Pricing::of_shop(country).expect("its tables");
    let products = [(sku.clone(), product)].into();
    let quote = pricing.quote(&[(sku, 1)], &products, &pricing.delivery(None, None), now);
    let quote = quote.expect("a quote");
    let id = OrderId(shared::core::idempotency::derive_id(&["order", customer, key]));
    json!(Order {
        status: OrderStatus::Paid,
        ..Order::new(id, CustomerId::new(customer), quote, now, now)
    })
}

/// Builds a customer's request to register a voucher.
pub fn register_call(customer: &str, code: &str) -> Call {
    let body = json!({ "sku": CARD, "code": code });
    // Each code has its own idempotency key.
    let key = derived(&["register", code]);
    Call::new("POST", "/vouchers").by(customer).key(&key).json(&body)
}

/// Builds a customer's request to place a bid.
pub fn bid_call(
    customer: &str,
    key: &str,
    side: &str,
    price: u64,
    expires_at: Timestamp,
    voucher: Option<&str>,
) -> Call {
    let mut body = json!({ "side": side, "price": price, "expires_at": expires_at });
    if let Some(voucher) = voucher {
        body["voucher_id"] = json!(voucher);
    }
    let call = Call::new("POST", "/products/{sku}/bids").path("sku", CARD);
    call.by(customer).key(key).json(&body)
}

/// Builds a customer's request to take the best bid.
pub fn take_call(customer: &str, key: &str, side: &str, price: Option<u64>, voucher: Option<&str>) -> Call {
    let mut body = json!({ "side": side });
    if let Some(price) = price {
        body["price"] = json!(price);
    }
    if let Some(voucher) = voucher {
        body["voucher_id"] = json!(voucher);
    }
    let call = Call::new("POST", "/products/{sku}/bids/take").path("sku", CARD);
    call.by(customer).key(key).json(&body)
}

/// Builds a request for the order book.
pub fn book_call() -> Call {
    Call::new("GET", "/products/{sku}/bids").path("sku", CARD)
}

/// Derives an id from these parts, as the functions do.
pub fn derived(parts: &[&str]) -> String {
    shared::core::idempotency::derive_id(parts).to_string()
}
