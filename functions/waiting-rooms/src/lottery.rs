//! The lottery: the order of those who join in the same bucket. A bucket is all who join before the opening, or within one second
//! after it.
//!
//! A customer's draw is the first 8 bytes of the HMAC-SHA256 of their account id. The key is the room's seed for the early comers, and
//! another one for each second: the HMAC-SHA256 of its number with the room's later seed.
//!
//! The hashes of the seeds are published with the room, so they were not chosen to favor anybody. A key is published after its bucket is
//! closed, so anybody can compute the draws, and nobody can look for a lucky account before. The later seed, which has all keys of
//! seconds, is published when no place matters any more.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use ring::hmac;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::core::identity::CustomerId;

/// A seed of a room's lotteries, or the key of a second.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Seed(pub [u8; 32]);

/// The draw of a customer: those with smaller ones come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Draw(pub u64);

/// Those whose order a lottery decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bucket {
    /// All who join before the opening.
    Early,
    /// All who join within a second, counted from the opening.
    Second(u32),
}

impl Bucket {
    /// The bucket of those who join at `at`.
    pub fn of(opens_at: Timestamp, at: Timestamp) -> Self {
        let ms = at.as_millisecond() - opens_at.as_millisecond();
        u32::try_from(ms.div_euclid(1000)).map_or(Self::Early, Self::Second)
    }

    /// The time at which the next bucket begins.
    pub fn ends_at(self, opens_at: Timestamp) -> Timestamp {
        match self {
            Self::Early => opens_at,
            Self::Second(second) => second_at(opens_at, second.saturating_add(1)),
        }
    }
}

/// The start of a second after the opening.
pub fn second_at(opens_at: Timestamp, second: u32) -> Timestamp {
    let at = opens_at.checked_add(SignedDuration::from_secs(second.into()));
    at.unwrap_or(Timestamp::MAX)
}

impl Seed {
    /// The hash that commits the shop to the seed: SHA-256, in hexadecimal digits.
    pub fn hash(&self) -> String {
        hex(&Sha256::digest(self.0))
    }

    /// The seed in hexadecimal digits.
    pub fn reveal(&self) -> String {
        hex(&self.0)
    }

    /// The key of the draws of those who join in a second, if this is the later seed.
    #[must_use]
    pub fn of_second(&self, second: u32) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let tag = hmac::sign(&key, &second.to_be_bytes());
        Self(tag.as_ref().first_chunk().copied().unwrap_or_default())
    }

    /// The draw of a customer, with this as the key.
    pub fn draw(&self, customer: &CustomerId) -> Draw {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let tag = hmac::sign(&key, customer.as_str().as_bytes());
        let first = tag.as_ref().first_chunk().copied().unwrap_or_default();
        Draw(u64::from_be_bytes(first))
    }
}

impl Draw {
    /// The part of the draws that it is in, of 2^`bits` equal parts.
    pub const fn part(self, bits: u32) -> usize {
        (self.0 >> (u64::BITS - bits)) as usize
    }

    /// One of `parts` groups of about the same size. Customers with neighbouring places are in different ones, so those who come at the
    /// same time write different items.
    pub const fn spread(self, parts: u64) -> u64 {
        self.0 % parts
    }

    /// How many of `people`, whose draws are in the same part, are probably before it.
    pub fn share(self, bits: u32, people: u32) -> u64 {
        let within = u128::from(self.0 << bits);
        let share = (within * u128::from(people)) >> u64::BITS;
        u64::try_from(share).unwrap_or(u64::MAX)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl From<Seed> for String {
    fn from(seed: Seed) -> Self {
        seed.reveal()
    }
}

impl TryFrom<String> for Seed {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const BAD: &str = "a seed has 64 hexadecimal digits";
        let digits: Option<Vec<u8>> = text
            .chars()
            .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect();
        let digits = digits.filter(|digits| digits.len() == 64).ok_or(BAD)?;
        let (pairs, _) = digits.as_chunks::<2>();
        let mut seed = [0; 32];
        for (byte, [high, low]) in seed.iter_mut().zip(pairs) {
            *byte = high << 4 | low;
        }
        Ok(Self(seed))
    }
}

impl std::fmt::Debug for Seed {
    /// Omits the seed, which is secret until its bucket is closed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_is_the_hmac_of_the_account() {
        // From Python's hashlib and hmac.
        let seed = Seed(*b"0123456789abcdef0123456789abcdef");
        assert_eq!(seed.hash(), VECTOR_HASH);
        assert_eq!(seed.draw(&CustomerId::new("ann")).0, VECTOR_DRAW);
        assert_eq!(Seed::try_from(seed.reveal()), Ok(seed));
        assert!(Seed::try_from("0".repeat(63)).is_err());
        assert!(Seed::try_from("g".repeat(64)).is_err());
    }

    const VECTOR_HASH: &str = "3eb1bd439947eb762998e566ccc2e099c791118b2f40579cc4f7da2b5061b7f9";
    const VECTOR_DRAW: u64 = 566_146_558_972_653_395;
    const VECTOR_SECOND: u64 = 12_524_938_444_564_806_655;

    #[test]
    fn each_second_has_draws_of_its_own() {
        let seed = Seed(*b"0123456789abcdef0123456789abcdef");
        let ann = CustomerId::new("ann");
        let draws = [seed, seed.of_second(0), seed.of_second(1)].map(|key| key.draw(&ann));
        assert!(draws[0] != draws[1] && draws[0] != draws[2] && draws[1] != draws[2]);
        assert_eq!(draws[2].0, VECTOR_SECOND, "from Python's hmac");
    }

    #[test]
    fn early_comers_are_one_bucket_and_each_second_is_another() {
        let opens = Timestamp::from_second(1_800_000_000).unwrap();
        let at = |ms| Bucket::of(opens, opens + SignedDuration::from_millis(ms));
        assert_eq!([at(-86_400_000), at(-1)], [Bucket::Early; 2]);
        assert_eq!([at(0), at(999), at(1000)], [0, 0, 1].map(Bucket::Second));
        assert!(Bucket::Early < Bucket::Second(0));
        assert_eq!(Bucket::Early.ends_at(opens), opens);
        assert_eq!(Bucket::Second(1).ends_at(opens), second_at(opens, 2));
    }

    #[test]
    fn neighbours_are_spread_over_all_groups() {
        let seed = Seed(*b"0123456789abcdef0123456789abcdef");
        let mut draws: Vec<Draw> = (0..16_000)
            .map(|nth| seed.draw(&CustomerId::new(format!("c-{nth}"))))
            .collect();
        draws.sort();
        for parts in [16_u64, 12] {
            // Those whom one round calls.
            let mut people = [0_u64; 16];
            for draw in &draws[3000..4000] {
                people[usize::try_from(draw.spread(parts)).unwrap()] += 1;
            }
            let most = people.iter().max().unwrap();
            assert!(*most < 2 * 1000 / parts, "{people:?}");
        }
    }

    #[test]
    fn a_share_of_a_part_is_less_than_its_people() {
        for bits in [4, 8] {
            assert_eq!(Draw(0).share(bits, 10), 0);
            assert_eq!(Draw(u64::MAX).share(bits, 10), 9);
            assert_eq!(Draw(u64::MAX).share(bits, 0), 0);
            assert_eq!(Draw(u64::MAX).part(bits), (1 << bits) - 1);
        }
    }
}
