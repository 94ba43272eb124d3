//! A shopper: places orders, pays with any provider, in two tabs, late, or not at all, cancels, and comes back to old orders.

use std::rc::Rc;
use std::time::Duration;

use function_tests::order_call;
use function_tests::payment_fixture::{kakaopay_call, start_call, stripe_call, toss_call};
use harness::gateway::{Answer, Call};
use sandbox::{Authentication, Card, Method};
use serde_json::{Value, json};

use super::{POINTS, after_sale, personal_data, product};
use crate::world::World;

/// Runs a shopper until the run ends.
pub async fn shop(world: Rc<World>, name: String) {
    let mut mine = vec![];
    while world.is_running() {
        world.pause().await;
        match world.below(28) {
            0 => {
                let sku = product(world.below(world.fault_plan.actors.products));
                world
                    .http("get-product", Call::new("GET", "/products/{sku}").path("sku", &sku))
                    .await;
            }
            1 => drop(world.http("list-orders", Call::new("GET", "/orders").by(&name)).await),
            2 => mine.extend(buy_points(&world, &name).await),
            3..=10 => after_sale::revisit(&world, &name, &mine).await,
            _ => {
                let products = world.fault_plan.actors.products;
                let mut items = vec![(product(world.below(products)), 1 + world.below(3))];
                if world.below(3) == 0 {
                    items.push((product(world.below(products)), 1 + world.below(2)));
                }
                mine.extend(order(&world, &name, &items).await);
            }
        }
    }
}

/// Buys points and always pays. Returns the order's id.
pub async fn buy_points(world: &Rc<World>, name: &str) -> Option<String> {
    let quantity = 1 + world.below(3);
    let order = place(world, name, &[(POINTS.to_owned(), quantity)]).await?;
    pay(world, name, &order).await;
    match world.below(16) {
        0..=1 => {
            world.pause().await;
            cancel(world, name, &order).await;
        }
        2 => after_sale::cancel_units(world, name, id(&order)).await,
        _ => {}
    }
    Some(id(&order).to_owned())
}

/// Places an order. Returns its id.
async fn order(world: &Rc<World>, name: &str, items: &[(String, u64)]) -> Option<String> {
    let order = place(world, name, items).await?;
    match world.below(20) {
        // Does not pay; sometimes reads the order after its deadline.
        0..=2 => {
            if world.below(2) == 0 {
                let seconds = world.fault_plan.reservation_s.unsigned_abs();
                world.clock.sleep(Duration::from_secs(seconds)).await;
                see(world, name, &order).await;
            }
        }
        3..=4 => cancel(world, name, &order).await,
        // Cancels while paying.
        5 => drop(tokio::join!(pay(world, name, &order), cancel(world, name, &order))),
        // Pays in two tabs at once.
        6..=7 => drop(tokio::join!(pay(world, name, &order), pay(world, name, &order))),
        // Pays when it may be too late.
        8 => {
            let seconds = world.fault_plan.reservation_s.unsigned_abs();
            world
                .clock
                .sleep(Duration::from_secs(seconds.saturating_sub(world.below(20))))
                .await;
            pay(world, name, &order).await;
        }
        _ => {
            pay(world, name, &order).await;
            match world.below(8) {
                0 => cancel(world, name, &order).await,
                1 => see(world, name, &order).await,
                // Tries again after a declined card.
                2 => pay(world, name, &order).await,
                3 => after_sale::cancel_units(world, name, id(&order)).await,
                _ => {}
            }
        }
    }
    Some(id(&order).to_owned())
}

async fn place(world: &World, name: &str, items: &[(String, u64)]) -> Option<Value> {
    let items = items.iter();
    let items: Vec<Value> = items
        .map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity }))
        .collect();
    if world.below(8) == 0 {
        let call = Call::new("POST", "/quotes").by(name).json(&json!({ "items": items }));
        world.http("create-quote", call).await;
    }
    let mut body = json!({ "items": items });
    // What is shipped needs an address.
    if world.below(10) > 0 {
        body["contact"] = personal_data::contact(name);
        body["shipping_address"] = personal_data::address(name);
    }
    let call = order_call(name, &world.key(), &[]).json(&body);
    let answer = world.request("checkout", call).await;
    world.pause().await;
    let order = (answer.status == 201).then_some(answer.body)?;
    world.state().orders.push(id(&order).to_owned());
    Some(order)
}

