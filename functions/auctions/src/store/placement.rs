//! The transaction that places a bid: holds its points or its voucher, and puts it into the order book.
//!
//! Invariant: the bids of a product have strictly increasing times in the order in which their transactions were
//! committed. The transaction that places a bid raises the time of the product's newest bid, on condition that it is
//! earlier. So neither a slow request nor another machine's clock puts a bid before one that was there first.

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{ReturnValuesOnConditionCheckFailure as OnFailure, TransactWriteItem, Update};
use jiff::Timestamp;
use serde::Deserialize;
use shared::auctions::{Entry, EntryKind, Subject};
use shared::aws::backoff::Backoff;
use shared::aws::dynamodb::transaction::{TransactionOutcome, WriteOutcome, put, transact, update};
use shared::aws::dynamodb::{Item, composite, number, parse};
use shared::catalog::Sku;
use shared::core::error::Error;
use tokio::time::Instant;
use uuid::Uuid;

use crate::bid::Bid;
use crate::store::trades::unavailable;
use crate::store::{AuctionStore, StoredBid, StoredVoucher};

const PLACING: &str = "place a bid";

// Indexes of the transaction's writes.
const BID: usize = 0;
const NEWEST: usize = 1;
const WALLET: usize = 2;
const VOUCHER: usize = 3;

/// The result of [`AuctionStore::place`].
#[derive(Debug)]
pub enum PlaceBidOutcome {
    /// The bid is in the order book, and its points or its voucher are held.
    Placed,
    /// A bid with this id exists; nothing was written.
    Exists(Box<StoredBid>),
    /// The wallet has too few points, or the customer too many open bids; nothing was written.
    WalletRefused,
    /// The voucher has changed since it was read; nothing was written.
    VoucherChanged,
    /// A bid with this time or a later one came to the order book first; nothing was written.
    Behind {
        /// The time of the product's newest bid.
        newest: Timestamp,
    },
}

impl AuctionStore {
    /// Places a bid. Holds its price, or writes `offered`, the next version of its voucher.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn place(
        &self,
        stored: &StoredBid,
        offered: Option<&StoredVoucher>,
        entry_id: Uuid,
        deadline: Instant,
    ) -> Result<PlaceBidOutcome, Error> {
        let items = self.placement_writes(stored, offered, entry_id)?;
        let mut backoff = Backoff::until(deadline);
        loop {
            let mut outcomes = match transact(&self.table.client, PLACING, items.clone(), deadline).await? {
                TransactionOutcome::Committed => return Ok(PlaceBidOutcome::Placed),
                TransactionOutcome::Cancelled(outcomes) => outcomes,
            };
            if let Some(WriteOutcome::ConditionFailed(Some(existing))) = outcomes.get_mut(BID) {
                let existing = parse(PLACING, std::mem::take(existing))?;
                return Ok(PlaceBidOutcome::Exists(Box::new(existing)));
            }
            // A concurrent retry of this request may be writing the same items.
            let is_retried = matches!(outcomes.get(BID), Some(WriteOutcome::Retryable));
            if let Some(refusal) = refusal(&mut outcomes, offered.is_some())?.filter(|_| !is_retried) {
                // That retry may have succeeded.
                let existing = self.bid(stored.bid.bid_id, deadline).await?;
                return Ok(existing.map_or(refusal, |existing| PlaceBidOutcome::Exists(Box::new(existing))));
            }
            if !backoff.wait().await {
                return Err(unavailable(PLACING));
            }
        }
    }

    fn placement_writes(
        &self,
        stored: &StoredBid,
        offered: Option<&StoredVoucher>,
        entry_id: Uuid,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let bid = &stored.bid;
        let (wallet, held) = if let Some(voucher) = offered {
            let wallet = self.wallets.add_open_bid(&bid.customer_id);
            (wallet, put(self.put_voucher(voucher)?)?)
        } else {
            let wallet = self.wallets.hold_points(&bid.customer_id, bid.price);
            let held = Entry {
                entry_id,
                kind: EntryKind::Held,
                points: bid.price,
                about: Subject::bid(bid.bid_id.0),
                created_at: bid.placed_at,
            };
            (wallet, self.wallets.put_entry(&bid.customer_id, held)?)
        };
        Ok(vec![
            put(self.put_bid(stored)?)?,
            update(self.raise_newest(bid))?,
            update(wallet)?,
            held,
            put(self.put_on_book(bid)?)?,
        ])
    }

    /// The update that makes a bid the product's newest. Its condition: the newest so far has an earlier time.
    fn raise_newest(&self, bid: &Bid) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(newest_key(&bid.sku)))
            .update_expression("SET placed_ms = :placed")
            .condition_expression("attribute_not_exists(placed_ms) OR placed_ms < :placed")
            .expression_attribute_values(":placed", number(bid.placed_at.as_millisecond()))
            .return_values_on_condition_check_failure(OnFailure::AllOld)
    }
}

/// The reason why the transaction cannot be committed as it is. None for a transient one.
fn refusal(outcomes: &mut [WriteOutcome], is_sale: bool) -> Result<Option<PlaceBidOutcome>, Error> {
    let has_failed = |at: usize| matches!(outcomes.get(at), Some(WriteOutcome::ConditionFailed(_)));
    if is_sale && has_failed(VOUCHER) {
        return Ok(Some(PlaceBidOutcome::VoucherChanged));
    }
    if has_failed(WALLET) {
        return Ok(Some(PlaceBidOutcome::WalletRefused));
    }
    let Some(WriteOutcome::ConditionFailed(Some(newest))) = outcomes.get_mut(NEWEST) else {
        return Ok(None);
    };
    #[derive(Deserialize)]
    struct Newest {
        placed_ms: i64,
    }
    let newest: Newest = parse(PLACING, std::mem::take(newest))?;
    let newest = Timestamp::from_millisecond(newest.placed_ms).map_err(|error| Error::internal(PLACING, error))?;
    Ok(Some(PlaceBidOutcome::Behind { newest }))
}

fn newest_key(sku: &Sku) -> Item {
    composite(format!("NEWEST#{sku}"), "NEWEST")
}
