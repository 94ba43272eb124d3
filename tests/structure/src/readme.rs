//! The README's two lists of the functions: the map, and the table.
//!
//! The map is a mermaid block. A function's node there has the folder's name as its id and the class
//! `function`: `checkout["takes stock"]:::function`.
//! The table has a first column called `Function`; each row begins with the folder's name in backticks,
//! linked or not.

/// The functions on the map.
#[must_use]
pub fn on_the_map(readme: &str) -> Vec<String> {
    let blocks = readme
        .split("```mermaid")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let mut functions: Vec<String> = blocks.flat_map(str::lines).flat_map(nodes).collect();
    functions.sort();
    functions.dedup();
    functions
}

/// The functions in the table.
#[must_use]
pub fn in_the_table(readme: &str) -> Vec<String> {
    let header = |line: &&str| line.split('|').nth(1).is_none_or(|cell| cell.trim() != "Function");
    let rows = readme
        .lines()
        .skip_while(header)
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let mut functions: Vec<String> = rows
        .map(|row| row.split('`').nth(1).unwrap_or(row).to_owned())
        .collect();
    functions.sort();
    functions
}

/// The ids of the nodes of class `function` in a line of a flowchart.
fn nodes(line: &str) -> Vec<String> {
    let before = line.match_indices(":::function").map(|(at, _)| line[..at].trim_end());
    before.map(|text| id_at_the_end(without_shape(text))).collect()
}

/// `a --> b(["label"])` is `a --> b`.
fn without_shape(text: &str) -> &str {
    let label = text.trim_end_matches([']', ')', '}']);
    if label == text {
        return text;
    }
    let before_label = match label.strip_suffix('"') {
        Some(quoted) => quoted.rsplit_once('"'),
        None => label.rsplit_once(['[', '(', '{']),
    };
    before_label.map_or(text, |(before, _)| before.trim_end_matches(['[', '(', '{']))
}

fn id_at_the_end(text: &str) -> String {
    let of_id = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text[text.trim_end_matches(of_id).len()..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_found_with_and_without_a_shape_and_a_label() {
        let readme = "```mermaid\nflowchart LR\n  api --> checkout([\"takes (stock)\"]):::function --> table[(orders)]\n  \
                      get-order:::function & list-orders[\"lists\"]:::function\n```\n```\nother:::function\n```";
        assert_eq!(on_the_map(readme), ["checkout", "get-order", "list-orders"]);
    }

    #[test]
    fn a_row_begins_with_a_name_linked_or_not() {
        let readme = "| Route | What |\n|---|---|\n| `x` | y |\n\n| Function | What |\n|---|---|\n\
                      | [`checkout`](functions/orders/checkout) | `z` |\n| `get-order` | |\n\n| `not-a-row` |";
        assert_eq!(in_the_table(readme), ["checkout", "get-order"]);
    }
}
