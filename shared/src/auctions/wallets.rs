//! The wallet store: available and held points of customers, with a ledger.
//!
//! Invariants: a wallet changes only in one transaction with its ledger entry, and never falls below zero. A wallet that
//! owes points has none available: each write that makes points available takes the owed ones first, on condition that
//! the wallet owes as many as it assumes.

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{ReturnValuesOnConditionCheckFailure as OnFailure, TransactWriteItem, Update};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use super::{CollectedPoints, Entry, EntryKind, Points, PointsEvent, Subject, Wallet};
use crate::aws::Platform;
use crate::aws::dynamodb::table::{Table, text_of};
use crate::aws::dynamodb::transaction::{WriteOutcome, put, update};
use crate::aws::dynamodb::{Item, classify_error, composite, number, parse, send_until_answered, text};
use crate::aws::lambda::Invocation;
use crate::core::error::Error;
use crate::core::event::Record;
use crate::core::identity::CustomerId;

/// The largest number of open bids per customer. It keeps one customer from flooding an order book.
pub const MAX_OPEN_BIDS: u32 = 200;

const READING: &str = "read a wallet";

/// A page of a wallet's ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerPage {
    /// The entries, newest first.
    pub entries: Vec<Entry>,
    /// The last entry of this page, when another page follows.
    pub next: Option<Uuid>,
}

/// A wallet as stored.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct StoredWallet {
    #[serde(default)]
    pub available: Points,
    #[serde(default)]
    pub held: Points,
    #[serde(default)]
    pub owed: Points,
}

/// A ledger entry as stored.
#[derive(Debug, Serialize)]
struct StoredEntry {
    #[serde(flatten)]
    entry: Entry,
    /// The event of collected points. The table's stream delivers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<Record>,
}

/// Points that become available in a wallet, or an open bid that ends. Points that the wallet owes are taken first.
#[derive(Clone, Debug)]
pub struct Gain<'a> {
    /// The customer.
    pub customer: &'a CustomerId,
    /// The points that become available.
    pub points: Points,
    /// The ledger entry's kind.
    pub kind: EntryKind,
    /// The entity that causes the change.
    pub about: Subject,
    /// The open bid that ends, by the points that it held: zero for a bid to sell.
    pub ended_bid: Option<Points>,
    /// The most available points before the gain, if there is a limit.
    pub limit: Option<Points>,
}

/// Reads and writes wallets, their ledger, and the credits of orders in the auctions table.
#[derive(Clone, Debug)]
pub struct WalletStore(pub(super) Table);

