//! Coupons: their definition by administrators, their codes, and the claims of customers. `checkout` and `hold-seats` redeem a claim.

pub mod claim_coupon;
pub mod claim_coupon_code;
pub mod code;
pub mod code_keys;
pub mod create_coupon;
pub mod create_coupon_codes;
pub mod event;
pub mod fields;
pub mod get_admin_coupon;
pub mod get_coupon;
pub mod known_coupons;
pub mod list_admin_coupons;
pub mod list_claims;
pub mod reason;
pub mod revoke_coupon_codes;
pub mod store;
pub mod update_coupon;
pub mod wrong_codes;

shared::actions! {
    http {
        "claim-coupon" => claim_coupon::ClaimCoupon,
        "claim-coupon-code" => claim_coupon_code::ClaimCouponCode,
        "create-coupon" => create_coupon::CreateCoupon,
        "create-coupon-codes" => create_coupon_codes::CreateCouponCodes,
        "get-admin-coupon" => get_admin_coupon::GetAdminCoupon,
        "get-coupon" => get_coupon::GetCoupon,
        "list-admin-coupons" => list_admin_coupons::ListAdminCoupons,
        "list-claims" => list_claims::ListClaims,
        "revoke-coupon-codes" => revoke_coupon_codes::RevokeCouponCodes,
        "update-coupon" => update_coupon::UpdateCoupon,
    }
}
