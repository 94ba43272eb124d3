//! Each function is a folder of one shape, and the template and the README know it by its name.

use std::collections::BTreeSet;
use tidy::{
    assert_none,
    checkout::{self, Function},
    manifest::Manifest,
    readme,
    template::Template,
};

const LONGEST_MAIN: usize = 25;

/// The functions that speak with several others of different languages: each of these has a file beside `lib.rs`.
const IN_SEVERAL_LANGUAGES: [&str; 1] = ["payment-webhook"];

/// The functions with an engine of their own, which no other function has a use for: the folder of its modules, beside
/// which its own tests stand in `tests`.
const ENGINES: [(&str, &str); 1] = [("resize-image", "photo")];

#[test]
fn a_function_is_a_manifest_a_main_and_a_library() {
    let mut problems = Vec::new();
    let functions = checkout::functions();
    if functions.is_empty() {
        problems.push("there is no function: they stand in functions/<domain>/<action>".to_owned());
    }
    let mut expected = BTreeSet::new();
    for function in &functions {
        expected
            .extend(["Cargo.toml", "src/lib.rs", "src/main.rs"].map(|file| format!("{}/{file}", function.folder())));
    }
    let found: BTreeSet<String> = checkout::files("functions").into_iter().collect();
    for missing in expected.difference(&found) {
        problems.push(format!("{missing} is missing: write it, or remove the folder"));
    }
    let beside_lib = |file: &str| {
        let mut allowed = functions
            .iter()
            .filter(|function| IN_SEVERAL_LANGUAGES.contains(&function.action.as_str()));
        allowed.any(|function| {
            let name = file.strip_prefix(&format!("{}/src/", function.folder()));
            name.is_some_and(|name| name.ends_with(".rs") && !name.contains('/'))
        })
    };
    let of_engine = |file: &str| {
        let mut folders = functions.iter().flat_map(|function| {
            let engines = ENGINES.iter().filter(|(action, _)| *action == function.action);
            engines.flat_map(|(_, engine)| {
                [
                    format!("{}/src/{engine}/", function.folder()),
                    format!("{}/tests/", function.folder()),
                ]
            })
        });
        file.ends_with(".rs") && folders.any(|folder| file.starts_with(&folder))
    };
    let strange = found
        .difference(&expected)
        .filter(|file| !beside_lib(file) && !of_engine(file));
    for strange in strange {
        problems.push(format!(
            "{strange} is one file too many: a function is Cargo.toml, src/main.rs and src/lib.rs; what needs more \
             room is domain vocabulary and moves to `shared`"
        ));
    }
    assert_none(&problems);
}

#[test]
fn a_function_is_called_like_its_folder() {
    let mut problems = Vec::new();
    for function in checkout::functions() {
        let action = &function.action;
        if action.chars().any(|c| !c.is_ascii_lowercase() && c != '-') || action.split('-').any(str::is_empty) {
            problems.push(format!(
                "{} must be a verb and a noun in kebab-case: rename it",
                function.folder()
            ));
        }
        let manifest = Manifest::of(&function.folder());
        if manifest.package() != action {
            problems.push(format!(
                "{}: name the package `{action}`, like its folder",
                manifest.path
            ));
        }
        for name in manifest.renamed_targets() {
            if name.replace('_', "-") != *action {
                problems.push(format!(
                    "{}: `{name}` must be `{action}`, like the folder; leave `name` out",
                    manifest.path
                ));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn a_main_is_wiring_only() {
    let mut problems = Vec::new();
    for function in checkout::functions() {
        let path = format!("{}/src/main.rs", function.folder());
        let lines = checkout::read(&path).lines().count();
        if lines > LONGEST_MAIN {
            problems.push(format!(
                "{path} has {lines} lines, {LONGEST_MAIN} are allowed: move what it decides into lib.rs"
            ));
        }
    }
    assert_none(&problems);
}

#[test]
fn functions_do_not_depend_on_each_other() {
    let functions = checkout::functions();
    let mut problems = Vec::new();
    for manifest in functions.iter().map(|function| Manifest::of(&function.folder())) {
        for (name, _) in manifest.dependencies() {
            if functions.iter().any(|other| other.action == name) {
                problems.push(format!(
                    "{} depends on the function `{name}`: what both need moves to `shared`",
                    manifest.path
                ));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn every_function_stands_in_the_template_and_the_other_way_round() {
    let functions = checkout::functions();
    let template = Template::read();
    let mut problems = Vec::new();
    for function in &functions {
        let (folder, id) = (function.folder(), function.logical_id());
        match template.resource(&id).and_then(|resource| resource.text("CodeUri")) {
            Some(code) if code == folder => {}
            Some(code) => problems.push(format!("template.yaml: `CodeUri` of {id} is {code}, make it {folder}")),
            None => problems.push(format!(
                "template.yaml: add a function {id} with `CodeUri: {folder}`, or remove the folder"
            )),
        }
    }
    for resource in template.functions() {
        if !functions.iter().any(|function| function.logical_id() == resource.id) {
            problems.push(format!(
                "template.yaml: no folder below functions/ belongs to {}: its name must be that of the folder in \
                 UpperCamelCase",
                resource.id
            ));
        }
    }
    assert_none(&problems);
}

#[test]
fn every_function_stands_on_the_readmes_map_and_the_other_way_round() {
    let readme = checkout::read("README.md");
    assert_same(
        readme::on_the_map(&readme),
        "README.md: the map (a mermaid block) needs a node `NAME:::function`, or `NAME[\"label\"]:::function`",
        "README.md: the map shows the function `NAME`, which has no folder: take its node out, or its class `function`",
    );
}

#[test]
fn every_function_stands_in_the_readmes_table_and_the_other_way_round() {
    let readme = checkout::read("README.md");
    assert_same(
        readme::in_the_table(&readme),
        "README.md: the table whose first column is `Function` needs a row that begins with `NAME` in backticks",
        "README.md: the table of functions has a row `NAME`, which has no folder: take it out",
    );
}

fn assert_same(shown: Vec<String>, missing: &str, strange: &str) {
    let actual: BTreeSet<String> = checkout::functions()
        .into_iter()
        .map(|Function { action, .. }| action)
        .collect();
    let shown: BTreeSet<String> = shown.into_iter().collect();
    let missing = actual.difference(&shown).map(|name| missing.replace("NAME", name));
    let strange = shown.difference(&actual).map(|name| strange.replace("NAME", name));
    assert_none(&missing.chain(strange).collect::<Vec<_>>());
}
