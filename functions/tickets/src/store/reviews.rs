//! Reviews of performances (`REVIEW#<uuid>`), and how many visible ones give how many stars (`STARS#<performance>`, `s1` to `s5`).

use std::collections::HashMap;

use aws_sdk_dynamodb::types::Update;
use serde::Deserialize;
use shared::Error;
use shared::aws::dynamodb::table::text_of;
use shared::aws::dynamodb::transaction::{Writes, put, transact_changes, update};
use shared::aws::dynamodb::{Item, Wanted, key, number, parse, text};
use shared::tickets::PerformanceId;
use tokio::time::Instant;

use super::{Entity, ShowStore, Stored, key_of};
use crate::performance::Performance;
use crate::performance_reviews::rating::{CountChange, Counts};
use crate::performance_reviews::review::{PerformanceReviewId, ReviewEntity};

const READING: &str = "read a review";
const SAVING: &str = "save a review";

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stars {
    s1: i64,
    s2: i64,
    s3: i64,
    s4: i64,
    s5: i64,
}

impl ShowStore {
    /// The items to read before a review: the review, and the performance. Consistently.
    pub fn wanted_review(&self, review: PerformanceReviewId, performance: PerformanceId) -> Wanted<'_> {
        Wanted {
            table: &self.table.name,
            keys: vec![
                key(key_of::<ReviewEntity>(review.0)),
                key(key_of::<Performance>(performance.0)),
            ],
            consistent: true,
        }
    }

    /// Reads the found ones of the [wanted](ShowStore::wanted_review) items.
    ///
    /// # Errors
    /// [`Error::Internal`] for a damaged item.
    pub fn loaded_review(
        &self,
        found: &mut HashMap<String, Vec<Item>>,
    ) -> Result<(Option<Stored<ReviewEntity>>, Option<Performance>), Error> {
        let (mut review, mut performance) = (None, None);
        for item in found.remove(&self.table.name).unwrap_or_default() {
            if text_of(&item, "pk").is_some_and(|pk| pk.starts_with(ReviewEntity::PREFIX)) {
                review = Some(parse(READING, item)?);
            } else {
                performance = Some(parse::<Stored<Performance>>(READING, item)?.entity);
            }
        }
        Ok((review, performance))
    }

    /// Writes the next version of a review, or a new one, together with the counters and with `further` writes. Returns false when
    /// the review has changed since it was read, possibly by an earlier attempt of the same request, or a further condition failed.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save_review(
        &self,
        previous: Option<&Stored<ReviewEntity>>,
        next: &Stored<ReviewEntity>,
        Writes(further): Writes,
        deadline: Instant,
    ) -> Result<bool, Error> {
        let item = self.item_of(SAVING, next)?;
        let mut items = vec![put(self.table.put_if_version(item, next.version))?];
        let change = CountChange::between(previous.map(|stored| &stored.entity.review), &next.entity.review);
        let changed: Vec<(usize, i64)> = change.changed().collect();
        if !changed.is_empty() {
            let adds: Vec<String> = changed.iter().map(|(stars, _)| format!("s{stars} :s{stars}")).collect();
            let performance = next.entity.review.performance_id;
            let write = Update::builder()
                .table_name(&self.table.name)
                .set_key(Some(key(stars_key(performance))))
                .update_expression(format!("SET performance_id = :performance ADD {}", adds.join(", ")))
                .expression_attribute_values(":performance", text(performance.to_string()));
            let write = changed.iter().fold(write, |write, (stars, by)| {
                write.expression_attribute_values(format!(":s{stars}"), number(by))
            });
            items.push(update(write)?);
        }
        items.extend(further);
        let records = items.len();
        transact_changes(&self.table.client, SAVING, items, records, deadline).await
    }

    /// The number of visible reviews of a performance by their stars. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn star_counts(&self, performance: PerformanceId, deadline: Instant) -> Result<Counts, Error> {
        let found: Option<Stars> = self.table.read(READING, key(stars_key(performance)), deadline).await?;
        let stars = found.unwrap_or_default();
        Ok([stars.s1, stars.s2, stars.s3, stars.s4, stars.s5])
    }
}

fn stars_key(performance: PerformanceId) -> String {
    format!("STARS#{performance}")
}
