//! A shop with coupons: their functions on the engine.

use std::ops::Deref;
use std::sync::atomic::{AtomicI64, Ordering};

use coupons::claim_coupon::{ClaimCoupon, handle};
use harness::engine::COUPONS;
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::aws::lambda::action::Handler;

use crate::Shop;

/// A shop with coupons. Dereferences to its [`Shop`].
#[derive(Debug)]
pub struct CouponsFixture {
    /// The shop.
    pub shop: Shop,
}

impl Deref for CouponsFixture {
    type Target = Shop;

    fn deref(&self) -> &Shop {
        &self.shop
    }
}

impl CouponsFixture {
    /// Opens a shop that sells ten units of `tea` for 1,000 won.
    pub async fn open() -> Self {
        Self::beside(Shop::with("tea", 1, 10).await)
    }

    /// The coupons of a shop.
    pub const fn beside(shop: Shop) -> Self {
        Self { shop }
    }

    /// Builds an action.
    pub fn handler(&self, action: &str) -> Handler {
        let mut actions = coupons::ACTIONS.iter();
        let action = actions
            .find(|known| known.name == action)
            .expect("an action of coupons");
        (action.build)(&self.shop.platform()).expect("its variables")
    }

    /// Calls the action with this name, as a function that has just started.
    pub async fn call(&self, action: &str, call: Call) -> Answer {
        self.call_with(&self.handler(action), call).await
    }

    /// Calls an action that was built before.
    pub async fn call_with(&self, handler: &Handler, call: Call) -> Answer {
        let Handler::Http(handle) = handler else {
            panic!("an action of the API")
        };
        let response = handle(call.event().to_string(), self.invocation()).await;
        call.declared(Answer::of(response))
    }

    /// Creates a coupon with the fields of [`coupon`] and these, and returns its id. A field that is null is left out.
    pub async fn coupon(&self, fields: &Value) -> String {
        let answer = self.create(fields).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.body["coupon_id"].as_str().expect("an id").to_owned()
    }

    /// Tries to create a coupon with the fields of [`coupon`] and these.
    pub async fn create(&self, fields: &Value) -> Answer {
        static KEYS: AtomicI64 = AtomicI64::new(0);
        let key = format!("coupon-{}", KEYS.fetch_add(1, Ordering::SeqCst));
        self.call("create-coupon", create_call(&key, &self.body(fields))).await
    }

    /// The body of a coupon with the fields of [`coupon`] and these.
    pub fn body(&self, fields: &Value) -> Value {
        let mut body = coupon(self);
        let members = body.as_object_mut().expect("an object");
        members.extend(fields.as_object().expect("fields").clone());
        members.retain(|_, value| !value.is_null());
        body
    }

    /// Changes a coupon, whatever it is now.
    pub async fn change(&self, coupon: &str, fields: &Value) -> Answer {
        self.call("update-coupon", update_call(coupon, "*", fields)).await
    }

    /// Claims a coupon, by a function that has just started.
    pub async fn claim(&self, customer: &str, coupon: &str) -> Answer {
        let function = ClaimCoupon::new(&self.platform()).expect("its variables");
        let call = claim_call(customer, coupon);
        call.send(self.invocation(), |request, invocation| {
            handle(&function, request, invocation)
        })
        .await
    }

    /// Claims a coupon, and returns the claim's id.
    pub async fn claimed(&self, customer: &str, coupon: &str) -> String {
        let claim = self.claim(customer, coupon).await;
        assert_eq!(claim.status, 201, "{claim:?}");
        claim.body["coupon_claim_id"].as_str().expect("an id").to_owned()
    }

