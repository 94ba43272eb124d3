//! The modules of `shared` depend on each other in one direction: core ← models ← aws ← stores and services. A domain
//! depends only on the domains before it in `DOMAINS`.

use std::collections::BTreeSet;

use structure::{assert_none, repository};

const SHARED: &str = "shared/src/";

/// The domains in `shared`. Each may use the ones before it.
const DOMAINS: [&str; 11] = [
    "images",
    "catalog",
    "waiting_rooms",
    "tickets",
    "coupons",
    "orders",
    "payments",
    "auctions",
    "accounts",
    "search",
    "lookups",
];

/// The modules of a domain that call AWS or payment providers. All others are models, without I/O.
const STORES_AND_SERVICES: [&str; 8] = [
    "queue",
    "store",
    "reservations",
    "order_payments",
    "credits",
    "wallets",
    "service",
    "provider",
];

/// Crates for time, randomness and the network. Models take these values as arguments.
const IMPURE_CRATES: [&str; 6] = ["aws_", "fastrand", "lambda_", "reqwest", "tokio", "futures"];

#[test]
fn the_modules_of_shared_depend_on_each_other_in_one_direction() {
    let mut problems = Vec::new();
    for path in repository::rust_files("shared/src") {
        let module = Module::of(&path);
        for (number, used) in module.uses() {
            if let Err(why) = module.may_use(&used) {
                problems.push(format!("{path}:{number} uses `crate::{used}`: {why}"));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn models_use_no_aws_clock_or_randomness() {
    let mut problems = Vec::new();
    for path in repository::rust_files("shared/src") {
        let module = Module::of(&path);
        if !module.is_pure() {
            continue;
        }
        let source = repository::read(&path);
        for (number, line) in repository::code(&source) {
            let crates = line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
            let roots = crates.filter_map(|path| path.split_once("::")).map(|(root, _)| root);
            for root in roots.filter(|root| IMPURE_CRATES.iter().any(|name| root.starts_with(name))) {
                problems.push(format!("{path}:{number} uses `{root}`: take the value as an argument"));
            }
            if line.contains("Timestamp::now") {
                problems.push(format!("{path}:{number} reads the clock: take the time as an argument"));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn every_domain_is_listed_in_domains() {
    let shared: BTreeSet<String> = repository::rust_files("shared/src")
        .iter()
        .map(|path| Module::of(path).top)
        .collect();
    let known: BTreeSet<String> = DOMAINS
        .iter()
        .chain(&["core", "aws", "lib"])
        .map(|&name| name.to_owned())
        .collect();
    assert_eq!(
        shared, known,
        "add a new domain of `shared` to DOMAINS, after the domains that it uses"
    );
}

/// A file of `shared`.
struct Module {
    path: String,
    /// `core`, `aws` or a domain; `lib` for the root.
    top: String,
    /// The module below `top`.
    part: String,
}

impl Module {
    fn of(path: &str) -> Self {
        let inner = path.trim_start_matches(SHARED).trim_end_matches(".rs");
        let mut parts = inner.split('/');
        Self {
            path: path.to_owned(),
            top: parts.next().unwrap_or_default().to_owned(),
            part: parts.next().unwrap_or_default().to_owned(),
        }
    }

    /// Whether it may not use AWS: `core` and the domains' models.
    fn is_pure(&self) -> bool {
        let is_impure = STORES_AND_SERVICES.contains(&self.part.as_str()) || self.part == "shard_hints";
        self.top == "core" || (DOMAINS.contains(&self.top.as_str()) && !is_impure)
    }

    /// Its uses of other modules of `shared`: the line, and `core`, `aws` or a domain.
    fn uses(&self) -> Vec<(usize, String)> {
        let source = repository::read(&self.path);
        let uses = repository::code(&source).flat_map(|(number, line)| {
            let named = line.split("crate::").skip(1);
            named
                .filter_map(move |rest| {
                    let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    let is_module = rest[name.len()..].starts_with("::");
                    is_module.then_some((number, name))
                })
                .collect::<Vec<_>>()
        });
        uses.collect()
    }

    fn may_use(&self, used: &str) -> Result<(), &'static str> {
        let rank = |name: &str| DOMAINS.iter().position(|domain| *domain == name);
        match (self.top.as_str(), used) {
            ("lib", _) | (_, "core") => Ok(()),
            (own, used) if own == used => Ok(()),
            ("core", _) => Err("core may only use core"),
            ("aws", _) => Err("aws may not use a domain: move the code to the domain"),
            (_, "aws") if self.is_pure() && self.part != "mod" => {
                Err("a model may not use AWS: move the code to the domain's store or service")
            }
            (_, "aws") => Ok(()),
            (own, used) => match (rank(own), rank(used)) {
                (Some(own), Some(used)) if used < own => Ok(()),
                (_, None) => Ok(()),
                _ => Err("a domain may only use earlier domains in DOMAINS"),
            },
        }
    }
}
