//! Requests and responses of the functions match their schemas.

use auctions::bid::Bid;
use auctions::get_order_book::{BidBook, BookSide, Depth, OpenBid};
use auctions::list_bids::BidList;
use auctions::list_vouchers::VoucherList;
use auctions::list_wallet_entries::EntryList;
use auctions::place_bid::PlaceBidRequest;
use auctions::register_voucher::RegisterVoucherRequest;
use auctions::take_bid::{TakeBidRequest, TakenBid};
use billing::charge_service::ChargeDecision;
use billing::list_invoices::InvoiceList;
use billing::list_subscriptions::SubscriptionList;
use billing::skip_period::SkipPeriodRequest;
use billing::update_subscription::UpdateSubscriptionRequest;
use catalog::create_product::CreateProductRequest;
use catalog::create_stock_movement::CreateStockMovementRequest;
use catalog::get_product::ProductView;
use catalog::list_stock_movements::StockMovementList;
use catalog::update_product::UpdateProductRequest;
use contract::examples;
use fulfillment::create_shipment::CreateShipmentRequest;
use fulfillment::list_returns::ReturnList;
use fulfillment::list_shipments::ShipmentList;
use fulfillment::receive_carrier_webhook::{CarrierWebhookAnswer, CarrierWebhookOutcome};
use fulfillment::returns::ReturnDecision;
use fulfillment::shipment::{ClosingReason, Shipment, ShipmentTransition};
use images::get_image::ImageView;
use images::presign_upload::{PresignUploadRequest, SignedUpload};
use lambda_http::Body;
use orders::checkout::CheckoutRequest;
use orders::create_quote::CreateQuoteRequest;
use orders::list_orders::OrderList;
use payments::confirm_payment::ConfirmPaymentRequest;
use payments::receive_webhook::{Outcome, WebhookAnswer};
use payments::request_refund::RequestRefundRequest;
use payments::resolve_review::PaymentDecision;
use payments::start_payment::{StartPaymentRequest, StartedPayment};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::auctions::{Entry, EntryKind, Subject, Wallet};
use shared::aws::lambda::problem;
use shared::core::error::{Error, Rejection};
use shared::orders::{Rejected, Shortage};
use shared::payments::provider::ClientParameters;

use crate::{Schema, document};

#[test]
fn each_response_matches_its_schema() {
    for product in [examples::product().unwrap(), examples::points().unwrap()] {
        matches_schema("Product", &product);
        let now = product.updated_at;
        matches_schema("ProductView", &ProductView::of(product, 0, now));
    }
    matches_schema("Order", &examples::order_of_points().unwrap());
    let order = examples::order().unwrap();
    matches_schema("Order", &order);
    let movement = examples::movement().unwrap();
    matches_schema("StockMovement", &movement);
    for next_cursor in [None, Some("AAAB".to_owned())] {
        let (items, movements) = (vec![order.clone()], vec![movement.clone()]);
        let page = StockMovementList {
            items: movements,
            next_cursor: next_cursor.clone(),
        };
        matches_schema("StockMovementList", &page);
        matches_schema("OrderList", &OrderList { items, next_cursor });
    }
}

#[test]
fn each_response_about_a_payment_matches_its_schema() {
    let (order, payment) = examples::paid().unwrap();
    matches_schema("Order", &order);
    matches_schema("Payment", &payment);
    for outcome in [Outcome::Entered, Outcome::Ignored] {
        matches_schema("WebhookAnswer", &WebhookAnswer { outcome });
    }
    let (order_id, amount) = (order.order_id, order.totals.total);
    let text = || "text".to_owned();
    let (order_name, customer_key, client_secret) = (text(), text(), text());
    let (pc_url, mobile_url, app_url) = (text(), text(), text());
    for client in [
        ClientParameters::Toss {
            order_name,
            customer_key,
        },
        ClientParameters::Stripe { client_secret },
        ClientParameters::KakaoPay {
            pc_url,
            mobile_url,
            app_url,
        },
    ] {
        for known in [None, Some((payment.payment_id, payment.reference.clone()))] {
            let (payment_id, reference) = known.unzip();
            let client = client.clone();
            matches_schema(
                "StartedPayment",
                &StartedPayment {
                    order_id,
                    amount,
                    payment_id,
                    reference,
                    client,
                },
            );
        }
    }
}

