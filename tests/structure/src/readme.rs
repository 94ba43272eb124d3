//! Reads the links, headings and table rows of a Markdown document.

/// The names in the first column of every table with `column` as its first header, in the document's order.
///
/// The name is the text in backticks, with or without a link: ``| [`checkout`](src/checkout.rs) | … |``. Without
/// backticks, the name is the whole cell.
#[must_use]
pub fn names_in_tables<'a>(document: &'a str, column: &str) -> Vec<&'a str> {
    let mut names = Vec::new();
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        if first_cell(line) == Some(column) {
            // The line after the header is the delimiter row.
            names.extend(lines.by_ref().skip(1).map_while(first_cell).map(name));
        }
    }
    names
}

/// A link to a file of the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link<'a> {
    /// The path from the document's folder. Empty for the document itself.
    pub path: &'a str,
    /// The heading after `#`, as a slug.
    pub heading: Option<&'a str>,
}

/// The document's links, without links to the web and without code blocks.
#[must_use]
pub fn links(document: &str) -> Vec<Link<'_>> {
    lines_outside_code(document)
        .flat_map(|line| line.split("](").skip(1))
        .filter_map(|rest| rest.split_once(')'))
        .filter_map(|(target, _)| target.split_whitespace().next())
        .filter(|target| !target.contains(':'))
        .map(|target| match target.split_once('#') {
            Some((path, heading)) => Link {
                path,
                heading: Some(heading),
            },
            None => Link {
                path: target,
                heading: None,
            },
        })
        .collect()
}

/// The slugs of the document's headings: `## A bid's end` is `a-bids-end`.
#[must_use]
pub fn headings(document: &str) -> Vec<String> {
    let titles = lines_outside_code(document).filter_map(|line| {
        line.trim_start_matches('#')
            .strip_prefix(' ')
            .filter(|_| line.starts_with('#'))
    });
    titles.map(slug).collect()
}

fn slug(title: &str) -> String {
    let kept = title
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() })
        .collect()
}

/// The lines outside code blocks.
fn lines_outside_code(document: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    document.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

fn first_cell(line: &str) -> Option<&str> {
    let cell = line.strip_prefix('|')?.split('|').next()?;
    Some(cell.trim())
}

fn name(cell: &str) -> &str {
    cell.split('`').nth(1).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "\
| Route | What |
|---|---|
| `x` | y |

| Function | What |
|---|---|
| [`checkout`](src/checkout.rs) | `z`, see [the API](../api.md#orders \"title\") |
| `get-order` | |
| plain | |

| `not-a-row` |

```sh
echo [no](link.md)
```
[the web](https://example.com), [here](#above), ![a picture](map.png), [two](a.md)[three](b/).";

    #[test]
    fn a_name_may_be_a_link() {
        assert_eq!(
            names_in_tables(DOCUMENT, "Function"),
            ["checkout", "get-order", "plain"]
        );
    }

    #[test]
    fn all_tables_with_the_column_are_read() {
        let twice = "| A |\n|---|\n| `one` |\n\n| A |\n|---|\n| `two` |\n";
        assert_eq!(names_in_tables(twice, "A"), ["one", "two"]);
    }

    #[test]
    fn links_to_the_web_and_in_code_are_skipped() {
        let links = links(DOCUMENT);
        let paths: Vec<&str> = links.iter().map(|link| link.path).collect();
        assert_eq!(paths, ["src/checkout.rs", "../api.md", "", "map.png", "a.md", "b/"]);
        assert_eq!(links[1].heading, Some("orders"));
        assert_eq!(links[2].heading, Some("above"));
        assert_eq!(links[4].heading, None);
    }

    #[test]
    fn a_heading_becomes_a_slug() {
        let document =
            "# `checkout`\n\ntext # no heading\n\n## A bid's end\n```sh\n# a comment\n```\n### Kept, 30 days\n";
        assert_eq!(headings(document), ["checkout", "a-bids-end", "kept-30-days"]);
    }
}
