//! The wallet store: available and held points of customers, with a ledger.
//!
//! Invariant: a wallet changes only in one transaction with its ledger entry, and never falls below zero.

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use super::{Credit, CreditStatus, Entry, EntryKind, Points, Wallet};
use crate::aws::Platform;
use crate::aws::backoff::Backoff;
use crate::aws::dynamodb::table::{Table, text_of};
use crate::aws::dynamodb::transaction::{
    TransactionOutcome, WriteOutcome, Writes, put, transact, transact_changes, update,
};
use crate::aws::dynamodb::{Item, classify_error, composite, number, parse, send_until_answered, text};
use crate::core::error::Error;
use crate::core::event::Record;
use crate::core::identity::CustomerId;
use crate::orders::OrderId;

/// The largest number of open bids per customer. It keeps one customer from flooding an order book.
pub const MAX_OPEN_BIDS: u32 = 200;

const READING: &str = "read a wallet";
const CREDITING: &str = "credit points";

/// A page of a wallet's ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerPage {
    /// The entries, newest first.
    pub entries: Vec<Entry>,
    /// The last entry of this page, when another page follows.
    pub next: Option<Uuid>,
}

/// The result of [`WalletStore::credit`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreditOutcome {
    /// The points were added to the wallet.
    Credited,
    /// The points were credited or taken back before; nothing was written.
    Exists(CreditStatus),
}

/// The stored form of an order's credit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct StoredCredit {
    #[serde(flatten)]
    credit: Credit,
    version: u64,
    /// None when the points were never in the wallet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<Record>,
}

