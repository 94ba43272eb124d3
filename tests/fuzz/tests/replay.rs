//! Every door stands what has come to it before: the corpora, and what once broke one.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fuzz::DOORS;

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
fn every_door_stands_its_corpus_and_all_that_once_broke_it() {
    for (door, enter) in DOORS {
        for kind in ["corpus", "crashes"] {
            let folder = here(&format!("{kind}/{door}"));
            for entry in fs::read_dir(&folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                // Seen only when it fails.
                println!("{}", path.display());
                enter(&fs::read(&path).unwrap());
            }
        }
    }
}

#[test]
fn every_door_has_a_target_and_a_corpus() {
    let doors: BTreeSet<String> = DOORS.iter().map(|(door, _)| (*door).to_owned()).collect();
    assert_eq!(names("fuzz_targets"), doors);
    assert_eq!(names("corpus"), doors);
    for door in doors {
        assert!(
            !names(&format!("corpus/{door}")).is_empty(),
            "the corpus of {door} is empty"
        );
    }
}