#[test]
fn each_request_and_response_about_a_shipment_matches_its_schema() {
    let shipped = examples::shipment().unwrap();
    let ended = [
        ShipmentTransition::Deliver(shipped.shipped_at),
        ShipmentTransition::Close(ClosingReason::Lost, shipped.shipped_at),
        ShipmentTransition::Close(ClosingReason::Mistake, shipped.shipped_at),
    ];
    let ended = ended.map(|transition| shipped.transition(transition).unwrap());
    let untracked = Shipment {
        tracking_url: None,
        ..shipped.clone()
    };
    for shipment in [shipped.clone(), untracked].into_iter().chain(ended) {
        matches_schema("Shipment", &shipment);
        let (items, next_cursor) = (vec![shipment], None);
        matches_schema("ShipmentList", &ShipmentList { items, next_cursor });
    }
    for outcome in [CarrierWebhookOutcome::Entered, CarrierWebhookOutcome::Ignored] {
        matches_schema("CarrierWebhookAnswer", &CarrierWebhookAnswer { outcome });
    }
    matches_schema(
        "CreateShipmentRequest",
        &CreateShipmentRequest {
            lines: shipped.lines,
            carrier: shipped.carrier,
            tracking_number: shipped.tracking_number,
            tracking_url: shipped.tracking_url,
        },
    );
}

#[test]
fn each_response_about_a_return_matches_its_schema() {
    let requested = examples::returned().unwrap();
    let approved = requested.decided(ReturnDecision::Approve, None, requested.requested_at);
    let approved = approved.unwrap();
    let refunded = examples::refunded(&approved, requested.requested_at, requested.requested_at);
    for details in [requested, approved, refunded.unwrap()] {
        matches_schema("Return", &details);
        let (items, next_cursor) = (vec![details], None);
        matches_schema("ReturnList", &ReturnList { items, next_cursor });
    }
}

#[test]
fn each_response_about_an_auction_matches_its_schema() {
    let (bids, voucher) = (
        vec![examples::sell_bid().unwrap(), examples::buy_bid().unwrap()],
        examples::voucher().unwrap(),
    );
    let trade = examples::trade().unwrap();
    let taken = TakenBid {
        trade_id: trade.trade_id,
        sku: trade.sku,
        voucher_id: trade.voucher_id,
        price: trade.price,
        traded_at: trade.traded_at,
    };
    matches_schema("TakenBid", &taken);
    matches_schema("Voucher", &voucher);
    matches_schema("Voucher", &voucher.offered_by(None));
    let open = |bid: &Bid| OpenBid {
        price: bid.price,
        placed_at: bid.placed_at,
        expires_at: bid.expires_at,
    };
    let depth = Depth {
        price: trade.price,
        bids: 1,
    };
    let entry = Entry {
        entry_id: trade.trade_id,
        kind: EntryKind::Paid,
        points: trade.price,
        about: Subject::trade(trade.trade_id),
        created_at: trade.traded_at,
    };
    for next_cursor in [None, Some("AAAB".to_owned())] {
        let items = vec![voucher.clone()];
        let next = || next_cursor.clone();
        matches_schema(
            "BidList",
            &BidList {
                items: bids.clone(),
                next_cursor: next(),
            },
        );
        matches_schema(
            "VoucherList",
            &VoucherList {
                items,
                next_cursor: next(),
            },
        );
        let items = vec![entry.clone()];
        let next_cursor = next();
        matches_schema("EntryList", &EntryList { items, next_cursor });
        matches_schema("Wallet", &Wallet::default());
        let side = |bid: &Bid| BookSide {
            items: vec![open(bid)],
            depth: vec![depth],
            next_cursor: next(),
        };
        for (sell, buy) in [(None, None), (Some(side(&bids[0])), Some(side(&bids[1])))] {
            matches_schema("BidBook", &BidBook { buy, sell });
        }
    }
}

#[test]
fn each_problem_matches_its_schema() {
    let shortage = Shortage {
        sku: examples::product().unwrap().sku,
        requested: 2,
        available: 1,
    };
    let short: Rejection = Rejected::OutOfStock(vec![shortage]).into();
    for (error, name) in [
        (short.into(), "OutOfStockProblem"),
        (Rejected::NotFound.into(), "NotFoundProblem"),
        (Error::unavailable("test", "test"), "UnavailableProblem"),
        (Error::internal("test", "test"), "InternalProblem"),
    ] {
        let Body::Text(text) = problem::respond(&error, "1").into_body() else {
            panic!("a problem must be text");
        };
        let problem: Value = serde_json::from_str(&text).unwrap();
        matches_schema("Problem", &problem);
        matches_schema(name, &problem);
        for other in [
            "OutOfStockProblem",
            "NotFoundProblem",
            "UnavailableProblem",
            "InternalProblem",
        ] {
            let matches = schema(other).validation_error(&problem).is_none();
            assert_eq!(matches, other == name, "{other}: {problem}");
        }
    }
}

