//! The documents match the functions, events and files.

use std::collections::BTreeSet;
use std::path::Path;

use structure::readme::{self, Link};
use structure::template::{self, Resource, Template};
use structure::{assert_none, repository};
use yaml_serde::Value;

const MAX_README_LINES: usize = 200;

#[test]
fn the_readme_is_short() {
    let lines = repository::read("README.md").lines().count();
    assert!(
        lines <= MAX_README_LINES,
        "README.md has {lines} lines, the limit is {MAX_README_LINES}: move a domain's details to its README"
    );
}

#[test]
fn the_readme_links_to_every_domain() {
    let readme = repository::read("README.md");
    let links = readme::links(&readme);
    let missing = repository::domains()
        .iter()
        .map(|domain| readme_of(domain))
        .filter(|page| !links.iter().any(|link| link.path == page))
        .map(|page| format!("README.md: link to {page}"))
        .collect::<Vec<_>>();
    assert_none(&missing);
}

#[test]
fn each_domains_readme_lists_exactly_its_functions() {
    let mut problems = Vec::new();
    let functions = repository::functions();
    for domain in repository::domains() {
        let of_domain = functions.iter().filter(|function| function.domain == domain);
        let actual: Vec<&str> = of_domain.map(|function| function.action.as_str()).collect();
        let page = readme_of(&domain);
        let document = repository::read(&page);
        let listed = readme::names_in_tables(&document, "Function");
        problems.extend(differences(&page, "function", &listed, &actual));
    }
    assert_none(&problems);
}

#[test]
fn each_domains_readme_lists_exactly_its_events() {
    let mut problems = Vec::new();
    let events = published();
    let domains = repository::domains();
    for (event, source) in &events {
        if !domains.contains(source) {
            problems.push(format!(
                "infra/events/{event}.json: its source `{source}` is not a domain"
            ));
        }
    }
    for domain in domains {
        let of_domain = events.iter().filter(|(_, source)| *source == domain);
        let actual: Vec<&str> = of_domain.map(|(event, _)| event.as_str()).collect();
        let page = readme_of(&domain);
        let document = repository::read(&page);
        let listed = readme::names_in_tables(&document, "Event");
        problems.extend(differences(&page, "event", &listed, &actual));
    }
    assert_none(&problems);
}

#[test]
fn the_documents_count_the_alarms_and_add_up_the_cost_of_a_month_without_traffic() {
    let template = Template::read();
    let alarms: Vec<Resource<'_>> = template.resources_of("AWS::CloudWatch::Alarm").collect();
    let gradual = alarms.iter().filter(|alarm| alarm.is_conditional()).count();
    let always = alarms.len() - gradual;
    // CloudWatch's list price in us-east-1 is 0.10 USD a month for an alarm beyond the first ten of an account.
    let paid = always - 10;
    let usd = |cents: usize| format!("{}.{:02}", cents / 100, cents % 100);
    let readme = repository::read("infra/README.md");
    let (_, costs) = readme
        .split_once("## Cost of a month without traffic")
        .expect("the costs");
    let (costs, _) = costs.split_once("\n## ").expect("a next part");
    let cents = |row: &str| -> Option<usize> {
        row.trim_end_matches(" |")
            .rsplit(' ')
            .next()?
            .replace('.', "")
            .parse()
            .ok()
    };
    let rows = costs
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| together"));
    let together: usize = rows.filter_map(cents).sum();
    let decisions = repository::read("infra/DECISIONS.md");
    let over = usd(together - 300);
    let problems: Vec<String> = [
        (
            costs,
            format!("| {always} alarms, 10 of them free, 0.10 each | {} |", usd(paid * 10)),
        ),
        (costs, format!("| together | {} |", usd(together))),
        (costs, format!("this is {over} above it")),
        (
            costs,
            format!("`Gradual` adds {} alarms ({})", in_words(gradual), usd(gradual * 10)),
        ),
        (
            &decisions,
            format!("costs {} USD, {over} above the aim of 3", usd(together)),
        ),
        (
            &decisions,
            format!("{paid} alarms beyond the free ten cost {}", usd(paid * 10)),
        ),
    ]
    .into_iter()
    .filter(|(document, sentence)| !document.contains(sentence))
    .map(|(_, sentence)| format!("infra/README.md or infra/DECISIONS.md: it must say `{sentence}`"))
    .collect();
    assert_none(&problems);
}

fn in_words(number: usize) -> &'static str {
    ["no", "one", "two", "three", "four", "five"][number]
}

#[test]
fn every_relative_link_resolves() {
    let mut problems = Vec::new();
    let mut documents = repository::files("");
    documents.retain(|path| is_markdown(path));
    for document in documents {
        let text = repository::read(&document);
        let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
        for Link { path, heading } in readme::links(&text) {
            let target = if path.is_empty() {
                document.clone()
            } else {
                format!("{folder}/{path}").trim_start_matches('/').to_owned()
            };
            if !repository::root().join(&target).exists() {
                problems.push(format!("{document}: the link to {path} is broken: correct it"));
            } else if let Some(heading) = heading.filter(|_| is_markdown(&target))
                && !readme::headings(&repository::read(&target))
                    .iter()
                    .any(|known| known == heading)
            {
                problems.push(format!(
                    "{document}: {target} has no heading `{heading}`: correct the link"
                ));
            }
        }
    }
    assert_none(&problems);
}

/// The page with the tables of the root template's parameters and alarms.
const INFRA: &str = "infra/README.md";

