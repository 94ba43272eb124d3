//! A shop that ships: the fulfillment functions on a payment fixture, and the webhooks of a carrier.

use std::ops::Deref;

use fulfillment::receive_carrier_webhook::ReceiveCarrierWebhook;
use harness::gateway::{Answer, Call};
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::core::actor::Actor;

use crate::delivery::shipped_order_call;
use crate::payment_fixture::{CARRIER_SECRETS, amount, toss_call};
use crate::{PaymentFixture, Shop, id_of, order_body, product};

/// A shop that ships. Dereferences to its [`PaymentFixture`].
#[derive(Debug)]
pub struct FulfillmentFixture {
    /// The shop with its payments.
    pub shop: PaymentFixture,
    /// Built once, as in a warm function: it fetches its secrets once.
    webhook: ReceiveCarrierWebhook,
}

impl Deref for FulfillmentFixture {
    type Target = PaymentFixture;

    fn deref(&self) -> &PaymentFixture {
        &self.shop
    }
}

impl FulfillmentFixture {
    /// Opens a shop with these products of 1,000 won, 100 units of each. `tea` and `mug` are shipped.
    pub async fn open() -> Self {
        let shop = Shop::open().await;
        for sku in ["tea", "mug", "recipe"] {
            let mut product = product(1000, 2);
            if sku != "recipe" {
                product["package"] = json!({ "weight_grams": 100 });
            }
            assert_eq!(shop.put_product(sku, &product).await.status, 201);
            shop.receive(sku, 100).await;
        }
        let shop = PaymentFixture::in_shop(shop).await;
        Self {
            webhook: ReceiveCarrierWebhook::new(&shop.platform()).expect("its variables"),
            shop,
        }
    }

    /// Places an order of `items` under `key`, which is sent to an address.
    pub async fn order(&self, customer: &str, key: &str, items: &[(&str, i64)]) -> Answer {
        self.checkout(shipped_order_call(customer, key, &order_body(items)))
            .await
    }

    /// Places an order of `items` under `key` and pays it through Toss. Returns its id.
    pub async fn paid(&self, customer: &str, key: &str, items: &[(&str, i64)]) -> String {
        let order = self.order(customer, key, items).await;
        let total = order.body["totals"]["total"]["amount"].as_u64().expect("an amount");
        let order = id_of(&order);
        let won = i64::try_from(total).expect("a small amount");
        let payment_key = self.sandbox.toss_authenticate(&order, won, "KRW");
        let call = toss_call(
            customer,
            &format!("pay {order}").replace(' ', "-"),
            &order,
            &payment_key,
            total,
        );
        let paid = self.confirm(call).await;
        assert_eq!(paid.status, 200, "{paid:?}");
        self.sandbox.webhooks();
        order
    }

