//! The administrator, who runs the shop, and the operator, who handles reviews and dead letters.

use std::rc::Rc;

use function_tests::auction_fixture::CARD;
use function_tests::payment_fixture::amount;
use function_tests::{
    admin_product_call, correction_call, create_call, movements_call, product as product_body, receive_call,
    update_call, write_off_call,
};
use harness::engine::{PAYMENTS, SUBSCRIPTIONS};
use harness::gateway::Call;
use jiff::SignedDuration;
use sandbox::{Entry, Provider};
use serde_json::{Value, json};
use shared::core::id::SubscriptionPeriod;

use super::{POINTS, editor, importer, product};
use crate::infrastructure::invoke_asynchronously;
use crate::rules::Rule;
use crate::world::World;

/// Sets up the shop: products with stock, points and vouchers.
pub async fn open(world: &Rc<World>) {
    for nth in 0..world.fault_plan.actors.products {
        let shards = 1 + world.below(6) as u8;
        // The last of several products costs nothing at first.
        let won = if nth == 0 || nth + 1 < world.fault_plan.actors.products {
            1_000
        } else {
            0
        };
        let mut body = product_body(won, shards);
        // What costs nothing is not shipped: its order costs nothing either.
        if won > 0 && nth % 3 < 2 {
            body["package"] = json!({ "weight_grams": 120 });
        }
        body["low_stock_threshold"] = json!(1 + world.below(8));
        world
            .request("create-product", create_call(&product(nth), &world.key(), &body))
            .await;
        restock(world, &product(nth), 3 + world.below(20)).await;
    }
    let mut points = product_body(1_000, 1);
    points["points"] = json!(5_000);
    world
        .request("create-product", create_call(POINTS, &world.key(), &points))
        .await;
    restock(world, POINTS, 1_000_000).await;
    world
        .request(
            "create-product",
            create_call(CARD, &world.key(), &product_body(5_000, 1)),
        )
        .await;
    editor::open(world).await;
}

/// Runs the shop until the run ends.
pub async fn administer(world: Rc<World>) {
    while world.is_running() {
        world.pause().await;
        match world.below(18) {
            0..=3 => {
                let sku = product(world.below(world.fault_plan.actors.products));
                move_stock(&world, &sku).await;
            }
            5 => {
                let sku = product(world.below(world.fault_plan.actors.products));
                let won = [0, 1_000, 1_100, 1_200][world.below(4) as usize];
                let shards = 1 + world.below(10) as u8;
                let mut change = product_body(won, shards);
                change["low_stock_threshold"] = [json!(null), json!(3), json!(8)][world.below(3) as usize].clone();
                edit(&world, &sku, &change).await;
            }
            6..=7 => refund(&world).await,
            8 => refund_elsewhere(&world),
            4 | 9 => {
                decide_reviews(&world).await;
                decide_charges(&world).await;
                // Also decide on a matter that does not exist.
                if let Some(payment) = a_payment(&world) {
                    decide(
                        &world,
                        &payment,
                        json!({ "decision": "ASK_AGAIN", "review_id": payment }),
                    )
                    .await;
                }
                let invoices = invoices(&world);
                if let Some(invoice) = invoices.get(world.below(invoices.len().max(1) as u64) as usize) {
                    decide_charge(&world, invoice, &json!({ "decision": "ASK_AGAIN" })).await;
                }
            }
            10 => erase_personal_data(&world).await,
            11..=14 => editor::edit(&world).await,
            15 => importer::exchange(&world).await,
            _ => redeliver(&world),
        }
    }
}

async fn erase_personal_data(world: &World) {
    let actors = world.fault_plan.actors;
    let (kind, count) = match actors.subscribers {
        0 => ("shopper", actors.shoppers),
        subscribers if world.below(2) == 0 => ("subscriber", subscribers),
        _ => ("shopper", actors.shoppers),
    };
    let customer = format!("{kind}-{}", world.below(count));
    let subscriptions = Call::new("GET", "/admin/customers/{customer_id}/subscriptions");
    let call = subscriptions.path("customer_id", &customer).by_admin();
    world.http("list-customer-subscriptions", call).await;
    let call = Call::new("DELETE", "/admin/customers/{customer_id}/personal-data");
    let call = call.path("customer_id", &customer).by_admin();
    world.request("erase-personal-data", call).await;
}

