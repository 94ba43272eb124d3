//! From a query to the terms that every matching document has. A plan may find too much, never too little.

use std::ops::RangeInclusive;

use crate::analyzer::{END, INITIALS, START, Script};
use crate::matching::{Match, typo_word};
use crate::pattern::{Parsed, Reading, Wanted};

/// A condition on the terms of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot {
    /// It has this term.
    Term(String),
    /// It has a term from the first to the last.
    Range(String, String),
    /// It has one of the characters as a term.
    Character(RangeInclusive<char>),
    /// It has a term that starts with this word or is one typo away from it.
    Typo(String),
    /// It has at least so many of the terms.
    AtLeast(usize, Vec<String>),
}

/// All slots must hold.
pub type Plan = Vec<Slot>;

/// A tier of the search: the plans that find its candidates. A document matches if any plan finds it.
pub fn plans(query: &Parsed, tier: Match, typing: bool) -> Vec<Plan> {
    let exact = || {
        [&query.written]
            .into_iter()
            .chain(query.continued.iter().filter(move |_| typing))
    };
    match tier {
        Match::Title => exact().map(|reading| with_markers(reading, true)).collect(),
        Match::Prefix => exact().map(|reading| with_markers(reading, false)).collect(),
        Match::Text => exact()
            .filter(|reading| !reading.is_single_initial())
            .map(text_plan)
            .collect(),
        Match::HalfTyped => query.continued.iter().map(text_plan).collect(),
        Match::Similar => similar_plan(&query.written).into_iter().collect(),
        Match::Typo => typo_plan(&query.written).into_iter().collect(),
    }
}

fn with_markers(reading: &Reading, to_the_end: bool) -> Plan {
    // One token: what is at the start of a title has no gaps.
    let whole = reading.whole();
    let mut plan = slots(&whole);
    let parts: Vec<&[Wanted]> = reading.parts().collect();
    plan.extend(parts.first().and_then(|first| start_slot(first, &whole)));
    plan.extend(parts.last().filter(|_| to_the_end).and_then(|last| end_slot(last)));
    plan
}

fn start_slot(part: &[Wanted], whole: &[Wanted]) -> Option<Slot> {
    let first = part.first()?;
    if first.script != Script::Syllabic {
        let marked = format!("{START}{}", word(part));
        // The last word of a query is a prefix.
        let is_complete = part.len() < whole.len();
        return Some(if is_complete {
            Slot::Term(marked)
        } else {
            prefix(marked)
        });
    }
    Some(match first.exact() {
        Some(character) => Slot::Term(String::from_iter([START, character])),
        None if first.is_initial() => {
            let initials = whole.iter().map_while(Wanted::initial).take(INITIALS);
            prefix(String::from_iter([START].into_iter().chain(initials)))
        }
        None => range_after(START, first),
    })
}

fn end_slot(part: &[Wanted]) -> Option<Slot> {
    let last = part.last()?;
    if last.script != Script::Syllabic {
        return Some(Slot::Term(format!("{END}{}", word(part))));
    }
    Some(match last.exact() {
        Some(character) => Slot::Term(String::from_iter([END, character])),
        None if last.is_initial() => Slot::Term(String::from_iter([Some(END), last.initial()].into_iter().flatten())),
        None => range_after(END, last),
    })
}

fn word(part: &[Wanted]) -> String {
    part.iter().filter_map(Wanted::exact).collect()
}

fn text_plan(reading: &Reading) -> Plan {
    reading.tokens.iter().flat_map(|token| slots(token)).collect()
}

fn similar_plan(reading: &Reading) -> Option<Plan> {
    let (pairs, required) = reading.similar_pairs()?;
    let terms = pairs.into_iter().map(String::from_iter).collect();
    let mut plan = vec![Slot::AtLeast(required, terms)];
    plan.extend(reading.single_parts().flat_map(slots));
    Some(plan)
}

fn typo_plan(reading: &Reading) -> Option<Plan> {
    let mut plan = vec![];
    let mut has_typo = false;
    for part in reading.parts() {
        match typo_word(part) {
            Some(word) => {
                has_typo = true;
                plan.push(Slot::Typo(String::from_iter(word)));
            }
            None => plan.extend(slots(part)),
        }
    }
    has_typo.then_some(plan)
}

/// The slots of a token.
fn slots(token: &[Wanted]) -> Plan {
    let mut plan = vec![];
    let mut word = String::new();
    // Whether a pair with the unit before holds its character already.
    let mut is_covered = false;
    for (position, wanted) in token.iter().enumerate() {
        let next = token.get(position + 1);
        if wanted.script != Script::Syllabic {
            word.extend(wanted.exact());
            match next {
                None => plan.push(prefix(std::mem::take(&mut word))),
                Some(next) if next.starts_word || next.script != wanted.script => {
                    plan.push(Slot::Term(std::mem::take(&mut word)));
                }
                Some(_) => {}
            }
            is_covered = false;
            continue;
        }
        let pair = next
            .filter(|next| next.script == Script::Syllabic)
            .and_then(|next| pair_slot(wanted, next));
        let pair_covers = pair.as_ref().is_some_and(|_| wanted.exact().is_some());
        if !pair_covers && !is_covered {
            plan.extend(single_slot(wanted));
        }
        is_covered = pair_covers;
        plan.extend(pair);
    }
    plan.extend(initials_slots(token));
    plan.dedup();
    plan
}

/// The slots of initial consonants and their neighbors.
fn initials_slots(token: &[Wanted]) -> Plan {
    let mut plan = vec![];
    for run in token.chunk_by(|a, b| a.initial().is_some() && b.initial().is_some()) {
        let window = run.len().min(INITIALS);
        if window < 2 {
            continue;
        }
        for part in run.windows(window).filter(|part| part.iter().any(Wanted::is_initial)) {
            let initials = part.iter().filter_map(Wanted::initial).collect();
            plan.push(if window == INITIALS {
                Slot::Term(initials)
            } else {
                prefix(initials)
            });
        }
    }
    plan
}