    /// Makes codes of a coupon, from `first` on.
    pub async fn codes(&self, coupon: &str, first: u32, count: u32) -> Vec<String> {
        let answer = self.call("create-coupon-codes", codes_call(coupon, first, count)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let codes = answer.body["codes"].as_array().expect("codes").iter();
        codes.map(|code| code.as_str().expect("a code").to_owned()).collect()
    }

    /// Claims a coupon with a code, by a function that has just started.
    pub async fn claim_code(&self, customer: &str, code: &str) -> Answer {
        self.call("claim-coupon-code", code_call(customer, code)).await
    }

    /// Revokes codes of a coupon, from `first` on.
    pub async fn revoke(&self, coupon: &str, first: u32, count: u32) -> Answer {
        self.call("revoke-coupon-codes", revoke_call(coupon, first, count))
            .await
    }

    /// Returns the caller's claims.
    pub async fn claims(&self, customer: &str) -> Vec<Value> {
        let answer = self
            .call("list-claims", Call::new("GET", "/coupon-claims").by(customer))
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["items"].as_array().expect("a page").clone()
    }

    /// Returns the status of the caller's only claim.
    pub async fn claim_status(&self, customer: &str) -> String {
        let claims = self.claims(customer).await;
        assert_eq!(claims.len(), 1, "{claims:?}");
        claims[0]["status"].as_str().expect("a status").to_owned()
    }

    /// Returns the units that are left of a coupon, over all shards, and the number of its claims.
    pub async fn units_and_claims(&self, coupon: &str) -> (i64, usize) {
        let items = self.engine.items(COUPONS).await;
        let shard = format!("UNITS#{coupon}#");
        let of_shards = items.iter().filter(|item| pk(item).starts_with(&shard));
        let units = of_shards.map(|item| item["available"].as_i64().expect("units")).sum();
        let claims = items
            .iter()
            .filter(|item| pk(item).starts_with("CLAIM#") && item["coupon_id"] == coupon);
        (units, claims.count())
    }
}

fn pk(item: &Value) -> &str {
    item["pk"].as_str().expect("a key")
}

/// Returns the body of a coupon that takes 300 won off any order, and that ten customers can claim during the next day.
pub fn coupon(shop: &Shop) -> Value {
    json!({
        "name": "Opening week",
        "currency": "KRW",
        "benefit": { "kind": "FIXED", "amount": { "amount": 300, "currency": "KRW" } },
        "total": 10,
        "claims_start_at": shop.now(),
        "claims_end_at": shop.now() + SignedDuration::from_hours(24),
        "redeemable_until": shop.now() + SignedDuration::from_hours(48),
        "on_cancellation": "RETURNED",
    })
}

/// Builds an administrator's request to create a coupon.
pub fn create_call(key: &str, body: &Value) -> Call {
    Call::new("POST", "/admin/coupons").by_admin().key(key).json(body)
}

/// Builds an administrator's request to change a coupon that has the `ETag` `tag`.
pub fn update_call(coupon: &str, tag: &str, body: &Value) -> Call {
    let call = Call::new("PATCH", "/admin/coupons/{coupon_id}").path("coupon_id", coupon);
    call.by_admin().header("if-match", tag).json(body)
}

/// Builds a customer's request to claim a coupon.
pub fn claim_call(customer: &str, coupon: &str) -> Call {
    let call = Call::new("POST", "/coupons/{coupon_id}/claims").path("coupon_id", coupon);
    call.by(customer).key("claim")
}

/// Builds an administrator's request for codes.
pub fn codes_call(coupon: &str, first: u32, count: u32) -> Call {
    let call = Call::new("POST", "/admin/coupons/{coupon_id}/codes").path("coupon_id", coupon);
    call.by_admin().json(&json!({ "first_index": first, "count": count }))
}

/// Builds an administrator's request to revoke codes.
pub fn revoke_call(coupon: &str, first: u32, count: u32) -> Call {
    let call = Call::new("POST", "/admin/coupons/{coupon_id}/revoke-codes").path("coupon_id", coupon);
    let call = call.by_admin().key("revoke");
    call.json(&json!({ "first_index": first, "count": count }))
}

/// Builds a customer's request to claim a coupon with a code.
pub fn code_call(customer: &str, code: &str) -> Call {
    let call = Call::new("POST", "/coupon-claims").by(customer).key("code");
    call.json(&json!({ "code": code }))
}

/// Returns the code with its last character changed.
pub fn altered(code: &str) -> String {
    let (rest, last) = code.split_at(code.len() - 1);
    format!("{rest}{}", if last == "0" { "1" } else { "0" })
}
