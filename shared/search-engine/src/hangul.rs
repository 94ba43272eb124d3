//! Arithmetic of Hangul syllables: their parts, and the syllables that a half-typed one can become.

use std::ops::RangeInclusive;

const FIRST: u32 = 0xAC00;
const LAST: u32 = 0xD7A3;
/// Syllables with the same initial consonant and vowel: one for each final consonant, and one without.
const FINALS: u32 = 28;
/// Syllables with the same initial consonant.
const PER_INITIAL: u32 = 588;
const FIRST_INITIAL: u32 = 0x1100;
const LAST_INITIAL: u32 = 0x1112;

/// Whether the character is a composed syllable.
pub fn is_syllable(c: char) -> bool {
    (FIRST..=LAST).contains(&u32::from(c))
}

/// Whether the character is an initial consonant that stands alone, in the normalized form (U+1100 to U+1112).
pub fn is_initial(c: char) -> bool {
    (FIRST_INITIAL..=LAST_INITIAL).contains(&u32::from(c))
}

/// The initial consonant (chosung) of a syllable, or the character itself if it is one.
pub fn initial_of(c: char) -> Option<char> {
    if is_initial(c) {
        return Some(c);
    }
    let index = is_syllable(c).then(|| (u32::from(c) - FIRST) / PER_INITIAL)?;
    char::from_u32(FIRST_INITIAL + index)
}

/// All syllables that start with an initial consonant.
pub fn syllables_of(initial: char) -> Option<RangeInclusive<char>> {
    let index = is_initial(initial).then(|| u32::from(initial) - FIRST_INITIAL)?;
    range(FIRST + index * PER_INITIAL, FIRST + (index + 1) * PER_INITIAL - 1)
}

/// The consonants of a normalized consonant that stands alone. Keyboards join two consonants to one, such as ㄱ and ㅅ
/// to ㄳ, which has the code of a final consonant.
pub fn initials(c: char) -> Option<&'static [char]> {
    let split: &[char] = match u32::from(c) {
        0x11A8 => &['\u{1100}'],
        0x11A9 => &['\u{1101}'],
        0x11AA => &['\u{1100}', '\u{1109}'],
        0x11AB => &['\u{1102}'],
        0x11AC => &['\u{1102}', '\u{110C}'],
        0x11AD => &['\u{1102}', '\u{1112}'],
        0x11AE => &['\u{1103}'],
        0x11AF => &['\u{1105}'],
        0x11B0 => &['\u{1105}', '\u{1100}'],
        0x11B1 => &['\u{1105}', '\u{1106}'],
        0x11B2 => &['\u{1105}', '\u{1107}'],
        0x11B3 => &['\u{1105}', '\u{1109}'],
        0x11B4 => &['\u{1105}', '\u{1110}'],
        0x11B5 => &['\u{1105}', '\u{1111}'],
        0x11B6 => &['\u{1105}', '\u{1112}'],
        0x11B7 => &['\u{1106}'],
        0x11B8 => &['\u{1107}'],
        0x11B9 => &['\u{1107}', '\u{1109}'],
        0x11BA => &['\u{1109}'],
        0x11BB => &['\u{110A}'],
        0x11BC => &['\u{110B}'],
        0x11BD => &['\u{110C}'],
        0x11BE => &['\u{110E}'],
        0x11BF => &['\u{110F}'],
        0x11C0 => &['\u{1110}'],
        0x11C1 => &['\u{1111}'],
        0x11C2 => &['\u{1112}'],
        _ => return None,
    };
    Some(split)
}

/// The syllables that a syllable can become with the next keys: 고 becomes 곡 or 과, 달 becomes 닭. They follow each
/// other in Unicode.
pub fn continuations(syllable: char) -> Option<RangeInclusive<char>> {
    let index = is_syllable(syllable).then(|| u32::from(syllable) - FIRST)?;
    let code = u32::from(syllable);
    let more_finals = match index % FINALS {
        0 => {
            let vowel = index / FINALS % (PER_INITIAL / FINALS);
            // ㅗ, ㅜ and ㅡ become ㅘ ㅙ ㅚ, ㅝ ㅞ ㅟ and ㅢ.
            let more_vowels = match vowel {
                8 | 13 => 3,
                18 => 1,
                _ => 0,
            };
            more_vowels * FINALS + FINALS - 1
        }
        // ㄱ becomes ㄲ or ㄳ, ㄴ ㄵ or ㄶ, ㄹ ㄺ to ㅀ, ㅂ ㅄ, ㅅ ㅆ.
        1 | 4 => 2,
        8 => 7,
        17 | 19 => 1,
        _ => 0,
    };
    range(code, code + more_finals)
}

/// The syllable before its last key if that key was a consonant which starts the next syllable: 한국 is also typed on
/// the way to 한구기, so that 국 is 구 and an initial ㄱ; 닭 is 달 and an initial ㄱ.
pub fn moved_final(syllable: char) -> Option<(char, char)> {
    let index = is_syllable(syllable).then(|| u32::from(syllable) - FIRST)?;
    let final_consonant = index % FINALS;
    let consonants = initials(char::from_u32(0x11A7 + final_consonant)?)?;
    let kept = match (consonants, final_consonant) {
        ([_], _) => 0,
        (_, 3) => 1,
        (_, 5 | 6) => 4,
        (_, 9..=15) => 8,
        _ => 17,
    };
    let before = char::from_u32(u32::from(syllable) - final_consonant + kept)?;
    Some((before, *consonants.last()?))
}

fn range(first: u32, last: u32) -> Option<RangeInclusive<char>> {
    Some(char::from_u32(first)?..=char::from_u32(last)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_initial_of_a_syllable_is_its_first_consonant() {
        assert_eq!(initial_of('각'), Some('\u{1100}'));
        assert_eq!(initial_of('힣'), Some('\u{1112}'));
        assert_eq!(initial_of('\u{1109}'), Some('\u{1109}'));
        assert_eq!(initial_of('a'), None);
    }

    #[test]
    fn every_syllable_is_among_those_of_its_initial() {
        for syllable in '가'..='힣' {
            let initial = initial_of(syllable).expect("a syllable has an initial");
            assert!(syllables_of(initial).expect("it has syllables").contains(&syllable));
        }
    }

    #[test]
    fn a_half_typed_syllable_becomes_those_that_the_next_keys_make() {
        assert_eq!(continuations('가'), Some('가'..='갛'));
        assert_eq!(continuations('고'), Some('고'..='굏'));
        assert_eq!(continuations('달'), Some('달'..='닳'));
        assert_eq!(continuations('강'), Some('강'..='강'));
        assert!(continuations('고').expect("a range").contains(&'과'));
        assert!(!continuations('고').expect("a range").contains(&'교'));
        assert_eq!(continuations('a'), None);
    }

    #[test]
    fn a_final_consonant_can_be_the_next_initial() {
        assert_eq!(moved_final('국'), Some(('구', '\u{1100}')));
        assert_eq!(moved_final('닭'), Some(('달', '\u{1100}')));
        assert_eq!(moved_final('값'), Some(('갑', '\u{1109}')));
        assert_eq!(moved_final('앉'), Some(('안', '\u{110C}')));
        assert_eq!(moved_final('구'), None);
    }
}
