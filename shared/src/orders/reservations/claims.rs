//! The claims of coupons that orders redeem. The order decides about its claim: nobody takes it from an order, also after the order's
//! deadline. Who wants it ends the order first, as `expire-orders` does within a minute.

use aws_sdk_dynamodb::types::TransactWriteItem;

use super::ReservationStore;
use crate::aws::dynamodb::attempts::Attempts;
use crate::aws::dynamodb::transaction::update;
use crate::aws::lambda::Invocation;
use crate::core::error::Error;
use crate::core::identity::CustomerId;
use crate::coupons::{CouponClaim, CouponStore, NotRedeemable, Redemption};
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

    /// The redemption of `claim`, as read, by a new order of `customer`, with its coupon. `own` are the new order and the one that
    /// it replaces: that these have the claim does not matter. If another order has it whose deadline has passed, ends that order.
    ///
    /// # Errors
    /// The refusals of [`NotRedeemable`], [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn redemption(
        &self,
        claim: Option<CouponClaim>,
        customer: &CustomerId,
        own: &[OrderId],
        invocation: &Invocation,
    ) -> Result<Redemption, Error> {
        let claim = claim.filter(|claim| claim.customer_id == *customer);
        let claim = claim.ok_or(Rejected::Coupon(NotRedeemable::NotFound))?;
        let own: Vec<_> = own.iter().map(|order| order.0).collect();
        let is_own = claim.order_id.is_some_and(|order_id| own.contains(&order_id));
        let claim = match is_own {
            true => claim,
            false => self.settled_claim(claim, invocation).await?,
        };
        claim
            .require_redeemable(customer, &own, invocation.now)
            .map_err(Rejected::from)?;
        let coupon = self.coupons()?.terms(claim.coupon_id, invocation.deadline).await?;
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

    /// The writes by which a new order gets the claim that it redeems, and by which `replaced`, an order that ends in the same
    /// transaction, loses its own. If both have the same claim, it is handed over in one write.
    pub(super) fn claim_writes(
        &self,
        order: &Order,
        replaced: Option<&Order>,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let (wanted, order_id) = (order.claim(), order.order_id.0);
        let had = replaced.and_then(|replaced| Some((replaced.claim()?, replaced.order_id.0)));
        let writes = match (wanted, had) {
            (None, None) => vec![],
            (Some(wanted), Some((had, from))) if wanted == had => {
                vec![self.coupons()?.hand_over_write(wanted, from, order_id)]
            }
            (wanted, had) => {
                let coupons = self.coupons()?;
                let redeemed = wanted.map(|claim| coupons.redeem_write(claim, order_id));
                let returned = had.map(|(claim, from)| coupons.return_write(claim, from));
                redeemed.into_iter().chain(returned).collect()
            }
        };
        writes.into_iter().map(update).collect()
    }

    /// Whether an order that was paid late can have its coupon again, or has none: no other order or subscription has it. The time to redeem it may
    /// be over, since the order was placed in time.
    pub(super) async fn can_redeem_again(&self, paid: &Order, invocation: &Invocation) -> Result<bool, Error> {
        let Some(id) = paid.claim() else {
            return Ok(true);
        };
        let Some(claim) = self.coupons()?.claim(id, invocation.deadline).await? else {
            return Err(Error::internal("reinstate an order", format!("the claim {id} is gone")));
        };
        Ok(self.settled_claim(claim, invocation).await?.redeemer().is_none())
    }
}
