//! The credits of orders: adds the points that an order bought to its customer's wallet, and takes them back.
//!
//! Invariant: the record of an order's credit changes only in one transaction with the wallet, so what is credited, taken
//! back and owed for an order can be read from its record and the ledger at any time.

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::wallets::{entry, wallet_in};
use super::{Credit, CreditStatus, EntryKind, Gain, Points, PointsEvent, Subject, Wallet, WalletStore};
use crate::aws::backoff::Backoff;
use crate::aws::dynamodb::transaction::{
    TransactionOutcome, WriteOutcome, Writes, put, transact, transact_changes, update,
};
use crate::aws::dynamodb::{Item, composite};
use crate::aws::lambda::Invocation;
use crate::core::error::Error;
use crate::core::event::Record;
use crate::orders::OrderId;

const DOING: &str = "credit points";

/// The result of [`WalletStore::credit`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreditOutcome {
    /// The points were added to the wallet.
    Credited,
    /// The wallet would exceed its limit. The credit is recorded as refused.
    Refused,
    /// The points were credited or taken back before; nothing was written.
    Exists(CreditStatus),
}

/// An order's credit as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredCredit {
    /// The credit, as its events contain it.
    #[serde(flatten)]
    pub credit: Credit,
    /// Counts the changes, from 1. Each write is conditional on the version that was read.
    pub version: u64,
    /// The newest event. None when the points were never in the wallet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Record>,
}

/// The writes of a changed credit.
#[derive(Debug)]
pub struct CreditWrites {
    /// The writes of the credit, its wallet and the ledger.
    pub writes: Writes,
    /// The points that are spent or held, which the wallet comes to owe.
    pub owed: Points,
}

