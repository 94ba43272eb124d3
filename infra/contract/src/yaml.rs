//! Writes YAML. What fits on a line is on one line, so that the document stays short enough to read and to review.

use yaml_serde::{Mapping, Value};

/// The most characters of a line that joins several values.
const WIDTH: usize = 120;

/// The member whose value is on one line of any length: `infra/examples.json` has the same value on several.
const EXAMPLE: &str = "example";

/// A document, whose root is a mapping.
pub(crate) fn text(document: &Value) -> String {
    let mut text = String::new();
    if let Value::Mapping(document) = document {
        mapping(document, 0, &mut text);
    }
    text
}

/// Writes the entries of a mapping, each on lines of its own.
fn mapping(entries: &Mapping, indent: usize, text: &mut String) {
    for (key, value) in entries {
        let key = scalar(key, true);
        *text += &format!("{:indent$}{key}:", "");
        let width = match key.as_str() {
            EXAMPLE => usize::MAX,
            _ => WIDTH.saturating_sub(indent + key.chars().count() + 2),
        };
        entry(value, indent, width, text);
    }
}

/// Writes a value after its key, where a line has `width` characters left.
fn entry(value: &Value, indent: usize, width: usize, text: &mut String) {
    match value {
        Value::String(lines) if is_literal(lines) => {
            *text += " |-\n";
            for line in lines.lines() {
                let line = format!("{:1$}{line}", "", indent + 2);
                *text += &format!("{}\n", line.trim_end());
            }
        }
        _ => match (inline(value, width), value) {
            (Some(line), _) => *text += &format!(" {line}\n"),
            (None, Value::Mapping(entries)) => {
                text.push('\n');
                mapping(entries, indent + 2, text);
            }
            (None, Value::Sequence(items)) => {
                text.push('\n');
                sequence(items, indent, text);
            }
            (None, value) => *text += &format!(" {}\n", scalar(value, false)),
        },
    }
}

/// Writes the items of a sequence, each on lines of its own.
fn sequence(items: &[Value], indent: usize, text: &mut String) {
    for item in items {
        let mut lines = String::new();
        match (inline(item, WIDTH.saturating_sub(indent + 2)), item) {
            (Some(line), _) => lines = format!("{line}\n"),
            (None, Value::Mapping(entries)) => mapping(entries, indent + 2, &mut lines),
            (None, Value::Sequence(items)) => sequence(items, indent + 2, &mut lines),
            (None, item) => lines = format!("{}\n", scalar(item, false)),
        }
        *text += &format!("{:indent$}- {}", "", lines.trim_start());
    }
}

/// The value on one line of at most `width` characters.
fn inline(value: &Value, width: usize) -> Option<String> {
    let line = match value {
        Value::Mapping(entries) => {
            let mut parts = vec![];
            for (key, value) in entries {
                parts.push(format!("{}: {}", scalar(key, true), inline(value, width)?));
            }
            if parts.is_empty() {
                "{}".to_owned()
            } else {
                format!("{{ {} }}", parts.join(", "))
            }
        }
        Value::Sequence(items) => {
            let parts: Option<Vec<String>> = items.iter().map(|item| inline(item, width)).collect();
            format!("[{}]", parts?.join(", "))
        }
        Value::String(lines) if is_literal(lines) => return None,
        value => scalar(value, true),
    };
    (line.chars().count() <= width).then_some(line)
}

/// Whether a text is written as lines. A text that begins or ends with white space is quoted instead.
fn is_literal(text: &str) -> bool {
    text.contains('\n') && text.trim() == text && text.lines().all(|line| line.chars().all(|char| !char.is_control()))
}

/// A value without parts. `in_flow`: also within `{}` and `[]`.
fn scalar(value: &Value, in_flow: bool) -> String {
    match value {
        Value::String(text) if is_plain(text, in_flow) => text.clone(),
        Value::String(text) if text.chars().all(|char| !char.is_control()) => format!("'{}'", text.replace('\'', "''")),
        // JSON is YAML.
        value => serde_json::to_string(value).unwrap_or_default(),
    }
}

/// Whether a text needs no quotes: YAML 1.1 and 1.2 read it as the same text.
fn is_plain(text: &str, in_flow: bool) -> bool {
    const WORDS: [&str; 10] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan"];
    let begins = text.starts_with(|first: char| first.is_ascii_alphabetic() || "$/".contains(first));
    let ends = text.ends_with(|last: char| !last.is_whitespace());
    let punctuation = if in_flow { "" } else { ",[]{}" };
    let is_safe = |char: char| char.is_alphanumeric() || " _-./$()'`;+=*|".contains(char) || punctuation.contains(char);
    begins && ends && text.chars().all(is_safe) && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_back(yaml: &str) {
        let value: Value = yaml_serde::from_str(yaml).unwrap();
        let written = text(&value);
        assert_eq!(yaml_serde::from_str::<Value>(&written).unwrap(), value, "{written}");
    }

    #[test]
    fn a_text_is_quoted_when_yaml_would_read_something_else() {
        for text in [
            "no",
            "True",
            "null",
            "~",
            "1",
            "1.5",
            "0x1f",
            "1:30",
            "2026-01-01",
            "2026-01-01T00:00:00Z",
            "",
            " a",
            "a ",
            "a: b",
            "a #b",
            "#b",
            "- a",
            "?",
            "*a",
            "&a",
            "!a",
            "`a`",
            "%a",
            "@a",
            "it's",
            "'a'",
            "\"a\"",
            "a\\d",
            "[a]",
            "{a}",
            "a, b",
            "a\tb",
            "a\n",
            "\na",
            "a\n\n  b",
            "a\nb: c",
            "한국어, \u{1f35c}",
            "|",
            ">",
            "---",
            "...",
        ] {
            let value = yaml_serde::to_value(
                [("key", text), (text, "value")]
                    .into_iter()
                    .collect::<std::collections::BTreeMap<_, _>>(),
            )
            .unwrap();
            let list = yaml_serde::to_value(std::collections::BTreeMap::from([(
                "key",
                vec![text, &"long ".repeat(40)],
            )]))
            .unwrap();
            for value in [value, list] {
                let written = super::text(&value);
                assert_eq!(yaml_serde::from_str::<Value>(&written).unwrap(), value, "{written}");
            }
        }
    }

    #[test]
    fn what_fits_on_a_line_is_on_one_line() {
        let value: Value = yaml_serde::from_str("a:\n  b: [1, 2]\n  c:\n    d: x\n").unwrap();
        assert_eq!(text(&value), "a: { b: [1, 2], c: { d: x } }\n");
    }

    #[test]
    fn an_example_is_on_one_line_of_any_length() {
        let long = "word ".repeat(40);
        let value: Value = yaml_serde::from_str(&format!("example: {{ a: [{long}], b: {{ c: {long} }} }}")).unwrap();
        assert_eq!(text(&value).lines().count(), 1);
    }

    #[test]
    fn nested_values_are_read_back() {
        let long = "word ".repeat(40);
        read_back(&format!(
            "a:\n- b: {long}\n  c:\n  - - {long}\n    - d\n  - e: {{}}\n    f: []\n- |-\n  one\n\n  two\n- ~\n"
        ));
    }
}