/// Changes a product as it was read. If its shards were raised meanwhile, or it was changed, nothing changes.
async fn edit(world: &World, sku: &str, change: &Value) {
    let seen = world.request("get-admin-product", admin_product_call(sku)).await;
    if let Some(tag) = seen.headers.get("etag") {
        world.request("update-product", update_call(sku, tag, change)).await;
    }
}

async fn restock(world: &World, sku: &str, units: u64) {
    let call = receive_call(sku, &world.key(), units);
    world.request("create-stock-movement", call).await;
}

/// Receives, corrects or writes off units, and sometimes looks at the list.
async fn move_stock(world: &World, sku: &str) {
    let (key, few) = (world.key(), 1 + world.below(6));
    let call = match world.below(6) {
        0 => correction_call(sku, &key, few as i64),
        1 => correction_call(sku, &key, -(few as i64)),
        2 => write_off_call(sku, &key, few),
        _ => receive_call(sku, &key, 2 * few),
    };
    world.request("create-stock-movement", call).await;
    if world.below(4) == 0 {
        world.request("list-stock-movements", movements_call(sku)).await;
    }
}

/// Refunds a payment in part or in full; often one in review.
async fn refund(world: &World) {
    let payment = match world.below(2) {
        0 => in_review(world).first().map(|payment| payment_id(payment).to_owned()),
        _ => a_payment(world),
    };
    let Some(payment) = payment else { return };
    let body = match world.below(2) {
        0 => json!({ "amount": amount(100 + 100 * world.below(4)) }),
        _ => json!({}),
    };
    let call = Call::new("POST", "/admin/payments/{payment_id}/refunds").path("payment_id", &payment);
    world
        .request("request-refund", call.by_admin().key(&world.key()).json(&body))
        .await;
}

/// Refunds a part of a payment in the provider's dashboard, on the day of the charge: a later refund is reported only
/// by a webhook, which may be lost.
fn refund_elsewhere(world: &World) {
    let yesterday = world.clock.now() - SignedDuration::from_hours(24);
    let open: Vec<_> = world
        .sandbox
        .ledger()
        .into_iter()
        .filter(|entry| entry.charged - entry.refunded - entry.withdrawn > 300 && entry.provider != Provider::Kakaopay)
        .filter(|entry| entry.charged_at > yesterday)
        .collect();
    let Some(entry) = open.get(world.below(open.len().max(1) as u64) as usize) else {
        return;
    };
    dashboard_refund(world, entry.provider, &entry.reference, 300);
}

/// Decides all matters in review, as the runbook says.
pub async fn decide_reviews(world: &World) {
    for payment in &in_review(world) {
        world.net.note(|| format!("operator reviews {payment}"));
        let reviews = payment["reviews"].as_array().cloned().unwrap_or_default();
        for review in &reviews {
            // As it is after the decision before.
            let item = world.tables.item(PAYMENTS, &format!("PAYMENT#{}", payment_id(payment)));
            let payment = &item.expect("the payment");
            let mut body = decision(world, payment, review);
            body["review_id"] = review["review_id"].clone();
            decide(world, payment_id(payment), body).await;
            let has_ended = matches!(review["code"].as_str(), Some("DISPUTE_LOST" | "REVERSED"));
            if has_ended && world.below(2) == 0 {
                // The customer has goods and money: the shop takes the order back.
                let order = payment["order_id"].as_str().expect("an order");
                let call = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", order);
                world.request("cancel-order", call.by_admin().key(&world.key())).await;
            }
        }
    }
}