impl WalletStore {
    /// Reads the credit of an order.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn credit_of(&self, order: OrderId, deadline: Instant) -> Result<Option<StoredCredit>, Error> {
        self.0.read("read a credit", credit_key(order), deadline).await
    }

    /// Credits the points of a paid order once, unless they were taken back before. Credits a refused order again.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn credit(&self, credit: &Credit, invocation: &Invocation) -> Result<CreditOutcome, Error> {
        let (mut owed, mut is_full) = (Points::ZERO, false);
        let mut backoff = Backoff::until(invocation.deadline);
        loop {
            let known = self.credit_of(credit.order_id, invocation.deadline).await?;
            let known_status = known.as_ref().map(|known| known.credit.status);
            match known_status {
                Some(CreditStatus::Refused) if is_full => return Ok(CreditOutcome::Refused),
                None | Some(CreditStatus::Refused) => {}
                Some(status) => return Ok(CreditOutcome::Exists(status)),
            }
            let taken_back = known.as_ref().map_or(Points::ZERO, |known| known.credit.taken_back);
            let next = Credit {
                status: if is_full {
                    CreditStatus::Refused
                } else {
                    CreditStatus::Credited
                },
                taken_back,
                ..credit.clone()
            };
            let gain = Gain {
                customer: &credit.customer_id,
                points: next.net(),
                kind: EntryKind::Credited,
                about: Subject::order(credit.order_id),
                ended_bid: None,
                limit: Some(Wallet::MAX_CREDITED.saturating_sub(next.net())),
            };
            let event = if is_full {
                PointsEvent::PointsRefused(next.clone())
            } else {
                PointsEvent::PointsCredited(next.clone())
            };
            let mut items = vec![self.put_credit(known.as_ref(), next, Some(invocation.record(&event)?))?];
            if !is_full {
                let (wallet, entries) = self.gain_writes(&gain, owed, invocation)?;
                items.push(wallet);
                items.extend(entries);
            }
            match transact(&self.0.client, DOING, items, invocation.deadline).await? {
                TransactionOutcome::Committed if is_full => return Ok(CreditOutcome::Refused),
                TransactionOutcome::Committed => return Ok(CreditOutcome::Credited),
                TransactionOutcome::Cancelled(outcomes) => {
                    if let Some(wallet) = wallet_in(outcomes.get(1))? {
                        owed = wallet.owed;
                        is_full = gain.limit.is_some_and(|limit| wallet.available > limit);
                    }
                    if matches!(outcomes.first(), Some(WriteOutcome::ConditionFailed(_))) {
                        is_full = false;
                    }
                }
            }
            if !backoff.wait().await {
                return Err(Error::Unavailable {
                    doing: DOING,
                    source: None,
                });
            }
        }
    }

    /// The writes that take back all points of a cancelled order, or that prevent their credit when it has not happened
    /// yet.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn take_back_writes(&self, all: &Credit, invocation: &Invocation) -> Result<CreditWrites, Error> {
        let known = self.credit_of(all.order_id, invocation.deadline).await?;
        let next = match &known {
            Some(known) => known.credit.with_taken_back(known.credit.points, invocation.now),
            None => all.clone(),
        };
        self.change_writes(known.as_ref(), next, invocation).await
    }

    /// The writes that take back the points of units of an order that were cancelled, so that `taken_back` points of it are
    /// taken back together.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn take_back_part_writes(
        &self,
        known: &StoredCredit,
        taken_back: Points,
        invocation: &Invocation,
    ) -> Result<CreditWrites, Error> {
        let next = known.credit.with_taken_back(taken_back, invocation.now);
        self.change_writes(Some(known), next, invocation).await
    }

    /// Saves `next`, the credit of an order after its payment has changed, and takes back or returns the difference. What
    /// is spent or held is owed. Returns false when the credit or the wallet has changed since `known` was read.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save_taken_back(
        &self,
        known: Option<&StoredCredit>,
        next: Credit,
        invocation: &Invocation,
    ) -> Result<bool, Error> {
        let Writes(items) = self.change_writes(known, next, invocation).await?.writes;
        let records = items.len();
        transact_changes(&self.0.client, DOING, items, records, invocation.deadline).await
    }

    /// The writes of an order's changed credit: its record, and the difference in the wallet and its ledger.
    async fn change_writes(
        &self,
        known: Option<&StoredCredit>,
        next: Credit,
        invocation: &Invocation,
    ) -> Result<CreditWrites, Error> {
        let before = known.map_or(Points::ZERO, |known| known.credit.net());
        let (lost, returned) = (before.saturating_sub(next.net()), next.net().saturating_sub(before));
        let (customer, about) = (next.customer_id.clone(), Subject::order(next.order_id));
        if lost == Points::ZERO && returned == Points::ZERO {
            return Ok(CreditWrites {
                writes: Writes(vec![self.put_credit(known, next, None)?]),
                owed: Points::ZERO,
            });
        }
        let wallet = self.wallet(&customer, invocation.deadline).await?;
        if returned > Points::ZERO {
            let gain = Gain {
                customer: &customer,
                points: returned,
                kind: EntryKind::Returned,
                about,
                ended_bid: None,
                limit: None,
            };
            let event = invocation.record(&PointsEvent::PointsReturned(next.clone()))?;
            let (update, entries) = self.gain_writes(&gain, wallet.owed, invocation)?;
            let mut items = vec![self.put_credit(known, next, Some(event))?, update];
            items.extend(entries);
            return Ok(CreditWrites {
                writes: Writes(items),
                owed: Points::ZERO,
            });
        }
        let taken = lost.min(wallet.available);
        let owed = lost.saturating_sub(taken);
        let next = Credit { owed, ..next };
        let event = invocation.record(&PointsEvent::PointsTakenBack(next.clone()))?;
        let mut items = vec![
            self.put_credit(known, next, Some(event))?,
            update(self.take_points(&customer, taken, owed))?,
        ];
        for (kind, points) in [(EntryKind::TakenBack, taken), (EntryKind::Owed, owed)] {
            if points > Points::ZERO {
                items.push(self.put_entry(&customer, entry(kind, points, about, invocation))?);
            }
        }
        Ok(CreditWrites {
            writes: Writes(items),
            owed,
        })
    }

    /// The put of a credit after `known`. Its condition: the credit has not changed since `known` was read.
    fn put_credit(
        &self,
        known: Option<&StoredCredit>,
        credit: Credit,
        event: Option<Record>,
    ) -> Result<TransactWriteItem, Error> {
        let key = credit_key(credit.order_id);
        let next = StoredCredit {
            credit,
            version: known.map_or(1, |known| known.version + 1),
            event: event.or_else(|| known.and_then(|known| known.event.clone())),
        };
        let item = self.0.item(DOING, key, &next)?;
        put(self.0.put_if_version(item, next.version))
    }
}

fn credit_key(order: OrderId) -> Item {
    composite(format!("CREDIT#{order}"), "CREDIT")
}
