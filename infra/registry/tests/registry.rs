//! The registry and the binaries name the same actions.

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
