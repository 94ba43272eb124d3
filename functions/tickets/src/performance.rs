//! Performances: what is shown, by whom, and under which rules tickets are sold and given back.

use std::collections::BTreeMap;

use iso_currency::Currency;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::catalog::TaxClass;
use shared::core::error::{self, Rejection};
use shared::core::json::UniqueMap;
use shared::core::money::Money;
use shared::images::ImageId;
use shared::tickets::{FeeStep, PerformanceId, RefundTerms, ShowKind, ShowList};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::fields::{self, invalid};
use crate::performer::PerformerId;
use crate::store::Entity;

const MAX_CAST: usize = 100;
const MAX_POSTERS: usize = 20;
const MAX_STEPS: usize = 20;
const MAX_DAYS: u64 = 365;

/// Whether customers see a performance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PerformanceStatus {
    /// Only administrators see it.
    #[default]
    Draft,
    /// Everybody sees it.
    Listed,
}

impl PerformanceStatus {
    /// The list of the performances with this status.
    pub const fn list(self) -> ShowList {
        match self {
            Self::Draft => ShowList::DraftPerformances,
            Self::Listed => ShowList::ListedPerformances,
        }
    }
}

/// Somebody who appears in a performance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CastMember {
    /// The performer.
    pub performer_id: PerformerId,
    /// The part, such as `Clara`. Text of one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 100)]
    pub role: Option<String>,
}

/// The fees that a customer pays for giving a ticket back. Days are calendar days in the time zone of the venue. An
/// order keeps the policy of its time. The law of the shop's country may limit the fees, and take tickets back that the
/// policy does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundPolicy {
    /// The days after the booking in which a ticket is given back free of charge, until `free_days_before` days before the show. 0 for
    /// none.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 365, default = 0)]
    pub free_days: u16,
    /// The last day on which `free_days` applies, in days before the show.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 365, default = 0)]
    pub free_days_before: u16,
    /// The fees, the earliest first: `days_before` falls, `percent` does not. After the last step no ticket is taken back. All
    /// highest fees have one currency.
    #[schema(max_items = 20)]
    pub steps: Vec<RefundStep>,
}

/// The fee from some day before the show on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundStep {
    /// The last day of the step, in days before the show. 0 is the day of the show.
    #[schema(minimum = 0, maximum = 365)]
    pub days_before: u16,
    /// The fee in percent of the price paid for the ticket, rounded down.
    #[schema(minimum = 0, maximum = 100)]
    pub percent: u8,
    /// The highest fee. It does not fall from step to step, and a step after one without it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub at_most: Option<Money>,
}

impl RefundPolicy {
    fn check(&self) -> Result<(), Rejection> {
        const FIELD: &str = "refund_policy";
        fields::in_range(FIELD, self.free_days.into(), 0..=MAX_DAYS)?;
        fields::in_range(FIELD, self.free_days_before.into(), 0..=MAX_DAYS)?;
        if self.steps.len() > MAX_STEPS {
            return Err(invalid(FIELD, &format!("it has at most {MAX_STEPS} steps")));
        }
        for step in &self.steps {
            fields::in_range(FIELD, step.days_before.into(), 0..=MAX_DAYS)?;
            fields::in_range(FIELD, step.percent.into(), 0..=100)?;
        }
        for two in self.steps.windows(2) {
            if two[0].days_before <= two[1].days_before {
                return Err(invalid(FIELD, "days_before falls from step to step"));
            }
            if two[0].percent > two[1].percent {
                return Err(invalid(FIELD, "percent does not fall from step to step"));
            }
            let highest = |step: &RefundStep| step.at_most.map_or(u64::MAX, Money::amount);
            if highest(&two[0]) > highest(&two[1]) {
                return Err(invalid(
                    FIELD,
                    "at_most does not fall from step to step, and does not come back",
                ));
            }
        }
        let mut currencies: Vec<Currency> = self.currencies().collect();
        currencies.dedup();
        if currencies.len() > 1 {
            return Err(invalid(FIELD, "all highest fees have one currency"));
        }
        Ok(())
    }

