//! Writes coupons, their units and claims, and reads lists. [`shared::coupons::CouponStore`] describes the table.
//!
//! Invariants: units + claims = total. A unit is taken in the transaction that puts a claim, and added in the one that raises the
//! total. A claim and its event are one write.

mod codes;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::listed::{List, Listed};
use shared::aws::dynamodb::table::{Table, text_of};
use shared::aws::dynamodb::transaction::{TransactionOutcome, WriteOutcome, put, transact, transact_changes, update};
use shared::aws::dynamodb::{Item, Wanted, batch_get, classify_error, number, parse, send_until_answered, text};
use shared::aws::lambda::Invocation;
use shared::aws::lambda::page::Cursor;
use shared::catalog::{Shard, StockLevel, spread};
use shared::core::error::{self, Rejection};
use shared::core::event::Record;
use shared::core::identity::CustomerId;
use shared::coupons::{
    Coupon, CouponClaim, CouponClaimId, CouponId, CouponStore, StoredCoupon, claim_key, coupon_key, shard_key,
};
use tokio::time::Instant;
use uuid::Uuid;

pub use codes::{FoundForCode, UsedCode, campaign_key, code_key, wrong_codes_key};

use crate::event::CouponEvent;

/// The list of all coupons.
pub const COUPONS: &str = "COUPONS";

/// The outcome of issuing a claim.
#[derive(Debug, PartialEq, Eq)]
pub enum IssueOutcome {
    /// The claim is stored, and its unit is taken.
    Issued,
    /// The customer has a claim. No unit was taken.
    Exists(Box<CouponClaim>),
    /// The shard has no unit. Nothing was written.
    ShardEmpty,
    /// The code was used. Nothing was written.
    CodeUsed,
    /// Another transaction was writing the shard or the claim. Nothing was written.
    Conflict,
}

/// The source of the unit of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimSource {
    /// Nothing: the coupon has no limit.
    Unlimited,
    /// A unit of a shard.
    Shard(Shard),
    /// The code with an index.
    Code(u32),
}

/// Reads and writes the table.
#[derive(Clone, Debug)]
pub struct CouponTable {
    table: Table,
    coupons: CouponStore,
}

