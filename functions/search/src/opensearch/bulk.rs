//! Bulk writes: many documents in a request, each with its version.

use jiff::Timestamp;
use search_engine::Document;
use serde::Deserialize;
use serde_json::json;
use shared::core::error::Error;

use super::mapping::{self, Source};

const DOING: &str = "write documents to the index";

/// The refusals that concern one document, and not the write as such.
const OF_DOCUMENT: [&str; 3] = [
    "document_parsing_exception",
    "mapper_parsing_exception",
    "strict_dynamic_mapping_exception",
];

/// The most bytes of a request. Small nodes take 10 MiB.
const MAX_BYTES: usize = 4 << 20;
/// The most documents that a request removes.
const MAX_REMOVALS: usize = 1000;

/// The requests that write these documents: lines of JSON, two a document. The index is in the path, as a domain demands it
/// that limits access by path.
///
/// The version is an external one: the server takes a document only if its own is older, and answers 409 otherwise.
///
/// # Errors
/// [`Error::Internal`].
pub fn requests(documents: &[Document], now: Timestamp) -> Result<Vec<Vec<u8>>, Error> {
    let mut requests: Vec<Vec<u8>> = vec![];
    for document in documents {
        let action = json!({ "index": {
            "_id": mapping::id(&document.kind, &document.id),
            "version": document.version,
            "version_type": "external",
        } });
        let source = serde_json::to_string(&Source::new(document, now));
        let source = source.map_err(|error| Error::internal(DOING, error))?;
        let lines = format!("{action}\n{source}\n");
        match requests.last_mut() {
            Some(last) if last.len() + lines.len() <= MAX_BYTES => last.extend(lines.bytes()),
            _ => requests.push(lines.into_bytes()),
        }
    }
    Ok(requests)
}

/// The requests that remove documents of a kind, whatever their versions: a line of JSON each.
pub fn removals(kind: &str, ids: &[String]) -> Vec<Vec<u8>> {
    let line = |id: &String| format!("{}\n", json!({ "delete": { "_id": mapping::id(kind, id) } }));
    let requests = ids.chunks(MAX_REMOVALS);
    requests
        .map(|ids| ids.iter().map(line).collect::<String>().into_bytes())
        .collect()
}

/// The response to a bulk write.
#[derive(Debug, Deserialize)]
pub struct BulkReply {
    items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Item {
    #[serde(alias = "index", alias = "delete")]
    outcome: Outcome,
}

#[derive(Debug, Deserialize)]
struct Outcome {
    #[serde(rename = "_id")]
    id: String,
    status: u16,
    error: Option<Reason>,
}

#[derive(Debug, Deserialize)]
struct Reason {
    r#type: String,
}

impl BulkReply {
    /// The documents that were written. A document that the server cannot take is left out, so that it does not stop the
    /// others.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when some were not written and a retry may write them, [`Error::Internal`] when the server takes no
    /// such writes.
    pub fn written(self) -> Result<usize, Error> {
        let mut written = 0;
        for Item { outcome } in self.items {
            let is_error = outcome.error.is_some();
            let kind = outcome.error.map(|reason| reason.r#type).unwrap_or_default();
            match outcome.status {
                200 | 201 => written += 1,
                // The index has this version, or a newer one.
                409 => {}
                // A document to remove that the index does not have.
                404 if !is_error => {}
                400 if OF_DOCUMENT.contains(&kind.as_str()) => {
                    tracing::error!(id = outcome.id, kind, "a document cannot be indexed");
                }
                // Every document is refused like this, such as by a collection that takes no ids.
                400 => {
                    return Err(Error::internal(
                        DOING,
                        format!("the server refuses such writes ({kind})"),
                    ));
                }
                // 404: a new index takes some seconds to be known everywhere.
                status => {
                    let cause = format!("the server answered {status} ({kind}) for a document");
                    return Err(Error::unavailable(DOING, cause));
                }
            }
        }
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use search_engine::sample;

    fn written(items: &str) -> Result<usize, Error> {
        let reply: BulkReply = serde_json::from_str(&format!("{{\"items\":[{items}]}}")).unwrap();
        reply.written()
    }

    #[test]
    fn each_document_is_two_lines_with_its_version() {
        let documents = [sample::document(1), sample::document(2)];
        let requests = requests(&documents, Timestamp::UNIX_EPOCH).unwrap();
        let text = String::from_utf8(requests.concat()).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((requests.len(), lines.len()), (1, 4));
        assert_eq!(lines[0]["index"]["version"], documents[0].version);
        assert_eq!(lines[0]["index"]["version_type"], "external");
        assert!(lines[1]["terms"].as_array().is_some_and(|terms| !terms.is_empty()));
    }

    #[test]
    fn many_documents_are_several_requests() {
        let documents: Vec<Document> = (0..6000).map(sample::document).collect();
        let requests = requests(&documents, Timestamp::UNIX_EPOCH).unwrap();
        assert!(requests.len() > 1 && requests.iter().all(|request| request.len() <= MAX_BYTES));
        let lines: usize = requests
            .iter()
            .map(|request| request.iter().filter(|&&byte| byte == b'\n').count())
            .sum();
        assert_eq!(lines, 12_000);
    }

    #[test]
    fn an_older_version_and_a_document_that_is_refused_do_not_stop_the_others() {
        let items = r#"{"index":{"_id":"a","status":201}},
            {"index":{"_id":"b","status":409,"error":{"type":"version_conflict_engine_exception"}}},
            {"index":{"_id":"c","status":400,"error":{"type":"mapper_parsing_exception"}}}"#;
        assert_eq!(written(items).unwrap(), 1);
    }

    #[test]
    fn a_document_that_is_not_there_is_removed() {
        let requests = removals("PRODUCT", &["tea".to_owned(), "mug".to_owned()]);
        let text = String::from_utf8(requests.concat()).unwrap();
        assert_eq!(
            text,
            "{\"delete\":{\"_id\":\"PRODUCT:tea\"}}\n{\"delete\":{\"_id\":\"PRODUCT:mug\"}}\n"
        );
        let items = r#"{"delete":{"_id":"PRODUCT:tea","status":200,"result":"deleted"}},
            {"delete":{"_id":"PRODUCT:mug","status":404,"result":"not_found"}}"#;
        assert_eq!(written(items).unwrap(), 1);
    }

    #[test]
    fn a_server_that_takes_no_ids_is_a_fault_and_not_a_bad_document() {
        let items = r#"{"index":{"_id":"a","status":400,"error":{"type":"illegal_argument_exception"}}}"#;
        assert!(matches!(written(items), Err(Error::Internal { .. })));
    }

    #[test]
    fn a_document_that_a_busy_server_did_not_take_is_written_again() {
        for status in [404, 429, 503] {
            let items = format!(r#"{{"index":{{"_id":"a","status":{status},"error":{{"type":"busy"}}}}}}"#);
            assert!(matches!(written(&items), Err(Error::Unavailable { .. })));
        }
    }
}
