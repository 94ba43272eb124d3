//! Coupons: their definition by administrators, and the claims of customers. `checkout` redeems a claim.

pub mod claim_coupon;
pub mod create_coupon;
pub mod fields;
pub mod get_admin_coupon;
pub mod get_coupon;
pub mod known_coupons;
pub mod list_admin_coupons;
pub mod list_claims;
pub mod reason;
pub mod store;
pub mod update_coupon;

shared::actions! {
    http {
        "claim-coupon" => claim_coupon::ClaimCoupon,
        "create-coupon" => create_coupon::CreateCoupon,
        "get-admin-coupon" => get_admin_coupon::GetAdminCoupon,
        "get-coupon" => get_coupon::GetCoupon,
        "list-admin-coupons" => list_admin_coupons::ListAdminCoupons,
        "list-claims" => list_claims::ListClaims,
        "update-coupon" => update_coupon::UpdateCoupon,
    }
}
