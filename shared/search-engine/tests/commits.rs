//! Commits, merges and bundles: the index has exactly the documents that it was given.

mod common;

use common::{Model, Store, checksum, delete, ids, query, titled, upsert};
use proptest::prelude::*;
use search_engine::{Document, Error, Index, sample};

#[test]
fn an_older_update_does_not_replace_a_newer_one() {
    let mut store = Store::with(&[Document {
        version: 5,
        ..titled("a", "새 제목")
    }]);
    let commit = store.apply(vec![upsert(&Document {
        version: 4,
        ..titled("a", "옛 제목")
    })]);
    assert!(commit.bundle.is_none());
    assert_eq!(commit.ignored, 1);
    assert_eq!(store.ids("새제목"), ["a"]);
    assert!(store.ids("옛제목").is_empty());
}

#[test]
fn a_batch_without_effect_moves_only_the_journal_position() {
    let store = Store::with(&[titled("a", "재즈")]);
    let commit = store
        .writer()
        .apply(vec![upsert(&titled("a", "재즈"))], "2")
        .expect("the change is valid");
    assert_eq!(commit.manifest.generation, store.manifest.generation);
    assert_eq!(commit.manifest.journal_position, "2");
}

#[test]
fn a_document_deleted_and_added_in_one_commit_is_there_once() {
    let document = Document {
        version: 9,
        ..titled("a", "재즈")
    };
    let mut store = Store::with(std::slice::from_ref(&document));
    // Made again, it starts with a low version.
    let again = Document {
        version: 1,
        ..titled("a", "재즈 밤")
    };
    store.apply(vec![delete(&document), upsert(&again)]);
    assert_eq!(store.ids("재즈"), ["a"]);
    assert_eq!(store.ids("밤"), ["a"]);
    store.apply(vec![upsert(&document), delete(&document)]);
    assert!(store.ids("재즈").is_empty());
}

#[test]
fn a_hidden_document_is_not_found_but_counts() {
    let store = Store::with(&[Document {
        visible: false,
        ..titled("a", "재즈")
    }]);
    assert!(store.ids("재즈").is_empty());
    assert!(store.ids("").is_empty());
    assert_eq!(store.manifest.document_count(), 1);
    assert_eq!(store.index().checksum(), store.manifest.checksum);
}

#[test]
fn readers_fetch_only_the_bundles_that_they_lack() {
    let mut store = Store::with(&[titled("a", "재즈")]);
    let reader = Store::new();
    let fetch = |store: &Store| {
        let mut fetched = 0;
        let result = search_engine::fetch_missing(&reader.directory, &store.manifest, |name| {
            fetched += 1;
            std::fs::read(store.directory.join(name))
        });
        result.expect("the bundles are whole");
        fetched
    };
    assert_eq!(fetch(&store), 1);
    store.apply(vec![upsert(&titled("b", "재즈 둘"))]);
    assert_eq!(search_engine::missing(&reader.directory, &store.manifest).count(), 1);
    assert_eq!(fetch(&store), 1);
    assert_eq!(fetch(&store), 0);
    let index = Index::open(&reader.directory, &store.manifest).expect("the index opens");
    assert_eq!(ids(&index, &query("재즈")).len(), 2);
}

#[test]
fn a_merge_of_small_bundles_leaves_the_large_one() {
    let documents: Vec<Document> = (0..2_000).map(sample::document).collect();
    let mut store = Store::with(&documents);
    let large = store.manifest.bundles[0].clone();
    for document in &documents[..6] {
        let newer = Document {
            version: document.version + 1,
            ..document.clone()
        };
        store.apply(vec![upsert(&newer)]);
    }
    let before = ids(&store.index(), &query(""));
    store.merge_small(large.size);
    // The last small one has the list of what is deleted in the large one.
    assert!(store.manifest.bundles.len() <= 3);
    assert_eq!(store.manifest.bundles[0], large);
    assert_eq!(ids(&store.index(), &query("")), before);
    assert_eq!(store.index().checksum(), store.manifest.checksum);
    // Nothing is left to merge.
    let bundles = store.manifest.bundles.clone();
    store.merge_small(large.size);
    assert_eq!(store.manifest.bundles, bundles);
}

#[test]
fn an_open_index_keeps_its_generation_when_its_bundles_are_removed() {
    let mut store = Store::with(&[titled("a", "재즈")]);
    let old = store.index();
    store.apply(vec![
        upsert(&Document {
            version: 9,
            ..titled("a", "록")
        }),
        upsert(&titled("b", "록")),
    ]);
    store.merge();
    search_engine::remove_unused(&store.directory, &[&store.manifest]).expect("the bundles are removed");
    assert_eq!(ids(&old, &query("재즈")), ["a"]);
    assert_eq!(store.ids("록").len(), 2);
    assert_eq!(store.manifest.bundles.len(), 1);
}

#[test]
fn a_writer_that_loses_the_race_leaves_no_trace() {
    let mut store = Store::with(&[titled("a", "재즈")]);
    let lost = store
        .writer()
        .apply(vec![upsert(&titled("b", "재즈"))], "1")
        .expect("the change is valid");
    lost.bundle
        .expect("a document changed")
        .save(&store.directory)
        .expect("the bundle is saved");
    store.apply(vec![upsert(&titled("c", "재즈"))]);
    let mut found = store.ids("재즈");
    found.sort_unstable();
    assert_eq!(found, ["a", "c"]);
}

