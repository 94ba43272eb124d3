//! Points: wallets, their ledger, and the credits of orders.
//!
//! Bids, vouchers and trades are in the crate `auctions`. Wallets are shared because cancelling an order takes its points
//! back.

mod credits;
mod event;
mod points;
pub mod reason;
mod wallets;

pub use credits::{CreditOutcome, CreditWrites, StoredCredit};
pub use event::PointsEvent;
pub use points::{
    CollectedPoints, Credit, CreditStatus, Entry, EntryKind, InvalidPoints, Points, Rejected, Subject, SubjectKind,
    Wallet,
};
pub use wallets::{Gain, LedgerPage, MAX_OPEN_BIDS, WalletStore, owed_in};
