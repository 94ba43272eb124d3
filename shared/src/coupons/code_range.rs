//! Ranges of codes, by their indexes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Codes with indexes one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct CodeRange {
    /// The index of the first one.
    #[schema(minimum = 0, maximum = 999_999_999)]
    pub first_index: u32,
    /// The index of the last one.
    #[schema(minimum = 0, maximum = 999_999_999)]
    pub last_index: u32,
}

impl CodeRange {
    /// The highest index of a code.
    pub const MAX_INDEX: u32 = 999_999_999;

    /// The `count` codes from `first_index` on. `None` for no code, and beyond the highest index.
    pub fn of(first_index: u32, count: u32) -> Option<Self> {
        let last_index = first_index.checked_add(count.checked_sub(1)?)?;
        (last_index <= Self::MAX_INDEX).then_some(Self {
            first_index,
            last_index,
        })
    }

    /// Whether the range has a code.
    pub const fn has(self, index: u32) -> bool {
        self.first_index <= index && index <= self.last_index
    }

    /// The codes of `ranges` and this one: sorted, and none touches another.
    #[must_use]
    pub fn joined_to(self, ranges: &[Self]) -> Vec<Self> {
        let mut sorted: Vec<Self> = ranges.iter().copied().chain([self]).collect();
        sorted.sort();
        let mut joined: Vec<Self> = vec![];
        for range in sorted {
            match joined.last_mut() {
                Some(last) if range.first_index <= last.last_index.saturating_add(1) => {
                    last.last_index = last.last_index.max(range.last_index);
                }
                _ => joined.push(range),
            }
        }
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_range_has_one_code_or_more_up_to_the_highest_index() {
        assert_eq!(CodeRange::of(5, 0), None);
        assert_eq!(
            CodeRange::of(5, 2),
            Some(CodeRange {
                first_index: 5,
                last_index: 6
            })
        );
        assert!(CodeRange::of(CodeRange::MAX_INDEX, 1).is_some());
        assert_eq!(CodeRange::of(CodeRange::MAX_INDEX, 2), None);
        assert_eq!(CodeRange::of(1, u32::MAX), None);
    }

    proptest! {
        #[test]
        fn joined_ranges_have_the_same_codes_and_touch_nowhere(
            parts in prop::collection::vec((0..60u32, 1..10u32), 1..12),
        ) {
            let ranges: Vec<CodeRange> = parts.iter().map(|&(first, count)| CodeRange::of(first, count).unwrap()).collect();
            let joined = ranges.iter().fold(vec![], |joined, range| range.joined_to(&joined));
            for index in 0..80 {
                let had = ranges.iter().any(|range| range.has(index));
                prop_assert_eq!(joined.iter().any(|range| range.has(index)), had, "{}", index);
            }
            for pair in joined.windows(2) {
                prop_assert!(pair[0].last_index + 1 < pair[1].first_index);
            }
        }
    }
}
