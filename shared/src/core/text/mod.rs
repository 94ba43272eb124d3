//! Text that clients send and people see, such as the name of a product.
//!
//! Characters that cannot be seen make two different texts look the same, hide a part of a text, or change how the text
//! around it is shown ([UTS #55], [UTS #39]). They are refused, except where a script or an emoji needs them.
//!
//! [UTS #39]: https://www.unicode.org/reports/tr39/
//! [UTS #55]: https://www.unicode.org/reports/tr55/

pub mod by_language;
mod invisible;
pub mod text_map;

use std::ops::RangeInclusive;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use serde::Serialize;

use crate::core::error::{self, Rejection};

/// A text that people see. It has at least one visible character, no white space at its ends, and is in Unicode
/// Normalization Form C ([UAX #15]), so that texts that look the same compare as equal more often.
///
/// Refused are control characters, line and paragraph separators, private-use characters, noncharacters, and invisible
/// characters (`Default_Ignorable_Code_Point`), among them zero-width spaces, bidirectional controls and Hangul fillers.
/// Some invisible characters are accepted where they change what is seen:
///
/// - U+200D ZERO WIDTH JOINER after a virama (RFC 5892, appendix A.2), and between emoji (UTS #51, ED-16);
/// - U+200C ZERO WIDTH NON-JOINER after a virama, and between letters of a cursive script (RFC 5892, appendix A.1).
///   RFC 5892 requires that the letter before it joins with the next one. Persian is also written with a non-joiner after
///   other letters, to separate the parts of a word, so any cursive letter may precede it;
/// - variation selectors after a character that has such variants: emoji (UTS #51, ED-8a to ED-9a), ideographs
///   (UTS #37) and Mongolian letters;
/// - tags in the flags of England, Scotland and Wales, the only tag sequences in UTS #51's recommended set.
///
/// Stored texts can be older than these rules, so models have texts as `String`.
///
/// [UAX #15]: https://www.unicode.org/reports/tr15/
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct DisplayText(String);

/// The text is not a [`DisplayText`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// No character of the text is visible.
    #[error("it has no visible character")]
    Blank,
    /// The text is too long.
    #[error("it has more than {max} characters")]
    TooLong {
        /// The most characters.
        max: usize,
    },
    /// A character is not allowed, at least not at its place.
    #[error("its character {position}, U+{:04X}, is not allowed there", u32::from(*.character))]
    Forbidden {
        /// The character.
        character: char,
        /// The character's position in the text, from 1.
        position: usize,
    },
}

impl InvalidText {
    /// The rejection of a request whose `field` has the text.
    pub fn in_field(self, field: &str) -> Rejection {
        let detail = format!("{field}: {self}.");
        let field = field.to_owned();
        Rejection::with(error::InvalidText { field }, detail)
    }
}

impl DisplayText {
    /// Parses a text of one line with at most `max` characters, such as a name. Removes white space at its ends.
    ///
    /// # Errors
    /// [`InvalidText`].
    pub fn line(text: &str, max: usize) -> Result<Self, InvalidText> {
        Self::parse(text, max, |_| false)
    }

    /// Parses a text of any number of lines with at most `max` characters, such as a note. Lines end with U+000A; U+000D
    /// before it is removed.
    ///
    /// # Errors
    /// [`InvalidText`].
    pub fn lines(text: &str, max: usize) -> Result<Self, InvalidText> {
        Self::parse(&text.replace("\r\n", "\n"), max, |character| character == '\n')
    }

    fn parse(text: &str, max: usize, is_allowed: impl Fn(char) -> bool) -> Result<Self, InvalidText> {
        let text = ComposingNormalizerBorrowed::new_nfc()
            .normalize(text.trim())
            .into_owned();
        let characters: Vec<char> = text.chars().collect();
        if characters.len() > max {
            return Err(InvalidText::TooLong { max });
        }
        let mut at = 0;
        while let Some(&character) = characters.get(at) {
            let tags = invisible::tags_at(&characters, at);
            let is_valid = is_allowed(character) || is_visible(character) || invisible::is_needed(&characters, at);
            if tags == 0 && !is_valid {
                let position = at + 1;
                return Err(InvalidText::Forbidden { character, position });
            }
            at += tags.max(1);
        }
        if characters.iter().all(|character| is_blank(*character)) {
            return Err(InvalidText::Blank);
        }
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<DisplayText> for String {
    fn from(text: DisplayText) -> Self {
        text.0
    }
}

/// The interlinear annotation characters (Unicode Standard, section 23.8), which hide text, are no ignorable characters.
const ANNOTATIONS: RangeInclusive<char> = '\u{FFF9}'..='\u{FFFB}';

/// Whether the character may be anywhere in a text.
fn is_visible(character: char) -> bool {
    use GeneralCategory::{Control, LineSeparator, ParagraphSeparator, PrivateUse};
    let is_noncharacter = matches!(character, '\u{FDD0}'..='\u{FDEF}') || u32::from(character) & 0xFFFE == 0xFFFE;
    let category = CodePointMapData::<GeneralCategory>::new().get(character);
    let is_refused = matches!(category, Control | LineSeparator | ParagraphSeparator | PrivateUse);
    !is_refused && !is_noncharacter && !ANNOTATIONS.contains(&character) && !invisible::is_invisible(character)
}

/// Whether a text of only such characters looks empty: white space, marks without a letter, and the empty Braille cell.
fn is_blank(character: char) -> bool {
    use GeneralCategory::{EnclosingMark, NonspacingMark, SpacingMark};
    let category = CodePointMapData::<GeneralCategory>::new().get(character);
    let is_mark = matches!(category, EnclosingMark | NonspacingMark | SpacingMark);
    character.is_whitespace() || is_mark || character == '\u{2800}' || invisible::is_invisible(character)
}

#[cfg(test)]
mod tests;