#[test]
fn a_bundle_that_is_missing_or_cut_off_is_refused() {
    let store = Store::with(&[titled("a", "재즈")]);
    let path = store.directory.join(&store.manifest.bundles[0].name);
    let bytes = std::fs::read(&path).expect("the bundle is there");
    std::fs::write(&path, &bytes[..bytes.len() - 1]).expect("it is written");
    assert!(matches!(
        Index::open(&store.directory, &store.manifest),
        Err(Error::Bundle { .. })
    ));
    std::fs::remove_file(&path).expect("it is removed");
    assert!(matches!(
        Index::open(&store.directory, &store.manifest),
        Err(Error::Io(_))
    ));
}

#[test]
fn an_invalid_document_is_named_and_nothing_is_applied() {
    let store = Store::new();
    let error = store
        .writer()
        .apply(vec![upsert(&titled("a", &"가".repeat(301)))], "")
        .expect_err("it is too long");
    assert!(
        error.to_string().contains("PRODUCT/a") || error.to_string().contains("/a:"),
        "{error}"
    );
}

#[derive(Clone, Debug)]
enum Step {
    Apply(Vec<(u64, u64, bool)>),
    /// A commit whose bundle is stored, but whose manifest is not.
    Killed(Vec<(u64, u64, bool)>),
    Merge,
}

fn batch() -> impl Strategy<Value = Vec<(u64, u64, bool)>> {
    prop::collection::vec((0_u64..12, 1_u64..6, prop::bool::weighted(0.8)), 1..12)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => batch().prop_map(Step::Apply),
        1 => batch().prop_map(Step::Killed),
        1 => Just(Step::Merge),
    ];
    prop::collection::vec(step, 1..10)
}

fn changes(batch: &[(u64, u64, bool)]) -> Vec<search_engine::Change> {
    let change = |&(number, version, is_upsert): &(u64, u64, bool)| {
        let document = Document {
            version,
            ..sample::document(number)
        };
        if is_upsert {
            upsert(&document)
        } else {
            delete(&document)
        }
    };
    batch.iter().map(change).collect()
}

fn apply_to(model: &mut Model, batch: &[(u64, u64, bool)]) {
    for &(number, version, is_upsert) in batch {
        let document = Document {
            version,
            ..sample::document(number)
        };
        let key = (document.kind.clone(), document.id.clone());
        if !is_upsert {
            model.remove(&key);
        } else if model.get(&key).is_none_or(|other| other.version < version) {
            model.insert(key, document);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_index_equals_a_map_after_batches_merges_and_kills(steps in steps()) {
        let mut store = Store::new();
        let mut model = Model::new();
        for step in &steps {
            match step {
                Step::Apply(batch) => {
                    store.apply(changes(batch));
                    apply_to(&mut model, batch);
                }
                Step::Killed(batch) => {
                    let commit = store.writer().apply(changes(batch), "").expect("the changes are valid");
                    if let Some(bundle) = commit.bundle {
                        bundle.save(&store.directory).expect("the bundle is saved");
                    }
                }
                Step::Merge => store.merge(),
            }
            let index = store.index();
            prop_assert_eq!(&index.checksum(), &checksum(&model));
            prop_assert_eq!(&store.manifest.checksum, &checksum(&model));
            prop_assert_eq!(store.manifest.document_count(), model.len() as u64);
            let mut found = ids(&index, &query(""));
            found.sort_unstable();
            let mut expected: Vec<String> = model.values().map(|document| document.id.clone()).collect();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn the_order_and_repetition_of_upserts_do_not_matter(
        (batch, shuffled) in batch().prop_flat_map(|batch| (Just(batch.clone()), Just(batch).prop_shuffle())),
        cut in 0_usize..12,
    ) {
        let upserts = |batch: &[(u64, u64, bool)]| batch.iter().map(|&(number, version, _)| (number, version, true)).collect::<Vec<_>>();
        let (batch, shuffled) = (upserts(&batch), upserts(&shuffled));
        let mut once = Store::new();
        once.apply(changes(&batch));
        let mut twice = Store::new();
        twice.apply(changes(&shuffled[..cut.min(shuffled.len())]));
        twice.apply(changes(&shuffled));
        prop_assert_eq!(once.index().checksum(), twice.index().checksum());
        prop_assert_eq!(ids(&once.index(), &query("")), ids(&twice.index(), &query("")));
    }

    #[test]
    fn a_bundle_with_any_changed_byte_is_refused(at in any::<prop::sample::Index>(), change in 1_u8..) {
        let store = Store::with(&[titled("a", "재즈")]);
        let reader = Store::new();
        let result = search_engine::fetch_missing(&reader.directory, &store.manifest, |name| {
            let mut bytes = std::fs::read(store.directory.join(name))?;
            let position = at.index(bytes.len());
            bytes[position] ^= change;
            std::io::Result::Ok(bytes)
        });
        prop_assert!(matches!(result, Err(Error::Bundle { .. })), "{result:?}");
    }
}