impl WalletStore {
    /// Reads the table's name from `AUCTIONS_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self(Table::new(platform, "AUCTIONS_TABLE")?))
    }

    /// Reads the customer's wallet, which is empty when none exists. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn wallet(&self, customer: &CustomerId, deadline: Instant) -> Result<Wallet, Error> {
        let stored: Option<StoredWallet> = self.0.read(READING, wallet_key(customer), deadline).await?;
        let StoredWallet { available, held, owed } = stored.unwrap_or_default();
        Ok(Wallet { available, held, owed })
    }

    /// At most `limit` entries of the customer's ledger, newest first, starting after the entry `after`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn ledger(
        &self,
        customer: &CustomerId,
        after: Option<Uuid>,
        limit: u8,
        deadline: Instant,
    ) -> Result<LedgerPage, Error> {
        let query = self
            .0
            .client
            .query()
            .table_name(&self.0.name)
            .consistent_read(true)
            .key_condition_expression("pk = :wallet AND begins_with(sk, :entry)")
            .expression_attribute_values(":wallet", text(wallet_pk(customer)))
            .expression_attribute_values(":entry", text("ENTRY#"))
            .scan_index_forward(false)
            .limit(limit.into())
            .set_exclusive_start_key(after.map(|id| entry_key(customer, id)));
        let send = || async {
            query
                .clone()
                .send()
                .await
                .map_err(|error| classify_error(READING, error))
        };
        let answer = send_until_answered(READING, deadline, send).await?;
        let next = answer.last_evaluated_key.as_ref().map(|position| {
            let id = text_of(position, "sk").and_then(|sk| Uuid::parse_str(sk.strip_prefix("ENTRY#")?).ok());
            // It must not look like the end of the ledger.
            id.ok_or_else(|| Error::internal(READING, "the position in the ledger is unreadable"))
        });
        Ok(LedgerPage {
            next: next.transpose()?,
            entries: answer
                .items
                .unwrap_or_default()
                .into_iter()
                .map(|item| parse(READING, item))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The writes of a gain in a wallet that owes `owed` points: the update of the wallet, and the ledger entries.
    ///
    /// The update's conditions: the wallet owes exactly `owed` points, it holds the ended bid's points, and its
    /// available points are within the limit. [`owed_in`] says what a wallet owes when they fail.
    ///
    /// # Errors
    /// [`Error::Internal`] when a write cannot be built.
    pub fn gain_writes(
        &self,
        gain: &Gain<'_>,
        owed: Points,
        invocation: &Invocation,
    ) -> Result<(TransactWriteItem, Vec<TransactWriteItem>), Error> {
        let collected = gain.points.min(owed);
        let mut changes = vec!["available :gain"];
        let mut conditions = vec![];
        let mut write = self
            .wallet_update(gain.customer)
            .expression_attribute_values(":gain", number(gain.points.saturating_sub(collected)));
        if gain.points > Points::ZERO {
            conditions.push(match owed {
                Points::ZERO => "(attribute_not_exists(owed) OR owed = :owed)",
                _ => "owed = :owed",
            });
            write = write.expression_attribute_values(":owed", number(owed));
        }
        if collected > Points::ZERO {
            changes.push("owed :collected");
            write = write.expression_attribute_values(":collected", minus(collected));
        }
        if let Some(held) = gain.ended_bid {
            changes.push("open_bids :minus_one");
            write = write.expression_attribute_values(":minus_one", number(-1));
            if held > Points::ZERO {
                changes.push("held :minus_held");
                conditions.push("held >= :held");
                write = write
                    .expression_attribute_values(":held", number(held))
                    .expression_attribute_values(":minus_held", minus(held));
            }
        }
        if let Some(limit) = gain.limit {
            conditions.push("(attribute_not_exists(available) OR available <= :limit)");
            write = write.expression_attribute_values(":limit", number(limit));
        }
        write = write.update_expression(format!("ADD {}", changes.join(", ")));
        if !conditions.is_empty() {
            write = write
                .condition_expression(conditions.join(" AND "))
                .return_values_on_condition_check_failure(OnFailure::AllOld);
        }
        let mut entries = vec![];
        if gain.points > Points::ZERO {
            let entry = entry(gain.kind, gain.points, gain.about, invocation);
            entries.push(self.put_entry(gain.customer, entry)?);
        }
        if collected > Points::ZERO {
            entries.push(self.put_collected(gain, collected, invocation)?);
        }
        Ok((update(write)?, entries))
    }

    /// The put of the entry of collected points, with its event.
    fn put_collected(
        &self,
        gain: &Gain<'_>,
        points: Points,
        invocation: &Invocation,
    ) -> Result<TransactWriteItem, Error> {
        let event = PointsEvent::OwedPointsCollected(CollectedPoints {
            customer_id: gain.customer.clone(),
            points,
            about: gain.about,
            collected_at: invocation.now,
        });
        let entry = entry(EntryKind::Collected, points, gain.about, invocation);
        self.put_stored(gain.customer, entry, Some(invocation.record(&event)?))
    }

    /// Subtracts available points. Condition: the wallet has as many.
    pub fn spend_points(&self, customer: &CustomerId, points: Points) -> UpdateBuilder {
        self.wallet_update(customer)
            .update_expression("ADD available :minus")
            .condition_expression("available >= :points")
            .expression_attribute_values(":points", number(points))
            .expression_attribute_values(":minus", minus(points))
    }

    /// Moves available points to held points and counts an open bid. Conditions: the wallet has as many available, and
    /// fewer than [`MAX_OPEN_BIDS`] open bids.
    pub fn hold_points(&self, customer: &CustomerId, points: Points) -> UpdateBuilder {
        self.wallet_update(customer)
            .update_expression("ADD available :minus, held :points, open_bids :one")
            .condition_expression("available >= :points AND (attribute_not_exists(open_bids) OR open_bids < :most)")
            .expression_attribute_values(":points", number(points))
            .expression_attribute_values(":minus", minus(points))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(MAX_OPEN_BIDS))
    }

    /// Counts an open bid that holds no points. Condition: fewer than [`MAX_OPEN_BIDS`] open bids.
    pub fn add_open_bid(&self, customer: &CustomerId) -> UpdateBuilder {
        self.wallet_update(customer)
            .update_expression("ADD open_bids :one")
            .condition_expression("attribute_not_exists(open_bids) OR open_bids < :most")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(MAX_OPEN_BIDS))
    }

    /// Takes `taken` available points, and owes `rest` more. Condition: the wallet has as many available, and exactly as
    /// many when it comes to owe points.
    pub(super) fn take_points(&self, customer: &CustomerId, taken: Points, rest: Points) -> UpdateBuilder {
        if rest == Points::ZERO {
            return self.spend_points(customer, taken);
        }
        let condition = match taken {
            Points::ZERO => "attribute_not_exists(available) OR available = :taken",
            _ => "available = :taken",
        };
        self.wallet_update(customer)
            .update_expression("ADD available :minus, owed :rest")
            .condition_expression(condition)
            .expression_attribute_values(":taken", number(taken))
            .expression_attribute_values(":minus", minus(taken))
            .expression_attribute_values(":rest", number(rest))
    }

    /// The put of a ledger entry.
    ///
    /// # Errors
    /// [`Error::Internal`] when the entry cannot be serialized.
    pub fn put_entry(&self, customer: &CustomerId, entry: Entry) -> Result<TransactWriteItem, Error> {
        self.put_stored(customer, entry, None)
    }

    fn put_stored(
        &self,
        customer: &CustomerId,
        entry: Entry,
        event: Option<Record>,
    ) -> Result<TransactWriteItem, Error> {
        let key = entry_key(customer, entry.entry_id);
        put(self.0.put_new("write the ledger", key, &StoredEntry { entry, event })?)
    }

    fn wallet_update(&self, customer: &CustomerId) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.0.name)
            .set_key(Some(wallet_key(customer)))
    }
}