/// The words that one inserted, removed, replaced or swapped letter makes. Looking each up is faster than to compare all
/// terms with the word.
pub fn one_typo_away(word: &str) -> impl Iterator<Item = String> {
    let letters: Vec<char> = word.chars().collect();
    let length = letters.len();
    let edit = move |at: usize, removed: usize, inserted: &[char]| {
        let kept = letters[..at]
            .iter()
            .chain(inserted)
            .chain(&letters[(at + removed).min(length)..]);
        kept.collect::<String>()
    };
    let swapped: Vec<[char; 2]> = word.chars().zip(word.chars().skip(1)).map(|(a, b)| [b, a]).collect();
    (0..=length).flat_map(move |at| {
        let inserted = ('a'..='z').map(|letter| edit(at, 0, &[letter]));
        let replaced = ('a'..='z').filter(|_| at < length).map(|letter| edit(at, 1, &[letter]));
        let swapped = swapped.get(at).map(|pair| edit(at, 2, pair));
        let removed = (at < length).then(|| edit(at, 1, &[]));
        inserted
            .chain(replaced)
            .chain(swapped)
            .chain(removed)
            .collect::<Vec<_>>()
    })
}

fn prefix(text: String) -> Slot {
    let last = format!("{text}{}", char::MAX);
    Slot::Range(text, last)
}

fn pair_slot(a: &Wanted, b: &Wanted) -> Option<Slot> {
    match (a.exact(), b.exact()) {
        (Some(a), Some(b)) => Some(Slot::Term(String::from_iter([a, b]))),
        (Some(a), None) if !b.is_initial() => Some(range_after(a, b)),
        // Said by `initials_slots`.
        _ => None,
    }
}

fn single_slot(wanted: &Wanted) -> Option<Slot> {
    match wanted.exact() {
        Some(character) => Some(Slot::Term(character.to_string())),
        // Nearly every text has a syllable with a certain initial.
        None if wanted.is_initial() => None,
        None => Some(Slot::Character(wanted.characters.clone())),
    }
}

fn range_after(before: char, wanted: &Wanted) -> Slot {
    let term = |character: &char| String::from_iter([before, *character]);
    Slot::Range(term(wanted.characters.start()), term(wanted.characters.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(query: &str, tier: Match) -> Vec<Plan> {
        plans(&Parsed::new(query).expect("a short query"), tier, false)
    }

    fn term(text: &str) -> Slot {
        Slot::Term(text.to_owned())
    }

    fn range(first: &str, last: &str) -> Slot {
        Slot::Range(first.to_owned(), last.to_owned())
    }

    #[test]
    fn a_korean_word_is_its_pairs() {
        assert_eq!(plan("콘서트", Match::Text), [[term("콘서"), term("서트")]]);
        assert_eq!(plan("홀", Match::Text), [[term("홀")]]);
    }

    #[test]
    fn the_last_word_of_a_token_is_a_prefix() {
        assert_eq!(
            plan("s24ul", Match::Text),
            [[term("s"), term("24"), range("ul", "ul\u{10FFFF}")]]
        );
    }

    #[test]
    fn markers_make_titles_and_prefixes() {
        assert_eq!(plan("홀", Match::Prefix), [[term("홀"), term("^홀")]]);
        assert_eq!(plan("홀", Match::Title), [[term("홀"), term("^홀"), term("$홀")]]);
    }

    #[test]
    fn initials_are_three_at_a_time() {
        let prefix = |text: &str| range(text, &format!("{text}\u{10FFFF}"));
        assert_eq!(plan("ㅅㅈ", Match::Text), [[prefix("\u{1109}\u{110C}")]]);
        let terms = [term("\u{1109}\u{110C}\u{110F}"), term("\u{110C}\u{110F}\u{1109}")];
        assert_eq!(plan("ㅅㅈㅋㅅ", Match::Text), [terms]);
        assert_eq!(plan("서ㅈ", Match::Text), [[term("서"), prefix("\u{1109}\u{110C}")]]);
        assert_eq!(plan("ㅅ", Match::Title), [[prefix("^\u{1109}"), term("$\u{1109}")]]);
        assert!(plan("ㅅ", Match::Text).is_empty());
        assert_eq!(plan("ㅅ", Match::Prefix), [[prefix("^\u{1109}")]]);
    }

    #[test]
    fn a_half_typed_syllable_is_a_range() {
        assert_eq!(plan("한구", Match::HalfTyped), [[range("한구", "한귛")]]);
        assert_eq!(
            plan("국", Match::HalfTyped),
            [
                vec![Slot::Character('국'..='굯')],
                vec![term("구"), range("\u{1100}\u{1100}", "\u{1100}\u{1100}\u{10FFFF}")]
            ]
        );
    }

    #[test]
    fn words_one_typo_away_differ_by_one_edit() {
        let words: Vec<String> = one_typo_away("jazz").collect();
        for word in ["jaz", "jazzy", "jaxz", "ajzz", "xjazz", "azz"] {
            assert!(words.iter().any(|each| each == word), "{word}");
        }
        assert!(!words.iter().any(|each| each == "jxxz"));
    }

    #[test]
    fn similar_texts_have_most_pairs() {
        let pairs = ["가나", "나다", "다라", "라마"].map(str::to_owned).to_vec();
        assert_eq!(plan("가나다라마", Match::Similar), [[Slot::AtLeast(3, pairs)]]);
        assert!(plan("가나다", Match::Similar).is_empty());
    }
}
