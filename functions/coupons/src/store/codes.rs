//! The codes of coupons that were used, the campaigns that codes name, and the wrong codes of customers.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure as OnFailure, TransactWriteItem};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::dynamodb::table::text_of;
use shared::aws::dynamodb::transaction::put;
use shared::aws::dynamodb::{Item, classify_error, key, number, parse, send_until_answered, text};
use shared::aws::lambda::Invocation;
use shared::core::identity::CustomerId;
use shared::coupons::{CouponClaim, CouponClaimId, CouponId, StoredCoupon};
use tokio::time::Instant;
use uuid::Uuid;

use super::CouponTable;
use crate::code::CouponCode;
use crate::wrong_codes::WrongCodes;

/// A code that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedCode {
    /// The claim that it made.
    pub coupon_claim_id: CouponClaimId,
    /// The time of its use.
    pub used_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Campaign {
    coupon_id: CouponId,
}

/// The items that were found of those that a code needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoundForCode {
    /// The coupon that the campaign names.
    pub coupon_id: Option<CouponId>,
    /// The coupon.
    pub coupon: Option<StoredCoupon>,
    /// The customer's claim of it.
    pub claim: Option<CouponClaim>,
    /// The use of the code.
    pub used: Option<UsedCode>,
    /// The customer's wrong codes.
    pub wrong: WrongCodes,
}

impl FoundForCode {
    /// Whether the customer's claim was made with the code's index.
    pub fn has_used(&self, code: CouponCode) -> bool {
        let claim = self.claim.as_ref();
        claim.is_some_and(|claim| claim.code_index == Some(code.index))
    }
}

impl CouponTable {
    /// Reads what a code needs, consistently, in one request.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn read_for_code(&self, keys: Vec<Item>, deadline: Instant) -> Result<FoundForCode, Error> {
        const DOING: &str = "read a code";
        let mut found = FoundForCode::default();
        for item in self.read(keys, deadline).await? {
            let kind = text_of(&item, "pk").and_then(|pk| pk.split_once('#'));
            match kind.map(|(kind, _)| kind) {
                Some("CAMPAIGN") => found.coupon_id = Some(parse::<Campaign>(DOING, item)?.coupon_id),
                Some("COUPON") => found.coupon = Some(parse(DOING, item)?),
                Some("CLAIM") => found.claim = Some(parse(DOING, item)?),
                Some("CODE") => found.used = Some(parse(DOING, item)?),
                _ => found.wrong = parse(DOING, item)?,
            }
        }
        Ok(found)
    }

    /// Counts a wrong code of a customer, of which `known` were read, unless `sent`, its name, is that of the last one. Returns those
    /// that count then, or, with an error, those that do not let another one in.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn count_wrong_code(
        &self,
        customer: &CustomerId,
        sent: Uuid,
        mut known: WrongCodes,
        invocation: &Invocation,
    ) -> Result<Result<WrongCodes, WrongCodes>, Error> {
        let mut attempts = Attempts::new("count a wrong code");
        loop {
            attempts.start()?;
            if known.has_counted(sent, invocation.now) {
                return Ok(Ok(known));
            }
            if known.locked_until(invocation.now).is_some() {
                return Ok(Err(known));
            }
            match self.try_count(customer, sent, known, invocation).await? {
                Ok(counted) => return Ok(Ok(counted)),
                // Another request has counted one, or this one has and the answer was lost.
                Err(present) => known = present,
            }
        }
    }

    /// Counts a wrong code under the condition that the hour is as `known` says, and the code is not the last one. Returns what is
    /// stored otherwise.
    async fn try_count(
        &self,
        customer: &CustomerId,
        sent: Uuid,
        known: WrongCodes,
        invocation: &Invocation,
    ) -> Result<Result<WrongCodes, WrongCodes>, Error> {
        const DOING: &str = "count a wrong code";
        let now = invocation.now;
        let update = self.table.client.update_item().table_name(&self.table.name);
        let update = update
            .set_key(Some(wrong_codes_key(customer)))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .expression_attribute_names("#last", "last")
            .expression_attribute_values(":sent", text(sent.to_string()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(OnFailure::AllOld);
        let update = if known.counts_at(now) {
            update
                .update_expression("SET wrong = wrong + :one, #last = :sent")
                .condition_expression("until_ms > :now AND wrong < :limit AND #last <> :sent")
                .expression_attribute_values(":limit", number(WrongCodes::LIMIT))
        } else {
            let until = now + WrongCodes::WINDOW;
            update
                .update_expression("SET wrong = :one, until_ms = :until, swept_at = :swept, #last = :sent")
                .condition_expression("attribute_not_exists(pk) OR until_ms <= :now")
                .expression_attribute_values(":until", number(until.as_millisecond()))
                .expression_attribute_values(":swept", number(until.as_second()))
        };
        let send = || async {
            match update.clone().send().await {
                Ok(written) => Ok(Ok(written.attributes)),
                Err(SdkError::ServiceError(refused))
                    if matches!(refused.err(), UpdateItemError::ConditionalCheckFailedException(_)) =>
                {
                    match refused.into_err() {
                        UpdateItemError::ConditionalCheckFailedException(refused) => Ok(Err(refused.item)),
                        other => Err(Error::internal(DOING, other)),
                    }
                }
                Err(error) => Err(classify_error(DOING, error)),
            }
        };
        let read = |item: Option<Item>| item.map_or(Ok(WrongCodes::default()), |item| parse(DOING, item));
        Ok(match send_until_answered(DOING, invocation.deadline, send).await? {
            Ok(counted) => Ok(read(counted)?),
            Err(present) => Err(read(present)?),
        })
    }

    /// The write of the use of a code. Condition: it was not used.
    pub(super) fn use_code(&self, claim: &CouponClaim, index: u32) -> Result<TransactWriteItem, Error> {
        let used = UsedCode {
            coupon_claim_id: claim.coupon_claim_id,
            used_at: claim.claimed_at,
        };
        let key = code_key(claim.coupon_id, index);
        put(self.table.put_new("use a code", key, &used)?)
    }

    /// The write that gives a new coupon with codes its campaign. Condition: no coupon has it.
    pub(super) fn put_campaign(&self, stored: &StoredCoupon) -> Result<Option<TransactWriteItem>, Error> {
        let Some(codes) = &stored.codes else { return Ok(None) };
        let campaign = Campaign {
            coupon_id: stored.coupon.coupon_id,
        };
        let key = campaign_key(codes.campaign);
        put(self.table.put_new("create a coupon", key, &campaign)?).map(Some)
    }
}

/// The key of the campaign that codes name.
pub fn campaign_key(campaign: u32) -> Item {
    key(format!("CAMPAIGN#{campaign}"))
}

/// The key of a used code.
pub fn code_key(coupon: CouponId, index: u32) -> Item {
    key(format!("CODE#{coupon}#{index}"))
}

/// The key of the wrong codes of a customer.
pub fn wrong_codes_key(customer: &CustomerId) -> Item {
    key(format!("WRONG_CODES#{}", customer.as_str()))
}