    /// The terms of a booking under the policy.
    pub fn terms(&self) -> RefundTerms {
        let step = |step: &RefundStep| FeeStep {
            days_before: step.days_before,
            percent: step.percent,
            at_most: step.at_most.map(Money::amount),
        };
        RefundTerms {
            free_days: self.free_days,
            free_days_before: self.free_days_before,
            steps: self.steps.iter().map(step).collect(),
        }
    }

    /// The currencies of its highest fees.
    pub fn currencies(&self) -> impl Iterator<Item = Currency> {
        self.steps.iter().filter_map(|step| Some(step.at_most?.currency()))
    }
}

/// A new performance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePerformanceRequest {
    /// The title, by language.
    #[schema(schema_with = fields::names_schema)]
    pub titles: UniqueMap<String>,
    /// The description, by language. Text of several lines.
    #[serde(default, skip_serializing_if = "UniqueMap::is_empty")]
    #[schema(schema_with = fields::texts_schema)]
    pub descriptions: UniqueMap<String>,
    /// Whether customers see it.
    #[serde(default)]
    #[schema(default = "DRAFT")]
    pub status: PerformanceStatus,
    /// The cast, in the order of the playbill.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    pub cast: Vec<CastMember>,
    /// The length in minutes, with breaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 1_440)]
    pub duration_minutes: Option<u16>,
    /// The age from which visitors are admitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 99)]
    pub age_limit: Option<u8>,
    /// The most seats that a customer can have at one showtime.
    #[schema(minimum = 1, maximum = 20)]
    pub max_seats: u8,
    /// The posters, main poster first. Each must be `READY`, uploaded with the purpose `LISTING`, and listed once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    pub posters: Vec<ImageId>,
    /// The time from which new showtimes are sold, unless they have a time of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub on_sale_at: Option<Timestamp>,
    /// The tax class of tickets. Many countries tax some performances at a reduced rate, or not at all.
    #[serde(default, skip_serializing_if = "TaxClass::is_standard")]
    #[schema(default = "STANDARD")]
    pub tax_class: TaxClass,
    /// The fees that a customer pays for giving a ticket back. Each booking keeps the policy of its time.
    pub refund_policy: RefundPolicy,
}

/// A performance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Performance {
    /// The performance's id.
    pub performance_id: PerformanceId,
    /// The title, by language.
    #[schema(schema_with = fields::names_schema)]
    pub titles: BTreeMap<String, String>,
    /// The description, by language.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(schema_with = fields::texts_schema)]
    pub descriptions: BTreeMap<String, String>,
    /// Whether customers see it.
    pub status: PerformanceStatus,
    /// The cast.
    #[schema(max_items = 100)]
    pub cast: Vec<CastMember>,
    /// The length in minutes, with breaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 1_440)]
    pub duration_minutes: Option<u16>,
    /// The age from which visitors are admitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 99)]
    pub age_limit: Option<u8>,
    /// The most seats that a customer can have at one showtime.
    #[schema(minimum = 1, maximum = 20)]
    pub max_seats: u8,
    /// The posters, main poster first.
    #[schema(max_items = 20)]
    pub posters: Vec<ImageId>,
    /// The time from which new showtimes are sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub on_sale_at: Option<Timestamp>,
    /// The tax class of tickets.
    #[serde(default, skip_serializing_if = "TaxClass::is_standard")]
    #[schema(default = "STANDARD")]
    pub tax_class: TaxClass,
    /// The fees that a customer pays for giving a ticket back.
    pub refund_policy: RefundPolicy,
    /// The time at which it was deleted. It is a draft then, without cast, descriptions and posters, and does not change any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub deleted_at: Option<Timestamp>,
    /// The time of the creation.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
}

