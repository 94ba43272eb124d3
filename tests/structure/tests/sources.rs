//! Rules for all sources and manifests.

use structure::{assert_none, manifest::Manifest, repository};

#[test]
fn every_file_starts_with_a_doc_sentence() {
    let mut problems = Vec::new();
    for path in repository::rust_files("") {
        let source = repository::read(&path);
        let doc = source.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
        let first: Vec<&str> = doc.take_while(|line| !line.is_empty()).collect();
        if !first.join(" ").contains('.') {
            problems.push(format!(
                "{path}: start it with a `//!` sentence that describes the file"
            ));
        }
    }
    assert_none(&problems);
}

#[test]
fn no_test_is_ignored_and_no_code_is_unfinished() {
    // Concatenated, so that this file does not match.
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
                problems.push(format!("{path}:{number} has `{mark}`: finish it or remove it"));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn tests_poll_instead_of_sleeping() {
    let sleep = ["sleep", "("].concat();
    let mut problems = Vec::new();
    for path in repository::rust_files("tests") {
        // The simulation sleeps in simulated time, and a benchmark to keep a rate.
        let sleeps = ["tests/bench/", "tests/harness/", "tests/simulation/"];
        if sleeps.iter().any(|folder| path.starts_with(folder)) {
            continue;
        }
        let source = repository::read(&path);
        for (number, _) in repository::code(&source).filter(|(_, line)| line.contains(&sleep)) {
            problems.push(format!(
                "{path}:{number} sleeps: poll with a deadline, using the harness"
            ));
        }
    }
    assert_none(&problems);
}

#[test]
fn members_inherit_dependencies_and_lints() {
    let mut problems = Vec::new();
    for manifest in Manifest::all() {
        for (name, unversioned) in manifest.dependencies() {
            if !unversioned {
                problems.push(format!(
                    "{}: use `{name}.workspace = true`, with the version in [workspace.dependencies]",
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