/// The decision about a matter, after a look at the provider's dashboard.
fn decision(world: &World, payment: &Value, review: &Value) -> Value {
    let owed = review["owed"]["amount"].as_i64();
    let ask_again = json!({ "decision": "ASK_AGAIN" });
    let given_back = json!({ "decision": "GIVEN_BACK", "amount": review["owed"] });
    match (review["code"].as_str().expect("a code"), owed) {
        ("REFUND_REFUSED" | "REFUND_FAILED", Some(owed)) if payment["provider"] == "STANDARD" => {
            // Not if the provider has taken the money back meanwhile.
            if refund_owed(world, payment, owed) {
                given_back
            } else {
                taken_back(world, payment).unwrap_or(ask_again)
            }
        }
        // Toss refunds a deposit only to a bank account, which its dashboard asks for.
        ("REFUND_REFUSED" | "REFUND_FAILED", Some(owed)) if payment.get("deposit").is_some() => {
            let _has_it = refund_owed(world, payment, owed);
            ask_again
        }
        ("REFUND_REFUSED" | "REFUND_FAILED", Some(owed)) if world.below(3) == 0 => {
            let reference = payment["reference"].as_str().expect("a reference").to_owned();
            *world.state().by_hand.entry(reference).or_default() += owed;
            given_back
        }
        ("CONTRADICTION", _) => {
            let reference = payment["reference"].as_str().expect("a reference");
            let ledger = world.sandbox.ledger();
            let entry = ledger.iter().find(|entry| entry.reference == reference);
            let is_about_amount = review["detail"]
                .as_str()
                .expect("a detail")
                .contains("The records have");
            // What the shop has not got any more, it was not charged either: a person says what happened to the money.
            let has_money = |entry: &&Entry| entry.charged - entry.refunded > entry.withdrawn;
            let charged = entry.filter(has_money).map(|entry| entry.charged);
            let charged = charged.filter(|_| is_about_amount);
            if let Some(charged) = charged.filter(|charged| payment["amount"]["amount"] != *charged) {
                return json!({ "decision": "CHARGED", "amount": amount(charged.unsigned_abs()) });
            }
            taken_back(world, payment).unwrap_or(json!({ "decision": "SETTLED" }))
        }
        ("DISPUTED" | "DISPUTE_LOST" | "REVERSED", _) => json!({ "decision": "SETTLED" }),
        _ => ask_again,
    }
}

/// Returns the decision that the provider took money back, if it took more than is recorded.
fn taken_back(world: &World, payment: &Value) -> Option<Value> {
    let ledger = world.sandbox.ledger();
    let entry = ledger
        .iter()
        .find(|entry| payment["reference"] == entry.reference.as_str())?;
    let of = |name: &str| payment[name]["amount"].as_i64().unwrap_or_default();
    // A payment cannot lose more than it has recorded, which differs from the charge if the provider has contradicted itself.
    let kept = of("amount") - of("refunded") - of("withdrawn");
    let taken = (entry.withdrawn - of("withdrawn")).min(kept);
    (taken > 0).then(|| json!({ "decision": "TAKEN_BACK", "amount": amount(taken.unsigned_abs()) }))
}

/// Returns the payments in review, as far as events have reported them.
fn in_review(world: &World) -> Vec<Value> {
    let told = world.state().reviews.clone();
    let payments = told
        .iter()
        .filter_map(|id| world.tables.item(PAYMENTS, &format!("PAYMENT#{id}")));
    let (waiting, decided): (Vec<Value>, Vec<Value>) = payments.partition(|payment| payment.get("reviews").is_some());
    let mut state = world.state();
    for payment in &decided {
        state.reviews.remove(payment_id(payment));
    }
    waiting
}

fn payment_id(payment: &Value) -> &str {
    payment["payment_id"].as_str().expect("a payment")
}