/// Reads and writes wallets, their ledger, and the credits of orders in the auctions table.
#[derive(Clone, Debug)]
pub struct WalletStore(Table);

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
        #[derive(Default, Deserialize)]
        struct StoredWallet {
            #[serde(default)]
            available: Points,
            #[serde(default)]
            held: Points,
        }
        let stored: Option<StoredWallet> = self.0.read(READING, wallet_key(customer), deadline).await?;
        let StoredWallet { available, held } = stored.unwrap_or_default();
        Ok(Wallet { available, held })
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

    /// Credits the points of a paid order once, unless they were taken back before.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn credit(
        &self,
        credit: &Credit,
        event: Record,
        entry_id: Uuid,
        deadline: Instant,
    ) -> Result<CreditOutcome, Error> {
        let stored = StoredCredit {
            credit: credit.clone(),
            version: 1,
            event: Some(event),
        };
        let mut items = vec![put(self.0.put_new(CREDITING, credit_key(credit.order_id), &stored)?)?];
        items.push(update(self.add_points(&credit.customer_id, credit.points))?);
        items.push(self.put_entry(&credit.customer_id, entry_of(credit, EntryKind::Credited, entry_id))?);
        let mut backoff = Backoff::until(deadline);
        loop {
            match transact(&self.0.client, CREDITING, items.clone(), deadline).await? {
                TransactionOutcome::Committed => return Ok(CreditOutcome::Credited),
                TransactionOutcome::Cancelled(mut outcomes) => {
                    if !outcomes.is_empty()
                        && let WriteOutcome::ConditionFailed(Some(existing)) = outcomes.swap_remove(0)
                    {
                        let existing: StoredCredit = parse(CREDITING, existing)?;
                        return Ok(CreditOutcome::Exists(existing.credit.status));
                    }
                }
            }
            if !backoff.wait().await {
                return Err(Error::Unavailable {
                    doing: CREDITING,
                    source: None,
                });
            }
        }
    }

    /// The writes that take back the points of an order, or that prevent their credit when it has not happened yet. Empty
    /// when they were taken back before; `None` when the points are spent or held.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn take_back_writes(
        &self,
        taken: &Credit,
        event: Record,
        entry_id: Uuid,
        deadline: Instant,
    ) -> Result<Option<Writes>, Error> {
        let key = credit_key(taken.order_id);
        let known: Option<StoredCredit> = self.0.read(CREDITING, key.clone(), deadline).await?;
        let stored = |version, event| StoredCredit {
            credit: taken.clone(),
            version,
            event,
        };
        let Some(known) = known else {
            let writes = vec![put(self.0.put_new(CREDITING, key, &stored(1, None))?)?];
            return Ok(Some(Writes(writes)));
        };
        if known.credit.status == CreditStatus::TakenBack {
            return Ok(Some(Writes::default()));
        }
        if self.wallet(&taken.customer_id, deadline).await?.available < taken.points {
            return Ok(None);
        }
        let item = self.0.item(CREDITING, key, &stored(known.version + 1, Some(event)))?;
        Ok(Some(Writes(vec![
            put(self.0.put_if_version(item, known.version + 1))?,
            update(self.spend_points(&taken.customer_id, taken.points))?,
            self.put_entry(&taken.customer_id, entry_of(taken, EntryKind::TakenBack, entry_id))?,
        ])))
    }

    /// Takes back the points of an order whose payment was refunded without cancelling the order. Returns false when the
    /// points are spent or held.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn take_back(
        &self,
        taken: &Credit,
        event: Record,
        entry_id: Uuid,
        deadline: Instant,
    ) -> Result<bool, Error> {
        let mut backoff = Backoff::until(deadline);
        loop {
            let writes = self.take_back_writes(taken, event.clone(), entry_id, deadline).await?;
            let Some(Writes(items)) = writes else {
                return Ok(false);
            };
            let records = items.len();
            if items.is_empty() || transact_changes(&self.0.client, CREDITING, items, records, deadline).await? {
                return Ok(true);
            }
            if !backoff.wait().await {
                return Err(Error::Unavailable {
                    doing: CREDITING,
                    source: None,
                });
            }
        }
    }

    /// Reads the credit of an order.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn credit_of(&self, order: OrderId, deadline: Instant) -> Result<Option<Credit>, Error> {
        let known: Option<StoredCredit> = self.0.read(READING, credit_key(order), deadline).await?;
        Ok(known.map(|known| known.credit))
    }

    /// Adds available points.
    pub fn add_points(&self, customer: &CustomerId, points: Points) -> UpdateBuilder {
        self.wallet_update(customer)
            .update_expression("ADD available :points")
            .expression_attribute_values(":points", number(points))
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

    /// Uncounts an open bid that held no points, and adds the points that it `earned`.
    pub fn remove_open_bid(&self, customer: &CustomerId, earned: Points) -> UpdateBuilder {
        self.wallet_update(customer)
            .update_expression("ADD available :earned, open_bids :minus_one")
            .expression_attribute_values(":earned", number(earned))
            .expression_attribute_values(":minus_one", number(-1))
    }

    /// Uncounts an open bid that held `held` points: `freed` of them become available again, and the rest is paid.
    pub fn release_hold(&self, customer: &CustomerId, held: Points, freed: Points) -> UpdateBuilder {
        self.wallet_update(customer)
            .update_expression("ADD available :freed, held :minus, open_bids :minus_one")
            .condition_expression("held >= :held")
            .expression_attribute_values(":freed", number(freed))
            .expression_attribute_values(":held", number(held))
            .expression_attribute_values(":minus", minus(held))
            .expression_attribute_values(":minus_one", number(-1))
    }

    /// The put of a ledger entry.
    ///
    /// # Errors
    /// [`Error::Internal`] when the entry cannot be serialized.
    pub fn put_entry(&self, customer: &CustomerId, entry: Entry) -> Result<TransactWriteItem, Error> {
        let key = entry_key(customer, entry.entry_id);
        put(self.0.put_new("write the ledger", key, &entry)?)
    }

    fn wallet_update(&self, customer: &CustomerId) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.0.name)
            .set_key(Some(wallet_key(customer)))
    }
}

fn entry_of(credit: &Credit, kind: EntryKind, entry_id: Uuid) -> Entry {
    Entry {
        entry_id,
        kind,
        points: credit.points,
        about: credit.order_id.0,
        at: credit.credited_at,
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

fn credit_key(order: OrderId) -> Item {
    composite(format!("CREDIT#{order}"), "CREDIT")
}
