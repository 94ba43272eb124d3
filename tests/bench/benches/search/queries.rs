//! The queries: parts of the titles that are indexed, and words as people type them.

use search_engine::sample::{self, Random};

/// The queries of a shape.
pub const QUERIES: usize = 2_000;

/// Korean substrings of this many syllables, from the titles of random documents.
pub fn korean(length: usize, documents: u64, seed: u64) -> Vec<String> {
    let mut random = Random::new(seed);
    let mut queries = vec![];
    while queries.len() < QUERIES {
        let number = u64::from(random.below(u32::try_from(documents).unwrap_or(u32::MAX)));
        let title = sample::document(number).titles.swap_remove(0).text;
        let words: Vec<Vec<char>> = title.split(' ').map(|word| word.chars().collect()).collect();
        // A part of one word, so that an engine that sees words has it too.
        let word = &words[random.below(u32::try_from(words.len()).unwrap_or(1)) as usize];
        let is_korean = word.iter().all(|character| ('가'..='힣').contains(character));
        if is_korean && word.len() >= length {
            let start = random.below(u32::try_from(word.len() - length + 1).unwrap_or(1)) as usize;
            queries.push(word[start..start + length].iter().collect());
        }
    }
    queries
}

/// English words and their beginnings.
pub fn english() -> Vec<String> {
    cycle(&["jazz", "night fest", "limit", "ca", "winter gol", "symphony orch", "s"])
}

/// English words with a typo.
pub fn typos() -> Vec<String> {
    cycle(&["jaxz", "festvial", "symphny", "lether", "midnihgt"])
}

/// Korean words with an English one or a number.
pub fn mixed(documents: u64) -> Vec<String> {
    let others = ["jazz", "2026", "live", "studio"];
    let words = korean(2, documents, 7).into_iter().enumerate();
    words
        .map(|(nth, word)| format!("{word} {}", others[nth % others.len()]))
        .collect()
}

/// Initial consonants.
pub fn initials() -> Vec<String> {
    cycle(&["ㅅㅇ", "ㅈㅈㅋㅅㅌ", "ㅋㅅㅌ", "ㅂㅅㅎㅇㄷ"])
}

fn cycle(texts: &[&str]) -> Vec<String> {
    texts.iter().cycle().take(QUERIES).map(ToString::to_string).collect()
}
