//! Runs every fuzz target with its corpus and with every input that once broke it.

#![allow(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fuzz::FUZZ_TARGETS;

fn here(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)
}

fn names(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(here(folder)).into_iter().flatten();
    entries
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect()
}

#[test]
fn every_fuzz_target_passes_its_corpus_and_past_crashes() {
    for (target, enter) in FUZZ_TARGETS {
        for kind in ["corpus", "crashes"] {
            let folder = here(&format!("{kind}/{target}"));
            for entry in fs::read_dir(&folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                // Shown only if the target fails.
                println!("{}", path.display());
                enter(&fs::read(&path).unwrap());
            }
        }
    }
}

#[test]
fn every_fuzz_target_has_a_binary_and_a_corpus() {
    let targets: BTreeSet<String> = FUZZ_TARGETS.iter().map(|(target, _)| (*target).to_owned()).collect();
    assert_eq!(names("fuzz_targets"), targets);
    assert_eq!(names("corpus"), targets);
    for target in targets {
        assert!(
            !names(&format!("corpus/{target}")).is_empty(),
            "the corpus of {target} is empty"
        );
    }
}

#[test]
fn the_request_target_has_the_path_parameters_of_all_routes() {
    let description = fs::read_to_string(here("../../infra/openapi.yaml")).unwrap();
    let routes = description
        .lines()
        .filter(|line| line.trim_start_matches([' ', '"', '\'']).starts_with('/'));
    let names = |route: &str| -> Vec<String> {
        let parts = route.split('{').skip(1);
        parts
            .filter_map(|part| Some(part.split_once('}')?.0.to_owned()))
            .collect()
    };
    let wanted: BTreeSet<String> = routes.flat_map(names).collect();
    let given: BTreeSet<String> = fuzz::request::path_parameters()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert!(wanted.len() > 20, "{wanted:?}");
    assert_eq!(given, wanted);
}