#[test]
fn a_request_that_matches_its_schema_is_accepted() {
    let mut whole = serde_json::to_value(examples::points().unwrap()).unwrap();
    for computed in ["first_listed_at", "version", "updated_by", "updated_at"] {
        whole.as_object_mut().unwrap().remove(computed);
    }
    let short = json!({ "sku": "tea", "name": "Tea", "price": whole["price"], "status": "LISTED" });
    for body in [short, whole.clone()] {
        is_accepted::<CreateProductRequest>("CreateProductRequest", &serde_json::from_value(body).unwrap());
    }
    whole.as_object_mut().unwrap().remove("sku");
    let cleared = json!({
        "description": null, "brand": null, "categories": null, "attributes": null, "metadata": null, "points": null,
        "images": null, "low_stock_threshold": null, "list_at": null, "unlist_at": null, "sale": null,
    });
    let removed = json!({ "attributes": { "Weight": null }, "metadata": { "supplier": null } });
    for body in [json!({}), whole, cleared, removed] {
        is_accepted::<UpdateProductRequest>("UpdateProductRequest", &serde_json::from_value(body).unwrap());
    }
    for body in [
        json!({ "kind": "RECEIPT", "quantity": 100 }),
        json!({ "kind": "RECEIPT", "quantity": 100, "note": "From Boseong." }),
        json!({ "kind": "CORRECTION", "quantity": -3, "note": "Counted on Monday." }),
        json!({ "kind": "WRITE_OFF", "quantity": 2, "note": "Two boxes fell off the shelf." }),
    ] {
        is_accepted::<CreateStockMovementRequest>("CreateStockMovementRequest", &serde_json::from_value(body).unwrap());
    }
    let items = json!([{ "sku": "green-tea-100g", "quantity": 2 }]);
    let total = json!({ "amount": 25_800, "currency": "KRW" });
    for body in [
        json!({ "items": items }),
        json!({ "items": items, "expected_total": total, "metadata": {} }),
        json!({ "items": items, "metadata": { "campaign": "spring" }, "external_reference": "PO-7" }),
    ] {
        is_accepted::<CheckoutRequest>("CheckoutRequest", &serde_json::from_value(body).unwrap());
    }
    for body in [
        json!({ "items": items }),
        json!({ "items": items, "shipping_method": "kr-express" }),
    ] {
        is_accepted::<CreateQuoteRequest>("CreateQuoteRequest", &serde_json::from_value(body.clone()).unwrap());
        is_accepted::<CheckoutRequest>("CheckoutRequest", &serde_json::from_value(body).unwrap());
    }
}

#[test]
fn a_request_about_a_payment_that_matches_its_schema_is_accepted() {
    let amount = json!({ "amount": 25_800, "currency": "KRW" });
    let urls = json!({ "approval": "https://a.test/", "cancel": "https://a.test/c", "fail": "https://a.test/f" });
    for body in [
        json!({ "provider": "STRIPE" }),
        json!({ "provider": "KAKAOPAY", "return_urls": urls }),
    ] {
        is_accepted::<StartPaymentRequest>("StartPaymentRequest", &serde_json::from_value(body).unwrap());
    }
    for (provider, name) in [
        ("TOSS", "payment_key"),
        ("STRIPE", "payment_intent"),
        ("KAKAOPAY", "pg_token"),
    ] {
        let body = json!({ "provider": provider, "amount": amount, name: "text" });
        is_accepted::<ConfirmPaymentRequest>("ConfirmPaymentRequest", &serde_json::from_value(body).unwrap());
    }
    for body in [json!({}), json!({ "amount": amount, "note": "Damaged." })] {
        is_accepted::<RequestRefundRequest>("RequestRefundRequest", &serde_json::from_value(body).unwrap());
    }
    let review_id = "018f6a44-0d3c-8f4e-9a11-5d2f5a4f7c11";
    for decision in ["ASK_AGAIN", "CHARGED", "NOT_CHARGED", "SETTLED"] {
        let body = json!({ "decision": decision, "review_id": review_id });
        is_accepted::<PaymentDecision>("PaymentDecision", &serde_json::from_value(body).unwrap());
    }
    for decision in ["GIVEN_BACK", "TAKEN_BACK"] {
        let body = json!({ "decision": decision, "review_id": review_id, "amount": amount });
        is_accepted::<PaymentDecision>("PaymentDecision", &serde_json::from_value(body).unwrap());
    }
    for body in [
        json!({ "decision": "ASK_AGAIN" }),
        json!({ "decision": "CHARGED", "reference": "pay_1" }),
        json!({ "decision": "NOT_CHARGED", "looked_up_at": "2026-01-01T00:00:00Z" }),
    ] {
        is_accepted::<ChargeDecision>("ChargeDecision", &serde_json::from_value(body).unwrap());
    }
}

