//! The analyzer: a text becomes units, and units become the terms of the index. Titles and queries take the same way.

use crate::hangul;
use crate::normalize::normalize;

/// Changes whenever a text gets other units or terms. An index of another version is refused.
pub const ANALYZER_VERSION: u32 = 1;

/// Initial consonants a term. There are few of them, so that two would be in too many texts. The last ones of a text are
/// in shorter terms.
pub const INITIALS: usize = 3;

/// Precedes the first syllable or word of a title in the term that marks its start.
pub const START: char = '^';
/// Precedes the last syllable or word of a title in the term that marks its end.
pub const END: char = '$';

/// A searchable character: a syllable, ideograph or kana, a letter, or a digit. Spaces and punctuation are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The normalized character.
    pub character: char,
    /// Whether it is written without spaces between words: Hangul, Han and Kana.
    pub script: Script,
    /// Whether it does not continue the unit before it.
    pub starts_word: bool,
    /// The index of the unit's first UTF-16 code unit in the original.
    pub start: u32,
    /// The code unit after its last one in the original.
    pub end: u32,
}

/// The way in which a unit is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// Hangul, Han and Kana. Spaces between them do not count; any part of a text is found.
    Syllabic,
    /// A letter of another script. Words are found by their beginnings.
    Letter,
    /// A digit. Words are found by their beginnings.
    Digit,
}

impl Script {
    fn of(c: char) -> Option<Self> {
        match c {
            '0'..='9' => Some(Self::Digit),
            'a'..='z' => Some(Self::Letter),
            // Hangul and its consonants, Kana, Han, and the later extensions of Han.
            '\u{1100}'..='\u{1112}'
            | '\u{AC00}'..='\u{D7A3}'
            | '\u{3041}'..='\u{3096}'
            | '\u{309D}'..='\u{309F}'
            | '\u{30A1}'..='\u{30FA}'
            | '\u{30FC}'..='\u{30FF}'
            | '\u{3005}'..='\u{3007}'
            | '\u{3400}'..='\u{4DBF}'
            | '\u{4E00}'..='\u{9FFF}'
            | '\u{F900}'..='\u{FAFF}'
            | '\u{20000}'..='\u{3FFFF}' => Some(Self::Syllabic),
            // Vowels and final consonants that stand alone: half-typed, and in no title.
            '\u{1113}'..='\u{11FF}' | '\u{A960}'..='\u{A97F}' | '\u{D7B0}'..='\u{D7FF}' => None,
            _ if c.is_numeric() => Some(Self::Digit),
            _ if c.is_alphanumeric() => Some(Self::Letter),
            _ => None,
        }
    }
}

/// The units of a text.
pub fn units(text: &str) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::with_capacity(text.len() / 2);
    let mut last: Option<Script> = None;
    let mut push = |character, start, end| {
        let script = Script::of(character);
        if let Some(script) = script {
            let starts_word = last != Some(script);
            units.push(Unit {
                character,
                script,
                starts_word,
                start,
                end,
            });
        }
        last = script;
    };
    normalize(text, |each| match hangul::initials(each.character) {
        Some(consonants) => consonants.iter().for_each(|&c| push(c, each.start, each.end)),
        None => push(each.character, each.start, each.end),
    });
    units
}

/// Calls `emit` with each term of a text, possibly more than once.
pub fn terms(units: &[Unit], mut emit: impl FnMut(&str)) {
    let mut term = String::with_capacity(16);
    let mut emit = |characters: &[char]| {
        term.clear();
        term.extend(characters);
        emit(&term);
    };
    let mut word = vec![];
    for (position, unit) in units.iter().enumerate() {
        let next = units.get(position + 1);
        if unit.script == Script::Syllabic {
            emit(&[unit.character]);
            if let Some(next) = next.filter(|next| next.script == Script::Syllabic) {
                emit(&[unit.character, next.character]);
            }
            let following = units[position..]
                .iter()
                .map_while(|unit| hangul::initial_of(unit.character));
            let initials: Vec<char> = following.take(INITIALS).collect();
            if initials.len() > 1 {
                emit(&initials);
            }
        } else {
            word.push(unit.character);
            if next.is_none_or(|next| next.starts_word) {
                emit(&word);
                word.clear();
            }
        }
    }
}

/// Calls `emit` with the terms that mark the start and the end of a title.
pub fn markers(units: &[Unit], mut emit: impl FnMut(&str)) {
    if units.is_empty() {
        return;
    }
    let start = 1 + units[1..].iter().take_while(|unit| continues(unit)).count();
    let end = units.iter().rposition(|unit| !continues(unit)).unwrap_or_default();
    for (mark, part) in [(START, &units[..start]), (END, &units[end..])] {
        let characters = part.iter().map(|unit| unit.character);
        emit(&String::from_iter([mark].into_iter().chain(characters)));
    }
    let initials = units
        .iter()
        .map_while(|unit| hangul::initial_of(unit.character))
        .take(INITIALS);
    let marked = String::from_iter([START].into_iter().chain(initials));
    if marked.len() > START.len_utf8() {
        emit(&marked);
    }
    if let Some(initial) = units.last().and_then(|unit| hangul::initial_of(unit.character)) {
        emit(&String::from_iter([END, initial]));
    }
}

/// Whether a unit continues the word of the unit before it.
fn continues(unit: &Unit) -> bool {
    unit.script != Script::Syllabic && !unit.starts_word
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn terms_of(text: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        terms(&units(text), |term| {
            found.insert(term.to_owned());
        });
        found
    }

    #[test]
    fn hangul_becomes_syllables_pairs_and_pairs_of_initials() {
        let initials = ["\u{1109}\u{110B}\u{110B}", "\u{110B}\u{110B}"];
        let expected = ["서", "울", "역", "서울", "울역"].into_iter().chain(initials);
        assert_eq!(terms_of("서울 역"), expected.map(str::to_owned).collect());
    }

    #[test]
    fn letters_and_digits_become_words() {
        let expected = ["iphone", "15", "pro", "max"];
        assert_eq!(terms_of("iPhone15 Pro-Max!"), expected.map(str::to_owned).into());
    }

    #[test]
    fn pairs_do_not_span_a_latin_word() {
        assert!(!terms_of("서울 Jazz 콘서트").contains("울콘"));
    }

    #[test]
    fn markers_are_the_first_and_last_syllable_or_word() {
        let markers_of = |text: &str| {
            let mut found = vec![];
            markers(&units(text), |term| found.push(term.to_owned()));
            found
        };
        assert_eq!(markers_of("Jazz Night 2026"), ["^jazz", "$2026"]);
        assert_eq!(markers_of("Jazz"), ["^jazz", "$jazz"]);
        let korean = ["^재", "$밤", "^\u{110C}\u{110C}\u{1107}", "$\u{1107}"];
        assert_eq!(markers_of("재즈 밤"), korean);
    }

    #[test]
    fn joined_consonants_of_a_keyboard_are_two() {
        let characters: Vec<char> = units("ㄳ").iter().map(|unit| unit.character).collect();
        assert_eq!(characters, ['\u{1100}', '\u{1109}']);
    }

    proptest! {
        #[test]
        fn any_text_has_terms_without_white_space(text in any::<String>()) {
            let units = units(&text);
            let check = |term: &str| assert!(!term.is_empty() && !term.contains(char::is_whitespace));
            terms(&units, check);
            markers(&units, check);
        }

        #[test]
        fn units_lie_on_the_text(text in any::<String>()) {
            let length = text.encode_utf16().count() as u32;
            for unit in units(&text) {
                prop_assert!(unit.start < unit.end && unit.end <= length);
            }
        }
    }
}
