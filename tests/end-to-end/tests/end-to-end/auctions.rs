//! Auctions: points, bids, trades, cancellation and expiry.

use std::time::Duration;

use anyhow::{Result, ensure};
use end_to_end::bid::{HOUR, time_after};
use end_to_end::{EVENT_DEADLINE, Shop, text};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::Test;

pub const TESTS: &[Test] = &[
    (
        "a_bid_is_expired_by_the_schedule_and_releases_its_points",
        a_bid_is_expired_by_the_schedule_and_releases_its_points,
    ),
    ("bought_points_are_in_the_wallet", bought_points_are_in_the_wallet),
    (
        "unspent_points_of_a_cancelled_order_are_taken_back",
        unspent_points_of_a_cancelled_order_are_taken_back,
    ),
    (
        "points_of_a_refunded_payment_are_taken_back",
        points_of_a_refunded_payment_are_taken_back,
    ),
    (
        "a_taken_bid_transfers_voucher_and_points",
        a_taken_bid_transfers_voucher_and_points,
    ),
    (
        "matching_bids_trade_at_once_at_the_price_of_the_first",
        matching_bids_trade_at_once_at_the_price_of_the_first,
    ),
    (
        "a_canceled_bid_releases_what_it_held",
        a_canceled_bid_releases_what_it_held,
    ),
    (
        "a_rejected_bid_gets_its_problem_and_writes_nothing",
        a_rejected_bid_gets_its_problem_and_writes_nothing,
    ),
    (
        "customers_see_only_their_own_wallets_vouchers_and_bids",
        customers_see_only_their_own_wallets_vouchers_and_bids,
    ),
];

/// The time limit for a run of the schedule on slow machines.
const TIME_LIMIT: Duration = Duration::from_secs(200);
/// Long enough to read a bid, and short enough to wait for its expiry.
const SHORT_LIFETIME: SignedDuration = SignedDuration::from_secs(10);

fn bought_points_are_in_the_wallet(shop: &Shop) -> Result<()> {
    let ann = shop.new_shopper()?;
    ensure!(shop.wallet(&ann)? == (0, 0));
    let order = shop.buy_points(&ann, 3)?;
    ensure!(order["lines"][0]["points"] == 10_000, "{order}");
    let event = shop.event("PointsCredited", &order, EVENT_DEADLINE)?;
    let function = json!({ "kind": "FUNCTION", "id": "credit-points" });
    ensure!(event["metadata"]["actor"] == function, "{event}");
    ensure!(event["data"]["points"] == 30_000, "{event}");
    ensure!(shop.wallet(&ann)? == (30_000, 0));
    let entry = shop.get(&ann, "/wallet/entries")?["items"][0].take();
    ensure!(
        entry["kind"] == "CREDITED" && entry["about"] == json!({ "kind": "ORDER", "id": order["order_id"] }),
        "{entry}"
    );
    Ok(())
}

fn unspent_points_of_a_cancelled_order_are_taken_back(shop: &Shop) -> Result<()> {
    let sku = shop.product(1, 1)?;
    let ann = shop.new_shopper()?;
    let order = shop.buy_points(&ann, 2)?;
    shop.event("PointsCredited", &order, EVENT_DEADLINE)?;
    let cancel = || {
        let path = format!("/orders/{}/cancel", text(&order, "order_id")?);
        shop.api.call("POST", &path).token(&ann).key("cancel").send()
    };

    let bid = shop.place_buy_bid(&ann, &sku, 15_000, HOUR)?.expect(201)?;
    refused(&cancel()?.expect(409)?, "points-spent")?;
    ensure!(shop.current_order(&ann, &order)?["status"] == "PAID");
    shop.cancel_bid(&ann, &bid)?.expect(200)?;

    let cancelled = cancel()?.expect(200)?;
    ensure!(cancelled["status"] == "CANCELLED", "{cancelled}");
    ensure!(shop.wallet(&ann)? == (0, 0));
    let event = shop.event("PointsTakenBack", &order, EVENT_DEADLINE)?;
    ensure!(event["data"]["points"] == 20_000, "{event}");
    shop.event("PaymentRefunded", &order, EVENT_DEADLINE)?;
    let kinds: Vec<String> = shop.ledger(&ann)?.into_iter().map(|(kind, _)| kind).collect();
    ensure!(kinds == ["TAKEN_BACK", "RELEASED", "HELD", "CREDITED"], "{kinds:?}");
    Ok(())
}

