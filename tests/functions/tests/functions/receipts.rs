//! Receipts of paid orders.

use function_tests::delivery::shipped_order_call;
use function_tests::fulfillment_fixture::cancel_call;
use function_tests::payment_fixture::{amount, toss_call};
use function_tests::{PaymentFixture, id_of, order_body};
use harness::gateway::{Answer, Call};
use serde_json::{Value, json};

use super::quotes;
use super::refunds::ask;

/// An order of tea, whose name has markup, and a gift card.
async fn ordered() -> (PaymentFixture, String) {
    let shop = PaymentFixture::in_shop(quotes::shop().await).await;
    let mut tea = quotes::shipped(12_900, Some(120), "STANDARD");
    tea["name"] = json!("Tea <b>& \"more\"</b>");
    assert_eq!(shop.put_product("tea", &tea).await.status, 200);
    let body = order_body(&[("tea", 2), ("gift-card", 1)]);
    let order = shop.checkout(shipped_order_call("ann", "k", &body)).await;
    (shop, id_of(&order))
}

async fn pay(shop: &PaymentFixture, order: &str) -> Value {
    let key = shop.sandbox.toss_authenticate(order, 78_800, "KRW");
    let payment = shop.confirm(toss_call("ann", "pay", order, &key, 78_800)).await;
    assert_eq!(payment.status, 200, "{payment:?}");
    payment.body
}

fn call(order: &str) -> Call {
    Call::new("GET", "/orders/{order_id}/receipt").path("order_id", order)
}

async fn receipt(shop: &PaymentFixture, order: &str) -> Answer {
    shop.get_receipt(call(order).by("ann")).await
}

#[tokio::test]
async fn a_receipt_has_the_parts_of_the_price_and_the_tax_by_rate() {
    let (shop, order) = ordered().await;
    pay(&shop, &order).await;
    shop.engine.faults.measure();
    let receipt = receipt(&shop, &order).await;
    assert_eq!(receipt.status, 200, "{receipt:?}");
    assert_eq!(shop.engine.faults.cost().requests, [("GetItem".to_owned(), 2)].into());
    assert_eq!(receipt.header("cache-control"), "no-store");
    assert_eq!(receipt.header("vary"), "Accept");
    let order = shop.see("ann", &order).await.body;
    for name in [
        "order_id",
        "number",
        "placed_at",
        "paid_at",
        "lines",
        "shipping",
        "totals",
    ] {
        assert_eq!(receipt.body[name], order[name], "{name}");
    }
    let taxes = json!([
        { "tax_rate": "10", "net": amount(28_800 - 2618), "tax": amount(2618) },
        { "net": amount(50_000), "tax": amount(0) },
    ]);
    assert_eq!(receipt.body["taxes"], taxes);
    let seller = json!({
        "name": "Courtyard Tea <Seoul>", "registration_number": "120-00-00000",
        "address": "1 Example-ro, Seoul", "contact": "help@shop.example.com",
    });
    assert_eq!(receipt.body["seller"], seller, "without what is not set");
    let payment = json!({ "provider": "TOSS", "amount": amount(78_800), "refunded": amount(0) });
    assert_eq!(receipt.body["payment"], payment);
    assert_eq!(receipt.body.get("cancelled_at"), None);
}

#[tokio::test]
async fn a_receipt_shows_what_was_refunded_also_after_a_cancellation() {
    let (shop, order) = ordered().await;
    let payment = pay(&shop, &order).await;
    let asked = ask(&shop, "part", &payment, &json!({ "amount": amount(800) })).await;
    shop.refund("RefundRequested", &asked.body).await.unwrap();
    assert_eq!(receipt(&shop, &order).await.body["payment"]["refunded"], amount(800));
    let cancelled = shop.cancel("ann", &order).await.body;
    shop.refund("OrderCancelled", &cancelled).await.unwrap();
    let receipt = receipt(&shop, &order).await;
    assert_eq!(receipt.body["payment"]["refunded"], amount(78_800));
    assert_eq!(receipt.body["cancelled_at"], cancelled["closed_at"]);
    assert_eq!(receipt.body["totals"]["total"], amount(78_800), "what was sold stays");
}

