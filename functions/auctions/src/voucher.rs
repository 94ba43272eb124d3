//! Gift vouchers.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::id::{BidId, VoucherId};
use shared::catalog::Sku;
use shared::core::idempotency::derive_id;
use shared::core::identity::CustomerId;

/// The code that redeems a voucher: 8 to 64 ASCII letters and digits, with hyphens and spaces anywhere between them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, min_length = 8, max_length = 80, examples("ABCD-1234-EFGH"))]
pub struct VoucherCode(String);

/// The text is not a [`VoucherCode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a voucher code has 8 to 64 letters and digits; hyphens and spaces may separate them")]
pub struct InvalidVoucherCode;

impl TryFrom<String> for VoucherCode {
    type Error = InvalidVoucherCode;

    fn try_from(text: String) -> Result<Self, InvalidVoucherCode> {
        let text = text.trim();
        let letters = text.bytes().filter(u8::is_ascii_alphanumeric).count();
        let fits = text.len() <= 80
            && (8..=64).contains(&letters)
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b' '));
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidVoucherCode)
        }
    }
}

impl VoucherCode {
    /// A hash of the letters and digits, regardless of case: it makes registration unique per code.
    pub fn fingerprint(&self) -> Uuid {
        let letters = self.0.chars().filter(char::is_ascii_alphanumeric);
        let plain: String = letters.map(|letter| letter.to_ascii_uppercase()).collect();
        derive_id(&["voucher code", &plain])
    }
}

impl std::fmt::Debug for VoucherCode {
    /// Omits the code: anyone who reads it can redeem the voucher.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VoucherCode")
    }
}

/// A gift voucher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Voucher {
    /// The voucher's id.
    pub voucher_id: VoucherId,
    /// The product.
    pub sku: Sku,
    /// The owner.
    pub owner_id: CustomerId,
    /// The code that redeems the voucher.
    pub code: VoucherCode,
    /// The open bid that offers the voucher, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub offered_by: Option<BidId>,
    /// The time at which the current owner registered or bought the voucher.
    pub owned_at: Timestamp,
}

impl Voucher {
    /// The voucher as `owner` has it who registered or bought it at `since`.
    #[must_use]
    pub fn owned_by(&self, owner: CustomerId, since: Timestamp) -> Self {
        Self {
            owner_id: owner,
            offered_by: None,
            owned_at: since,
            ..self.clone()
        }
    }

    /// The voucher offered by `bid`, or by none.
    #[must_use]
    pub fn offered_by(&self, bid: Option<BidId>) -> Self {
        Self {
            offered_by: bid,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Result<VoucherCode, InvalidVoucherCode> {
        VoucherCode::try_from(text.to_owned())
    }

    #[test]
    fn the_fingerprint_ignores_case_hyphens_and_spaces() {
        let plain = code("ABCD1234").unwrap().fingerprint();
        for other in ["abcd1234", "ABCD-1234", " abcd 1234 ", "a-b-c-d-1-2-3-4"] {
            assert_eq!(code(other).unwrap().fingerprint(), plain, "{other}");
        }
        assert_ne!(code("ABCD1235").unwrap().fingerprint(), plain);
    }

    #[test]
    fn a_code_has_8_to_64_letters_and_digits() {
        for bad in [
            "",
            "ABC-123",
            "ABCD.1234",
            "ABCD_1234",
            "가나다라마바사아",
            &"x".repeat(65),
        ] {
            assert!(code(bad).is_err(), "{bad}");
        }
        assert!(code(&"x".repeat(64)).is_ok());
        assert_eq!(format!("{:?}", code("ABCD1234").unwrap()), "VoucherCode");
    }
}
