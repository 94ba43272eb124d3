//! The claims of coupons that orders redeem. The order decides about its claims: nobody takes one from an order, also after the order's
//! deadline. Who wants it ends the order first, as `expire-orders` does within a minute.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::Timestamp;
use tokio::time::Instant;
use uuid::Uuid;

use super::ReservationStore;
use crate::aws::dynamodb::attempts::Attempts;
use crate::aws::dynamodb::transaction::update;
use crate::aws::lambda::Invocation;
use crate::core::error::Error;
use crate::core::identity::CustomerId;
use crate::coupons::{CouponClaim, CouponClaimId, CouponStore, NotRedeemable, Redemption, Redemptions};
use crate::orders::{Order, OrderId, Rejected};

impl ReservationStore {
    /// The store of claims.
    ///
    /// # Errors
    /// [`Error::Internal`] in a function whose orders have no coupons.
    pub fn coupons(&self) -> Result<&CouponStore, Error> {
        let coupons = self.coupons.as_ref();
        coupons.ok_or_else(|| Error::internal("change an order with a coupon", "the function has no table of coupons"))
    }

    /// The redemptions of the claims `ids` by a new order of `customer`. `read` are those that exist, as read, and `own` the new order
    /// and the one that it replaces: that these have a claim does not matter. If another order has one whose deadline has passed, ends
    /// that order.
    ///
    /// # Errors
    /// The refusals of [`NotRedeemable`] and `coupons-not-combinable`, [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn redemptions(
        &self,
        ids: &[CouponClaimId],
        read: &[CouponClaim],
        customer: &CustomerId,
        own: &[OrderId],
        invocation: &Invocation,
    ) -> Result<Redemptions, Error> {
        let mut redemptions = Vec::with_capacity(ids.len());
        for id in ids {
            let claim = read.iter().find(|claim| claim.coupon_claim_id == *id);
            let claim = claim.filter(|claim| claim.customer_id == *customer);
            let claim = claim.ok_or(Rejected::Coupon(*id, NotRedeemable::NotFound))?;
            redemptions.push(self.redemption(claim.clone(), own, invocation).await?);
        }
        Ok(Redemptions::of(redemptions)?)
    }

    /// The redemption of a claim of its customer.
    async fn redemption(
        &self,
        claim: CouponClaim,
        own: &[OrderId],
        invocation: &Invocation,
    ) -> Result<Redemption, Error> {
        let own: Vec<_> = own.iter().map(|order| order.0).collect();
        let is_own = claim.order_id.is_some_and(|order_id| own.contains(&order_id));
        let claim = match is_own {
            true => claim,
            false => self.settled_claim(claim, invocation).await?,
        };
        claim
            .require_redeemable(&claim.customer_id, &own, invocation.now)
            .map_err(|refused| Rejected::Coupon(claim.coupon_claim_id, refused))?;
        let terms = self
            .coupons()?
            .terms(claim.coupon_id, invocation.now, invocation.deadline);
        let coupon = terms.await?;
        if !is_own {
            coupon
                .require_not_revoked(invocation.now)
                .map_err(|refused| Rejected::Coupon(claim.coupon_claim_id, refused))?;
        }
        Ok(Redemption {
            coupon_claim_id: claim.coupon_claim_id,
            coupon,
        })
    }

    /// The claim that a new order is to redeem. If an order has it whose deadline has passed, ends that order first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn settled_claim(&self, mut claim: CouponClaim, invocation: &Invocation) -> Result<CouponClaim, Error> {
        let mut attempts = Attempts::new("look for the order of a coupon");
        while let Some(order_id) = claim.order_id {
            attempts.start()?;
            let id = claim.coupon_claim_id;
            let stored = self.orders.get(OrderId(order_id), invocation.deadline).await?;
            let Some(stored) = stored else {
                return Ok(claim);
            };
            // The claim and the order are two reads: somebody may have ended the order between them.
            if stored.order.keeps_claim(id, invocation.now) {
                return Ok(claim);
            }
            self.end_if_past(&stored, invocation).await?;
            match self.coupons()?.claim(id, invocation.deadline).await? {
                Some(present) => claim = present,
                None => return Ok(claim),
            }
        }
        Ok(claim)
    }

    /// The writes by which a new order gets the claims that it redeems, and by which `replaced`, an order that ends in the same
    /// transaction, loses its own. A claim that both have is handed over in one write.
    pub(super) fn claim_writes(
        &self,
        order: &Order,
        replaced: Option<&Order>,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let (wanted, order_id) = (Vec::from_iter(order.claims()), order.order_id.0);
        let had = replaced.into_iter().flat_map(|replaced| {
            let from = replaced.order_id.0;
            replaced.claims().map(move |claim| (claim, from))
        });
        let had: BTreeMap<CouponClaimId, Uuid> = had.collect();
        let take = |claim: &CouponClaimId| {
            let coupons = self.coupons()?;
            update(match had.get(claim) {
                Some(from) => coupons.hand_over_write(*claim, *from, order_id),
                None => coupons.redeem_write(*claim, order_id),
            })
        };
        let left = had.iter().filter(|(claim, _)| !wanted.contains(claim));
        let give_back = |(claim, from): (&CouponClaimId, &Uuid)| update(self.coupons()?.return_write(*claim, *from));
        wanted.iter().map(take).chain(left.map(give_back)).collect()
    }

    /// The writes by which an order gives `claims` back. With `at_least`, each can be redeemed until then at least, unless its time was
    /// extended before: a customer whose orders are cancelled again and again does not keep a coupon for ever.
    pub(super) async fn return_writes(
        &self,
        claims: &[CouponClaimId],
        order_id: OrderId,
        at_least: Option<Timestamp>,
        deadline: Instant,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        if claims.is_empty() {
            return Ok(vec![]);
        }
        let coupons = self.coupons()?;
        // While the order has a claim, the end of its time does not change.
        let read = match at_least {
            Some(_) => coupons.claims(claims, deadline).await?,
            None => vec![],
        };
        let ends_before = |id: CouponClaimId, time: &Timestamp| {
            let claim = read.iter().find(|claim| claim.coupon_claim_id == id);
            claim.is_some_and(|claim| !claim.is_extended && claim.redeemable_until < *time)
        };
        let give_back = |&id: &CouponClaimId| {
            update(match at_least.filter(|time| ends_before(id, time)) {
                Some(until) => coupons.extend_write(id, order_id.0, until),
                None => coupons.return_write(id, order_id.0),
            })
        };
        claims.iter().map(give_back).collect()
    }

    /// Whether an order that was paid late can have its coupons again, or has none: no other order or subscription has one. The time to redeem them may
    /// be over, since the order was placed in time.
    pub(super) async fn can_redeem_again(&self, paid: &Order, invocation: &Invocation) -> Result<bool, Error> {
        for id in paid.claims() {
            let Some(claim) = self.coupons()?.claim(id, invocation.deadline).await? else {
                return Err(Error::internal("reinstate an order", format!("the claim {id} is gone")));
            };
            if self.settled_claim(claim, invocation).await?.redeemer().is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