#[tokio::test]
async fn a_receipt_shows_what_was_refunded_of_each_tax_rate() {
    let (shop, order) = ordered().await;
    let payment = pay(&shop, &order).await;
    let refunded = |taxes: &Value| -> Vec<Value> {
        let taxes = taxes.as_array().unwrap().iter();
        taxes.map(|of_rate| of_rate["refunded"].clone()).collect()
    };
    let unrefunded = receipt(&shop, &order).await.body;
    assert_eq!(refunded(&unrefunded["taxes"]), [Value::Null, Value::Null]);
    // The price of the delivery goes back with the last unit that was to be delivered, and is taxed as the goods.
    for (key, units, sums) in [("a", 1, [12_900, 12_900]), ("b", 1, [28_800, 28_800])] {
        let cancelled = shop
            .cancel_order(cancel_call("ann", &order, key, &[("1", units)]))
            .await;
        assert_eq!(cancelled.status, 200, "{cancelled:?}");
        shop.refund("RefundRequested", &payment).await.unwrap();
        let receipt = receipt(&shop, &order).await.body;
        assert_eq!(receipt["payment"]["refunded"], amount(sums[0]));
        assert_eq!(refunded(&receipt["taxes"]), [amount(sums[1]), Value::Null], "{receipt}");
    }
    let page = call(&order).by("ann").header("accept", "text/html");
    let page = shop.get_receipt(page).await.body;
    let page = page.as_str().unwrap();
    for text in [
        "<th scope=\"col\">Tax</th><th scope=\"col\">Refunded</th>",
        "<td>10 %</td><td>26,182 KRW</td><td>2,618 KRW</td><td>−28,800 KRW</td>",
        "<td>Not taxed</td><td>50,000 KRW</td><td>0 KRW</td><td></td>",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
}

#[tokio::test]
async fn an_order_that_was_never_paid_has_no_receipt() {
    let (shop, order) = ordered().await;
    let unpaid = receipt(&shop, &order).await;
    assert_eq!((unpaid.status, unpaid.problem()), (409, "order-not-paid"));
    shop.cancel("ann", &order).await;
    assert_eq!(receipt(&shop, &order).await.problem(), "order-not-paid");
}

#[tokio::test]
async fn an_order_that_costs_nothing_has_a_receipt_without_a_payment() {
    let shop = PaymentFixture::with("sample", 1).await;
    shop.list("sample", 0, 1).await;
    let order = id_of(&shop.order("ann", "k", &[("sample", 1)]).await);
    let receipt = receipt(&shop, &order).await;
    assert_eq!(
        (receipt.status, receipt.body.get("payment")),
        (200, None),
        "{receipt:?}"
    );
    assert_eq!(receipt.body["totals"]["total"], amount(0));
}

#[tokio::test]
async fn a_receipt_is_for_the_orders_customer_and_for_administrators() {
    let (shop, order) = ordered().await;
    pay(&shop, &order).await;
    assert_eq!(shop.get_receipt(call(&order).by("bob")).await.problem(), "not-found");
    assert_eq!(shop.get_receipt(call(&order)).await.problem(), "unauthenticated");
    assert_eq!(shop.get_receipt(call(&order).by_admin()).await.status, 200);
}

#[tokio::test]
async fn a_receipt_can_be_a_page_that_loads_and_runs_nothing() {
    let (shop, order) = ordered().await;
    let payment = pay(&shop, &order).await;
    let asked = ask(&shop, "part", &payment, &json!({ "amount": amount(800) })).await;
    shop.refund("RefundRequested", &asked.body).await.unwrap();
    let page = call(&order).by("ann").header("accept", "text/html,*/*;q=0.8");
    let answer = shop.get_receipt(page).await;
    assert_eq!(
        (answer.status, answer.media_type.as_str()),
        (200, "text/html; charset=utf-8")
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    let page = answer.body.as_str().unwrap();
    let number = shop.see("ann", &order).await.body["number"]
        .as_str()
        .unwrap()
        .to_owned();
    for text in [
        &format!("<title>Receipt {number}</title>"),
        "placed on 2026-01-01 09:00 KST",
        "<p>Paid on 2026-01-01 09:00 KST</p>",
        "Courtyard Tea &lt;Seoul&gt;",
        "Registration number: 120-00-00000",
        "<td>Tea &lt;b&gt;&amp; &quot;more&quot;&lt;/b&gt;</td><td>12,900 KRW</td><td>2</td><td>25,800 KRW</td>",
        "<td>Standard delivery</td><td></td><td></td><td>3,000 KRW</td>",
        "<td>Total</td><td></td><td></td><td>78,800 KRW</td>",
        "<td>10 %</td><td>26,182 KRW</td><td>2,618 KRW</td>",
        "<td>Not taxed</td><td>50,000 KRW</td><td>0 KRW</td>",
        "<td>TOSS</td><td>78,800 KRW</td>",
        "<td>Refunded</td><td>−800 KRW</td>",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    for text in ["<b>", "<script", "http:", "https:", "Discount", "Representative", "UTC"] {
        assert!(!page.contains(text), "{text}: {page}");
    }
}
