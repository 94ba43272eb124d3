//! Writes HTML: escapes text, and converts the Markdown that descriptions use.

/// Text with the characters escaped that mean something in HTML.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// An identifier for `id` and `href`: letters, digits, `.`, `_` and `-`.
pub(super) fn anchor(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    name.chars().map(|c| if is_plain(c) { c } else { '-' }).collect()
}

/// A description: paragraphs and lists, with `code`, **bold** and links in them.
pub(super) fn markdown(text: &str) -> String {
    let mut html = String::new();
    for block in text.split("\n\n").map(str::trim).filter(|block| !block.is_empty()) {
        let items: Vec<&str> = block.split("\n- ").collect();
        match block.strip_prefix("- ") {
            Some(_) => {
                let items = items
                    .iter()
                    .map(|item| format!("<li>{}</li>", inline(item.trim_start_matches("- "))));
                html += &format!("<ul>{}</ul>", items.collect::<String>());
            }
            None => html += &format!("<p>{}</p>", inline(block)),
        }
    }
    html
}

/// Markdown within a line. What has no end is text.
pub(super) fn inline(text: &str) -> String {
    let mut html = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(['`', '*', '[']) {
        let (before, marked) = rest.split_at(start);
        html += &escape(before);
        rest = match element(marked) {
            Some((element, after)) => {
                html += &element;
                after
            }
            None => {
                let (mark, after) = marked.split_at(1);
                html += mark;
                after
            }
        };
    }
    html + &escape(rest)
}

/// The element at the start of `text`, and the text after it.
fn element(text: &str) -> Option<(String, &str)> {
    if let Some(rest) = text.strip_prefix('`') {
        let (code, after) = rest.split_once('`')?;
        return Some((format!("<code>{}</code>", escape(code)), after));
    }
    if let Some(rest) = text.strip_prefix("**") {
        let (bold, after) = rest.split_once("**")?;
        return Some((format!("<strong>{}</strong>", inline(bold)), after));
    }
    let (label, rest) = text.strip_prefix('[')?.split_once("](")?;
    let (address, after) = rest.split_once(')')?;
    let is_link = ["https://", "http://", "#"]
        .iter()
        .any(|start| address.starts_with(start));
    is_link.then(|| (format!("<a href=\"{}\">{}</a>", escape(address), inline(label)), after))
}

/// A domain's or a parameter place's name with a capital.
pub(super) fn capitalized(name: &str) -> String {
    let mut characters = name.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + characters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_becomes_paragraphs_lists_code_and_links() {
        assert_eq!(
            markdown("**Money** is `a < b`.\nMore.\n\n- one\n- [two](https://example.com/?a=1&b)"),
            "<p><strong>Money</strong> is <code>a &lt; b</code>.\nMore.</p>\
             <ul><li>one</li><li><a href=\"https://example.com/?a=1&amp;b\">two</a></li></ul>"
        );
    }

    #[test]
    fn marks_that_do_not_end_and_scripts_stay_text() {
        assert_eq!(inline("2 * 3 ` [x] [y](javascript:z)"), "2 * 3 ` [x] [y](javascript:z)");
        assert_eq!(inline("<script>\"&"), "&lt;script&gt;&quot;&amp;");
        assert_eq!(anchor("urn:a b/<c>"), "urn-a-b--c-");
    }
}
