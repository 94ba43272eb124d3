//! The coupons of an order that is priced, and not placed.

use futures::future::try_join_all;
use uuid::Uuid;

use crate::aws::Platform;
use crate::aws::lambda::Invocation;
use crate::core::error::Error;
use crate::core::identity::CustomerId;
use crate::coupons::{
    CouponClaim, CouponClaimId, CouponClaimStatus, CouponStore, NotRedeemable, Redemption, Redemptions,
};
use crate::orders::{OrderId, OrderStore, Rejected};

/// Reads what claims of coupons take off, and changes nothing.
#[derive(Debug)]
pub struct CouponQuotes {
    coupons: CouponStore,
    orders: OrderStore,
}

impl CouponQuotes {
    /// The claims of the tables that `COUPONS_TABLE` and `ORDERS_TABLE` name.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            coupons: CouponStore::new(platform)?,
            orders: OrderStore::new(platform)?,
        })
    }

    /// The redemptions of claims, if a new order of `customer` could redeem them now. `own` are the orders that it would replace, which
    /// may have them.
    ///
    /// # Errors
    /// [`Rejected::Coupon`], `coupons-not-combinable`, [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn redemptions(
        &self,
        ids: &[CouponClaimId],
        customer: &CustomerId,
        own: &[Uuid],
        invocation: &Invocation,
    ) -> Result<Redemptions, Error> {
        let claims = self.coupons.claims(ids, invocation.deadline).await?;
        let redemptions = ids.iter().map(|id| {
            let claim = claims.iter().find(|claim| claim.coupon_claim_id == *id);
            self.redemption(*id, claim.cloned(), (customer, own), invocation)
        });
        Ok(Redemptions::of(try_join_all(redemptions).await?)?)
    }

    /// The redemption of a claim, as read, if an order could redeem it now. An order whose deadline has passed does not keep the claim:
    /// the next order ends it.
    async fn redemption(
        &self,
        id: CouponClaimId,
        claim: Option<CouponClaim>,
        (customer, own): (&CustomerId, &[Uuid]),
        invocation: &Invocation,
    ) -> Result<Redemption, Error> {
        let claim = claim.filter(|claim| claim.customer_id == *customer);
        let mut claim = claim.ok_or(Rejected::Coupon(id, NotRedeemable::NotFound))?;
        if let Some(order_id) = claim.order_id.filter(|order_id| !own.contains(order_id)) {
            let order = self.orders.get(OrderId(order_id), invocation.deadline).await?;
            // The claim and the order are two reads: the order may have ended between them.
            if order.is_some_and(|stored| !stored.order.keeps_claim(id, invocation.now)) {
                (claim.status, claim.order_id) = (CouponClaimStatus::Issued, None);
            }
        }
        claim
            .require_redeemable(customer, own, invocation.now)
            .map_err(|refused| Rejected::Coupon(id, refused))?;
        let terms = self.coupons.terms(claim.coupon_id, invocation.now, invocation.deadline);
        let coupon = terms.await?;
        coupon
            .require_not_revoked(invocation.now)
            .map_err(|refused| Rejected::Coupon(id, refused))?;
        Ok(Redemption {
            coupon_claim_id: id,
            coupon,
        })
    }
}
