//! What the functions read and answer is what the document says.

use checkout::CheckoutRequest;
use contract::examples;
use get_product::ProductView;
use lambda_http::Body;
use list_orders::OrderList;
use put_product::PutProductRequest;
use receive_stock::ReceiveStockRequest;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::edge::problem;
use shared::error::{Error, Rejection};
use shared::order::{Rejected, Shortage};
use shared::stock::ShardCount;

use crate::{Schema, document};

#[test]
fn each_answer_fits_its_schema() {
    let product = examples::product().unwrap();
    let order = examples::order().unwrap();
    fits("Product", &product);
    fits("ProductView", &ProductView { product, available: 0 });
    fits("Order", &order);
    for next_cursor in [None, Some("AAAB".to_owned())] {
        let orders = vec![order.clone()];
        fits("OrderList", &OrderList { orders, next_cursor });
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
    for stock_shards in [None, Some(ShardCount::ONE)] {
        let (name, price, status) = (product.name.clone(), product.price, product.status);
        reads(
            "PutProductRequest",
            &PutProductRequest {
                name,
                price,
                status,
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
fn a_field_that_no_request_has_is_refused_by_the_schema_too() {
    for name in ["PutProductRequest", "ReceiveStockRequest", "CheckoutRequest", "Item"] {
        let additional = &document()["components"]["schemas"][name]["additionalProperties"];
        assert_eq!(additional, &json!(false), "{name}");
    }
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