#[test]
fn a_request_about_a_subscription_that_matches_its_schema_is_accepted() {
    is_accepted("SkipPeriodRequest", &SkipPeriodRequest { period: 1 });
    let items = json!([{ "sku": "green-tea-100g", "quantity": 2 }]);
    let card = json!({ "provider": "TOSS", "auth_key": "text", "customer_key": "text" });
    for body in [
        json!({}),
        json!({ "items": items }),
        json!({ "authorization": card }),
        json!({ "shipping_method": "kr-express" }),
        json!({ "items": items, "authorization": card }),
    ] {
        is_accepted::<UpdateSubscriptionRequest>("UpdateSubscriptionRequest", &serde_json::from_value(body).unwrap());
    }
    for cleared in [
        json!({ "items": null }),
        json!({ "shipping_method": null }),
        json!({ "authorization": null }),
    ] {
        assert!(schema("UpdateSubscriptionRequest").validation_error(&cleared).is_some());
        serde_json::from_value::<UpdateSubscriptionRequest>(cleared).unwrap_err();
    }
}

#[test]
fn each_response_about_a_subscription_matches_its_schema() {
    let (subscription, invoice) = (examples::subscription().unwrap(), examples::paid_invoice().unwrap());
    matches_schema("Subscription", &subscription);
    for next_cursor in [None, Some("AAAB".to_owned())] {
        let (subscriptions, invoices) = (vec![subscription.clone()], vec![invoice.clone()]);
        let page = SubscriptionList {
            items: subscriptions,
            next_cursor: next_cursor.clone(),
        };
        matches_schema("SubscriptionList", &page);
        matches_schema(
            "InvoiceList",
            &InvoiceList {
                items: invoices,
                next_cursor,
            },
        );
    }
}

#[test]
fn a_request_about_an_auction_that_matches_its_schema_is_accepted() {
    let bid = examples::sell_bid().unwrap();
    let (price, expires_at, voucher_id) = (bid.price, bid.expires_at, bid.voucher_id);
    for body in [
        json!({ "side": "BUY", "price": price, "expires_at": expires_at }),
        json!({ "side": "SELL", "price": price, "expires_at": expires_at, "voucher_id": voucher_id }),
    ] {
        is_accepted::<PlaceBidRequest>("PlaceBidRequest", &serde_json::from_value(body).unwrap());
    }
    for body in [
        json!({ "side": "BUY" }),
        json!({ "side": "SELL", "price": price, "voucher_id": voucher_id }),
    ] {
        is_accepted::<TakeBidRequest>("TakeBidRequest", &serde_json::from_value(body).unwrap());
    }
    let (sku, code) = (bid.sku, "GIFT-7Q2M-41XB".to_owned());
    is_accepted("RegisterVoucherRequest", &RegisterVoucherRequest { sku, code });
}

#[test]
fn each_response_about_an_image_matches_its_schema() {
    let image = examples::image().unwrap();
    let deleted = image.deleted(image.changed_at).unwrap();
    for image in [image.clone(), deleted] {
        matches_schema("ImageView", &ImageView::of(image, "https://images.example.com"));
    }
    let (image_id, expires_at) = (image.image_id, image.changed_at);
    let (url, method) = ("https://uploads.example.com/".to_owned(), "PUT".to_owned());
    let headers = [("content-type".to_owned(), "image/jpeg".to_owned())].into();
    matches_schema(
        "SignedUpload",
        &SignedUpload {
            image_id,
            url,
            method,
            headers,
            expires_at,
        },
    );
}

