//! The registry lists every action and every reason.

use std::collections::BTreeSet;

use structure::repository;

#[test]
fn each_domain_lists_exactly_the_actions_that_have_a_main() {
    let listed: BTreeSet<(String, String)> = registry::DOMAINS
        .iter()
        .flat_map(|domain| {
            let name = |action: &shared::aws::lambda::action::Action| (domain.name.to_owned(), action.name.to_owned());
            domain.actions.iter().map(name)
        })
        .collect();
    let built: BTreeSet<(String, String)> = repository::functions()
        .into_iter()
        .map(|function| (function.domain, function.action))
        .collect();
    assert_eq!(
        listed, built,
        "list each action in its domain's lib.rs, and each domain in infra/registry"
    );
}

#[test]
fn each_module_of_reasons_is_listed_and_no_code_means_two_things() {
    let is_module = |path: &String| path.ends_with("/reason.rs");
    let modules = ["shared/src", "functions"]
        .into_iter()
        .flat_map(repository::rust_files)
        .filter(is_module)
        .count();
    let listed: usize = registry::DOMAINS.iter().map(|domain| domain.reasons.len()).sum();
    assert_eq!(listed, modules, "list the REASONS of each reason.rs in infra/registry");

    let mut codes = BTreeSet::new();
    for reason in registry::reasons() {
        assert!(codes.insert(reason.code), "two reasons have the code {}", reason.code);
    }
}
