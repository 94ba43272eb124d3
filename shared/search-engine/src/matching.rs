//! Whether a document matches a query, how well, and where. The index finds candidates; this decides.

use crate::analyzer::{Script, Unit};
use crate::pattern::{Parsed, Reading, Wanted, find, matches_at};

/// The quality of a document's match, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Match {
    /// The query is a whole title or alias.
    Title,
    /// A title or alias starts with the query.
    Prefix,
    /// The texts contain each word of the query.
    Text,
    /// They do if the last syllable of the query is half-typed.
    HalfTyped,
    /// They contain 70 % of the pairs of syllables.
    Similar,
    /// They do if each word of at least four letters may have one typo.
    Typo,
}

/// The searchable texts of a document.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// Titles and aliases.
    pub titles: Vec<Vec<Unit>>,
    /// Names: brands, performers, venues.
    pub names: Vec<Vec<Unit>>,
}

/// The share of pairs that makes a text similar.
const SIMILAR_PERCENT: usize = 70;
/// Shorter words have no typos: too many words are one letter away.
const MIN_TYPO_LETTERS: usize = 4;

impl Parsed {
    /// The best match of the texts.
    pub fn best_match(&self, texts: &Texts) -> Option<Match> {
        self.written.exact_match(texts).or_else(|| {
            if self
                .continued
                .iter()
                .any(|reading| reading.exact_match(texts).is_some())
            {
                Some(Match::HalfTyped)
            } else if self.written.is_similar(texts) {
                Some(Match::Similar)
            } else {
                self.written.matches_with_typos(texts).then_some(Match::Typo)
            }
        })
    }

    /// The best match of the texts while the query is being typed.
    pub fn best_match_while_typing(&self, texts: &Texts) -> Option<Match> {
        let readings = [&self.written].into_iter().chain(&self.continued);
        readings.filter_map(|reading| reading.exact_match(texts)).min()
    }

    /// The parts of a text that match, as ranges of UTF-16 code units in the original. They are in order and do not
    /// overlap.
    pub fn highlights(&self, text: &[Unit]) -> Vec<(u32, u32)> {
        let readings = || [&self.written].into_iter().chain(&self.continued);
        let tokens = readings().flat_map(|reading| &reading.tokens);
        let mut parts: Vec<(usize, usize)> = tokens
            .filter_map(|token| find(token, text).map(|position| (position, token.len())))
            .collect();
        if parts.is_empty() {
            parts.extend(self.written.similar_parts(text));
        }
        let range = |&(position, length): &(usize, usize)| {
            let part = text.get(position..position + length)?;
            Some((part.first()?.start, part.last()?.end))
        };
        let mut ranges: Vec<(u32, u32)> = parts.iter().filter_map(range).collect();
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = vec![];
        for (start, end) in ranges {
            match merged.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => merged.push((start, end)),
            }
        }
        merged
    }
}

impl Reading {
    /// The best match without tolerance.
    pub fn exact_match(&self, texts: &Texts) -> Option<Match> {
        let whole = self.whole();
        let starting = texts.titles.iter().filter(|title| matches_at(&whole, title, 0));
        let best = starting.map(|title| {
            if title.len() == whole.len() {
                Match::Title
            } else {
                Match::Prefix
            }
        });
        best.min().or_else(|| {
            let all = !self.is_single_initial() && self.tokens.iter().all(|token| contains(texts, token));
            all.then_some(Match::Text)
        })
    }

