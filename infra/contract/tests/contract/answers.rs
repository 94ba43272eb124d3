//! What the functions read and answer is what the document says.

use auctions::bid::Bid;
use auctions::get_order_book::{BidBook, BookSide, Depth, OpenBid};
use auctions::get_wallet::WalletView;
use auctions::list_my_bids::BidList;
use auctions::list_vouchers::VoucherList;
use auctions::place_bid::PlaceBidRequest;
use auctions::register_voucher::RegisterVoucherRequest;
use auctions::take_bid::{TakeBidRequest, TakenBid};
use billing::charge_service::ChargeDecision;
use catalog::get_product::ProductView;
use catalog::put_product::PutProductRequest;
use catalog::receive_stock::ReceiveStockRequest;
use contract::examples;
use images::get_image::ImageView;
use images::presign_upload::{PresignUploadRequest, SignedUpload};
use lambda_http::Body;
use orders::checkout::CheckoutRequest;
use orders::list_orders::OrderList;
use payments::confirm_payment::ConfirmPaymentRequest;
use payments::payment_webhook::{Outcome, WebhookAnswer};
use payments::request_refund::RequestRefundRequest;
use payments::resolve_review::PaymentDecision;
use payments::start_payment::{StartPaymentRequest, StartedPayment};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::auctions::{Entry, EntryKind, Wallet};
use shared::aws::lambda::problem;
use shared::catalog::ShardCount;
use shared::core::error::{Error, Rejection};
use shared::orders::{Rejected, Shortage};
use shared::payments::provider::ClientParameters;

use crate::{Schema, document};

#[test]
fn each_answer_fits_its_schema() {
    for product in [examples::product().unwrap(), examples::points().unwrap()] {
        fits("Product", &product);
        fits("ProductView", &ProductView { product, available: 0 });
    }
    fits("Order", &examples::order_of_points().unwrap());
    let order = examples::order().unwrap();
    fits("Order", &order);
    for next_cursor in [None, Some("AAAB".to_owned())] {
        let orders = vec![order.clone()];
        fits("OrderList", &OrderList { orders, next_cursor });
    }
}