impl CouponTable {
    /// Reads the table's name from `COUPONS_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: Table::new(platform, "COUPONS_TABLE")?,
            coupons: CouponStore::new(platform)?,
        })
    }

    /// Reads a coupon, if there is one. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn find(&self, id: CouponId, deadline: Instant) -> Result<Option<StoredCoupon>, Error> {
        self.coupons.coupon(id, deadline).await
    }

    /// Reads a coupon. Strongly consistent.
    ///
    /// # Errors
    /// `not-found`, [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get(&self, id: CouponId, deadline: Instant) -> Result<StoredCoupon, Error> {
        Ok(self.find(id, deadline).await?.ok_or_else(missing)?)
    }

    /// Reads a claim, if there is one. Strongly consistent. If `settled`, waits for a transaction that is writing it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn claim(
        &self,
        id: CouponClaimId,
        settled: bool,
        deadline: Instant,
    ) -> Result<Option<CouponClaim>, Error> {
        const DOING: &str = "read a claim";
        match settled {
            true => self.table.read_serializable(DOING, claim_key(id), deadline).await,
            false => self.table.read(DOING, claim_key(id), deadline).await,
        }
    }

    /// Reads a coupon and a claim of it, consistently, in one request.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn coupon_and_claim(
        &self,
        id: CouponId,
        claim: CouponClaimId,
        deadline: Instant,
    ) -> Result<(Option<StoredCoupon>, Option<CouponClaim>), Error> {
        const DOING: &str = "read a coupon and a claim";
        let (mut coupon, mut found_claim) = (None, None);
        for item in self.read(vec![coupon_key(id), claim_key(claim)], deadline).await? {
            if text_of(&item, "coupon_claim_id").is_some() {
                found_claim = Some(parse(DOING, item)?);
            } else {
                coupon = Some(parse(DOING, item)?);
            }
        }
        Ok((coupon, found_claim))
    }

    /// Reads the units that are left in each shard, consistently.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn levels(&self, coupon: &Coupon, deadline: Instant) -> Result<Vec<StockLevel>, Error> {
        const DOING: &str = "read the units of a coupon";
        #[derive(Deserialize)]
        struct Units {
            pk: String,
            available: u64,
        }
        let shards = coupon.shards.into_iter().flat_map(|count| count.shards());
        let keys = shards.map(|shard| shard_key(coupon.coupon_id, shard)).collect();
        let items = self.read(keys, deadline).await?.into_iter();
        let levels = items.map(|item| {
            let Units { pk, available } = parse(DOING, item)?;
            let shard = pk.rsplit_once('#').and_then(|(_, shard)| shard.parse().ok());
            let shard = shard.ok_or_else(|| Error::internal(DOING, format!("{pk} is not a key of units")))?;
            Ok(StockLevel { shard, available })
        });
        levels.collect()
    }

    /// Stores a new coupon, its units and its campaign. Returns false when there is one with its id, or its campaign is another
    /// coupon's.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn create(&self, stored: &StoredCoupon, deadline: Instant) -> Result<bool, Error> {
        let units = stored.coupon.total.unwrap_or_default();
        let mut items = vec![self.put_coupon(stored)?];
        items.extend(self.put_campaign(stored)?);
        let records = items.len();
        items.extend(self.add_units(&stored.coupon, units)?);
        transact_changes(&self.table.client, "create a coupon", items, records, deadline).await
    }

    /// Stores the next version of a coupon, and adds units. Returns false when another administrator has changed it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save(&self, stored: &StoredCoupon, added: u64, deadline: Instant) -> Result<bool, Error> {
        let mut items = vec![self.put_coupon(stored)?];
        items.extend(self.add_units(&stored.coupon, added)?);
        transact_changes(&self.table.client, "change a coupon", items, 1, deadline).await
    }

    /// Stores a claim with its event, and takes what it needs from `source`. Conditions: the customer has no claim of the coupon, and
    /// the shard has a unit, or the code was not used.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn issue(
        &self,
        claim: &CouponClaim,
        event: &Record,
        source: ClaimSource,
        deadline: Instant,
    ) -> Result<IssueOutcome, Error> {
        const DOING: &str = "claim a coupon";
        let mut item = self.table.item(DOING, claim_key(claim.coupon_claim_id), claim)?;
        list_in(&mut item, &claims_of(&claim.customer_id), claim.claimed_at);
        item.insert("event".into(), attribute(DOING, event)?);
        let mut items = vec![put(self.table.put_if_version(item, 1))?];
        match source {
            ClaimSource::Unlimited => {}
            ClaimSource::Code(index) => items.push(self.use_code(claim, index)?),
            ClaimSource::Shard(shard) => {
                let unit = self.units(claim.coupon_id, shard);
                let unit = unit
                    .update_expression("SET available = available - :one")
                    .condition_expression("available >= :one")
                    .expression_attribute_values(":one", number(1));
                items.push(update(unit)?);
            }
        }
        let mut outcomes = match transact(&self.table.client, DOING, items, deadline).await? {
            TransactionOutcome::Committed => return Ok(IssueOutcome::Issued),
            TransactionOutcome::Cancelled(outcomes) => outcomes.into_iter(),
        };
        Ok(match (outcomes.next(), outcomes.next()) {
            (Some(WriteOutcome::ConditionFailed(Some(found))), _) => IssueOutcome::Exists(parse(DOING, found)?),
            // A concurrent request of the customer may be taking the unit, or the code.
            (Some(WriteOutcome::Accepted), Some(WriteOutcome::ConditionFailed(_))) => match source {
                ClaimSource::Code(_) => IssueOutcome::CodeUsed,
                _ => IssueOutcome::ShardEmpty,
            },
            _ => IssueOutcome::Conflict,
        })
    }

    /// Marks a coupon as exhausted, with the event, in a new version, so that no concurrent change of it loses the mark. Returns
    /// false when it has changed since it was read: it may have units, or the mark.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn mark_exhausted(&self, stored: &StoredCoupon, invocation: &Invocation) -> Result<bool, Error> {
        const DOING: &str = "mark a coupon as exhausted";
        let at = invocation.now.to_string();
        let event = CouponEvent::CouponExhausted(Coupon {
            exhausted_at: Some(invocation.now),
            ..stored.coupon.clone()
        });
        let event = attribute(DOING, &invocation.record(&event)?)?;
        let send = || async {
            let sent = self.table.client.update_item().table_name(&self.table.name);
            let sent = sent
                .set_key(Some(coupon_key(stored.coupon.coupon_id)))
                .update_expression("SET exhausted_at = :at, #event = :event, version = version + :one")
                .condition_expression("version = :read")
                .expression_attribute_values(":one", number(1))
                .expression_attribute_names("#event", "event")
                .expression_attribute_values(":at", text(&at))
                .expression_attribute_values(":event", event.clone())
                .expression_attribute_values(":read", number(stored.version))
                .send();
            match sent.await {
                Ok(_) => Ok(true),
                Err(SdkError::ServiceError(refused))
                    if matches!(refused.err(), UpdateItemError::ConditionalCheckFailedException(_)) =>
                {
                    Ok(false)
                }
                Err(error) => Err(classify_error(DOING, error)),
            }
        };
        send_until_answered(DOING, invocation.deadline, send).await
    }

    /// Reads the page of a list after `after`, newest first. Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn list<T: DeserializeOwned>(
        &self,
        list: &str,
        after: Option<Cursor<1>>,
        limit: u8,
        deadline: Instant,
    ) -> Result<Listed<T>, Error> {
        let prefix = if list == COUPONS { "COUPON#" } else { "CLAIM#" };
        let list = List::newest(list, prefix);
        self.table.list("list coupons", &list, after, limit, deadline).await
    }

    async fn read(&self, keys: Vec<Item>, deadline: Instant) -> Result<Vec<Item>, Error> {
        let wanted = Wanted {
            table: &self.table.name,
            keys,
            consistent: true,
        };
        let found = batch_get(&self.table.client, "read a coupon", vec![wanted], deadline).await?;
        Ok(found.into_values().flatten().collect())
    }

    fn put_coupon(&self, stored: &StoredCoupon) -> Result<TransactWriteItem, Error> {
        let coupon = &stored.coupon;
        let mut item = self.table.item("save a coupon", coupon_key(coupon.coupon_id), stored)?;
        list_in(&mut item, COUPONS, coupon.created_at);
        put(self.table.put_if_version(item, stored.version))
    }

    /// Spreads units over the shards. A shard that never had any does not exist, and counts as empty.
    fn add_units(&self, coupon: &Coupon, units: u64) -> Result<Vec<TransactWriteItem>, Error> {
        let Some(count) = coupon.shards.filter(|_| units > 0) else {
            return Ok(vec![]);
        };
        let parts = spread(units, count, count, fastrand::u8(..count.get()));
        let adds = parts.into_iter().map(|(shard, part)| {
            let add = self.units(coupon.coupon_id, shard);
            update(
                add.update_expression("ADD available :units")
                    .expression_attribute_values(":units", number(part)),
            )
        });
        adds.collect()
    }

    fn units(&self, coupon: CouponId, shard: Shard) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(shard_key(coupon, shard)))
    }
}

/// The list of a customer's claims.
pub fn claims_of(customer: &CustomerId) -> String {
    format!("CLAIMS#{}", customer.as_str())
}

/// The place in a list of what was created at `at`.
pub fn cursor(at: Timestamp, id: Uuid) -> Cursor<1> {
    Cursor {
        at: [at.as_millisecond().unsigned_abs()],
        id,
    }
}

fn attribute(doing: &'static str, value: &impl Serialize) -> Result<AttributeValue, Error> {
    serde_dynamo::to_attribute_value(value).map_err(|error| Error::internal(doing, error))
}

/// The rejection when there is no such coupon.
pub fn missing() -> Rejection {
    Rejection::new(&error::NOT_FOUND, "There is no such coupon.")
}

fn list_in(item: &mut Item, list: &str, at: Timestamp) {
    item.insert("listed_in".into(), text(list));
    item.insert("listed_ms".into(), number(at.as_millisecond().max(0)));
}
