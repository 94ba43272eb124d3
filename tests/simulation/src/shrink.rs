//! Shrinks a violation: finds the shortest run that has it, and the part of its trace about the entities concerned.

use std::collections::BTreeSet;

/// Returns the smallest number of operations, up to `most`, for which `fails` is true. Bisects, since a shorter run is
/// a prefix of a longer one, and then tries a few smaller numbers, since the end of a run depends on its length.
pub fn shortest(most: u64, mut fails: impl FnMut(u64) -> bool) -> u64 {
    let (mut passes, mut failing) = (0, most);
    while failing - passes > 1 {
        let middle = u64::midpoint(passes, failing);
        if fails(middle) {
            failing = middle;
        } else {
            passes = middle;
        }
    }
    for shorter in (1..failing).rev().take(8) {
        if fails(shorter) {
            failing = shorter;
        }
    }
    failing
}

/// Returns the lines of a trace that name the entities in the findings.
pub fn concerned(trace: &[String], findings: &[String]) -> Vec<String> {
    let named = names(findings);
    let is_concerned = |line: &&String| line.contains("FOUND") || named.iter().any(|name| line.contains(name.as_str()));
    trace.iter().filter(is_concerned).cloned().collect()
}

/// Returns the ids in the findings, or the products and traders if there are none.
fn names(findings: &[String]) -> BTreeSet<String> {
    let words = || {
        findings
            .iter()
            .flat_map(|text| text.split(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c))))
    };
    let is_id = |word: &&str| word.len() == 36 && word.matches('-').count() == 4;
    let ids: BTreeSet<String> = words().filter(is_id).map(str::to_owned).collect();
    if !ids.is_empty() {
        return ids;
    }
    words()
        .filter(|word| word.starts_with("product-") || word.starts_with("trader-"))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_failing_run_is_found() {
        for first in [1, 2, 37, 800, 1_000] {
            assert_eq!(shortest(1_000, |operations| operations >= first), first);
        }
    }

    #[test]
    fn a_trace_is_cut_to_what_the_findings_name() {
        let id = "0c2b5c5e-5a5f-8c3e-9d7b-1f2e3d4c5b6a";
        let trace = [
            format!("1 put {id}"),
            "2 put another".to_owned(),
            "3 FOUND it".to_owned(),
        ];
        let lines = concerned(&trace, &[format!("an order: {{\"order_id\":\"{id}\"}}")]);
        assert_eq!(lines, [trace[0].clone(), trace[2].clone()]);
        let lines = concerned(
            &["1 product-3".to_owned(), "2 product-4".to_owned()],
            &["product-3: gone".to_owned()],
        );
        assert_eq!(lines, ["1 product-3"]);
    }
}