async fn see(world: &World, name: &str, order: &Value) {
    let call = Call::new("GET", "/orders/{order_id}")
        .path("order_id", id(order))
        .by(name);
    world.http("get-order", call).await;
}

/// Cancels an order.
pub async fn cancel(world: &World, name: &str, order: &Value) {
    let call = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", id(order));
    world.request("cancel-order", call.by(name).key(&world.key())).await;
}

/// Pays an order with any provider.
pub async fn pay(world: &Rc<World>, name: &str, order: &Value) {
    let answer = match world.below(10) {
        0..=2 => by_toss(world, name, order).await,
        3..=5 => by_stripe(world, name, order).await,
        6 => by_transfer(world, order).await,
        _ => by_kakaopay(world, name, order).await,
    };
    let Some(answer) = answer else { return };
    if let Some(payment) = answer.body["payment_id"].as_str() {
        world.state().payments.push(payment.to_owned());
        if world.below(10) == 0 {
            let call = Call::new("GET", "/payments/{payment_id}").path("payment_id", payment);
            world.http("get-payment", call.by(name)).await;
        }
    }
}

async fn by_toss(world: &Rc<World>, name: &str, order: &Value) -> Option<Answer> {
    // The provider's window refuses an order that costs nothing, and so does the API.
    if total(order) == 0 {
        let call = toss_call(name, &world.key(), id(order), "nothing-to-pay", 0);
        return Some(world.request("confirm-payment", call).await);
    }
    let how = Authentication {
        method: match world.below(8) {
            0 => Method::VirtualAccount,
            _ => Method::Card,
        },
        decline: (world.below(8) == 0).then(|| "REJECT_CARD_PAYMENT".to_owned()),
    };
    let key = world
        .sandbox
        .toss_authenticate_with(id(order), total(order), "KRW", &how);
    let call = toss_call(name, &world.key(), id(order), &key, total(order).unsigned_abs());
    let answer = world.request("confirm-payment", call).await;
    if how.method == Method::VirtualAccount && world.below(4) > 0 {
        world.pause().await;
        // The account may be closed by then.
        drop(world.sandbox.try_toss_deposit(&key));
        world.webhooks_ready.notify_one();
    }
    Some(answer)
}

async fn by_stripe(world: &Rc<World>, name: &str, order: &Value) -> Option<Answer> {
    let started = start(world, name, order, "STRIPE").await?;
    let intent = started["reference"].as_str()?;
    let card = match world.below(6) {
        0 => Card::declined("card_declined", "insufficient_funds"),
        _ => Card::Good,
    };
    world.pause().await;
    // An abandoned payment accepts no card.
    drop(world.sandbox.try_stripe_pay(intent, &card));
    world.webhooks_ready.notify_one();
    if world.below(4) == 0 {
        // The customer closes the page: the webhook or the reconciler reports the payment.
        return None;
    }
    let call = stripe_call(name, &world.key(), id(order), intent, total(order).unsigned_abs());
    Some(world.request("confirm-payment", call).await)
}

/// Pays at a provider that only sends webhooks.
async fn by_transfer(world: &Rc<World>, order: &Value) -> Option<Answer> {
    // An order that costs nothing needs no transfer, and the webhook refuses such a message.
    if total(order) == 0 {
        return None;
    }
    world.sandbox.standard_charge(id(order), total(order));
    world.webhooks_ready.notify_one();
    world.pause().await;
    None
}

async fn by_kakaopay(world: &Rc<World>, name: &str, order: &Value) -> Option<Answer> {
    let started = start(world, name, order, "KAKAOPAY").await?;
    let tid = started["reference"].as_str()?;
    world.pause().await;
    let token = world.sandbox.try_kakaopay_approve_in_app(tid).ok()?;
    let call = kakaopay_call(name, &world.key(), id(order), &token, total(order).unsigned_abs());
    Some(world.request("confirm-payment", call).await)
}

async fn start(world: &World, name: &str, order: &Value, provider: &str) -> Option<Value> {
    let call = start_call(name, &world.key(), provider, id(order));
    let answer = world.request("start-payment", call).await;
    (answer.status == 201).then_some(answer.body)
}

fn id(order: &Value) -> &str {
    order["order_id"].as_str().expect("an order")
}

fn total(order: &Value) -> i64 {
    let part = |name: &str| order["totals"][name]["amount"].as_i64().expect("an amount");
    let parts = part("subtotal") - part("discount") + part("shipping") + part("tax");
    assert_eq!(parts, part("total"), "the parts are not the total: {order}");
    parts
}
