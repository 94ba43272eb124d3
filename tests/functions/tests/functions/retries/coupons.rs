//! The scenarios of coupons.

use function_tests::CouponsFixture;
use function_tests::coupons_fixture::create_call;
use jiff::SignedDuration;
use serde_json::json;

use super::Outcome;

pub async fn create_coupon_ended() -> Outcome {
    let shop = CouponsFixture::open().await;
    let call = create_call("k", &shop.body(&json!({})));
    let other = create_call("k", &shop.body(&json!({ "name": "Another" })));
    let first = shop.call("create-coupon", call.clone()).await;
    let coupon = first.body["coupon_id"].as_str().unwrap();
    assert_eq!(shop.change(coupon, &json!({ "total": 20 })).await.status, 200);
    shop.advance(SignedDuration::from_hours(24));
    let again = shop.call("create-coupon", call).await;
    assert_eq!(shop.units_and_claims(coupon).await, (20, 0));
    Outcome {
        other: Some(shop.call("create-coupon", other).await),
        first,
        again,
    }
}

pub async fn claim_coupon_exhausted() -> Outcome {
    let shop = CouponsFixture::open().await;
    let coupon = shop.coupon(&json!({ "total": 1 })).await;
    let first = shop.claim("ann", &coupon).await;
    assert_eq!(shop.claim("bob", &coupon).await.problem(), "coupon-exhausted");
    shop.advance(SignedDuration::from_hours(24));
    let again = shop.claim("ann", &coupon).await;
    // A claim is named by its customer and coupon, so there is no other request with its key.
    let other = None;
    Outcome { first, again, other }
}
