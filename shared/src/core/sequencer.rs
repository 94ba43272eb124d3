//! The order of the uploads to one key of a bucket.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// S3's sequencer, which orders the uploads to one key: hexadecimal digits. For comparison, the shorter one is padded
/// with zeros on the right (S3 user guide, "Event message structure").
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^[0-9A-Fa-f]{1,64}$", examples("0062E99A88DC407460"))]
pub struct Sequencer(String);

/// The text is not a [`Sequencer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sequencer is 1 to 64 hexadecimal digits")]
pub struct InvalidSequencer;

impl TryFrom<String> for Sequencer {
    type Error = InvalidSequencer;

    fn try_from(text: String) -> Result<Self, InvalidSequencer> {
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if fits { Ok(Self(text)) } else { Err(InvalidSequencer) }
    }
}

impl std::fmt::Display for Sequencer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Ord for Sequencer {
    fn cmp(&self, other: &Self) -> Ordering {
        let digits = |text: &Self| -> Vec<u8> {
            let mut digits = text.0.to_ascii_uppercase().into_bytes();
            digits.resize(64, b'0');
            digits
        };
        digits(self).cmp(&digits(other))
    }
}

impl PartialOrd for Sequencer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Sequencer {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Sequencer {}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequencer(text: &str) -> Sequencer {
        Sequencer::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn the_shorter_sequencer_is_padded_with_zeros() {
        assert_eq!(sequencer("0a"), sequencer("0A00"));
        assert!(sequencer("0055AED6DCD90281E5") < sequencer("0055AED6DCD90281E6"));
        assert!(sequencer("1") > sequencer("0FFF"));
        assert!(Sequencer::try_from(String::new()).is_err());
        assert!(Sequencer::try_from("0g".to_owned()).is_err());
    }
}
