//! The tokens of a query, as patterns of characters.

use std::ops::RangeInclusive;

use crate::analyzer::{Script, Unit, units};
use crate::hangul;

/// The most characters of a query.
pub const MAX_QUERY_CHARACTERS: usize = 64;
/// The most tokens of a query.
pub const MAX_TOKENS: usize = 32;

/// A query beyond the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryTooLong {
    /// More than [`MAX_QUERY_CHARACTERS`].
    #[error("a query has at most {MAX_QUERY_CHARACTERS} characters")]
    Characters,
    /// More than [`MAX_TOKENS`].
    #[error("a query has at most {MAX_TOKENS} words")]
    Tokens,
}

/// A character of a query. It stands for one character of a text: usually itself, or any syllable of a range if it is an
/// initial consonant or half-typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub characters: RangeInclusive<char>,
    pub script: Script,
    /// Letters and digits only: a word of the text starts here.
    pub starts_word: bool,
}

impl Wanted {
    /// The character, if it stands for no other.
    pub fn exact(&self) -> Option<char> {
        let (first, last) = (*self.characters.start(), *self.characters.end());
        (first == last).then_some(first)
    }

    /// The initial consonant that all its syllables share.
    pub fn initial(&self) -> Option<char> {
        hangul::initial_of(*self.characters.start())
    }

    /// Whether it stands for all syllables of its initial consonant.
    pub fn is_initial(&self) -> bool {
        self.initial().and_then(hangul::syllables_of).as_ref() == Some(&self.characters)
    }

    fn matches(&self, unit: &Unit) -> bool {
        // A text can have a consonant that stands alone too: ㅋㅋㅋ.
        let is_meant = self.characters.contains(&unit.character)
            || (hangul::is_initial(unit.character) && self.is_initial() && self.initial() == Some(unit.character));
        is_meant && (self.script == Script::Syllabic || self.starts_word == unit.starts_word)
    }
}

impl From<&Unit> for Wanted {
    fn from(unit: &Unit) -> Self {
        let itself = unit.character..=unit.character;
        let characters = hangul::syllables_of(unit.character).unwrap_or(itself);
        Self {
            characters,
            script: unit.script,
            starts_word: unit.starts_word,
        }
    }
}

/// Whether the pattern matches the text at a position.
pub fn matches_at(pattern: &[Wanted], text: &[Unit], position: usize) -> bool {
    let part = text.get(position..position + pattern.len());
    part.is_some_and(|part| pattern.iter().zip(part).all(|(wanted, unit)| wanted.matches(unit)))
}

/// The first position at which the pattern matches.
pub fn find(pattern: &[Wanted], text: &[Unit]) -> Option<usize> {
    (0..text.len()).find(|&position| matches_at(pattern, text, position))
}

/// Whether the token is one initial consonant.
pub fn is_single_initial(token: &[Wanted]) -> bool {
    matches!(token, [only] if only.is_initial())
}

/// One way to understand a query: its tokens, which may be anywhere, in any order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub tokens: Vec<Vec<Wanted>>,
}

impl Reading {
    /// Whether the query is one initial consonant. Only the start of a title matches it: nearly every text has one.
    pub fn is_single_initial(&self) -> bool {
        matches!(&self.tokens[..], [only] if is_single_initial(only))
    }

    /// The query without spaces.
    pub fn whole(&self) -> Vec<Wanted> {
        self.tokens.concat()
    }
}

/// A query after analysis.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// As it is written.
    pub written: Reading,
    /// If its last syllable is half-typed. Empty if it cannot be.
    pub continued: Vec<Reading>,
}

impl Parsed {
    /// Analyzes a query.
    ///
    /// # Errors
    /// [`QueryTooLong`].
    pub fn new(text: &str) -> Result<Self, QueryTooLong> {
        if text.chars().nth(MAX_QUERY_CHARACTERS).is_some() {
            return Err(QueryTooLong::Characters);
        }
        let tokens = text.split_whitespace().map(units).filter(|token| !token.is_empty());
        let mut tokens: Vec<Vec<Wanted>> = tokens.map(|token| token.iter().map(Wanted::from).collect()).collect();
        if tokens.len() > MAX_TOKENS {
            return Err(QueryTooLong::Tokens);
        }
        // Single consonants would match nearly every text.
        if tokens.len() > 1 && tokens.iter().all(|token| is_single_initial(token)) {
            tokens = vec![tokens.concat()];
        }
        let written = Reading { tokens };
        let continued = written.continued();
        Ok(Self { written, continued })
    }
}