fn points_of_a_refunded_payment_are_taken_back(shop: &Shop) -> Result<()> {
    let ann = shop.new_shopper()?;
    let order = shop.buy_points(&ann, 1)?;
    shop.event("PointsCredited", &order, EVENT_DEADLINE)?;
    let path = format!("/admin/payments/{}/refunds", text(&order, "payment_id")?);
    let ask = |body: &Value| {
        let call = shop.api.call("POST", &path).token(&shop.admin);
        call.key(&shop.unique("refund")).json(body).send()?.expect(202)
    };
    let taken_back = |points: i64| {
        shop.tap.wait_for(
            "PointsTakenBack",
            |event| {
                event.detail["data"]["order_id"] == order["order_id"] && event.detail["data"]["taken_back"] == points
            },
            EVENT_DEADLINE,
        )
    };
    ask(&json!({ "amount": { "amount": 4_000, "currency": "KRW" } }))?;
    taken_back(4_000)?;
    ensure!(shop.wallet(&ann)? == (6_000, 0));
    ask(&json!({}))?;
    taken_back(10_000)?;
    ensure!(shop.wallet(&ann)? == (0, 0));
    Ok(())
}

fn a_taken_bid_transfers_voucher_and_points(shop: &Shop) -> Result<()> {
    let sku = shop.product(1, 1)?;
    let (ann, bob) = (shop.new_shopper_with_points(5)?, shop.new_shopper()?);
    let voucher = shop.voucher(&bob, &sku)?;
    let bid = shop.place_sell_bid(&bob, &voucher, 45_000)?.expect(201)?;
    ensure!(bid["status"] == "OPEN", "{bid}");
    let placed = shop.bid_event("BidPlaced", "bid_id", &bid, EVENT_DEADLINE)?;
    ensure!(placed["data"] == bid, "{placed} is not {bid}");
    ensure!(shop.book(&sku, "sell")? == [45_000]);
    listed(shop, &bob, "/vouchers", |page| {
        page["items"][0]["offered_by"] == bid["bid_id"]
    })?;

    let key = shop.unique("take");
    let low = json!({ "side": "BUY", "price": 44_900 });
    let differs = shop.take(&ann, &sku, &key, &low)?.expect(409)?;
    refused(&differs, "price-differs")?;
    ensure!(differs["best"] == 45_000, "{differs}");
    let seen = json!({ "side": "BUY", "price": 45_000 });
    let trade = shop.take(&ann, &sku, &key, &seen)?.expect(201)?;
    ensure!(
        trade["voucher_id"] == bid["voucher_id"] && trade["price"] == 45_000,
        "{trade}"
    );
    let again = shop.take(&ann, &sku, &key, &seen)?;
    ensure!(again.header("idempotency-replayed") == Some("true"), "{again:?}");
    ensure!(again.expect(201)? == trade);

    let traded = shop.bid_event("BidTraded", "trade_id", &trade, EVENT_DEADLINE)?;
    let traded = &traded["data"];
    ensure!(
        traded["sell_bid"] == bid["bid_id"] && traded["price"] == 45_000,
        "{traded}"
    );
    // Only the event names the trading partner.
    ensure!(
        traded["seller_id"] == bid["customer_id"] && trade.get("seller_id").is_none(),
        "{traded} {trade}"
    );
    ensure!(shop.wallet(&ann)? == (5_000, 0));
    ensure!(shop.wallet(&bob)? == (45_000, 0));
    ensure!(shop.ledger(&ann)?.first() == Some(&("PAID".to_owned(), 45_000)));
    ensure!(shop.ledger(&bob)? == [("EARNED".to_owned(), 45_000)]);
    ensure!(shop.book(&sku, "sell")?.is_empty());
    listed(shop, &ann, "/vouchers", |page| {
        let bought = &page["items"][0];
        bought["code"] == voucher["code"] && bought.get("offered_by").is_none()
    })?;
    listed(shop, &bob, "/vouchers", |page| page["items"] == json!([]))?;
    listed(shop, &bob, "/bids", |page| {
        let bid = &page["items"][0];
        bid["status"] == "TRADED" && bid["trade_id"] == trade["trade_id"]
    })
}

