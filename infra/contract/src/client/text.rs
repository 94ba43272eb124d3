//! Names, literals and comments in TypeScript.

use yaml_serde::Value;

/// A comment of the lines of `text`, or nothing without text.
pub(super) fn comment(text: &str, indent: usize) -> String {
    let space = " ".repeat(indent);
    let text = text.trim().replace("*/", "*\\/");
    match text.lines().collect::<Vec<_>>().as_slice() {
        [] => String::new(),
        [line] => format!("{space}/** {line} */\n"),
        lines => {
            let lines = lines
                .iter()
                .map(|line| format!("{space} * {line}").trim_end().to_owned() + "\n");
            format!("{space}/**\n{}{space} */\n", lines.collect::<String>())
        }
    }
}

/// A member of an object's type.
pub(super) struct Member {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) is_required: bool,
    /// The type, written at the indentation of the member.
    pub(super) type_name: String,
}

/// The type of an object with these members, each on lines of its own.
pub(super) fn object(members: impl IntoIterator<Item = Member>, indent: usize) -> String {
    let inner = indent + 2;
    let members = members.into_iter().map(|found| {
        format!(
            "{}{:inner$}{}{}: {};\n",
            comment(&found.description, inner),
            "",
            member(&found.name),
            if found.is_required { "" } else { "?" },
            found.type_name
        )
    });
    let members: String = members.collect();
    if members.is_empty() {
        "{}".to_owned()
    } else {
        format!("{{\n{members}{:indent$}}}", "")
    }
}

/// A value as a literal.
pub(super) fn literal(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// The name of a member, in quotes if it needs them.
pub(super) fn member(name: &str) -> String {
    let begins = name.starts_with(|first: char| first.is_ascii_alphabetic() || "_$".contains(first));
    if begins
        && name
            .chars()
            .all(|char| char.is_ascii_alphanumeric() || "_$".contains(char))
    {
        name.to_owned()
    } else {
        format!("{name:?}")
    }
}

/// `get-product` and `Get-Product` as `getProduct`. The runtime names headers by the same rule.
pub(super) fn camel_case(name: &str) -> String {
    let mut words = name.split('-').map(str::to_lowercase);
    let first = words.next().unwrap_or_default();
    first + &words.map(|word| upper_first(&word)).collect::<String>()
}

/// `get-product` as `GetProduct`.
pub(super) fn pascal_case(name: &str) -> String {
    upper_first(&camel_case(name))
}

fn upper_first(word: &str) -> String {
    let (first, rest) = word.split_at(word.len().min(1));
    first.to_uppercase() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_end_its_comment() {
        assert_eq!(comment("a */ b", 2), "  /** a *\\/ b */\n");
        assert_eq!(comment("a\n\nb */", 0), "/**\n * a\n *\n * b *\\/\n */\n");
        assert_eq!(comment(" \n", 0), "");
    }

    #[test]
    fn a_name_is_quoted_when_it_must_be() {
        for (name, expected) in [
            ("sku", "sku"),
            ("_at$1", "_at$1"),
            ("1a", "\"1a\""),
            ("a-b", "\"a-b\""),
            ("", "\"\""),
        ] {
            assert_eq!(member(name), expected);
        }
    }

    #[test]
    fn names_are_in_camel_case() {
        assert_eq!(camel_case("ETag"), "etag");
        assert_eq!(camel_case("If-None-Match"), "ifNoneMatch");
        assert_eq!(pascal_case("list-orders"), "ListOrders");
    }
}
