//! The layout of the domains' crates, and the functions in their templates.

use structure::{
    assert_none,
    manifest::Manifest,
    repository::{self, Function},
    template,
};

const MAX_MAIN_LINES: usize = 25;

#[test]
fn each_action_has_a_module_and_a_main() {
    let mut problems = Vec::new();
    let functions = repository::functions();
    if functions.is_empty() {
        problems.push("found no function; a function's main is functions/<domain>/src/bin/<action>.rs".to_owned());
    }
    for function in &functions {
        if repository::files(&format!("functions/{}", function.domain)).contains(&function.module()) {
            let list = repository::read(&format!("functions/{}/src/lib.rs", function.domain));
            if !list.contains(&function.action.replace('-', "_")) {
                problems.push(format!("{}: declare it in lib.rs", function.module()));
            }
        } else {
            problems.push(format!(
                "{} is missing: add it, or remove the action's main",
                function.module()
            ));
        }
    }
    assert_none(&problems);
}

#[test]
fn domains_and_actions_are_named_after_their_files() {
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
            problems.push(format!("{}: remove the name `{name}`", manifest.path));
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
fn a_main_is_short() {
    let mut problems = Vec::new();
    for function in repository::functions() {
        let path = function.main();
        let lines = repository::read(&path).lines().count();
        if lines > MAX_MAIN_LINES {
            problems.push(format!(
                "{path} has {lines} lines, the limit is {MAX_MAIN_LINES}: move its logic to {}",
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
                    "{} depends on the domain `{name}`: move shared code to `shared`, or use an event",
                    manifest.path
                ));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn a_domains_template_has_exactly_its_functions() {
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
                Some(code) => problems.push(format!("{path}: `CodeUri` of {id} is {code}: change it to {artifact}")),
                None => problems.push(format!(
                    "{path}: add a function {id} with `CodeUri: {artifact}`, or remove its main"
                )),
            }
        }
        for (id, _) in resources.iter().filter(|(id, _)| code(id).is_some()) {
            let is_it = |function: &Function| function.domain == domain && function.logical_id() == *id;
            if !functions.iter().any(is_it) {
                problems.push(format!(
                    "{path}: {id} matches no action: name it after its action in UpperCamelCase"
                ));
            }
        }
    }
    assert_none(&problems);
}
