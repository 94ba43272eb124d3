//! Layouts: over how many shards each listing is spread, and how that changes while it is read and written.
//!
//! An epoch is one set of a listing's rows. Readers read one epoch. A new number of shards is a new epoch:
//!
//! 1. `Filling`: rows are written to both epochs. After [`LONGEST_RUN`], when no run that knows only the old one is left, a
//!    walk over the old epoch writes the rows of the new one.
//! 2. `Draining`: readers read the new epoch, and rows are still written to both, until no reader or writer is left that knows
//!    only the old one as the one to read.
//! 3. `Clearing`: rows are written to the new epoch only. After [`LONGEST_RUN`] a walk removes the rows of the old one.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::catalog::{ShardCount, Sku};
use shared::core::idempotency::derive_id;
use utoipa::ToSchema;

use super::scope::Listing;

/// The longest that an invocation of any function can run.
pub const LONGEST_RUN: SignedDuration = SignedDuration::from_mins(15);

/// The layouts of all listings that were ever spread anew. The others have their [default](Layout::default_of).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layouts {
    /// The layouts by listing.
    pub listings: BTreeMap<Listing, Layout>,
    /// The number of changes. Each write is conditional on the version that was read.
    pub version: u64,
}

/// The layout of one listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// The epoch that is read.
    pub current: Epoch,
    /// The present phase of the epochs.
    pub phase: Phase,
}

/// One set of a listing's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Epoch {
    /// The epoch's number, from 1.
    pub number: u32,
    /// The number of shards.
    pub shards: ShardCount,
}

/// The present phase of a listing's epochs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Phase {
    /// There is one.
    Steady,
    /// The rows of the next epoch are being written.
    Filling {
        /// The next epoch.
        next: Epoch,
        /// Since when.
        since: Timestamp,
        /// The position of the walk.
        walk: Walk,
    },
    /// The next epoch is read, and the old one still written.
    Draining {
        /// The old epoch.
        old: Epoch,
        /// Since when.
        since: Timestamp,
    },
    /// The rows of the old epoch are being removed.
    Clearing {
        /// The old epoch.
        old: Epoch,
        /// Since when.
        since: Timestamp,
        /// The position of the walk.
        walk: Walk,
    },
}

/// The position of a walk over an epoch's shards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// The shard.
    pub shard: u8,
    /// The last key that was visited in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The number of products visited.
    pub visited: u64,
}

/// The phase of a listing, as administrators see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ListingPhase {
    /// The listing has the requested number of shards.
    Steady,
    /// The products are being spread over the new shards. The old ones are read.
    Filling,
    /// The new shards are read. The old ones are kept for requests that began before.
    Draining,
    /// The old shards are being removed.
    Clearing,
}

/// Another change of the listing's shards is in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InProgress;

/// A walk over an epoch that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueWalk {
    /// The epoch whose rows name the products.
    pub epoch: Epoch,
    /// The position of the walk.
    pub walk: Walk,
}

impl Layouts {
    /// The most listings that can be spread anew. Each request for a list reads all layouts.
    pub const MAX: usize = 50;

    /// The layout of a listing.
    pub fn of(&self, listing: &Listing) -> Layout {
        let recorded = self.listings.get(listing).cloned();
        recorded.unwrap_or_else(|| Layout::default_of(listing))
    }
}

impl Layout {
    /// The layout of a listing that was never spread anew. One shard takes 1,000 write units a second: enough for a
    /// category, while all products can be loaded at once.
    pub fn default_of(listing: &Listing) -> Self {
        let shards = match listing {
            Listing::All | Listing::Admin => ShardCount::SIXTEEN,
            Listing::Category(_) => ShardCount::ONE,
        };
        Self {
            current: Epoch { number: 1, shards },
            phase: Phase::Steady,
        }
    }

    /// The epochs to which rows are written.
    pub fn written(&self) -> impl Iterator<Item = Epoch> {
        let second = match &self.phase {
            Phase::Steady | Phase::Clearing { .. } => None,
            Phase::Filling { next, .. } => Some(*next),
            Phase::Draining { old, .. } => Some(*old),
        };
        std::iter::once(self.current).chain(second)
    }

    /// Starts a new epoch of `shards` shards. With the present number it only writes all rows anew.
    ///
    /// # Errors
    /// [`InProgress`] unless the phase is `Steady`.
    pub fn reshard(self, shards: ShardCount, now: Timestamp) -> Result<Self, InProgress> {
        if self.phase != Phase::Steady {
            return Err(InProgress);
        }
        let number = self.current.number + 1;
        let phase = Phase::Filling {
            next: Epoch { number, shards },
            since: now,
            walk: Walk::default(),
        };
        let current = self.current;
        Ok(Self { current, phase })
    }

    /// The walk that is due at `now`, if the phase needs one.
    pub fn due_walk(&self, now: Timestamp) -> Option<DueWalk> {
        let (epoch, since, walk) = match &self.phase {
            Phase::Filling { since, walk, .. } => (self.current, since, walk),
            Phase::Clearing { old, since, walk } => (*old, since, walk),
            Phase::Steady | Phase::Draining { .. } => return None,
        };
        let walk = walk.clone();
        (*since + LONGEST_RUN <= now).then_some(DueWalk { epoch, walk })
    }

