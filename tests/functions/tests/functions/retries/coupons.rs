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

pub async fn claim_coupon_code_revoked() -> Outcome {
    let shop = CouponsFixture::open().await;
    let coupon = shop.coupon(&json!({ "distribution": "CODES", "total": null })).await;
    let codes = shop.codes(&coupon, 0, 1).await;
    let first = shop.claim_code("ann", &codes[0]).await;
    assert_eq!(shop.revoke(&coupon, 0, 1).await.status, 200);
    shop.advance(SignedDuration::from_hours(24));
    let again = shop.claim_code("ann", &codes[0]).await;
    // A claim is named by its customer and its code, so there is no other request with its key.
    let other = None;
    Outcome { first, again, other }
}

pub async fn revoke_coupon_codes_more() -> Outcome {
    let shop = CouponsFixture::open().await;
    let coupon = shop.coupon(&json!({ "distribution": "CODES", "total": null })).await;
    let first = shop.revoke(&coupon, 0, 5).await;
    assert_eq!(shop.revoke(&coupon, 20, 5).await.status, 200);
    let again = shop.revoke(&coupon, 0, 5).await;
    // A revocation is named by its codes, so there is no other request with its key.
    let other = None;
    Outcome { first, again, other }
}