/// The points that a wallet owes, when the update of a [`Gain`] failed its condition.
///
/// # Errors
/// [`Error::Internal`] when the wallet cannot be read.
pub fn owed_in(outcome: Option<&WriteOutcome>) -> Result<Option<Points>, Error> {
    Ok(wallet_in(outcome)?.map(|wallet| wallet.owed))
}

/// The wallet, when its update failed its condition.
pub(super) fn wallet_in(outcome: Option<&WriteOutcome>) -> Result<Option<StoredWallet>, Error> {
    match outcome {
        Some(WriteOutcome::ConditionFailed(Some(wallet))) => parse(READING, wallet.clone()).map(Some),
        _ => Ok(None),
    }
}

/// A new ledger entry.
pub(super) fn entry(kind: EntryKind, points: Points, about: Subject, invocation: &Invocation) -> Entry {
    Entry {
        entry_id: invocation.new_id(),
        kind,
        points,
        about,
        created_at: invocation.now,
    }
}

fn minus(points: Points) -> aws_sdk_dynamodb::types::AttributeValue {
    number(format!("-{points}"))
}

fn wallet_pk(customer: &CustomerId) -> String {
    format!("WALLET#{}", customer.as_str())
}

fn wallet_key(customer: &CustomerId) -> Item {
    composite(wallet_pk(customer), "WALLET")
}

/// Entry ids are UUIDv7, so the sort key orders entries by time.
fn entry_key(customer: &CustomerId, id: Uuid) -> Item {
    composite(wallet_pk(customer), format!("ENTRY#{id}"))
}
