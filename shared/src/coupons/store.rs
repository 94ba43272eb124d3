//! The coupons table: coupons (`COUPON#<id>`), the units that are left of each (`UNITS#<coupon>#<shard>`), claims
//! (`CLAIM#<id>`), used codes (`CODE#<coupon>#<index>`) and what belongs to them, and the index `listed` with the list of all coupons and that of each customer's claims.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure as OnFailure, Update};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use crate::aws::Platform;
use crate::aws::dynamodb::table::Table;
use crate::aws::dynamodb::{Item, Wanted, batch_get, key, parse};
use crate::aws::encryption::EncryptedSecret;
use crate::catalog::Shard;
use crate::core::actor::Actor;
use crate::core::error::Error;
use crate::core::idempotency::Fingerprint;
use crate::coupons::{Coupon, CouponClaim, CouponClaimId, CouponId, Redeemer};

/// A coupon as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredCoupon {
    /// The coupon.
    #[serde(flatten)]
    pub coupon: Coupon,
    /// Its codes. `None` for a coupon without codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<CodeSeries>,
    /// The fingerprint of the request that created it, which identifies a retry.
    pub fingerprint: Fingerprint,
    /// The number of writes, from 1. Each is conditional on the version that was read.
    pub version: u64,
    /// The author of this version.
    pub updated_by: Actor,
}

/// The codes of a coupon. None is stored before it is used: the key says which texts are codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeSeries {
    /// The number that the codes have in place of the coupon's id.
    pub campaign: u32,
    /// The key that makes the codes, encrypted by KMS.
    pub key: EncryptedSecret,
}

/// The most coupons whose terms a function remembers. Beyond that it forgets all.
const MAX_TERMS: usize = 100;

/// How long a function remembers the terms of a coupon. Only a revocation changes them.
const TERMS_REUSE: SignedDuration = SignedDuration::from_secs(10);

/// The terms of a coupon, as read.
#[derive(Clone, Debug)]
struct Terms {
    /// The start of the invocation that read them.
    read_at: Timestamp,
    coupon: Arc<Coupon>,
}

/// Reads the coupons table, and writes which order or subscription has a claim.
///
/// Invariants: a claim names an order exactly while the order is open or paid and has the coupon, or has kept it. It names a
/// subscription exactly while the subscription has the coupon. Nobody takes a claim from an order, also after the order's deadline:
/// the order is ended first, on condition that it still waits for payment.
#[derive(Clone, Debug)]
pub struct CouponStore {
    table: Table,
    terms: Arc<Mutex<HashMap<CouponId, Terms>>>,
}

