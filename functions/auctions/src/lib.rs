//! Auctions of gift vouchers: bids, trades, vouchers and wallets of points.

pub mod bid;
pub mod cancel_bid;
pub mod credit_points;
pub mod event;
pub mod expire_bids;
pub mod get_order_book;
pub mod get_wallet;
pub mod id;
pub mod list_bids;
pub mod list_vouchers;
pub mod list_wallet_entries;
pub mod matching;
pub mod place_bid;
pub mod reason;
pub mod register_voucher;
pub mod store;
pub mod take_bid;
pub mod voucher;

shared::actions! {
    http {
        "cancel-bid" => cancel_bid::CancelBid,
        "get-order-book" => get_order_book::GetOrderBook,
        "get-wallet" => get_wallet::GetWallet,
        "list-bids" => list_bids::ListBids,
        "list-vouchers" => list_vouchers::ListVouchers,
        "list-wallet-entries" => list_wallet_entries::ListWalletEntries,
        "place-bid" => place_bid::PlaceBid,
        "register-voucher" => register_voucher::RegisterVoucher,
        "take-bid" => take_bid::TakeBid,
    }
    schedule {
        "expire-bids" => expire_bids::ExpireBids,
    }
    event {
        "credit-points" => credit_points::CreditPoints,
    }
}