#[test]
fn a_request_about_an_image_that_matches_its_schema_is_accepted() {
    let body = json!({ "content_type": "image/jpeg", "content_length": 1, "purpose": "LISTING" });
    let mut full = body.clone();
    full["checksum_sha256"] = json!("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    full["replaces"] = json!(examples::image().unwrap().image_id);
    for body in [body, full] {
        is_accepted::<PresignUploadRequest>("PresignUploadRequest", &serde_json::from_value(body).unwrap());
    }
}

#[test]
fn an_unknown_field_is_rejected_by_the_schema_too() {
    for name in [
        "CreateProductRequest",
        "UpdateProductRequest",
        "CheckoutRequest",
        "CreateQuoteRequest",
        "Item",
        "StartPaymentRequest",
        "ReturnUrls",
        "RequestRefundRequest",
        "RegisterVoucherRequest",
        "PlaceBidRequest",
        "TakeBidRequest",
        "PresignUploadRequest",
        "SkipPeriodRequest",
        "UpdateSubscriptionRequest",
    ] {
        let additional = &document()["components"]["schemas"][name]["additionalProperties"];
        assert_eq!(additional, &json!(false), "{name}");
    }
    let amount = json!({ "amount": 1, "currency": "KRW" });
    let review_id = "018f6a44-0d3c-8f4e-9a11-5d2f5a4f7c11";
    for (name, known) in [
        (
            "PaymentDecision",
            json!({ "decision": "ASK_AGAIN", "review_id": review_id }),
        ),
        ("ChargeDecision", json!({ "decision": "ASK_AGAIN" })),
        (
            "CreateStockMovementRequest",
            json!({ "kind": "RECEIPT", "quantity": 1 }),
        ),
    ] {
        assert_eq!(schema(name).validation_error(&known), None, "{name}");
        let mut with_unknown_field = known.clone();
        with_unknown_field["amount"] = json!(amount);
        assert!(schema(name).validation_error(&with_unknown_field).is_some(), "{name}");
    }
    let known = json!({ "provider": "TOSS", "amount": amount, "payment_key": "text" });
    assert_eq!(schema("ConfirmPaymentRequest").validation_error(&known), None);
    let mut with_unknown_field = known;
    with_unknown_field["coupon"] = json!(1);
    assert!(
        schema("ConfirmPaymentRequest")
            .validation_error(&with_unknown_field)
            .is_some()
    );
    serde_json::from_value::<ConfirmPaymentRequest>(with_unknown_field).unwrap_err();
}

#[test]
fn each_operation_has_an_example_that_matches_its_schemas() {
    let recordings = contract::recordings::recordings();
    for (route, operation) in crate::routes::operations() {
        let id = operation["operationId"].as_str().unwrap();
        assert!(
            recordings.contains_key(id),
            "run `cargo examples`: {route} has no example"
        );
        let recording = &recordings[id];
        let media_type = "application/json";
        let content = &operation["responses"][recording.status.to_string()]["content"];
        // The text of an image or of a page tells a reader nothing.
        if content.get(media_type).is_none() && content.is_object() {
            continue;
        }
        let response = &content[media_type];
        assert_eq!(response["example"], recording.response, "{route}");
        if let Some(reference) = response["schema"]["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap();
            matches_schema(name, &recording.response);
        }
        if let Some(request) = &recording.request
            && let Some(reference) = operation["requestBody"]["content"][media_type]["schema"]["$ref"].as_str()
        {
            matches_schema(reference.rsplit('/').next().unwrap(), request);
        }
    }
}

#[test]
fn the_enums_of_responses_are_declared_open() {
    let schemas = &document()["components"]["schemas"];
    for (name, is_open) in [
        ("OrderStatus", true),
        ("InvoiceStatus", true),
        ("SubjectKind", true),
        ("Side", true),
        ("StockMovementKind", true),
        ("When", false),
    ] {
        assert!(schemas[name]["enum"].is_array(), "{name}");
        assert_eq!(schemas[name]["x-extensible-enum"] == json!(true), is_open, "{name}");
    }
}

fn matches_schema(name: &str, value: &impl Serialize) {
    let value = serde_json::to_value(value).unwrap();
    assert_eq!(schema(name).validation_error(&value), None, "{value}");
}

fn is_accepted<T: Serialize + DeserializeOwned>(name: &str, request: &T) {
    matches_schema(name, request);
    let value = serde_json::to_value(request).unwrap();
    for member in value.as_object().unwrap().keys() {
        let mut incomplete = value.clone();
        incomplete.as_object_mut().unwrap().remove(member);
        let is_rejected = schema(name).validation_error(&incomplete).is_some();
        assert_eq!(
            serde_json::from_value::<T>(incomplete).is_err(),
            is_rejected,
            "{name} without {member}"
        );
    }
}

fn schema(name: &str) -> Schema {
    Schema::of(document(), &format!("/components/schemas/{name}"))
}
