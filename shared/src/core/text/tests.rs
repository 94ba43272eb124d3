//! Tests of texts: scripts and emoji that are accepted, invisible characters that are not.

use proptest::prelude::*;

use super::*;

fn line(text: &str) -> Result<String, InvalidText> {
    DisplayText::line(text, 200).map(String::from)
}

fn forbidden(text: &str) -> Option<char> {
    match line(text) {
        Err(InvalidText::Forbidden { character, .. }) => Some(character),
        _ => None,
    }
}

#[test]
fn names_in_the_worlds_scripts_and_emoji_are_accepted() {
    for name in [
        "Green tea, 100 g",
        "녹차 100g",
        "茶\u{3000}葉",
        "Crème brûlée №5 – 50 % off!",
        "Ελληνικός καφές",
        "עוגת גבינה",
        "شاي أخضر",
        "ชาเขียว",
        "ကော်ဖီ",
        // Persian: "I want", "gift card", "user-friendly".
        "می\u{200C}خواهم",
        "کارت\u{200C}هدیه",
        "کاربر\u{200C}پسند",
        // Hindi half form and explicit virama, Bengali, Malayalam chillu, Sinhala "Sri".
        "क्\u{200D}ष",
        "क्\u{200C}ष",
        "র্\u{200D}যা",
        "ന്\u{200D}",
        "ශ්\u{200D}රී ලංකා",
        "☕ Kaffee",
        "❤\u{FE0F} tea",
        "#\u{FE0F}\u{20E3} 1\u{FE0F}\u{20E3}",
        // A family, a technician with a skin tone, a heart on fire, the flags of Korea and Scotland.
        "👨\u{200D}👩\u{200D}👧\u{200D}👦",
        "👩🏽\u{200D}💻",
        "❤\u{FE0F}\u{200D}🔥",
        "🇰🇷",
        "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F} whisky",
        // A Japanese place name with an ideographic variant, a Mongolian word with a variant letter.
        "葛\u{E0100}城市",
        "ᠭᠠ\u{180B}ᠷ",
    ] {
        assert_eq!(line(name).as_deref(), Ok(name), "{}", name.escape_unicode());
    }
}

#[test]
fn characters_that_are_not_seen_are_refused_anywhere_in_a_name() {
    let refused = [
        // Control characters, line and paragraph separators.
        '\0',
        '\t',
        '\n',
        '\r',
        '\u{1B}',
        '\u{7F}',
        '\u{85}',
        '\u{2028}',
        '\u{2029}',
        // Marks, embeddings, overrides and isolates of the bidirectional algorithm.
        '\u{61C}',
        '\u{200E}',
        '\u{200F}',
        '\u{202A}',
        '\u{202B}',
        '\u{202C}',
        '\u{202D}',
        '\u{202E}',
        '\u{2066}',
        '\u{2067}',
        '\u{2068}',
        '\u{2069}',
        // Zero-width characters and other ignorable ones.
        '\u{AD}',
        '\u{34F}',
        '\u{200B}',
        '\u{200C}',
        '\u{200D}',
        '\u{2060}',
        '\u{2061}',
        '\u{206A}',
        '\u{FEFF}',
        '\u{180E}',
        '\u{17B4}',
        '\u{1D173}',
        '\u{FE0F}',
        '\u{FE00}',
        '\u{E0100}',
        '\u{E0001}',
        '\u{E0067}',
        // Hangul fillers, which make names that look empty.
        '\u{115F}',
        '\u{1160}',
        '\u{3164}',
        '\u{FFA0}',
        // Interlinear annotations, private use, noncharacters.
        '\u{FFF9}',
        '\u{FFFB}',
        '\u{E000}',
        '\u{F0000}',
        '\u{FDD0}',
        '\u{FFFE}',
        '\u{10FFFF}',
    ];
    for character in refused {
        for name in [
            format!("te{character}a"),
            format!("t{character}{character}ea"),
            format!("x{character}y"),
        ] {
            assert_eq!(forbidden(&name), Some(character), "{}", name.escape_unicode());
        }
    }
}