#[test]
fn the_infra_readme_lists_each_parameter_with_its_default() {
    let document = repository::read(INFRA);
    let listed = readme::names_in_tables(&document, "Parameter");
    let parameters = template::entries(&template::parse(template::ROOT), "Parameters");
    assert!(!parameters.is_empty(), "{} has parameters", template::ROOT);
    let mut problems = unlike(INFRA, "parameter", &listed, &parameters);
    for (name, parameter) in &parameters {
        let default = match parameter.get("Default") {
            Some(Value::String(text)) if text.is_empty() => "empty".to_owned(),
            Some(Value::String(text)) => format!("`{text}`"),
            Some(Value::Number(number)) => number.to_string(),
            _ => "none".to_owned(),
        };
        if !document.contains(&format!("| `{name}` | {default} |")) {
            problems.push(format!(
                "{INFRA}: the default of `{name}` is {default}: correct its row"
            ));
        }
    }
    assert_none(&problems);
}

#[test]
fn the_infra_readme_lists_each_alarm_over_all_functions() {
    let document = repository::read(INFRA);
    let listed = readme::names_in_tables(&document, "Alarm");
    let mut alarms = template::entries(&template::parse(template::ROOT), "Resources");
    alarms.retain(|(_, resource)| resource.get("Type").and_then(Value::as_str) == Some("AWS::CloudWatch::Alarm"));
    assert!(!alarms.is_empty(), "{} has alarms", template::ROOT);
    assert_none(&unlike(INFRA, "alarm", &listed, &alarms));
}

/// The entries of the root template that a page does not list, and the rows that name none or the same one twice.
fn unlike(page: &str, kind: &str, listed: &[&str], entries: &[(String, Value)]) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, _) in entries {
        let rows = listed.iter().filter(|row| *row == name).count();
        if rows != 1 {
            problems.push(format!("{page}: the {kind} `{name}` has {rows} rows: it needs one"));
        }
    }
    for name in listed {
        if !entries.iter().any(|(known, _)| known == name) {
            problems.push(format!(
                "{page}: {} has no {kind} `{name}`: remove its row",
                template::ROOT
            ));
        }
    }
    problems
}

fn is_markdown(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "md")
}

fn readme_of(domain: &str) -> String {
    format!("functions/{domain}/README.md")
}

/// The events in `infra/events`, each with the domain that publishes it.
fn published() -> Vec<(String, String)> {
    let schemas = repository::files("infra/events");
    assert!(!schemas.is_empty(), "infra/events has no schema");
    let event = |path: &String| {
        // Every JSON document is valid YAML.
        let schema: Value = yaml_serde::from_str(&repository::read(path))
            .unwrap_or_else(|error| panic!("{path} must be a JSON Schema: {error}"));
        let text = |key: &str| {
            let found = schema.get(key).and_then(Value::as_str);
            found.unwrap_or_else(|| panic!("{path} must have `{key}`")).to_owned()
        };
        let source = text("x-amazon-events-source");
        let domain = source.strip_prefix("madang.").unwrap_or(&source).to_owned();
        (text("x-amazon-events-detail-type"), domain)
    };
    schemas.iter().map(event).collect()
}

/// The missing, unknown and duplicate rows of a page's tables.
fn differences(page: &str, kind: &str, listed: &[&str], actual: &[&str]) -> Vec<String> {
    let column = if kind == "event" { "Event" } else { "Function" };
    let names: BTreeSet<&str> = listed.iter().chain(actual).copied().collect();
    let problem = |name: &str| {
        let times = listed.iter().filter(|each| **each == name).count();
        match (times, actual.contains(&name)) {
            (0, _) => Some(format!(
                "{page}: add the {kind} `{name}` to the table whose first column is `{column}`"
            )),
            (_, false) => Some(format!(
                "{page}: the domain has no {kind} `{name}`: remove its row from the table `{column}`"
            )),
            (1, true) => None,
            (_, true) => Some(format!("{page}: the {kind} `{name}` has {times} rows: keep one")),
        }
    };
    names.into_iter().filter_map(problem).collect()
}

#[test]
fn the_payments_readme_lists_exactly_the_webhooks_that_are_read() {
    let page = "functions/payments/README.md";
    let document = repository::read(page);
    let row = |path: &str| {
        let row = document.lines().find(|line| line.contains(path)).unwrap_or_default();
        let quoted = row.split('`').skip(1).step_by(2).skip(1);
        quoted.map(str::to_owned).collect::<BTreeSet<String>>()
    };
    // Toss's deposit message is flat, so the code does not name it.
    let mut toss = names_in_code("functions/payments/src/receive_webhook/toss.rs", |name| {
        name.contains('_') && name.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')
    });
    toss.insert("DEPOSIT_CALLBACK".to_owned());
    let stripe = names_in_code("shared/src/payments/provider/stripe/webhook.rs", |name| {
        let is_name = name
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || "._".contains(letter));
        name.contains('.') && is_name && !name.ends_with('.')
    });
    assert!(stripe.len() > 5 && toss.len() == 3, "{stripe:?} {toss:?}");
    assert_eq!(row("/webhooks/stripe"), stripe, "{page} and the events that are read");
    assert_eq!(row("/webhooks/toss"), toss, "{page} and the events that are read");
}

/// The string literals of a file, before its tests, that are `wanted`.
fn names_in_code(path: &str, wanted: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let source = repository::read(path);
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let literals = lines.flat_map(|line| line.split('"').skip(1).step_by(2));
    literals.filter(|name| wanted(name)).map(str::to_owned).collect()
}
