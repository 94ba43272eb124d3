//! Normalization with a memory of where each character comes from.

use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

const COMPOSE: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfkc();
const DECOMPOSE: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizerBorrowed::new_nfkd();
const COMBINING_CLASS: CanonicalCombiningClassMapBorrowed<'static> = CanonicalCombiningClassMapBorrowed::new();

/// A character of the normalized text, and the UTF-16 code units of the original that it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Normalized {
    /// In compatibility-composed form (NFKC), lower case, and without accents on Latin letters.
    pub character: char,
    /// The index of the character's first UTF-16 code unit in the original.
    pub start: u32,
    /// The code unit after its last one.
    pub end: u32,
}

/// Calls `emit` with each character of the normalized text.
pub fn normalize(text: &str, mut emit: impl FnMut(Normalized)) {
    let mut rest = text;
    let mut start = 0;
    while let Some(first) = rest.chars().next() {
        let cluster = cluster(rest, first);
        let end = start + cluster.chars().map(|c| c.len_utf16() as u32).sum::<u32>();
        if cluster.len() == first.len_utf8() && is_simple(first) {
            let character = first.to_ascii_lowercase();
            emit(Normalized { character, start, end });
        } else {
            for character in COMPOSE.normalize(cluster).chars().flat_map(char::to_lowercase) {
                let character = without_accent(character);
                emit(Normalized { character, start, end });
            }
        }
        rest = &rest[cluster.len()..];
        start = end;
    }
}

/// The first character with those after it that combine with it: accents, and the letters of a decomposed syllable.
fn cluster(text: &str, first: char) -> &str {
    let mut end = first.len_utf8();
    for next in text[end..].chars() {
        if never_combines(next) || !combines(&text[..end], next) {
            break;
        }
        end += next.len_utf8();
    }
    &text[..end]
}

fn combines(before: &str, next: char) -> bool {
    if COMBINING_CLASS.get_u8(next) != 0 {
        return true;
    }
    let mut together = String::with_capacity(before.len() + next.len_utf8());
    together.push_str(before);
    together.push(next);
    let mut apart = COMPOSE.normalize(before).into_owned();
    apart.push_str(&COMPOSE.normalize(next.encode_utf8(&mut [0; 4])));
    COMPOSE.normalize(&together) != apart
}

/// Whether the character is its own normalized form, except for the case of ASCII letters.
fn is_simple(c: char) -> bool {
    c.is_ascii() || crate::hangul::is_syllable(c)
}

/// Whether the character starts something new after any other. Only for speed: most characters are of these.
fn never_combines(c: char) -> bool {
    u32::from(c) < 0x300 || crate::hangul::is_syllable(c) || ('\u{4E00}'..='\u{9FFF}').contains(&c)
}

/// The letter under the accents, if it is a letter of ASCII.
fn without_accent(c: char) -> char {
    // No other blocks have such letters: Latin up to U+024F, and Latin Extended Additional.
    if !('\u{C0}'..='\u{24F}').contains(&c) && !('\u{1E00}'..='\u{1EFF}').contains(&c) {
        return c;
    }
    let decomposed = DECOMPOSE.normalize_iter(std::iter::once(c)).next();
    decomposed.filter(char::is_ascii_alphabetic).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn normalized(text: &str) -> String {
        let mut out = String::new();
        normalize(text, |each| out.push(each.character));
        out
    }

    #[test]
    fn decomposed_hangul_equals_composed_hangul() {
        let decomposed: String = DECOMPOSE.normalize("서울 재즈").into_owned();
        assert_ne!(decomposed, "서울 재즈");
        assert_eq!(normalized(&decomposed), "서울 재즈");
    }

    #[test]
    fn widths_cases_and_accents_do_not_matter() {
        assert_eq!(normalized("ＡＢＣ Beyoncé ㎏ ﾌﾞ"), "abc beyonce kg ブ");
    }

    #[test]
    fn each_character_knows_where_it_comes_from() {
        let mut ranges = vec![];
        normalize("😀e\u{301}㎏", |each| {
            ranges.push((each.character, each.start, each.end))
        });
        assert_eq!(ranges, [('😀', 0, 2), ('e', 2, 4), ('k', 4, 5), ('g', 4, 5)]);
    }

    proptest! {
        #[test]
        fn canonically_equal_texts_are_equal_after_normalization(text in "\\PC{0,40}") {
            let composed = ComposingNormalizerBorrowed::new_nfc().normalize(&text).into_owned();
            let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize(&text).into_owned();
            prop_assert_eq!(normalized(&composed), normalized(&decomposed));
        }

        #[test]
        fn ranges_follow_each_other_and_cover_the_text(text in "\\PC{0,40}") {
            let mut last = 0;
            normalize(&text, |each| {
                assert!(each.start <= last && each.end >= last && each.start < each.end);
                last = each.end;
            });
            prop_assert!(last as usize <= text.encode_utf16().count());
        }
    }
}