fn matching_bids_trade_at_once_at_the_price_of_the_first(shop: &Shop) -> Result<()> {
    let sku = shop.product(1, 1)?;
    let (ann, bob) = (shop.new_shopper_with_points(5)?, shop.new_shopper()?);
    let worse = shop.place_buy_bid(&ann, &sku, 10_000, HOUR)?.expect(201)?;
    let better = shop.place_buy_bid(&ann, &sku, 30_000, HOUR)?.expect(201)?;
    ensure!(shop.wallet(&ann)? == (10_000, 40_000));
    ensure!(shop.book(&sku, "buy")? == [30_000, 10_000]);

    let voucher = shop.voucher(&bob, &sku)?;
    let sold = shop.place_sell_bid(&bob, &voucher, 20_000)?.expect(201)?;
    ensure!(sold["status"] == "TRADED", "{sold}");
    let trade = shop.bid_event("BidTraded", "trade_id", &sold, EVENT_DEADLINE)?;
    let trade = &trade["data"];
    ensure!(trade["price"] == 30_000, "{trade}");
    ensure!(
        trade["buy_bid"] == better["bid_id"] && trade["sell_bid"] == sold["bid_id"],
        "{trade}"
    );
    ensure!(shop.wallet(&ann)? == (10_000, 10_000));
    ensure!(shop.wallet(&bob)? == (30_000, 0));
    ensure!(shop.book(&sku, "buy")? == [10_000]);
    ensure!(shop.book(&sku, "sell")?.is_empty());

    // In the other direction: a later buyer pays no more than the sell price.
    let voucher = shop.voucher(&bob, &sku)?;
    shop.place_sell_bid(&bob, &voucher, 15_000)?.expect(201)?;
    let bought = shop.place_buy_bid(&ann, &sku, 20_000, HOUR)?;
    refused(&bought.expect(402)?, "not-enough-points")?;
    shop.cancel_bid(&ann, &worse)?.expect(200)?;
    let bought = shop.place_buy_bid(&ann, &sku, 20_000, HOUR)?.expect(201)?;
    ensure!(bought["status"] == "TRADED", "{bought}");
    ensure!(shop.wallet(&ann)? == (5_000, 0));
    ensure!(shop.wallet(&bob)? == (45_000, 0));
    Ok(())
}

fn a_bid_is_expired_by_the_schedule_and_releases_its_points(shop: &Shop) -> Result<()> {
    let sku = shop.product(1, 1)?;
    let (ann, bob) = (shop.new_shopper_with_points(1)?, shop.new_shopper()?);
    let voucher = shop.voucher(&bob, &sku)?;
    let bid = shop.place_buy_bid(&ann, &sku, 8_000, SHORT_LIFETIME)?.expect(201)?;
    ensure!(shop.wallet(&ann)? == (2_000, 8_000));
    let expires_at: Timestamp = text(&bid, "expires_at")?.parse()?;

    // From its deadline on the bid is hidden and cannot be taken, even before expiry runs.
    while Timestamp::now() <= expires_at {
        shop.tap.events()?;
    }
    ensure!(shop.book(&sku, "buy")?.is_empty());
    let sell = json!({ "side": "SELL", "voucher_id": voucher["voucher_id"] });
    let late = shop.take(&bob, &sku, &shop.unique("take"), &sell)?.expect(409)?;
    refused(&late, "nothing-to-take")?;
    listed(shop, &ann, "/bids", |page| page["items"][0]["status"] == "EXPIRED")?;
    refused(&shop.cancel_bid(&ann, &bid)?.expect(409)?, "bid-closed")?;

    let expired = shop.bid_event("BidExpired", "bid_id", &bid, TIME_LIMIT)?;
    ensure!(expired["data"]["status"] == "EXPIRED", "{expired}");
    ensure!(shop.wallet(&ann)? == (10_000, 0));
    Ok(())
}

fn a_canceled_bid_releases_what_it_held(shop: &Shop) -> Result<()> {
    let sku = shop.product(1, 1)?;
    let (ann, bob) = (shop.new_shopper_with_points(1)?, shop.new_shopper()?);
    let buying = shop.place_buy_bid(&ann, &sku, 8_000, HOUR)?.expect(201)?;
    ensure!(shop.wallet(&ann)? == (2_000, 8_000));
    shop.cancel_bid(&bob, &buying)?.expect(404)?;
    let cancelled = shop.cancel_bid(&ann, &buying)?.expect(200)?;
    ensure!(cancelled["status"] == "CANCELLED", "{cancelled}");
    ensure!(shop.wallet(&ann)? == (10_000, 0));
    let event = shop.bid_event("BidCancelled", "bid_id", &buying, EVENT_DEADLINE)?;
    ensure!(event["data"] == cancelled, "{event} is not {cancelled}");
    let again = shop.cancel_bid(&ann, &buying)?;
    ensure!(again.header("idempotency-replayed") == Some("true"), "{again:?}");
    ensure!(shop.wallet(&ann)? == (10_000, 0));

    let voucher = shop.voucher(&bob, &sku)?;
    let selling = shop.place_sell_bid(&bob, &voucher, 9_000)?.expect(201)?;
    let twice = shop.place_sell_bid(&bob, &voucher, 9_000)?.expect(409)?;
    refused(&twice, "voucher-offered")?;
    shop.cancel_bid(&bob, &selling)?.expect(200)?;
    ensure!(shop.book(&sku, "sell")?.is_empty());
    shop.place_sell_bid(&bob, &voucher, 9_500)?.expect(201)?;
    ensure!(shop.book(&sku, "sell")? == [9_500]);
    Ok(())
}

