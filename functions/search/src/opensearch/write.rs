//! Writes: documents, new indexes, and the removal of those that nobody searches.

use std::time::Duration;

use jiff::Timestamp;
use lambda_http::http::Method;
use search_engine::Document;
use serde::Deserialize;
use serde::de::IgnoredAny;
use shared::core::error::Error;
use tokio::time::{Instant, sleep};

use super::client::Call;
use super::{OpenSearch, bulk, mapping};

/// The pauses before a bulk write is sent again: each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// The time that a write keeps for the rest of its invocation.
const RESERVE: Duration = Duration::from_secs(30);

impl OpenSearch {
    /// Makes an index, if it does not exist.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn create(&self, index: &str, deadline: Instant) -> Result<(), Error> {
        const DOING: &str = "make an index";
        let call = Call::with(Method::PUT, format!("/{index}"), &mapping::mapping());
        let reply = self.client.send(DOING, call, deadline).await?;
        if reply.error_type().as_deref() == Some("resource_already_exists_exception") {
            return Ok(());
        }
        reply.json::<IgnoredAny>(DOING).map(drop)
    }

    /// Writes documents, of which older versions change nothing. Returns how many were newer.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn write(
        &self,
        index: &str,
        documents: &[Document],
        now: Timestamp,
        deadline: Instant,
    ) -> Result<usize, Error> {
        self.send_bulks(index, bulk::requests(documents, now)?, deadline).await
    }

    /// Removes documents of a kind, whatever their versions.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn remove_documents(
        &self,
        index: &str,
        kind: &str,
        ids: &[String],
        deadline: Instant,
    ) -> Result<(), Error> {
        let removed = self.send_bulks(index, bulk::removals(kind, ids), deadline);
        removed.await.map(drop)
    }

    /// Sends bulk writes. Returns how many documents they have changed.
    async fn send_bulks(&self, index: &str, requests: Vec<Vec<u8>>, deadline: Instant) -> Result<usize, Error> {
        let mut written = 0;
        for body in requests {
            let mut pause = FIRST_PAUSE;
            loop {
                let call = Call {
                    method: Method::POST,
                    path: format!("/{index}/_bulk"),
                    body: Some(body.clone()),
                };
                match self.bulk(call, deadline).await {
                    Ok(newer) => {
                        written += newer;
                        break;
                    }
                    // A busy server, or one that grows. Writing again changes nothing that was written.
                    Err(Error::Unavailable { .. }) if Instant::now() + 2 * pause + RESERVE < deadline => {
                        sleep(pause).await;
                        pause = (2 * pause).min(LONGEST_PAUSE);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(written)
    }

    async fn bulk(&self, call: Call, deadline: Instant) -> Result<usize, Error> {
        const DOING: &str = "write documents to the index";
        let reply: bulk::BulkReply = self.client.send(DOING, call, deadline).await?.json(DOING)?;
        reply.written()
    }

    /// The names of this stack's indexes.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn indexes(&self, deadline: Instant) -> Result<Vec<String>, Error> {
        const DOING: &str = "list the indexes";
        #[derive(Deserialize)]
        struct Listed {
            index: String,
        }
        // All of them: a star in a path is signed in different ways.
        let call = Call::without_body(Method::GET, "/_cat/indices?format=json");
        let listed: Vec<Listed> = self.client.send(DOING, call, deadline).await?.json(DOING)?;
        let own = format!("{}-", self.prefix);
        let indexes = listed.into_iter().map(|listed| listed.index);
        Ok(indexes.filter(|index| index.starts_with(&own)).collect())
    }

    /// Removes an index. Returns false if it does not exist.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn remove(&self, index: &str, deadline: Instant) -> Result<bool, Error> {
        const DOING: &str = "remove an index";
        let call = Call::without_body(Method::DELETE, format!("/{index}"));
        let reply = self.client.send(DOING, call, deadline).await?;
        if reply.is_missing() {
            return Ok(false);
        }
        reply.json::<IgnoredAny>(DOING).map(|_| true)
    }
}