    /// The layout after a walk has come to `walk`.
    #[must_use]
    pub fn walked(mut self, to: Walk) -> Self {
        match &mut self.phase {
            Phase::Filling { walk, .. } | Phase::Clearing { walk, .. } => *walk = to,
            Phase::Steady | Phase::Draining { .. } => {}
        }
        self
    }

    /// The layout in its next phase, if that begins at `now`.
    pub fn next_phase(&self, now: Timestamp) -> Option<Self> {
        let (current, phase) = match &self.phase {
            Phase::Filling { next, walk, .. } if walk.is_complete(self.current) => {
                let old = self.current;
                (*next, Phase::Draining { old, since: now })
            }
            Phase::Draining { old, since } if *since + LONGEST_RUN <= now => {
                let (old, walk) = (*old, Walk::default());
                (self.current, Phase::Clearing { old, since: now, walk })
            }
            Phase::Clearing { old, walk, .. } if walk.is_complete(*old) => (self.current, Phase::Steady),
            _ => return None,
        };
        Some(Self { current, phase })
    }

    /// The number of shards that was asked for.
    pub fn wanted(&self) -> ShardCount {
        match &self.phase {
            Phase::Filling { next, .. } => next.shards,
            _ => self.current.shards,
        }
    }

    /// The phase, as administrators see it.
    pub const fn phase(&self) -> ListingPhase {
        match self.phase {
            Phase::Steady => ListingPhase::Steady,
            Phase::Filling { .. } => ListingPhase::Filling,
            Phase::Draining { .. } => ListingPhase::Draining,
            Phase::Clearing { .. } => ListingPhase::Clearing,
        }
    }

    /// The number of products that the walk of the phase has visited, if it has one.
    pub const fn visited(&self) -> Option<u64> {
        match &self.phase {
            Phase::Filling { walk, .. } | Phase::Clearing { walk, .. } => Some(walk.visited),
            Phase::Steady | Phase::Draining { .. } => None,
        }
    }
}

impl Walk {
    /// Whether all shards of `epoch` were visited.
    pub const fn is_complete(&self, epoch: Epoch) -> bool {
        self.shard >= epoch.shards.get()
    }
}

impl Epoch {
    /// The shard of a product.
    pub fn shard_of(self, sku: &Sku) -> u8 {
        let hash = derive_id(&["listing", sku.as_str()]);
        let [a, b, ..] = *hash.as_bytes();
        let shard = u16::from_be_bytes([a, b]) % u16::from(self.shards.get());
        // It is below the number of shards, which is at most 64.
        u8::try_from(shard).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    fn four() -> ShardCount {
        ShardCount::try_from(4).unwrap()
    }

    fn epochs(layout: &Layout) -> (u32, Vec<u32>) {
        (
            layout.current.number,
            layout.written().map(|epoch| epoch.number).collect(),
        )
    }

    fn complete(layout: Layout) -> Layout {
        let shard = 64;
        layout.walked(Walk {
            shard,
            ..Walk::default()
        })
    }

    #[test]
    fn a_new_number_of_shards_is_written_before_it_is_read_and_the_old_one_read_before_it_is_removed() {
        let category = Listing::Category("drinks".to_owned().try_into().unwrap());
        let steady = Layout::default_of(&category);
        assert_eq!(epochs(&steady), (1, vec![1]));
        let filling = steady.reshard(four(), at(0)).unwrap();
        assert_eq!(epochs(&filling), (1, vec![1, 2]));
        assert_eq!(filling.due_walk(at(14)), None, "a run may know the old epoch only");
        assert_eq!(filling.due_walk(at(15)).unwrap().epoch.number, 1);
        assert_eq!(filling.next_phase(at(15)), None, "the walk is not complete");
        let draining = complete(filling).next_phase(at(20)).unwrap();
        assert_eq!(epochs(&draining), (2, vec![2, 1]));
        assert_eq!(draining.next_phase(at(34)), None, "a reader may read the old epoch");
        let clearing = draining.next_phase(at(35)).unwrap();
        assert_eq!(epochs(&clearing), (2, vec![2]));
        assert_eq!(clearing.due_walk(at(49)), None, "a run may still write the old epoch");
        assert_eq!(clearing.due_walk(at(50)).unwrap().epoch.number, 1);
        let steady = complete(clearing).next_phase(at(50)).unwrap();
        assert_eq!((epochs(&steady), steady.wanted()), ((2, vec![2]), four()));
        assert_eq!(steady.next_phase(at(1000)), None);
    }

    #[test]
    fn a_listing_has_one_change_of_its_shards_at_a_time() {
        let mut layout = Layout::default_of(&Listing::All);
        layout = layout.reshard(four(), at(0)).unwrap();
        for minutes in [20, 40, 60] {
            assert_eq!(layout.clone().reshard(four(), at(minutes)), Err(InProgress));
            layout = complete(layout).next_phase(at(minutes)).unwrap();
        }
        layout.reshard(four(), at(80)).unwrap();
    }

    #[test]
    fn products_are_spread_evenly() {
        let epoch = Epoch {
            number: 1,
            shards: ShardCount::SIXTEEN,
        };
        let mut counts = [0_u32; 16];
        for n in 0..100_000 {
            let sku = Sku::try_from(format!("sku-{n}")).unwrap();
            counts[usize::from(epoch.shard_of(&sku))] += 1;
        }
        let most = counts.iter().max().unwrap();
        assert!(f64::from(*most) / (100_000.0 / 16.0) <= 1.05, "{counts:?}");
    }
}