impl Performance {
    /// The performance after its deletion. Its length stays, since it says when reviews of a showtime begin.
    #[must_use]
    pub fn deleted(&self, now: Timestamp) -> Self {
        Self {
            status: PerformanceStatus::Draft,
            descriptions: BTreeMap::new(),
            cast: vec![],
            posters: vec![],
            deleted_at: Some(now),
            updated_at: now,
            ..self.clone()
        }
    }

    /// Checks that the performance is not deleted.
    ///
    /// # Errors
    /// `not-found`.
    pub fn require_present(&self) -> Result<(), Rejection> {
        match self.deleted_at {
            None => Ok(()),
            Some(_) => Err(Rejection::new(&error::NOT_FOUND, Self::MISSING)),
        }
    }
}

impl Entity for Performance {
    const PREFIX: &'static str = ShowKind::Performance.key_prefix();
    const MISSING: &'static str = "There is no such performance.";

    fn id(&self) -> Uuid {
        self.performance_id.0
    }

    fn place(&self) -> (String, Timestamp) {
        let list = match self.deleted_at {
            None => self.status.list(),
            Some(_) => ShowList::DeletedPerformances,
        };
        (list.name().to_owned(), self.created_at)
    }
}

impl CreatePerformanceRequest {
    /// The fields of `performance`.
    pub fn of(performance: &Performance) -> Self {
        Self {
            titles: UniqueMap(performance.titles.clone()),
            descriptions: UniqueMap(performance.descriptions.clone()),
            status: performance.status,
            cast: performance.cast.clone(),
            duration_minutes: performance.duration_minutes,
            age_limit: performance.age_limit,
            max_seats: performance.max_seats,
            posters: performance.posters.clone(),
            on_sale_at: performance.on_sale_at,
            tax_class: performance.tax_class,
            refund_policy: performance.refund_policy.clone(),
        }
    }