    /// The pairs of syllables, and how many of them a similar text contains. None if that would be all of them.
    pub fn similar_pairs(&self) -> Option<(Vec<[char; 2]>, usize)> {
        let mut pairs: Vec<[char; 2]> = self.tokens.iter().flat_map(|token| pairs(token)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let required = (pairs.len() * SIMILAR_PERCENT).div_ceil(100);
        (required < pairs.len()).then_some((pairs, required))
    }

    /// The parts of the query that are in no pair. A similar text contains all of them.
    pub fn single_parts(&self) -> impl Iterator<Item = &[Wanted]> {
        let parts = self.tokens.iter().flat_map(|token| parts(token));
        parts.filter(|part| part.len() == 1 && part.iter().all(|only| only.exact().is_some()) || !is_syllabic(part))
    }

    /// The words, and the parts between them.
    pub fn parts(&self) -> impl Iterator<Item = &[Wanted]> {
        self.tokens.iter().flat_map(|token| parts(token))
    }

    fn is_similar(&self, texts: &Texts) -> bool {
        let Some((pairs, required)) = self.similar_pairs() else {
            return false;
        };
        let has = |pair: &&[char; 2]| texts.all().any(|text| position_of_pair(text, **pair).is_some());
        pairs.iter().filter(has).count() >= required && self.single_parts().all(|part| contains(texts, part))
    }

    fn matches_with_typos(&self, texts: &Texts) -> bool {
        let matches = |part: &[Wanted]| {
            contains(texts, part)
                || typo_word(part).is_some_and(|word| texts.all().any(|text| position_of_typo(text, &word).is_some()))
        };
        self.parts().any(|part| typo_word(part).is_some()) && self.parts().all(matches)
    }

    fn similar_parts(&self, text: &[Unit]) -> Vec<(usize, usize)> {
        let pairs = self.tokens.iter().flat_map(|token| pairs(token));
        let pairs = pairs.filter_map(|pair| Some((position_of_pair(text, pair)?, 2)));
        let words = self.parts().filter_map(|part| {
            let exact = find(part, text).filter(|_| !is_syllabic(part));
            exact
                .map(|position| (position, part.len()))
                .or_else(|| position_of_typo(text, &typo_word(part)?))
        });
        pairs.chain(words).collect()
    }
}

impl Texts {
    fn all(&self) -> impl Iterator<Item = &Vec<Unit>> {
        self.titles.iter().chain(&self.names)
    }
}

/// A word of a query that may have a typo.
pub fn typo_word(part: &[Wanted]) -> Option<Vec<char>> {
    let letters: Vec<char> = part.iter().filter_map(Wanted::exact).collect();
    let is_word = letters.len() >= MIN_TYPO_LETTERS && letters.iter().all(char::is_ascii_lowercase);
    is_word.then_some(letters)
}

fn contains(texts: &Texts, token: &[Wanted]) -> bool {
    texts.all().any(|text| find(token, text).is_some())
}

fn is_syllabic(part: &[Wanted]) -> bool {
    part.iter().all(|wanted| wanted.script == Script::Syllabic)
}

/// The parts of a token: runs of syllables, and words.
fn parts(token: &[Wanted]) -> impl Iterator<Item = &[Wanted]> {
    token.chunk_by(|a, b| a.script == b.script && (a.script == Script::Syllabic || !b.starts_word))
}

fn pairs(token: &[Wanted]) -> impl Iterator<Item = [char; 2]> {
    let neighbors = token.windows(2).filter(|pair| is_syllabic(pair));
    neighbors.filter_map(|pair| Some([pair[0].exact()?, pair[1].exact()?]))
}

fn position_of_pair(text: &[Unit], [a, b]: [char; 2]) -> Option<usize> {
    let mut neighbors = text.windows(2);
    neighbors.position(|pair| pair[0].character == a && pair[1].character == b)
}

/// The position and length of the first word with at most one typo.
fn position_of_typo(text: &[Unit], word: &[char]) -> Option<(usize, usize)> {
    let mut position = 0;
    let words = text.chunk_by(|a, b| a.script == b.script && !b.starts_word);
    let mut places = words.map(|found| {
        let place = (position, found.len());
        position += found.len();
        (place, found)
    });
    let (place, _) = places.find(|(_, found)| is_one_typo_away(word, found))?;
    Some(place)
}

/// Whether inserting, removing or replacing one letter, or swapping two, makes the words equal.
fn is_one_typo_away(word: &[char], found: &[Unit]) -> bool {
    let found = |index: usize| found.get(index).map(|unit| unit.character);
    let length = (0..).take_while(|&index| found(index).is_some()).count();
    let same = word
        .iter()
        .enumerate()
        .take_while(|&(index, &c)| found(index) == Some(c))
        .count();
    let rest_equals = |from: usize, of_found: usize| {
        word.len() - from.min(word.len()) == length - of_found.min(length)
            && (from..word.len())
                .zip(of_found..length)
                .all(|(a, b)| found(b) == Some(word[a]))
    };
    let swapped =
        || same + 1 < word.len() && found(same) == Some(word[same + 1]) && found(same + 1) == Some(word[same]);
    match (word.len(), length) {
        (a, b) if a == b => {
            same == a || rest_equals(same + 1, same + 1) || (swapped() && rest_equals(same + 2, same + 2))
        }
        (a, b) if a == b + 1 => rest_equals(same + 1, same),
        (a, b) if a + 1 == b => rest_equals(same, same + 1),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyzer::units;

    fn texts(titles: &[&str]) -> Texts {
        Texts {
            titles: titles.iter().map(|title| units(title)).collect(),
            names: vec![units("블루노트")],
        }
    }

    fn best(query: &str, title: &str) -> Option<Match> {
        Parsed::new(query).expect("a short query").best_match(&texts(&[title]))
    }

    #[test]
    fn a_whole_title_is_better_than_its_start_and_that_than_a_part() {
        assert_eq!(best("서울재즈 페스타", "서울 재즈페스타"), Some(Match::Title));
        assert_eq!(best("서울재즈", "서울 재즈페스타"), Some(Match::Prefix));
        assert_eq!(best("페스타 서울", "서울 재즈페스타"), Some(Match::Text));
        assert_eq!(best("블루노트 재즈", "서울 재즈페스타"), Some(Match::Text));
    }

    #[test]
    fn near_misses_match_in_the_order_of_their_tiers() {
        assert_eq!(best("재즈페", "서울 재즈펜션"), Some(Match::HalfTyped));
        assert_eq!(best("서울재즈패스타", "서울재즈페스타"), None);
        assert_eq!(best("대한민국서울재즈", "대한민국서울째즈"), Some(Match::Similar));
        assert_eq!(best("festvial", "Seoul Jazz Festival"), Some(Match::Typo));
        assert_eq!(best("jaz", "Seoul Jass Festival"), None);
    }

    #[test]
    fn one_typo_is_an_insertion_a_deletion_a_replacement_or_a_swap() {
        let away = |a: &str, b: &str| is_one_typo_away(&a.chars().collect::<Vec<_>>(), &units(b));
        for word in [
            "night", "nigh", "nights", "nighs", "nigth", "ngiht", "inght", "xnight", "nig", "nihgst", "thgin",
        ] {
            let expected = !["nig", "nihgst", "thgin"].contains(&word);
            assert_eq!(away(word, "night"), expected, "{word}");
            assert_eq!(away("night", word), expected, "{word}");
        }
    }

    #[test]
    fn highlights_are_ranges_of_the_original() {
        let text = "서울 재즈 Festival";
        let marked = |query: &str| Parsed::new(query).expect("a short query").highlights(&units(text));
        assert_eq!(marked("서울재"), [(0, 4)]);
        assert_eq!(marked("fes 재즈"), [(3, 5), (6, 9)]);
        assert_eq!(marked("ㅈㅈ"), [(3, 5)]);
        assert_eq!(marked("festvial"), [(6, 14)]);
        assert_eq!(marked("부산"), []);
    }
}