/// Decides charges with unknown outcomes: looks each up in the provider's dashboard, as an alarm asks the operator to
/// do.
async fn decide_charges(world: &World) {
    let invoices = invoices(world);
    let charging = |invoice: &&Value| invoice["status"] == "CHARGING";
    for invoice in invoices.iter().filter(charging) {
        let of: SubscriptionPeriod = serde_json::from_value(invoice.clone()).expect("an invoice");
        let order_id = billing::invoice::order_id(of).to_string();
        let ledger = world.sandbox.ledger();
        let taken = ledger
            .iter()
            .find(|entry| entry.charges > 0 && entry.order_id == order_id);
        let decision = match taken {
            _ if world.below(3) == 0 => json!({ "decision": "ASK_AGAIN" }),
            Some(entry) => json!({ "decision": "CHARGED", "reference": entry.reference }),
            None => json!({ "decision": "NOT_CHARGED", "looked_up_at": world.clock.now() }),
        };
        world.net.note(|| format!("operator decides {decision} of {invoice}"));
        decide_charge(world, invoice, &decision).await;
    }
}

async fn decide_charge(world: &World, invoice: &Value, decision: &Value) {
    let of: SubscriptionPeriod = serde_json::from_value(invoice.clone()).expect("an invoice");
    let call = Call::new(
        "POST",
        "/admin/subscriptions/{subscription_id}/invoices/{period}/review",
    )
    .path("subscription_id", &of.subscription_id.to_string())
    .path("period", &of.period.to_string());
    let call = call.by_admin().key(&world.key()).json(decision);
    world.request("resolve-charge", call).await;
}

/// Returns all invoices.
fn invoices(world: &World) -> Vec<Value> {
    let mut items = world.tables.items(SUBSCRIPTIONS);
    items.retain(|item| item["sk"].as_str().is_some_and(|sk| sk.starts_with("INVOICE#")));
    items
}

/// Refunds what is owed in the provider's dashboard. Returns whether the customer has it.
fn refund_owed(world: &World, payment: &Value, owed: i64) -> bool {
    let reference = payment["reference"].as_str().expect("a reference");
    let ledger = world.sandbox.ledger();
    let entry = ledger.iter().find(|entry| entry.reference == reference);
    let entry = entry.expect("a refunded payment was charged");
    let recorded = payment["refunded"]["amount"].as_i64().expect("an amount");
    // It includes refunds that are not recorded yet.
    let whole = (entry.charged - entry.withdrawn).min(recorded + owed);
    let is_made = whole <= entry.refunded || dashboard_refund(world, entry.provider, reference, whole - entry.refunded);
    is_made && whole == recorded + owed
}

/// Refunds a payment in a provider's dashboard. Returns whether the provider allows it: Stripe does not while the charge
/// is disputed.
fn dashboard_refund(world: &World, provider: Provider, reference: &str, amount: i64) -> bool {
    if world.sandbox.try_dashboard_refund(provider, reference, amount).is_err() {
        return false;
    }
    *world.state().dashboard_refunds.entry(reference.to_owned()).or_default() += amount;
    world
        .net
        .note(|| format!("operator refunds {amount} of {reference} in the provider's dashboard"));
    world.webhooks_ready.notify_one();
    true
}

async fn decide(world: &World, payment: &str, decision: Value) {
    let call = Call::new("POST", "/admin/payments/{payment_id}/review").path("payment_id", payment);
    let call = call.by_admin().key(&world.key()).json(&decision);
    world.request("resolve-review", call).await;
}

/// Returns a known payment.
fn a_payment(world: &World) -> Option<String> {
    let payments = world.state().payments.clone();
    payments
        .get(world.below(payments.len().max(1) as u64) as usize)
        .cloned()
}

/// Redelivers the dead letters, as an alarm asks the operator to do.
pub fn redeliver(world: &Rc<World>) {
    let dead = std::mem::take(&mut world.state().dead_letters);
    for (function, event) in dead {
        let mut rules = Rule::of_bus().iter().chain(Rule::of_uploads());
        let rule = rules.find(|rule| rule.function == function);
        world.spawn(invoke_asynchronously(world.clone(), rule.expect("a rule"), event));
    }
}
