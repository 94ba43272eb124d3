//! Vouchers, bids, trades, and the points that pay for them.

mod bid;
mod event;
mod matching;
mod points;
mod store;
mod voucher;

pub use bid::{Bid, BidId, BidStatus, Ending, MAX_DAYS, MAX_PRICE, MIN_PRICE, Rejected, Side, TICK, Trade, price};
pub use event::AuctionEvent;
pub use matching::{MatchOutcome, MatchRequest, MatchingService};
pub use points::{Credit, CreditStatus, Entry, EntryKind, NotPoints, Points, Wallet};
pub use store::{
    AuctionStore, BookCursor, BookEntry, BookPage, CreditOutcome, Deal, LedgerPage, ListCursor, Listed, MAX_OPEN_BIDS,
    Party, PlaceBidOutcome, StoredBid, StoredTrade, StoredVoucher, TradeOutcome,
};
pub use voucher::{NotAVoucherCode, Voucher, VoucherCode, VoucherId};
