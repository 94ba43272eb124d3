//! The rating of a performance: five counters, from which the mean follows. A stored mean would drift.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::review::PerformanceReview;

/// How many visible reviews give 1, 2, 3, 4 and 5 stars.
pub type Counts = [i64; 5];

/// The changes of the counters that follow from a change of a review.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CountChange(pub Counts);

impl CountChange {
    /// The change from one version of a review to the next.
    pub fn between(previous: Option<&PerformanceReview>, next: &PerformanceReview) -> Self {
        let mut change = [0; 5];
        let mut add = |stars: Option<u8>, by: i64| {
            let counter = stars.and_then(|stars| change.get_mut(usize::from(stars).checked_sub(1)?));
            if let Some(counter) = counter {
                *counter += by;
            }
        };
        add(previous.and_then(PerformanceReview::counted), -1);
        add(next.counted(), 1);
        Self(change)
    }

    /// The counters that change, each with its stars.
    pub fn changed(self) -> impl Iterator<Item = (usize, i64)> {
        (1..).zip(self.0).filter(|(_, by)| *by != 0)
    }
}

/// The summary of the visible reviews of a performance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Rating {
    /// The number of reviews that give 1, 2, 3, 4 and 5 stars.
    #[schema(value_type = Vec<u64>, min_items = 5, max_items = 5)]
    pub stars: Counts,
    /// The number of reviews.
    #[schema(value_type = u64)]
    pub count: i64,
    /// The mean of their stars, to two digits. Absent without reviews.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 5)]
    pub mean: Option<f64>,
}

impl From<Counts> for Rating {
    #[allow(clippy::cast_precision_loss, reason = "counts of reviews are far below 2^52")]
    fn from(stars: Counts) -> Self {
        let count = stars.iter().sum();
        let sum: i64 = (1..).zip(stars).map(|(stars, count)| stars * count).sum();
        let mean = (count > 0).then(|| (sum as f64 * 100.0 / count as f64).round() / 100.0);
        Self { stars, count, mean }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::performance_reviews::review::tests::review;
    use crate::performance_reviews::review::{HiddenReason, Opinion};
    use jiff::Timestamp;
    use proptest::prelude::*;

    #[test]
    fn the_mean_has_two_digits_and_no_review_has_none() {
        assert_eq!(Rating::from([0; 5]).mean, None);
        assert_eq!(Rating::from([1, 0, 0, 0, 2]).mean, Some(3.67));
        assert_eq!(Rating::from([0, 0, 0, 0, 7]).mean, Some(5.0));
    }

    /// A change that somebody makes to a review that they have read before.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Read,
        Edit(u8),
        Hide,
        Show,
        Delete,
    }

    fn steps() -> impl Strategy<Value = Vec<(usize, Step)>> {
        let step = prop_oneof![
            2 => Just(Step::Read),
            2 => (1..=5u8).prop_map(Step::Edit),
            1 => Just(Step::Hide),
            1 => Just(Step::Show),
            1 => Just(Step::Delete),
        ];
        prop::collection::vec((0..3usize, step), 0..60)
    }

    proptest! {
        /// Three people act on one review, each on the version that they have read. A write takes effect if that is still the stored
        /// one, as in the table.
        #[test]
        fn the_counters_are_the_visible_reviews_after_any_interleaving(steps in steps()) {
            let now = Timestamp::UNIX_EPOCH;
            let mut stored = (1, review());
            let mut counts = CountChange::between(None, &review()).0;
            let mut read = [stored.clone(), stored.clone(), stored.clone()];
            for (person, step) in steps {
                let (version, seen) = read[person].clone();
                let next = match step {
                    Step::Read => {
                        read[person] = stored.clone();
                        continue;
                    }
                    Step::Edit(_) if !seen.exists() => continue,
                    Step::Edit(stars) => seen.edited(Opinion::new(stars, None).unwrap(), now).unwrap(),
                    Step::Hide | Step::Show => {
                        let hidden = matches!(step, Step::Hide).then_some(HiddenReason::Spam);
                        let Some(next) = seen.moderated(hidden, now) else { continue };
                        next
                    }
                    Step::Delete => seen.deleted(now),
                };
                if version == stored.0 && next != seen {
                    let change = CountChange::between(Some(&seen), &next);
                    for (stars, by) in change.changed() {
                        counts[stars - 1] += by;
                    }
                    stored = (version + 1, next);
                }
                let mut visible = [0; 5];
                if let Some(stars) = stored.1.counted() {
                    visible[usize::from(stars) - 1] = 1;
                }
                prop_assert_eq!(counts, visible);
            }
        }
    }
}