impl CouponStore {
    /// Reads the table's name from `COUPONS_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: Table::new(platform, "COUPONS_TABLE")?,
            terms: Arc::default(),
        })
    }

    /// Reads a coupon, if there is one. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn coupon(&self, id: CouponId, deadline: Instant) -> Result<Option<StoredCoupon>, Error> {
        self.table.read("read a coupon", coupon_key(id), deadline).await
    }

    /// Reads a claim, if there is one. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn claim(&self, id: CouponClaimId, deadline: Instant) -> Result<Option<CouponClaim>, Error> {
        self.table.read("read a claim", claim_key(id), deadline).await
    }

    /// The terms of a coupon that was claimed, in an invocation that began at `now`: what it takes off, of what, and its policy, which
    /// never change. Its name, total, end of claims and revocation may be ten seconds old.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn terms(&self, id: CouponId, now: Timestamp, deadline: Instant) -> Result<Arc<Coupon>, Error> {
        let is_fresh = |known: &&Terms| known.read_at <= now && now < known.read_at + TERMS_REUSE;
        if let Some(known) = self.known_terms().get(&id).filter(is_fresh) {
            return Ok(Arc::clone(&known.coupon));
        }
        let stored = self.coupon(id, deadline).await?;
        let stored = stored.ok_or_else(|| Error::internal("read a coupon", format!("{id} was claimed and is gone")))?;
        let coupon = Arc::new(stored.coupon);
        let mut known = self.known_terms();
        if known.len() >= MAX_TERMS {
            known.clear();
        }
        let terms = Terms {
            read_at: now,
            coupon: Arc::clone(&coupon),
        };
        known.insert(id, terms);
        Ok(coupon)
    }

    fn known_terms(&self) -> std::sync::MutexGuard<'_, HashMap<CouponId, Terms>> {
        self.terms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads those of the claims `ids` that exist, in any order. Strongly consistent. Without ids it sends no request.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn claims(&self, ids: &[CouponClaimId], deadline: Instant) -> Result<Vec<CouponClaim>, Error> {
        if ids.is_empty() {
            return Ok(vec![]);
        }
        let wanted = vec![self.wanted(ids)];
        let mut found = batch_get(&self.table.client, "read claims of coupons", wanted, deadline).await?;
        self.loaded(&mut found)
    }

    /// The items to read of claims, consistently, in one request with other items.
    pub fn wanted(&self, ids: &[CouponClaimId]) -> Wanted<'_> {
        Wanted {
            table: &self.table.name,
            keys: ids.iter().copied().map(claim_key).collect(),
            consistent: true,
        }
    }

    /// Reads those of the [wanted](CouponStore::wanted) claims that were found, in any order.
    ///
    /// # Errors
    /// [`Error::Internal`] for a damaged item.
    pub fn loaded(&self, found: &mut HashMap<String, Vec<Item>>) -> Result<Vec<CouponClaim>, Error> {
        let claims = found.remove(&self.table.name).unwrap_or_default();
        claims.into_iter().map(parse_claim).collect()
    }

    /// Builds the write by which an order or a subscription gets a claim. Condition: it is issued, so nothing has it. Returns the
    /// claim when the condition fails. The event of the claim is in the table's stream already: without it, the claim stays small.
    pub fn redeem_write(&self, id: CouponClaimId, by: impl Into<Redeemer>) -> UpdateBuilder {
        let by = by.into();
        let name = attribute(by);
        self.claim_update(id, by)
            .update_expression(format!("SET #status = :redeemed, {name} = :by REMOVE #event"))
            .expression_attribute_names("#event", "event")
            .condition_expression("#status = :issued")
            .return_values_on_condition_check_failure(OnFailure::AllOld)
    }

    /// Builds the write by which an order or a subscription gives its claim back to the customer. Condition: it has the claim.
    pub fn return_write(&self, id: CouponClaimId, by: impl Into<Redeemer>) -> UpdateBuilder {
        let by = by.into();
        let name = attribute(by);
        self.claim_update(id, by)
            .update_expression(format!("SET #status = :issued REMOVE {name}"))
            .condition_expression(format!("#status = :redeemed AND {name} = :by"))
    }

    /// As [`return_write`](Self::return_write), with a new end of the time to redeem the claim, which was not extended before.
    pub fn extend_write(&self, id: CouponClaimId, by: impl Into<Redeemer>, until: Timestamp) -> UpdateBuilder {
        let by = by.into();
        let name = attribute(by);
        self.return_write(id, by)
            .update_expression(format!(
                "SET #status = :issued, redeemable_until = :until, is_extended = :extended REMOVE {name}"
            ))
            .expression_attribute_values(":extended", AttributeValue::Bool(true))
            .expression_attribute_values(":until", AttributeValue::S(until.to_string()))
    }

    /// Builds the write by which an order gets the claim of the order `from`, which ends in the same transaction. Condition: that
    /// order has it.
    pub fn hand_over_write(&self, id: CouponClaimId, from: Uuid, order_id: Uuid) -> UpdateBuilder {
        let update = Update::builder().table_name(&self.table.name);
        update
            .set_key(Some(claim_key(id)))
            .update_expression("SET order_id = :order")
            .condition_expression("order_id = :from")
            .expression_attribute_values(":order", AttributeValue::S(order_id.to_string()))
            .expression_attribute_values(":from", AttributeValue::S(from.to_string()))
    }

    fn claim_update(&self, id: CouponClaimId, by: Redeemer) -> UpdateBuilder {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(claim_key(id)))
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":issued", text("ISSUED"))
            .expression_attribute_values(":redeemed", text("REDEEMED"))
            .expression_attribute_values(":by", text(&by.id().to_string()))
    }
}

/// The attribute of a claim that names what has redeemed it.
const fn attribute(by: Redeemer) -> &'static str {
    match by {
        Redeemer::Order(_) => "order_id",
        Redeemer::Subscription(_) => "subscription_id",
    }
}

/// Reads a claim from an item of the table. `None` for another item.
pub(crate) fn claim_in(item: &Item) -> Option<Result<CouponClaim, Error>> {
    let is_claim = item.contains_key("coupon_claim_id");
    is_claim.then(|| parse_claim(item.clone()))
}

fn parse_claim(item: Item) -> Result<CouponClaim, Error> {
    parse("read a claim", item)
}

/// The key of a coupon.
pub fn coupon_key(id: CouponId) -> Item {
    key(format!("COUPON#{id}"))
}

/// The key of a claim.
pub fn claim_key(id: CouponClaimId) -> Item {
    key(format!("CLAIM#{id}"))
}

/// The key of a shard of a coupon's units.
pub fn shard_key(coupon: CouponId, shard: Shard) -> Item {
    key(format!("UNITS#{coupon}#{shard}"))
}