impl Reading {
    /// The forms that the query can take with the next keys: its last syllable gets a final consonant or a longer vowel, or its
    /// final consonant moves to the next syllable.
    fn continued(&self) -> Vec<Self> {
        let last = self
            .tokens
            .last()
            .and_then(|token| token.last())
            .and_then(Wanted::exact);
        let Some(last) = last else { return vec![] };
        let longer = hangul::continuations(last).map(|characters| vec![characters]);
        let moved = hangul::moved_final(last).and_then(|(before, initial)| {
            let next = hangul::syllables_of(initial)?;
            Some(vec![before..=before, next])
        });
        let replace = |endings: Vec<RangeInclusive<char>>| {
            let mut reading = self.clone();
            if let Some(token) = reading.tokens.last_mut() {
                token.pop();
                token.extend(endings.into_iter().map(|characters| Wanted {
                    characters,
                    script: Script::Syllabic,
                    starts_word: false,
                }));
            }
            reading
        };
        longer.into_iter().chain(moved).map(replace).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(query: &str, text: &str) -> bool {
        let parsed = Parsed::new(query).expect("a short query");
        let text = units(text);
        parsed.written.tokens.iter().all(|token| find(token, &text).is_some())
    }

    fn found_while_typing(query: &str, text: &str) -> bool {
        let parsed = Parsed::new(query).expect("a short query");
        let text = units(text);
        let matches = |reading: &Reading| reading.tokens.iter().all(|token| find(token, &text).is_some());
        parsed.continued.iter().any(matches)
    }

    #[test]
    fn any_part_of_a_korean_text_is_found_with_or_without_spaces() {
        for query in ["서울", "울재", "재즈콘서트", "재즈 콘서트", "콘서트 서울", "트"] {
            assert!(found(query, "서울 재즈콘서트"), "{query}");
        }
        assert!(!found("서재", "서울 재즈콘서트"));
    }

    #[test]
    fn latin_words_are_found_by_their_beginnings() {
        assert!(found("jaz fest", "Seoul Jazz Festival"));
        assert!(found("iphone 15", "iPhone15 Pro"));
        assert!(found("iphone15", "iPhone 15 Pro"));
        assert!(!found("azz", "Seoul Jazz Festival"));
        assert!(!found("iphone15", "iPhone Pro 15"));
    }

    #[test]
    fn initial_consonants_stand_for_their_syllables() {
        assert!(found("ㅅㅇㅈㅈ", "서울 재즈 콘서트"));
        assert!(found("서울ㅈ", "서울 재즈 콘서트"));
        assert!(found("ㄳ", "가수"));
        assert!(found("ㅋㅋ", "ㅋㅋㅋ 콘서트"));
        assert!(!found("ㅅㅈ", "서울 재즈 콘서트"));
    }

    #[test]
    fn a_half_typed_last_syllable_is_found() {
        for (query, text) in [
            ("한구", "한국"),
            ("한국", "한구기"),
            ("고", "과자"),
            ("닭", "달걀"),
            ("과ㅈ", "과자"),
        ] {
            assert!(found(query, text) || found_while_typing(query, text), "{query} {text}");
        }
        assert!(!found_while_typing("고", "교자"));
    }

    #[test]
    fn a_query_has_limits() {
        assert_eq!(Parsed::new(&"가".repeat(65)).err(), Some(QueryTooLong::Characters));
        assert!(Parsed::new(&"가".repeat(64)).is_ok());
        assert!(Parsed::new(&"a ".repeat(32)).is_ok());
    }

    #[test]
    fn a_query_of_punctuation_has_no_tokens() {
        assert!(Parsed::new(" !? ").expect("a short query").written.tokens.is_empty());
    }
}
