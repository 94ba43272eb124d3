//! Fuzz target: the text of a search.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::OnceLock;

use search_engine::{Change, Document, Error, Hit, Index, IndexWriter, Manifest, Query, sample};

/// Titles with what a text may have besides words.
const ODD_TITLES: [&str; 8] = [
    "\"Jazz\" AND (night OR day) -blues* title:x~2^3",
    "재즈 🎷 나이트 🎷🎷",
    "ㄱㅏ나다 ㅋㅋㅋ ㅎㅎ",
    "\u{1100}\u{1161}\u{11a8} 각 \u{1109}\u{1165}",
    "Ｆｕｌｌ ｗｉｄｔｈ １２３ ﬁne ß İstanbul",
    "a\u{301}\u{301}\u{301} \u{200b}zero\u{200b}width\u{feff}",
    "1 12 123 1234 ㄱ1 1ㄱ a1가",
    "…—·/\\%_",
];
/// The hits of a page, and the most pages that are read one after the other.
const PAGE: usize = 3;
const PAGES: usize = 4;

/// Searches a fixed index for the text: it is refused, or it has hits whose highlights are parts of their titles. Small pages
/// have the same hits as a large one.
///
/// # Panics
/// If this does not hold.
pub fn enter(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    let query = |limit, after| Query {
        text: text.clone(),
        limit,
        after,
        ..Query::default()
    };
    let all = match index().search(&query(search_engine::MAX_HITS, None)) {
        Ok(all) => all.hits,
        Err(Error::Query(_)) => return,
        Err(error) => panic!("{text:?} fails: {error}"),
    };
    all.iter().for_each(check);
    let distinct: BTreeSet<(&str, &str)> = all.iter().map(|hit| (&*hit.kind, &*hit.id)).collect();
    assert_eq!(distinct.len(), all.len(), "{text:?} finds a document twice");
    let (mut paged, mut after) = (vec![], None);
    for _ in 0..PAGES {
        let page = index().search(&query(PAGE, after)).expect("a page of a query");
        paged.extend(page.hits.into_iter().map(|hit| hit.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let whole: Vec<String> = all.iter().take(PAGE * PAGES).map(|hit| hit.id.clone()).collect();
    assert_eq!(paged, whole, "{text:?} has other hits in small pages");
    for suggestion in index().suggest(&text, &[], 5).expect("suggestions of a query") {
        check_highlights(&suggestion.text, &suggestion.highlights);
    }
}

fn check(hit: &Hit) {
    for title in &hit.titles {
        check_highlights(&title.text, &title.highlights);
    }
}

/// Highlights are parts of the text, in order, and split no character.
fn check_highlights(text: &str, highlights: &[(u32, u32)]) {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut end_before = 0;
    for &(start, end) in highlights {
        assert!(
            end_before <= start && start < end,
            "{highlights:?} are not in order: {text:?}"
        );
        let part = units.get(start as usize..end as usize).expect("a part of the text");
        String::from_utf16(part).expect("whole characters");
        end_before = end;
    }
}

/// The index, which is built once in a process.
fn index() -> &'static Index {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(|| {
        let folder = Folder::new();
        let changes = (0..200).map(sample::document).chain(odd_documents());
        let writer = IndexWriter::open(&folder.0, &Manifest::empty(0)).expect("an empty index");
        let changes = changes.map(|document| Change::Upsert(Box::new(document)));
        let commit = writer.apply(changes.collect(), "").expect("valid documents");
        commit.bundle.expect("a bundle").save(&folder.0).expect("a file");
        // Its files stay mapped when the folder is removed.
        Index::open(&folder.0, &commit.manifest).expect("an index")
    })
}

fn odd_documents() -> impl Iterator<Item = Document> {
    ODD_TITLES.iter().enumerate().map(|(nth, title)| {
        let mut document = sample::document(1);
        document.id = format!("odd-{nth}");
        document.titles.truncate(1);
        (*title).clone_into(&mut document.titles[0].text);
        document
    })
}

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("fuzz-query-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}
