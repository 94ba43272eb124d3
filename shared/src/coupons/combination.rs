//! The coupons that an order redeems together: at most one of each class, which apply one after another.

use crate::core::error::{Error, Rejection};
use crate::coupons::{CouponClaimId, CouponClass, Redemption, reason};

/// The redemptions of an order: at most one of each class, in the order in which they apply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redemptions(Vec<Redemption>);

/// The reason for which an order cannot redeem coupons together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotCombinable {
    /// The class of two of them. `None` when a claim is named twice, or more claims than there are classes.
    pub class: Option<CouponClass>,
}

impl Redemptions {
    /// The most redemptions of an order.
    pub const MAX: usize = CouponClass::ALL.len();

    /// These redemptions, in the order in which they apply.
    ///
    /// # Errors
    /// [`NotCombinable`] when two are of one class.
    pub fn of(mut redemptions: Vec<Redemption>) -> Result<Self, NotCombinable> {
        redemptions.sort_by_key(|redemption| redemption.coupon.class);
        let classes = redemptions.iter().map(|redemption| redemption.coupon.class);
        match classes.clone().zip(classes.skip(1)).find(|(one, next)| one == next) {
            Some((class, _)) => Err(NotCombinable { class: Some(class) }),
            None => Ok(Self(redemptions)),
        }
    }

    /// The redemptions, in the order in which they apply.
    pub fn iter(&self) -> impl Iterator<Item = &Redemption> {
        self.0.iter()
    }
}

impl From<Option<Redemption>> for Redemptions {
    fn from(redemption: Option<Redemption>) -> Self {
        Self(redemption.into_iter().collect())
    }
}

/// Checks the claims that a request names before anything is read: each once, and not more than there are classes. DynamoDB refuses
/// a request that names an item twice.
///
/// # Errors
/// [`NotCombinable`].
pub fn require_combinable(claims: &[CouponClaimId]) -> Result<(), NotCombinable> {
    let is_twice = matches!(claims, [one, other] if one == other);
    match is_twice || claims.len() > Redemptions::MAX {
        true => Err(NotCombinable { class: None }),
        false => Ok(()),
    }
}

impl From<NotCombinable> for Rejection {
    fn from(NotCombinable { class }: NotCombinable) -> Self {
        let detail = match class {
            Some(_) => "Two of the coupons are of the same class. Order with one of them.",
            None => "An order redeems at most two claims of coupons, each once.",
        };
        Self::with(reason::CouponsNotCombinable { class }, detail)
    }
}

impl From<NotCombinable> for Error {
    fn from(refused: NotCombinable) -> Self {
        Rejection::from(refused).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coupons::example::{coupon, redemption};
    use crate::coupons::{Benefit, Coupon};
    use iso_currency::Currency;
    use uuid::Uuid;

    fn of_class(class: CouponClass) -> Redemption {
        let benefit = Benefit::Percent {
            percent: 10,
            at_most: None,
        };
        redemption(Coupon {
            class,
            ..coupon(benefit, Currency::KRW)
        })
    }

    #[test]
    fn the_coupon_of_the_seller_applies_before_that_of_the_platform() {
        let [seller, platform] = CouponClass::ALL.map(of_class);
        let expected = [&seller, &platform];
        for redemptions in [
            vec![seller.clone(), platform.clone()],
            vec![platform.clone(), seller.clone()],
        ] {
            let redemptions = Redemptions::of(redemptions).unwrap();
            assert!(redemptions.iter().eq(expected));
        }
        assert!(Redemptions::of(vec![]).unwrap().iter().next().is_none());
    }

    #[test]
    fn two_coupons_of_one_class_are_not_combined() {
        for class in CouponClass::ALL {
            let refused = Redemptions::of(vec![of_class(class), of_class(class)]);
            assert_eq!(refused, Err(NotCombinable { class: Some(class) }));
            assert!(Redemptions::of(vec![of_class(class)]).is_ok());
        }
    }

    #[test]
    fn a_claim_is_named_once_and_only_two_are() {
        let [one, two, three] = [1, 2, 3].map(|id| CouponClaimId(Uuid::from_u128(id)));
        for good in [&[][..], &[one], &[one, two]] {
            assert_eq!(require_combinable(good), Ok(()));
        }
        for bad in [&[one, one][..], &[one, two, three], &[one, one, one]] {
            assert_eq!(require_combinable(bad), Err(NotCombinable { class: None }));
        }
    }
}
