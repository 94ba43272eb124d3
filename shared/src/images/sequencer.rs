//! The order in which uploads of one picture came.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The order of the uploads to one key, as S3 tells it: hexadecimal digits, of which the shorter is to be taken as filled
/// up with zeros on the right (S3 user guide, "Event message structure").
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^[0-9A-Fa-f]{1,64}$", examples("0062E99A88DC407460"))]
pub struct Sequencer(String);

/// The text is not a [`Sequencer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sequencer is 1 to 64 hexadecimal digits")]
pub struct NotASequencer;

impl TryFrom<String> for Sequencer {
    type Error = NotASequencer;

    fn try_from(text: String) -> Result<Self, NotASequencer> {
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if fits { Ok(Self(text)) } else { Err(NotASequencer) }
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

    fn nth(text: &str) -> Sequencer {
        Sequencer::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn the_shorter_sequencer_is_filled_up_with_zeros() {
        assert_eq!(nth("0a"), nth("0A00"));
        assert!(nth("0055AED6DCD90281E5") < nth("0055AED6DCD90281E6"));
        assert!(nth("1") > nth("0FFF"));
        assert!(Sequencer::try_from(String::new()).is_err());
        assert!(Sequencer::try_from("0g".to_owned()).is_err());
    }
}
