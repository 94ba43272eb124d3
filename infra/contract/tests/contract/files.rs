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
fn no_field_is_nullable_except_in_a_merge_patch() {
    let mut problems = Vec::new();
    for mut file in files().unwrap() {
        if file.path == "infra/openapi.yaml" {
            file.text = without_merge_patches(&file.text);
        }
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

/// The document without the schemas of merge patches, where null clears a field (RFC 7396).
fn without_merge_patches(text: &str) -> String {
    const MEDIA_TYPE: &str = "application/merge-patch+json";
    let mut document: yaml_serde::Value = yaml_serde::from_str(text).unwrap();
    let paths = document["paths"].as_mapping().unwrap();
    let operations = paths.values().flat_map(|path| path.as_mapping().unwrap().values());
    let schemas = operations.filter_map(|operation| {
        let content = operation.get("requestBody")?.get("content")?.get(MEDIA_TYPE)?;
        let name = content["schema"]["$ref"].as_str()?.rsplit('/').next()?;
        Some(name.to_owned())
    });
    let schemas: Vec<String> = schemas.collect();
    assert!(!schemas.is_empty(), "no operation takes a merge patch");
    let all = document["components"]["schemas"].as_mapping_mut().unwrap();
    let names = all.keys().filter_map(|name| name.as_str());
    // The members of a merge patch that are objects themselves.
    let parts: Vec<String> = names
        .filter(|name| name.ends_with("Patch"))
        .map(str::to_owned)
        .collect();
    for name in schemas.into_iter().chain(parts) {
        all.shift_remove(name.as_str()).unwrap();
    }
    yaml_serde::to_string(&document).unwrap()
}
