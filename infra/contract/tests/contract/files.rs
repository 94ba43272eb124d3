//! The written files.

use contract::{files, root, written_schemas};
use structure::{assert_none, repository};

#[test]
fn the_written_files_are_what_the_types_give() {
    let mut problems = Vec::new();
    for file in files().unwrap() {
        let written = std::fs::read_to_string(root().join(&file.path)).unwrap_or_default();
        if written != file.text {
            problems.push(format!(
                "{} is not what the types give: run `cargo contract`",
                file.path
            ));
        }
    }
    assert_none(&problems);
}

#[test]
fn the_events_folder_holds_the_schemas_alone() {
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
fn the_openapi_document_says_which_command_writes_it() {
    assert!(repository::read("infra/openapi.yaml").starts_with("# Written by `cargo contract`"));
}

#[test]
fn what_is_written_speaks_to_clients_and_not_to_readers_of_the_code() {
    let mut problems = Vec::new();
    for file in files().unwrap() {
        for mark in ["[`", "`]", "::", "# Errors", "Option<"] {
            if let Some(line) = file.text.lines().find(|line| line.contains(mark)) {
                problems.push(format!(
                    "{} says `{}`: say it in the comment without Rust",
                    file.path,
                    line.trim()
                ));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn nothing_is_ever_null() {
    let mut problems = Vec::new();
    for file in files().unwrap() {
        if ["'null'", "\"null\"", ": null", "- null"]
            .iter()
            .any(|null| file.text.contains(null))
        {
            problems.push(format!(
                "{} lets something be null: write `#[serde(default, skip_serializing_if = \"Option::is_none\")]` and \
                 `#[schema(nullable = false)]` at the optional field",
                file.path
            ));
        }
    }
    assert_none(&problems);
}
