//! Checksums of what is indexed, so that an index is compared with the table it is made from.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The number of buckets. The first byte of a document's identity is its bucket.
pub const BUCKETS: usize = 256;

/// A stable hash of kind and id.
pub fn identity(kind: &str, id: &str) -> u64 {
    let digest = Sha256::new()
        .chain_update(kind)
        .chain_update([0])
        .chain_update(id)
        .finalize();
    digest
        .iter()
        .take(8)
        .fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// The bucket of a document.
pub fn bucket(identity: u64) -> usize {
    usize::from(identity.to_be_bytes()[0])
}

/// A sum for each bucket, over all its documents and their versions. Two sets of documents with equal checksums are the
/// same; a bucket that differs has documents to index again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Checksum([u64; BUCKETS]);

impl Default for Checksum {
    fn default() -> Self {
        Self([0; BUCKETS])
    }
}

impl Checksum {
    /// Adds a document.
    pub fn add(&mut self, kind: &str, id: &str, version: u64) {
        self.add_identity(identity(kind, id), version);
    }

    /// Removes a document.
    pub fn remove(&mut self, kind: &str, id: &str, version: u64) {
        let identity = identity(kind, id);
        let sum = &mut self.0[bucket(identity)];
        *sum = sum.wrapping_sub(fingerprint(identity, version));
    }

    /// Adds the sum of a bucket's fingerprints, modulo 2^64. Ignores a bucket that does not exist.
    pub fn add_sum(&mut self, bucket: usize, sum: u64) {
        if let Some(own) = self.0.get_mut(bucket) {
            *own = own.wrapping_add(sum);
        }
    }

    /// The buckets in which the two differ.
    pub fn differing(&self, other: &Self) -> Vec<usize> {
        (0..BUCKETS)
            .filter(|&bucket| self.0[bucket] != other.0[bucket])
            .collect()
    }

    pub(crate) fn add_identity(&mut self, identity: u64, version: u64) {
        let sum = &mut self.0[bucket(identity)];
        *sum = sum.wrapping_add(fingerprint(identity, version));
    }
}

/// Sums are JSON strings: many parsers round integers above 2^53.
impl From<Checksum> for Vec<String> {
    fn from(checksum: Checksum) -> Self {
        checksum.0.iter().map(|sum| format!("{sum:016x}")).collect()
    }
}

impl TryFrom<Vec<String>> for Checksum {
    type Error = &'static str;

    fn try_from(sums: Vec<String>) -> Result<Self, Self::Error> {
        let sums = sums
            .iter()
            .map(|sum| u64::from_str_radix(sum, 16))
            .collect::<Result<Vec<_>, _>>();
        let sums = sums.map_err(|_| "a sum is not a hexadecimal number")?;
        sums.try_into().map(Self).map_err(|_| "a checksum has 256 sums")
    }
}

/// The number that a document adds to the sum of its bucket. Mixes identity and version (the finalizer of SplitMix64), so that sums of
/// different documents do not cancel out.
pub fn fingerprint(identity: u64, version: u64) -> u64 {
    let mut mixed = identity ^ version.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn another_version_differs_in_one_bucket() {
        let (mut table, mut index) = (Checksum::default(), Checksum::default());
        table.add("PRODUCT", "1", 2);
        index.add("PRODUCT", "1", 1);
        assert_eq!(table.differing(&index), [bucket(identity("PRODUCT", "1"))]);
    }

    #[test]
    fn kind_and_id_are_told_apart() {
        assert_ne!(identity("AB", "C"), identity("A", "BC"));
    }

    proptest! {
        #[test]
        fn the_order_does_not_matter_and_removing_undoes_adding(
            documents in prop::collection::vec(("[a-c]", "[a-z]{1,3}", 0_u64..5), 0..20),
        ) {
            let (mut forward, mut backward) = (Checksum::default(), Checksum::default());
            documents.iter().for_each(|(kind, id, version)| forward.add(kind, id, *version));
            documents.iter().rev().for_each(|(kind, id, version)| backward.add(kind, id, *version));
            prop_assert_eq!(&forward, &backward);
            documents.iter().for_each(|(kind, id, version)| forward.remove(kind, id, *version));
            prop_assert_eq!(forward, Checksum::default());
        }

        #[test]
        fn json_round_trips(ids in prop::collection::vec("[a-z]{1,8}", 0..20)) {
            let mut checksum = Checksum::default();
            ids.iter().for_each(|id| checksum.add("PRODUCT", id, 1));
            let json = serde_json::to_string(&checksum).expect("it serializes");
            prop_assert_eq!(serde_json::from_str::<Checksum>(&json).expect("it parses"), checksum);
        }
    }
}
