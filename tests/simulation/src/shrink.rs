//! A violation made small: the shortest run that still has it, and the part of its trace that tells of it.

use std::collections::BTreeSet;

/// The smallest number of operations, `most` at most, with which `fails` says that the run still fails: by halving, for a
/// shorter run is a prefix of a longer one, then by a few steps down, for the end of a run has fates of its own.
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

/// The lines of a trace that tell of what the findings name.
pub fn concerned(trace: &[String], findings: &[String]) -> Vec<String> {
    let named = names(findings);
    let tells = |line: &&String| line.contains("FOUND") || named.iter().any(|name| line.contains(name.as_str()));
    trace.iter().filter(tells).cloned().collect()
}

/// The ids in some text; without any, the products.
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
        let told = concerned(&trace, &[format!("an order: {{\"order_id\":\"{id}\"}}")]);
        assert_eq!(told, [trace[0].clone(), trace[2].clone()]);
        let told = concerned(
            &["1 product-3".to_owned(), "2 product-4".to_owned()],
            &["product-3: gone".to_owned()],
        );
        assert_eq!(told, ["1 product-3"]);
    }
}