    /// The performance with these fields. Performers and posters are not looked at.
    ///
    /// # Errors
    /// `invalid-show`.
    pub fn checked(
        self,
        performance_id: PerformanceId,
        created_at: Timestamp,
        updated_at: Timestamp,
    ) -> Result<Performance, Rejection> {
        if self.cast.len() > MAX_CAST {
            return Err(invalid("cast", &format!("it has at most {MAX_CAST} performers")));
        }
        if self.posters.len() > MAX_POSTERS {
            return Err(invalid("posters", &format!("there are at most {MAX_POSTERS}")));
        }
        let mut cast = self.cast;
        for member in &mut cast {
            let role = member.role.as_deref();
            member.role = role
                .map(|role| fields::line("cast", role, fields::MAX_NAME))
                .transpose()?;
        }
        if let Some(minutes) = self.duration_minutes {
            fields::in_range("duration_minutes", minutes.into(), 1..=1_440)?;
        }
        if let Some(age) = self.age_limit {
            fields::in_range("age_limit", age.into(), 1..=99)?;
        }
        fields::in_range("max_seats", self.max_seats.into(), 1..=20)?;
        self.refund_policy.check()?;
        let performance = Performance {
            performance_id,
            titles: fields::names("titles", &self.titles.0)?,
            descriptions: fields::texts("descriptions", &self.descriptions.0)?,
            status: self.status,
            cast,
            duration_minutes: self.duration_minutes,
            age_limit: self.age_limit,
            max_seats: self.max_seats,
            posters: self.posters,
            on_sale_at: self.on_sale_at,
            tax_class: self.tax_class,
            refund_policy: self.refund_policy,
            deleted_at: None,
            created_at,
            updated_at,
        };
        fields::require_size("descriptions", &performance)?;
        Ok(performance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(steps: &[(u16, u8)]) -> bool {
        let steps = steps.iter().map(|&(days_before, percent)| RefundStep {
            days_before,
            percent,
            at_most: None,
        });
        let policy = RefundPolicy {
            free_days: 7,
            free_days_before: 10,
            steps: steps.collect(),
        };
        policy.check().is_err()
    }

    #[test]
    fn the_fee_does_not_fall_towards_the_show() {
        assert!(!refused(&[(10, 10), (7, 10), (3, 20), (1, 30)]));
        assert!(!refused(&[]), "no ticket is taken back");
        for bad in [
            &[(7, 10), (7, 20)][..],
            &[(3, 10), (7, 20)],
            &[(7, 20), (3, 10)],
            &[(7, 101)],
            &[(366, 1)],
        ] {
            assert!(refused(bad), "{bad:?}");
        }
    }

    #[test]
    fn the_highest_fees_of_a_policy_have_one_currency() {
        let check = |currencies: [&str; 2]| {
            let [early, late] = currencies.map(|currency| json!({ "amount": 4000, "currency": currency }));
            let steps = json!([
                { "days_before": 10, "percent": 10, "at_most": early },
                { "days_before": 7, "percent": 10, "at_most": late },
                { "days_before": 3, "percent": 20 },
            ]);
            let policy: RefundPolicy = serde_json::from_value(json!({ "steps": steps })).unwrap();
            policy.check()
        };
        assert!(check(["KRW", "KRW"]).is_ok());
        assert!(check(["KRW", "USD"]).unwrap_err().detail.contains("one currency"));
    }

    #[test]
    fn the_highest_fee_does_not_fall_towards_the_show() {
        let check = |caps: [Option<u64>; 2]| {
            let step = |(days_before, at_most): (u16, Option<u64>)| RefundStep {
                days_before,
                percent: 10,
                at_most: at_most.map(|amount| Money::new(amount, Currency::KRW).unwrap()),
            };
            let policy = RefundPolicy {
                free_days: 0,
                free_days_before: 0,
                steps: [10, 7].into_iter().zip(caps).map(step).collect(),
            };
            policy.check().is_ok()
        };
        assert!(check([Some(4000), None]) && check([Some(4000), Some(4000)]));
        assert!(!check([None, Some(4000)]) && !check([Some(4000), Some(0)]));
    }

    #[test]
    fn a_performance_fits_one_item() {
        let request = |languages: u8| -> CreatePerformanceRequest {
            let text = "호".repeat(fields::MAX_TEXT);
            let descriptions: BTreeMap<String, String> = (0..languages)
                .map(|number| (format!("a{}", char::from(b'a' + number)), text.clone()))
                .collect();
            serde_json::from_value(json!({
                "titles": { "en": "The Nutcracker" }, "descriptions": descriptions, "max_seats": 4,
                "refund_policy": { "steps": [] },
            }))
            .unwrap()
        };
        let check = |languages| {
            let now = Timestamp::UNIX_EPOCH;
            request(languages).checked(PerformanceId(Uuid::nil()), now, now)
        };
        assert!(check(19).is_ok());
        let refused = check(20).unwrap_err();
        assert_eq!(refused.members["field"], "descriptions", "{}", refused.detail);
    }

    #[test]
    fn a_performance_keeps_its_fields_in_a_patch() {
        let request: CreatePerformanceRequest = serde_json::from_value(json!({
            "titles": { "en": "The Nutcracker" }, "max_seats": 4, "age_limit": 8,
            "refund_policy": { "steps": [{ "days_before": 1, "percent": 30 }] },
        }))
        .unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let performance = request.clone().checked(PerformanceId(Uuid::nil()), now, now).unwrap();
        assert_eq!(CreatePerformanceRequest::of(&performance), request);
        let patched = fields::patched(&request, &json!({ "age_limit": null, "titles": { "ko": "호두" } })).unwrap();
        assert_eq!((patched.age_limit, patched.titles.0.len()), (None, 2));
        assert!(
            fields::patched(&request, &json!({ "max_seats": null })).is_err(),
            "it is required"
        );
    }
}