fn a_rejected_bid_gets_its_problem_and_writes_nothing(shop: &Shop) -> Result<()> {
    let sku = shop.product(1, 1)?;
    let (ann, bob) = (shop.new_shopper_with_points(1)?, shop.new_shopper()?);
    let voucher = shop.voucher(&bob, &sku)?;
    let offer = shop.place_sell_bid(&bob, &voucher, 20_000)?.expect(201)?;
    let buy = |price: u64, lifetime| json!({ "side": "BUY", "price": price, "expires_at": time_after(lifetime) });
    let days = |days: i64| SignedDuration::from_hours(24 * days);
    let mut stolen = buy(5_000, HOUR);
    stolen["side"] = json!("SELL");
    stolen["voucher_id"] = voucher["voucher_id"].clone();
    for (body, status, problem) in [
        (buy(5_050, HOUR), 422, "invalid-price"),
        (buy(900, HOUR), 422, "invalid-price"),
        (buy(10_000_100, HOUR), 422, "invalid-price"),
        (buy(5_000, -HOUR), 422, "invalid-deadline"),
        (buy(5_000, days(91)), 422, "invalid-deadline"),
        (buy(10_100, HOUR), 402, "not-enough-points"),
        (stolen, 422, "voucher-not-yours"),
        (json!({ "side": "BUY", "price": 5_000 }), 400, "malformed-body"),
    ] {
        refused(&shop.bid(&ann, &sku, &body)?.expect(status)?, problem)?;
    }
    let any = json!({ "side": "BUY" });
    refused(
        &shop.take(&ann, &sku, &shop.unique("take"), &any)?.expect(402)?,
        "not-enough-points",
    )?;
    refused(
        &shop.take(&bob, &sku, &shop.unique("take"), &any)?.expect(422)?,
        "own-bid",
    )?;

    ensure!(shop.wallet(&ann)? == (10_000, 0));
    ensure!(shop.ledger(&ann)?.len() == 1);
    ensure!(shop.wallet(&bob)? == (0, 0));
    ensure!(shop.get(&ann, "/bids")?["items"] == json!([]));
    ensure!(shop.book(&sku, "buy")?.is_empty());
    ensure!(shop.book(&sku, "sell")? == [20_000]);
    listed(shop, &bob, "/bids", |page| page["items"] == json!([offer]))
}

fn customers_see_only_their_own_wallets_vouchers_and_bids(shop: &Shop) -> Result<()> {
    let sku = shop.product(1, 1)?;
    let (ann, bob) = (shop.new_shopper()?, shop.new_shopper()?);
    let voucher = shop.voucher(&ann, &sku)?;
    let body = json!({ "sku": sku, "code": voucher["code"] });
    let register = |token: &str| {
        let call = shop.api.call("POST", "/vouchers").token(token).key("k");
        call.json(&body).send()
    };
    let again = register(&ann)?;
    ensure!(again.header("idempotency-replayed") == Some("true"), "{again:?}");
    ensure!(again.expect(201)? == voucher);
    refused(&register(&bob)?.expect(409)?, "voucher-registered")?;
    ensure!(shop.get(&bob, "/vouchers")?["items"] == json!([]));
    for path in ["/wallet", "/wallet/entries", "/vouchers", "/bids"] {
        shop.api.call("GET", path).send()?.expect(401)?;
    }
    let path = format!("/products/{sku}/bids");
    shop.api
        .call("POST", &path)
        .key("k")
        .json(&json!({}))
        .send()?
        .expect(401)?;
    Ok(())
}

/// Waits until the list at `path` is as wanted: it is eventually consistent.
fn listed(shop: &Shop, token: &str, path: &str, wanted: impl Fn(&Value) -> bool) -> Result<()> {
    shop.until(EVENT_DEADLINE, || shop.get(token, path), wanted)?;
    Ok(())
}

fn refused(problem: &Value, code: &str) -> Result<()> {
    ensure!(problem["type"] == format!("urn:madang:problem:{code}"), "{problem}");
    Ok(())
}