#[test]
fn each_answer_about_a_payment_fits_its_schema() {
    let (order, payment) = examples::paid().unwrap();
    fits("Order", &order);
    fits("Payment", &payment);
    for outcome in [Outcome::Entered, Outcome::Ignored] {
        fits("WebhookAnswer", &WebhookAnswer { outcome });
    }
    let (order_id, amount) = (order.order_id, order.total);
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
            fits(
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
fn each_answer_about_an_auction_fits_its_schema() {
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
    fits("TakenBid", &taken);
    fits("Voucher", &voucher);
    fits("Voucher", &voucher.offered_by(None));
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
        about: trade.trade_id,
        at: trade.traded_at,
    };
    for next_cursor in [None, Some("AAAB".to_owned())] {
        let vouchers = vec![voucher.clone()];
        let next = || next_cursor.clone();
        fits(
            "BidList",
            &BidList {
                bids: bids.clone(),
                next_cursor: next(),
            },
        );
        fits(
            "VoucherList",
            &VoucherList {
                vouchers,
                next_cursor: next(),
            },
        );
        let (wallet, entries) = (Wallet::default(), vec![entry.clone()]);
        fits(
            "WalletView",
            &WalletView {
                wallet,
                entries,
                next_cursor: next(),
            },
        );
        let side = |bid: &Bid| BookSide {
            bids: vec![open(bid)],
            depth: vec![depth],
            next_cursor: next(),
        };
        for (sell, buy) in [(None, None), (Some(side(&bids[0])), Some(side(&bids[1])))] {
            fits("BidBook", &BidBook { buy, sell });
        }
    }
}

#[test]
fn each_problem_fits_its_schema() {
    let shortage = Shortage {
        sku: examples::product().unwrap().sku,
        requested: 2,
        available: 1,
    };
    let short: Rejection = Rejected::OutOfStock(vec![shortage]).into();
    for error in [
        short.into(),
        Rejected::NotFound.into(),
        Error::unavailable("test", "test"),
        Error::internal("test", "test"),
    ] {
        let Body::Text(text) = problem::respond(&error).into_body() else {
            panic!("a problem is text");
        };
        fits("Problem", &serde_json::from_str::<Value>(&text).unwrap());
    }
}

#[test]
fn a_request_that_fits_its_schema_is_read() {
    let product = examples::product().unwrap();
    for (points, stock_shards) in [(None, None), (Some(10_000), Some(ShardCount::ONE))] {
        let (name, price, status) = (product.name.clone(), product.price, product.status);
        reads(
            "PutProductRequest",
            &PutProductRequest {
                name,
                price,
                status,
                points,
                images: product.images.clone(),
                stock_shards,
            },
        );
    }
    reads("ReceiveStockRequest", &ReceiveStockRequest { quantity: 1 });
    let items = json!([{ "sku": "green-tea-100g", "quantity": 2 }]);
    let total = json!({ "amount": 25_800, "currency": "KRW" });
    for body in [
        json!({ "items": items }),
        json!({ "items": items, "expected_total": total }),
    ] {
        reads::<CheckoutRequest>("CheckoutRequest", &serde_json::from_value(body).unwrap());
    }
}

#[test]
fn a_request_about_a_payment_that_fits_its_schema_is_read() {
    let order_id = examples::order().unwrap().order_id;
    let amount = json!({ "amount": 25_800, "currency": "KRW" });
    let urls = json!({ "approval": "https://a.test/", "cancel": "https://a.test/c", "fail": "https://a.test/f" });
    for body in [
        json!({ "provider": "stripe", "order_id": order_id }),
        json!({ "provider": "kakaopay", "order_id": order_id, "return_urls": urls }),
    ] {
        reads::<StartPaymentRequest>("StartPaymentRequest", &serde_json::from_value(body).unwrap());
    }
    for (provider, name) in [
        ("toss", "payment_key"),
        ("stripe", "payment_intent"),
        ("kakaopay", "pg_token"),
    ] {
        let body = json!({ "provider": provider, "order_id": order_id, "amount": amount, name: "text" });
        reads::<ConfirmPaymentRequest>("ConfirmPaymentRequest", &serde_json::from_value(body).unwrap());
    }
    for body in [json!({}), json!({ "amount": amount, "note": "Damaged." })] {
        reads::<RequestRefundRequest>("RequestRefundRequest", &serde_json::from_value(body).unwrap());
    }
    for decision in ["ASK_AGAIN", "CHARGED", "NOT_CHARGED", "SETTLED"] {
        let body = json!({ "decision": decision });
        reads::<PaymentDecision>("PaymentDecision", &serde_json::from_value(body).unwrap());
    }
    let body = json!({ "decision": "GIVEN_BACK", "amount": amount });
    reads::<PaymentDecision>("PaymentDecision", &serde_json::from_value(body).unwrap());
    for body in [
        json!({ "decision": "ASK_AGAIN" }),
        json!({ "decision": "CHARGED", "reference": "pay_1" }),
        json!({ "decision": "NOT_CHARGED", "looked_up_at": "2026-01-01T00:00:00Z" }),
    ] {
        reads::<ChargeDecision>("ChargeDecision", &serde_json::from_value(body).unwrap());
    }
}

#[test]
fn a_request_about_an_auction_that_fits_its_schema_is_read() {
    let bid = examples::sell_bid().unwrap();
    let (price, expires_at, voucher_id) = (bid.price, bid.expires_at, bid.voucher_id);
    for body in [
        json!({ "side": "buy", "price": price, "expires_at": expires_at }),
        json!({ "side": "sell", "price": price, "expires_at": expires_at, "voucher_id": voucher_id }),
    ] {
        reads::<PlaceBidRequest>("PlaceBidRequest", &serde_json::from_value(body).unwrap());
    }
    for body in [
        json!({ "side": "buy" }),
        json!({ "side": "sell", "price": price, "voucher_id": voucher_id }),
    ] {
        reads::<TakeBidRequest>("TakeBidRequest", &serde_json::from_value(body).unwrap());
    }
    let (sku, code) = (bid.sku, "GIFT-7Q2M-41XB".to_owned());
    reads("RegisterVoucherRequest", &RegisterVoucherRequest { sku, code });
}

#[test]
fn each_answer_about_a_picture_fits_its_schema() {
    let image = examples::image().unwrap();
    fits("Image", &image);
    fits("ImageView", &ImageView::of(image.clone(), "https://images.example.com"));
    let (image_id, expires_at) = (image.image_id, image.changed_at);
    let (url, method) = ("https://uploads.example.com/".to_owned(), "PUT".to_owned());
    let headers = [("content-type".to_owned(), "image/jpeg".to_owned())].into();
    fits(
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
fn a_request_about_a_picture_that_fits_its_schema_is_read() {
    let body = json!({ "content_type": "image/jpeg", "content_length": 1, "purpose": "LISTING" });
    let mut full = body.clone();
    full["checksum_sha256"] = json!("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    full["replaces"] = json!(examples::image().unwrap().image_id);
    for body in [body, full] {
        reads::<PresignUploadRequest>("PresignUploadRequest", &serde_json::from_value(body).unwrap());
    }
}

#[test]
fn a_field_that_no_request_has_is_refused_by_the_schema_too() {
    for name in [
        "PutProductRequest",
        "ReceiveStockRequest",
        "CheckoutRequest",
        "Item",
        "StartPaymentRequest",
        "ReturnUrls",
        "RequestRefundRequest",
        "RegisterVoucherRequest",
        "PlaceBidRequest",
        "TakeBidRequest",
        "PresignUploadRequest",
    ] {
        let additional = &document()["components"]["schemas"][name]["additionalProperties"];
        assert_eq!(additional, &json!(false), "{name}");
    }
    let amount = json!({ "amount": 1, "currency": "KRW" });
    for name in ["PaymentDecision", "ChargeDecision"] {
        let known = json!({ "decision": "ASK_AGAIN" });
        assert_eq!(schema(name).refusal(&known), None, "{name}");
        let strange = json!({ "decision": "ASK_AGAIN", "amount": amount });
        assert!(schema(name).refusal(&strange).is_some(), "{name}");
    }
    let order_id = examples::order().unwrap().order_id;
    let known = json!({ "provider": "toss", "order_id": order_id, "amount": amount, "payment_key": "text" });
    assert_eq!(schema("ConfirmPaymentRequest").refusal(&known), None);
    let mut strange = known;
    strange["coupon"] = json!(1);
    assert!(schema("ConfirmPaymentRequest").refusal(&strange).is_some());
    serde_json::from_value::<ConfirmPaymentRequest>(strange).unwrap_err();
}

fn fits(name: &str, value: &impl Serialize) {
    let value = serde_json::to_value(value).unwrap();
    assert_eq!(schema(name).refusal(&value), None, "{value}");
}

fn reads<T: Serialize + DeserializeOwned>(name: &str, request: &T) {
    fits(name, request);
    let value = serde_json::to_value(request).unwrap();
    for member in value.as_object().unwrap().keys() {
        let mut lacking = value.clone();
        lacking.as_object_mut().unwrap().remove(member);
        let refused = schema(name).refusal(&lacking).is_some();
        assert_eq!(
            serde_json::from_value::<T>(lacking).is_err(),
            refused,
            "{name} without {member}"
        );
    }
}

fn schema(name: &str) -> Schema {
    Schema::of(document(), &format!("/components/schemas/{name}"))
}
