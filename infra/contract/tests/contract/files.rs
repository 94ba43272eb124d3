//! The generated files are up to date and written for clients.

use contract::{files, root, written_schemas};
use structure::{assert_none, repository};

#[test]
fn the_generated_files_are_up_to_date() {
    let mut problems = Vec::new();
    for file in files().unwrap() {
        let written = std::fs::read_to_string(root().join(&file.path)).unwrap_or_default();
        if written != file.text {
            problems.push(format!("{} is out of date: run `cargo contract`", file.path));
        }
    }
    assert_none(&problems);
}

#[test]
fn the_events_folder_contains_only_the_schemas() {
    let mut expected: Vec<String> = files().unwrap().into_iter().map(|file| file.path).collect();
    expected.retain(|path| path.starts_with(contract::EVENTS));
    expected.sort();
    assert_eq!(written_schemas().unwrap(), expected, "run `cargo contract`");
}

#[test]
fn a_file_ends_with_one_newline() {
    for file in files().unwrap() {
        assert!(
            file.text.ends_with('\n') && !file.text.ends_with("\n\n"),
            "{}",
            file.path
        );
    }
}

#[test]
fn the_openapi_document_names_the_command_that_writes_it() {
    assert!(repository::read("infra/openapi.yaml").starts_with("# Written by `cargo contract`"));
}

#[test]
fn the_generated_files_contain_no_rust() {
    let mut problems = Vec::new();
    for file in files().unwrap() {
        for mark in ["[`", "`]", "::", "# Errors", "Option<"] {
            if let Some(line) = file.text.lines().find(|line| line.contains(mark)) {
                problems.push(format!(
                    "{} contains `{}`: write the comment without Rust",
                    file.path,
                    line.trim()
                ));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn no_field_is_nullable() {
    let mut problems = Vec::new();
    for file in files().unwrap() {
        if ["'null'", "\"null\"", ": null", "- null"]
            .iter()
            .any(|null| file.text.contains(null))
        {
            problems.push(format!(
                "{} has a nullable field: write `#[serde(default, skip_serializing_if = \"Option::is_none\")]` and \
                 `#[schema(nullable = false)]` on the optional field",
                file.path
            ));
        }
    }
    assert_none(&problems);
}
