//! Points: the wallets that hold them, and what orders are credited.
//!
//! Bids, vouchers and trades are in the domain's own crate; orders need the wallets to take points back when they are
//! cancelled.

mod event;
mod points;
mod wallets;

pub use event::PointsEvent;
pub use points::{Credit, CreditStatus, Entry, EntryKind, NotPoints, Points, Rejected, Wallet};
pub use wallets::{CreditOutcome, LedgerPage, MAX_OPEN_BIDS, WalletStore};
