//! Each domain is a crate of one shape, and its template knows its functions by their names.

use structure::{
    assert_none,
    manifest::Manifest,
    repository::{self, Function},
    template,
};

const LONGEST_MAIN: usize = 25;

#[test]
fn a_domain_is_a_crate_with_a_module_and_a_main_for_each_action() {
    let mut problems = Vec::new();
    let functions = repository::functions();
    if functions.is_empty() {
        problems.push("there is no function: their mains are functions/<domain>/src/bin/<action>.rs".to_owned());
    }
    for function in &functions {
        if repository::files(&format!("functions/{}", function.domain)).contains(&function.module()) {
            let list = repository::read(&format!("functions/{}/src/lib.rs", function.domain));
            if !list.contains(&function.action.replace('-', "_")) {
                problems.push(format!("{}: name it in lib.rs", function.module()));
            }
        } else {
            problems.push(format!("{} is missing, and has a main", function.module()));
        }
    }
    assert_none(&problems);
}

#[test]
fn a_domain_and_an_action_are_called_like_their_files() {
    let mut problems = Vec::new();
    for domain in repository::domains() {
        let manifest = Manifest::of(&format!("functions/{domain}"));
        if manifest.package() != domain {
            problems.push(format!(
                "{}: name the package `{domain}`, like its folder",
                manifest.path
            ));
        }
        for name in manifest.renamed_targets() {
            problems.push(format!("{}: leave the name `{name}` out", manifest.path));
        }
    }
    for function in repository::functions() {
        let action = &function.action;
        if action.chars().any(|c| !c.is_ascii_lowercase() && c != '-') || action.split('-').any(str::is_empty) {
            problems.push(format!(
                "{} must be a verb and a noun in kebab-case: rename it",
                function.main()
            ));
        }
    }
    assert_none(&problems);
}

#[test]
fn a_deployment_builds_every_domain() {
    let config = repository::read(".cargo/config.toml");
    let missing: Vec<String> = repository::domains()
        .into_iter()
        .filter(|domain| !config.contains(&format!("\"--package\", \"{domain}\"")))
        .map(|domain| format!(".cargo/config.toml: add `--package {domain}` to `build-functions`"))
        .collect();
    assert_none(&missing);
}

#[test]
fn a_main_is_wiring_only() {
    let mut problems = Vec::new();
    for function in repository::functions() {
        let path = function.main();
        let lines = repository::read(&path).lines().count();
        if lines > LONGEST_MAIN {
            problems.push(format!(
                "{path} has {lines} lines, {LONGEST_MAIN} are allowed: move what it decides into {}",
                function.module()
            ));
        }
    }
    assert_none(&problems);
}

#[test]
fn domains_do_not_depend_on_each_other() {
    let domains = repository::domains();
    let mut problems = Vec::new();
    for manifest in domains
        .iter()
        .map(|domain| Manifest::of(&format!("functions/{domain}")))
    {
        for (name, _) in manifest.dependencies() {
            if domains.iter().any(|other| other == name) {
                problems.push(format!(
                    "{} depends on the domain `{name}`: what both need moves to `shared`, everything else is an event",
                    manifest.path
                ));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn every_function_is_in_its_domains_template_and_the_other_way_round() {
    let functions = repository::functions();
    let mut problems = Vec::new();
    for domain in repository::domains() {
        let path = template::path_of(&domain);
        let resources = template::entries(&template::parse(&path), "Resources");
        let code = |id: &str| {
            let (_, found) = resources.iter().find(|(found, _)| found == id)?;
            template::at(found, "Properties.CodeUri")?.as_str()
        };
        for function in functions.iter().filter(|function| function.domain == domain) {
            let (artifact, id) = (function.artifact(), function.logical_id());
            match code(&id) {
                Some(code) if code == artifact => {}
                Some(code) => problems.push(format!("{path}: `CodeUri` of {id} is {code}, make it {artifact}")),
                None => problems.push(format!(
                    "{path}: add a function {id} with `CodeUri: {artifact}`, or remove its main"
                )),
            }
        }
        for (id, _) in resources.iter().filter(|(id, _)| code(id).is_some()) {
            let is_it = |function: &Function| function.domain == domain && function.logical_id() == *id;
            if !functions.iter().any(is_it) {
                problems.push(format!(
                    "{path}: no action belongs to {id}: its name must be that of the action in UpperCamelCase"
                ));
            }
        }
    }
    assert_none(&problems);
}