    /// Calls `create-shipment`.
    pub async fn create_shipment(&self, call: Call) -> Answer {
        let function = fulfillment::create_shipment::CreateShipment::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            fulfillment::create_shipment::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `deliver-shipment`.
    pub async fn deliver_shipment(&self, call: Call) -> Answer {
        let function = fulfillment::deliver_shipment::DeliverShipment::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            fulfillment::deliver_shipment::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `list-shipments`.
    pub async fn list_shipments(&self, call: Call) -> Answer {
        let function = fulfillment::list_shipments::ListShipments::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            fulfillment::list_shipments::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `receive-carrier-webhook`.
    pub async fn carrier_webhook(&self, call: Call) -> Answer {
        call.send(self.invocation(), |request, invocation| {
            fulfillment::receive_carrier_webhook::handle(&self.webhook, request, invocation)
        })
        .await
    }

    /// Calls `request-return`.
    pub async fn request_return(&self, call: Call) -> Answer {
        let function = fulfillment::request_return::RequestReturn::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            fulfillment::request_return::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `decide-return`.
    pub async fn decide_return(&self, call: Call) -> Answer {
        let function = fulfillment::decide_return::DecideReturn::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            fulfillment::decide_return::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `receive-return`.
    pub async fn receive_return(&self, call: Call) -> Answer {
        let function = fulfillment::receive_return::ReceiveReturn::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            fulfillment::receive_return::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `refund-return`.
    pub async fn refund_return(&self, call: Call) -> Answer {
        let function = fulfillment::refund_return::RefundReturn::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            fulfillment::refund_return::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `list-returns`.
    pub async fn list_returns(&self, call: Call) -> Answer {
        let function = fulfillment::list_returns::ListReturns::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            fulfillment::list_returns::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `list-order-returns`.
    pub async fn list_order_returns(&self, call: Call) -> Answer {
        let function = fulfillment::list_order_returns::ListOrderReturns::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            fulfillment::list_order_returns::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `close-shipment`.
    pub async fn close_shipment(&self, call: Call) -> Answer {
        let function = fulfillment::close_shipment::CloseShipment::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            fulfillment::close_shipment::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `list-shipments-by-status`.
    pub async fn list_shipments_by_status(&self, call: Call) -> Answer {
        let function = fulfillment::list_shipments_by_status::ListShipmentsByStatus::new(&self.platform());
        let function = function.expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            fulfillment::list_shipments_by_status::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `watch-fulfillment`.
    pub async fn watch_fulfillment(&self) -> fulfillment::watch_fulfillment::Overdue {
        let function = fulfillment::watch_fulfillment::WatchFulfillment::new(&self.platform()).expect("its variables");
        let invocation = self.invocation().by(Actor::schedule("watch-fulfillment"));
        let counts = fulfillment::watch_fulfillment::handle(&function, invocation).await;
        counts.expect("a run")
    }

    /// Pays an order of `units` of tea and delivers it. Returns its id.
    pub async fn delivered(&self, customer: &str, key: &str, units: u32) -> String {
        let order = self.paid(customer, key, &[("tea", units.into())]).await;
        let shipment = self.shipped(&order, &format!("{key}-parcel"), &[("1", units)]).await;
        assert_eq!(self.arrive(&shipment, &format!("{key}-delivery")).await.status, 200);
        order
    }

    /// Requests the return of units and returns its id.
    pub async fn returning(&self, customer: &str, order: &str, key: &str, units: u32) -> String {
        let answer = self
            .request_return(return_call(customer, order, key, &[("1", units)]))
            .await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.body["return_id"].as_str().expect("an id").to_owned()
    }

    /// Requests the return of units, approves it, and receives `restock` and `write_off` units. Returns its id.
    pub async fn received(&self, customer: &str, order: &str, key: &str, restock: u32, write_off: u32) -> String {
        let id = self.returning(customer, order, key, restock + write_off).await;
        let approved = self.decide_return(decide_call(&id, key, "APPROVE")).await;
        assert_eq!(approved.status, 200, "{approved:?}");
        let received = self
            .receive_return(receive_return_call(&id, key, restock, write_off))
            .await;
        assert_eq!(received.status, 200, "{received:?}");
        id
    }

    /// Ships units of an order's lines under `key`, which is also the tracking number.
    pub async fn ship(&self, order: &str, key: &str, lines: &[(&str, u32)]) -> Answer {
        self.create_shipment(ship_call(order, key, lines)).await
    }

    /// Ships units and returns the shipment's id.
    pub async fn shipped(&self, order: &str, key: &str, lines: &[(&str, u32)]) -> String {
        let shipment = self.ship(order, key, lines).await;
        assert_eq!(shipment.status, 201, "{shipment:?}");
        shipment.body["shipment_id"].as_str().expect("an id").to_owned()
    }

    /// Cancels units of a customer's order under `key`.
    pub async fn cancel_lines(&self, customer: &str, order: &str, key: &str, lines: &[(&str, u32)]) -> Answer {
        self.cancel_order(cancel_call(customer, order, key, lines)).await
    }

    /// Delivers a shipment now.
    pub async fn arrive(&self, shipment: &str, key: &str) -> Answer {
        self.deliver_shipment(deliver_call(shipment, key)).await
    }

    /// Sends a carrier's report that the parcel with this number was delivered.
    pub async fn report(&self, number: &str, delivered_at: Timestamp) -> Answer {
        let data = json!({ "carrier": "CJ", "tracking_number": number, "delivered_at": delivered_at });
        self.carrier_webhook(self.carrier_call("shipment.delivered", &data))
            .await
    }

    /// Builds a carrier's message as the gateway sends it, signed now.
    pub fn carrier_call(&self, kind: &str, data: &Value) -> Call {
        carrier_call(kind, data, self.now())
    }

    /// The quantities of an order's lines: cancelled, shipped, delivered and returned.
    pub async fn quantities(&self, customer: &str, order: &str) -> Vec<[u64; 4]> {
        let order = self.see(customer, order).await.body;
        let lines = order["lines"].as_array().expect("lines").iter();
        lines
            .map(|line| {
                ["cancelled", "shipped", "delivered", "returned"]
                    .map(|name| line["quantities"][name].as_u64().unwrap_or_default())
            })
            .collect()
    }

    /// An order's `fulfillment_status`.
    pub async fn fulfillment_status(&self, customer: &str, order: &str) -> String {
        let order = self.see(customer, order).await.body;
        order["fulfillment_status"].as_str().expect("a status").to_owned()
    }
}

/// Builds the lines of a request.
pub fn lines(lines: &[(&str, u32)]) -> Value {
    let lines = lines.iter();
    lines
        .map(|(line_id, quantity)| json!({ "line_id": line_id, "quantity": quantity }))
        .collect()
}

/// Builds an administrator's request to ship units under `key`, which is also the tracking number.
pub fn ship_call(order: &str, key: &str, lines: &[(&str, u32)]) -> Call {
    let body = json!({ "lines": self::lines(lines), "carrier": "CJ", "tracking_number": key });
    let call = Call::new("POST", "/admin/orders/{order_id}/shipments").path("order_id", order);
    call.by_admin().key(key).json(&body)
}

/// Builds a customer's request to cancel units of an order.
pub fn cancel_call(customer: &str, order: &str, key: &str, lines: &[(&str, u32)]) -> Call {
    let call = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", order);
    call.by(customer).key(key).json(&json!({ "lines": self::lines(lines) }))
}

/// Builds a customer's request to return units.
pub fn return_call(customer: &str, order: &str, key: &str, lines: &[(&str, u32)]) -> Call {
    let call = Call::new("POST", "/orders/{order_id}/returns").path("order_id", order);
    let body = json!({ "lines": self::lines(lines), "reason": "CHANGED_MIND" });
    call.by(customer).key(key).json(&body)
}

/// Builds an administrator's decision about a return.
pub fn decide_call(id: &str, key: &str, decision: &str) -> Call {
    staff_call(
        "/admin/returns/{return_id}/decide",
        id,
        key,
        &json!({ "decision": decision }),
    )
}

/// Builds an administrator's receipt of units of the first line.
pub fn receive_return_call(id: &str, key: &str, restock: u32, write_off: u32) -> Call {
    let line = json!({ "line_id": "1", "restock": restock, "write_off": write_off });
    staff_call(
        "/admin/returns/{return_id}/receive",
        id,
        key,
        &json!({ "lines": [line] }),
    )
}

/// Builds an administrator's request to refund a return.
pub fn refund_return_call(id: &str, key: &str, body: &Value) -> Call {
    staff_call("/admin/returns/{return_id}/refund", id, key, body)
}

fn staff_call(route: &str, id: &str, key: &str, body: &Value) -> Call {
    let call = Call::new("POST", route).path("return_id", id);
    call.by_admin().key(key).json(body)
}

/// Builds a carrier's message as the gateway sends it, signed `now`.
pub fn carrier_call(kind: &str, data: &Value, now: Timestamp) -> Call {
    let body = json!({ "type": kind, "timestamp": now, "data": data }).to_string();
    let secrets = CARRIER_SECRETS.map(str::to_owned);
    let headers = sandbox::sign::standard(&secrets[..1], "msg_1", now.as_second(), body.as_bytes());
    let call = Call::new("POST", "/webhooks/carriers").text(&body);
    headers
        .iter()
        .fold(call, |call, (name, value)| call.header(name, value))
}

/// Builds an administrator's request to deliver a shipment now.
pub fn deliver_call(shipment: &str, key: &str) -> Call {
    let call = Call::new("POST", "/admin/shipments/{shipment_id}/deliver").path("shipment_id", shipment);
    call.by_admin().key(key)
}

/// Builds an administrator's request to close a shipment, because of a `MISTAKE` or as `LOST`.
pub fn close_call(shipment: &str, key: &str, reason: &str) -> Call {
    let call = Call::new("POST", "/admin/shipments/{shipment_id}/close").path("shipment_id", shipment);
    call.by_admin().key(key).json(&json!({ "reason": reason }))
}

/// Builds a customer's request for the shipments of an order.
pub fn shipments_call(customer: &str, order: &str) -> Call {
    let call = Call::new("GET", "/orders/{order_id}/shipments").path("order_id", order);
    call.by(customer)
}

/// The won that an order's lines cost.
pub fn won(count: u64) -> Value {
    amount(count * 1000)
}
