//! Points: wallets, their ledger, and the credits of orders.
//!
//! Bids, vouchers and trades are in the crate `auctions`. Wallets are shared because cancelling an order takes its points
//! back.

mod event;
mod points;
pub mod reason;
mod wallets;

pub use event::PointsEvent;
pub use points::{Credit, CreditStatus, Entry, EntryKind, InvalidPoints, Points, Rejected, Wallet};
pub use wallets::{CreditOutcome, LedgerPage, MAX_OPEN_BIDS, WalletStore};
