//! Merges the shards of a list into one order.

use std::collections::VecDeque;

/// The rows that were read of each shard, and not taken yet. Each shard's rows are in the order of the list.
#[derive(Debug)]
pub struct Merge<R> {
    shards: Vec<Shard<R>>,
    is_ascending: bool,
}

#[derive(Debug)]
struct Shard<R> {
    rows: VecDeque<(String, R)>,
    /// The key of the last row that was read.
    last: Option<String>,
    is_complete: bool,
}

impl<R> Merge<R> {
    /// A list of so many shards, of which nothing was read. Its rows come after `after`.
    pub fn new(shards: u8, is_ascending: bool, after: Option<&str>) -> Self {
        let shard = |_| Shard {
            rows: VecDeque::new(),
            last: after.map(str::to_owned),
            is_complete: false,
        };
        Self {
            shards: (0..shards).map(shard).collect(),
            is_ascending,
        }
    }

    /// The shards of which more has to be read before the next row is known, with the keys after which they go on.
    pub fn missing(&self) -> Vec<(u8, Option<String>)> {
        let shards = (0..).zip(&self.shards);
        let missing = shards.filter(|(_, shard)| shard.rows.is_empty() && !shard.is_complete);
        missing.map(|(nth, shard)| (nth, shard.last.clone())).collect()
    }

    /// Adds the next rows of a shard, with their keys. `is_complete` means that there are no more.
    pub fn add(&mut self, shard: u8, rows: Vec<(String, R)>, is_complete: bool) {
        let Some(shard) = self.shards.get_mut(usize::from(shard)) else {
            return;
        };
        if let Some((last, _)) = rows.last() {
            shard.last = Some(last.clone());
        }
        shard.rows.extend(rows);
        shard.is_complete = is_complete;
    }

    /// Takes the next row of the list. None at its end. Call it when no shard is [missing](Merge::missing).
    pub fn take(&mut self) -> Option<(String, R)> {
        let is_ascending = self.is_ascending;
        let filled = self.shards.iter_mut().filter(|shard| !shard.rows.is_empty());
        let first = filled.min_by(|one, other| {
            let order = one.head().cmp(&other.head());
            if is_ascending { order } else { order.reverse() }
        });
        first?.rows.pop_front()
    }
}

impl<R> Shard<R> {
    fn head(&self) -> Option<&str> {
        self.rows.front().map(|(key, _)| key.as_str())
    }
}

/// The rows to read of each of `shards` for `wanted` rows of the list. Rows are spread at random, so three standard deviations
/// above the mean are enough for nearly every page.
pub fn rows_per_read(wanted: usize, shards: u8) -> usize {
    if shards <= 1 {
        return wanted;
    }
    let mean = wanted.div_ceil(usize::from(shards));
    (mean + (9 * mean).isqrt()).min(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads a page from shards that are lists of sorted keys.
    fn page(shards: &[Vec<String>], is_ascending: bool, after: Option<&str>, limit: usize, read: usize) -> Vec<String> {
        let mut merge = Merge::new(shards.len() as u8, is_ascending, after);
        let mut page = vec![];
        while page.len() < limit {
            let missing = merge.missing();
            if missing.is_empty() {
                match merge.take() {
                    Some((key, ())) => page.push(key),
                    None => break,
                }
                continue;
            }
            for (shard, last) in missing {
                let keys = &shards[usize::from(shard)];
                let follows = |key: &&String| {
                    last.as_ref()
                        .is_none_or(|last| (*key > last) == is_ascending && *key != last)
                };
                let mut rest: Vec<&String> = keys.iter().filter(follows).collect();
                if !is_ascending {
                    rest.reverse();
                }
                let rows: Vec<(String, ())> = rest.iter().take(read).map(|&key| (key.clone(), ())).collect();
                merge.add(shard, rows, rest.len() < read);
            }
        }
        page
    }

    proptest! {
        #[test]
        fn pages_of_any_size_and_number_of_shards_are_the_sorted_list(
            keys in prop::collection::btree_set("[a-d]{1,3}", 0..60),
            count in 1..9usize, limit in 1..7usize, read in 1..5usize, is_ascending in any::<bool>(),
        ) {
            let mut shards = vec![vec![]; count];
            for (nth, key) in keys.iter().enumerate() {
                shards[(nth * 7 + key.len()) % count].push(key.clone());
            }
            let mut expected: Vec<String> = keys.into_iter().collect();
            if !is_ascending {
                expected.reverse();
            }
            let mut seen: Vec<String> = vec![];
            loop {
                let found = page(&shards, is_ascending, seen.last().map(String::as_str), limit, read);
                let is_last = found.len() < limit;
                seen.extend(found);
                if is_last {
                    break;
                }
            }
            prop_assert_eq!(seen, expected);
        }

        #[test]
        fn a_walk_that_changes_the_number_of_shards_sees_each_row_once(
            keys in prop::collection::btree_set("[a-d]{1,3}", 0..60), limit in 1..7usize, is_ascending in any::<bool>(),
        ) {
            let spread = |count: usize| {
                let mut shards = vec![vec![]; count];
                for (nth, key) in keys.iter().enumerate() {
                    shards[nth % count].push(key.clone());
                }
                shards
            };
            let mut seen: Vec<String> = vec![];
            for count in (1..9).cycle() {
                let found = page(&spread(count), is_ascending, seen.last().map(String::as_str), limit, 2);
                let is_last = found.len() < limit;
                seen.extend(found);
                if is_last {
                    break;
                }
            }
            let mut expected: Vec<String> = keys.into_iter().collect();
            if !is_ascending {
                expected.reverse();
            }
            prop_assert_eq!(seen, expected);
        }
    }

    #[test]
    fn a_page_of_20_reads_as_few_rows_as_are_nearly_always_enough() {
        assert_eq!(rows_per_read(21, 1), 21);
        assert_eq!(rows_per_read(21, 4), 13);
        assert_eq!(rows_per_read(21, 16), 6);
        assert_eq!(rows_per_read(2, 16), 2);
    }
}
