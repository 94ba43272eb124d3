//! What the sources and manifests must and must not say.

use structure::{assert_none, manifest::Manifest, repository};

#[test]
fn a_file_opens_with_a_sentence_that_says_what_it_is() {
    let mut problems = Vec::new();
    for path in repository::rust_files("") {
        let source = repository::read(&path);
        let doc = source.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
        let first: Vec<&str> = doc.take_while(|line| !line.is_empty()).collect();
        if !first.join(" ").contains('.') {
            problems.push(format!(
                "{path}: open it with `//!` and one sentence that says what it is for"
            ));
        }
    }
    assert_none(&problems);
}

#[test]
fn nothing_is_ignored_or_left_to_be_done() {
    // Put together here, so that this file does not find itself.
    let unfinished = [
        ["#[", "ignore"].concat(),
        ["todo", "!("].concat(),
        ["unimplemented", "!("].concat(),
    ];
    let mut problems = Vec::new();
    for path in repository::rust_files("") {
        let source = repository::read(&path);
        for (number, line) in repository::code(&source) {
            for mark in unfinished.iter().filter(|mark| line.contains(*mark)) {
                problems.push(format!("{path}:{number} has `{mark}`: finish it, or take it out"));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn only_the_harness_sleeps() {
    let sleep = ["sleep", "("].concat();
    let mut problems = Vec::new();
    for path in repository::rust_files("tests") {
        // In the simulation no time passes that anybody would wait for.
        if path.starts_with("tests/harness/") || path.starts_with("tests/simulation/") {
            continue;
        }
        let source = repository::read(&path);
        for (number, _) in repository::code(&source).filter(|(_, line)| line.contains(&sleep)) {
            problems.push(format!(
                "{path}:{number} sleeps: poll with a deadline, by the harness's means"
            ));
        }
    }
    assert_none(&problems);
}

#[test]
fn members_take_dependencies_and_lints_from_the_workspace() {
    let mut problems = Vec::new();
    for manifest in Manifest::all() {
        for (name, unversioned) in manifest.dependencies() {
            if !unversioned {
                problems.push(format!(
                    "{}: write `{name}.workspace = true`, and its version into [workspace.dependencies]",
                    manifest.path
                ));
            }
        }
        if !manifest.inherits_lints() {
            problems.push(format!("{}: add `[lints]` with `workspace = true`", manifest.path));
        }
    }
    assert_none(&problems);
}
