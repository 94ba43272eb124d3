//! Bids on vouchers, points, trades.

pub mod cancel_bid;
pub mod credit_points;
pub mod expire_bids;
pub mod get_order_book;
pub mod get_wallet;
pub mod list_my_bids;
pub mod list_vouchers;
pub mod place_bid;
pub mod register_voucher;
pub mod take_bid;
