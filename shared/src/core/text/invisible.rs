//! Invisible characters, and the places at which a script or an emoji needs them.

use icu_properties::props::{
    CanonicalCombiningClass, DefaultIgnorableCodePoint, Emoji, EmojiModifier, ExtendedPictographic, JoiningType,
    UnifiedIdeograph,
};
use icu_properties::{CodePointMapData, CodePointSetData};

const NON_JOINER: char = '\u{200C}';
const JOINER: char = '\u{200D}';
const TEXT_STYLE: char = '\u{FE0E}';
const EMOJI_STYLE: char = '\u{FE0F}';
const KEYCAP: char = '\u{20E3}';
const BLACK_FLAG: char = '\u{1F3F4}';
const CANCEL_TAG: char = '\u{E007F}';
/// The first tag character; the others follow in the order of ASCII.
const TAGS: u32 = 0xE0000;

/// Whether the character is not seen where it has no effect on others (`Default_Ignorable_Code_Point`).
pub fn is_invisible(character: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
}

/// Whether the invisible character at `at` changes how its neighbors are seen.
pub fn is_needed(text: &[char], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|before| text[before]) else {
        return false;
    };
    let after = text.get(at + 1).copied();
    match text[at] {
        JOINER => is_virama(before) || joins_emoji(before, after),
        NON_JOINER => is_virama(before) || separates_letters(&text[..at], &text[at + 1..]),
        TEXT_STYLE | EMOJI_STYLE if before.is_ascii() => {
            matches!(before, '0'..='9' | '#' | '*') && after == Some(KEYCAP)
        }
        TEXT_STYLE | EMOJI_STYLE => CodePointSetData::new::<Emoji>().contains(before),
        '\u{FE00}'..='\u{FE02}' | '\u{E0100}'..='\u{E01EF}' => {
            CodePointSetData::new::<UnifiedIdeograph>().contains(before)
        }
        '\u{180B}'..='\u{180D}' | '\u{180F}' => matches!(before, '\u{1820}'..='\u{18AA}'),
        _ => false,
    }
}

/// The number of tags at `at` that make the flag before them one of England, Scotland or Wales.
pub fn tags_at(text: &[char], at: usize) -> usize {
    if at.checked_sub(1).map(|before| text[before]) != Some(BLACK_FLAG) {
        return 0;
    }
    let is_flag = |region: &&str| {
        let tags = region
            .chars()
            .filter_map(|letter| char::from_u32(TAGS + u32::from(letter)));
        text[at..]
            .iter()
            .copied()
            .take(region.len() + 1)
            .eq(tags.chain([CANCEL_TAG]))
    };
    let region = ["gbeng", "gbsct", "gbwls"].into_iter().find(is_flag);
    region.map_or(0, |region| region.len() + 1)
}

/// Whether the character is a virama, which a joiner after it changes (RFC 5892 appendix A.1).
pub fn is_virama(character: char) -> bool {
    CodePointMapData::<CanonicalCombiningClass>::new().get(character) == CanonicalCombiningClass::Virama
}

fn joins_emoji(before: char, after: Option<char>) -> bool {
    let is_pictograph = |character| CodePointSetData::new::<ExtendedPictographic>().contains(character);
    let ends_emoji =
        is_pictograph(before) || before == EMOJI_STYLE || CodePointSetData::new::<EmojiModifier>().contains(before);
    ends_emoji && after.is_some_and(is_pictograph)
}

/// Whether the last letter before and the first one after are cursive. Marks between them are skipped.
fn separates_letters(before: &[char], after: &[char]) -> bool {
    let joining = |character: &char| CodePointMapData::<JoiningType>::new().get(*character);
    let mut before = before.iter().rev().map(joining);
    let mut after = after.iter().map(joining);
    let is_letter = |joining: &JoiningType| *joining != JoiningType::Transparent;
    let left = before.find(is_letter);
    let right = after.find(is_letter);
    matches!(
        left,
        Some(JoiningType::LeftJoining | JoiningType::DualJoining | JoiningType::RightJoining)
    ) && matches!(right, Some(JoiningType::RightJoining | JoiningType::DualJoining))
}