#[test]
fn joiners_and_selectors_are_refused_where_nothing_needs_them() {
    for name in [
        // Between Latin letters, Hangul, digits, and an emoji and a letter.
        "te\u{200D}a",
        "te\u{200C}a",
        "녹\u{200D}차",
        "1\u{200D}2",
        "👨\u{200D}x",
        "x\u{200D}👨",
        // At the ends of a word, or twice.
        "می\u{200C}",
        "\u{200C}می",
        "می\u{200C}\u{200C}خواهم",
        "می\u{200C} خواهم",
        "👨\u{200D}\u{200D}👩",
        "क्\u{200D}\u{200D}ष",
        // Selectors that hide data.
        "❤\u{FE0F}\u{FE0F}",
        "a\u{FE0F}",
        "1\u{FE0F}",
        "葛\u{E0100}\u{E0101}",
        "a\u{E0100}",
        "g\u{180B}",
        // Tags that hide data.
        "🏴\u{E0068}\u{E0069}\u{E007F}",
        "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}",
        "x\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
    ] {
        assert!(forbidden(name).is_some(), "{}", name.escape_unicode());
    }
}

#[test]
fn a_name_with_no_visible_character_is_blank() {
    for name in ["", " ", "\u{A0}\u{3000}", "\u{2800}", "\u{301}", " \u{2800}\u{301} "] {
        assert_eq!(line(name), Err(InvalidText::Blank), "{}", name.escape_unicode());
    }
}

#[test]
fn a_text_is_trimmed_and_composed() {
    assert_eq!(line("  Green tea \u{3000}").as_deref(), Ok("Green tea"));
    // Hangul and Latin as macOS writes file names.
    assert_eq!(line("\u{1102}\u{1169}\u{11A8}\u{110E}\u{1161}").as_deref(), Ok("녹차"));
    assert_eq!(line("Cafe\u{301}").as_deref(), Ok("Café"));
}

#[test]
fn the_length_counts_composed_characters() {
    assert!(line(&"차".repeat(200)).is_ok());
    assert_eq!(line(&"차".repeat(201)), Err(InvalidText::TooLong { max: 200 }));
    assert!(line(&"e\u{301}".repeat(200)).is_ok());
    assert!(line(&format!(" {} ", "x".repeat(200))).is_ok());
}

#[test]
fn only_a_text_of_lines_has_line_breaks() {
    let lines = |text| DisplayText::lines(text, 200).map(String::from);
    assert_eq!(lines("broken\r\nrefunded\n").as_deref(), Ok("broken\nrefunded"));
    assert!(lines("broken\rrefunded").is_err());
    assert!(lines("broken\u{2028}refunded").is_err());
    assert!(line("broken\nrefunded").is_err());
}

#[test]
fn an_error_names_the_character_without_repeating_it() {
    let error = line("tea\u{202E}").unwrap_err();
    assert_eq!(error.to_string(), "its character 4, U+202E, is not allowed there");
    assert_eq!(
        error.in_field("note").detail,
        "note: its character 4, U+202E, is not allowed there."
    );
}

/// Characters of all kinds, many of them invisible.
fn any_text() -> impl Strategy<Value = String> {
    let special = "\u{200C}\u{200D}\u{200B}\u{202E}\u{FE0F}\u{E0067}\u{E007F}🏴👨♀कि्ᠭ葛می\n\t\u{301}\u{1161} a1#";
    let special: Vec<char> = special.chars().collect();
    let character = prop_oneof![3 => prop::sample::select(special), 1 => any::<char>()];
    prop::collection::vec(character, 0..30).prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn an_accepted_text_is_accepted_again_unchanged(text in any_text()) {
        if let Ok(accepted) = line(&text) {
            prop_assert_eq!(line(&accepted), Ok(accepted));
        }
    }

    #[test]
    fn an_accepted_name_has_no_control_character_no_bidirectional_control_and_no_lone_joiner(text in any_text()) {
        use icu_properties::CodePointSetData;
        use icu_properties::props::BidiControl;
        if let Ok(accepted) = line(&text) {
            let bidi = CodePointSetData::new::<BidiControl>();
            prop_assert!(accepted.chars().all(|character| !character.is_control() && !bidi.contains(character)));
            prop_assert!(!accepted.starts_with(invisible::is_invisible));
            // At the end only a virama needs it.
            let before_joiner = accepted.strip_suffix('\u{200C}');
            prop_assert!(before_joiner.is_none_or(|text| text.ends_with(invisible::is_virama)));
            prop_assert!(accepted.chars().any(|character| !character.is_whitespace()));
        }
    }

    #[test]
    fn a_name_with_an_override_anywhere_is_refused(name in "[a-z가-힣]{1,20}", at in 0..20usize) {
        let mut name: Vec<char> = name.chars().collect();
        name.insert(at.min(name.len()), '\u{202E}');
        let refused = forbidden(&String::from_iter(name)) == Some('\u{202E}');
        prop_assert!(refused);
    }
}
