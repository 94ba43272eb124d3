//! Searches, in OpenSearch once its first build is complete, and in the embedded index otherwise.

use search_engine::{Hits, Query, Suggestion};
use shared::aws::Platform;
use shared::core::error::Error;
use tokio::time::Instant;

use crate::index_reader::{IndexReader, StateReader};
use crate::opensearch::OpenSearch;
use crate::refused::refused;
use crate::storage::IndexStorage;

/// The engines to search.
#[derive(Debug)]
pub struct Searcher {
    embedded: IndexReader,
    opensearch: Option<StateReader<OpenSearch>>,
}

impl Searcher {
    /// The engines on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let server = OpenSearch::new(platform)?;
        let storage = IndexStorage::of_opensearch(platform)?;
        Ok(Self {
            embedded: IndexReader::new(platform)?,
            opensearch: server.map(|server| StateReader::of(storage, server)),
        })
    }

    /// Finds a page of documents. Before anything was indexed it is empty.
    ///
    /// # Errors
    /// [`Error::Rejected`] for a query beyond the limits, [`Error::Unavailable`] when a retry may succeed,
    /// [`Error::Internal`].
    pub async fn search(&self, query: &Query, deadline: Instant) -> Result<Hits, Error> {
        if let Some(reader) = &self.opensearch
            && let Some(index) = reader.current(deadline).await?
        {
            // Boxed: it is large, and most shops have no server.
            return Box::pin(reader.opener().search(&index, query, deadline)).await;
        }
        match self.embedded.current(deadline).await? {
            Some(index) => index.search(query).map_err(refused),
            None => Ok(Hits::default()),
        }
    }

    /// Completes what is being typed.
    ///
    /// # Errors
    /// As [`Searcher::search`].
    pub async fn suggest(
        &self,
        typed: &str,
        kinds: &[String],
        limit: usize,
        deadline: Instant,
    ) -> Result<Vec<Suggestion>, Error> {
        if let Some(reader) = &self.opensearch
            && let Some(index) = reader.current(deadline).await?
        {
            let suggested = reader.opener().suggest(&index, typed, kinds, limit, deadline);
            return Box::pin(suggested).await;
        }
        match self.embedded.current(deadline).await? {
            Some(index) => index.suggest(typed, kinds, limit).map_err(refused),
            None => Ok(vec![]),
        }
    }
}
