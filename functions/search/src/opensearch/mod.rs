//! OpenSearch, a serverless collection or a domain: the engine beyond one embedded index.
//!
//! The server knows no language. It compares our terms, and each document that it finds is checked by the code that the
//! embedded engine uses, so both find the same. A text becomes JSON of terms and numbers, never a query language.

mod bulk;
mod client;
mod mapping;
mod measure;
mod query;
mod read;
mod write;

use lambda_http::http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::aws::Platform;
use shared::core::error::Error;
use tokio::time::Instant;

use crate::state::Build;
use client::{Call, Client};

pub use measure::Measured;

/// The indexes of a server.
#[derive(Clone, Debug)]
pub struct OpenSearch {
    client: Client,
    /// The names of the indexes start with it. It is the bucket's name: no other stack has the same.
    prefix: String,
}

impl OpenSearch {
    /// Reads the server's address from `SEARCH_ENDPOINT`. None if it is empty.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Option<Self>, Error> {
        let endpoint = platform.variable("SEARCH_ENDPOINT")?;
        if endpoint.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self {
            client: Client::new(platform, &endpoint)?,
            prefix: platform.variable("SEARCH_BUCKET")?,
        }))
    }

    /// The name of a build's index. None for the build of an empty state, which has no index.
    pub fn index_of(&self, build: &Build) -> Option<String> {
        build
            .rebuild_id
            .map(|rebuild_id| format!("{}-{rebuild_id}", self.prefix))
    }

    /// The answer to a search in an index. None if the index does not exist.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, also when only a part of the index answered; [`Error::Internal`].
    async fn find_in<T: DeserializeOwned>(
        &self,
        doing: &'static str,
        index: &str,
        body: &Value,
        deadline: Instant,
    ) -> Result<Option<T>, Error> {
        let call = Call::with(Method::POST, format!("/{index}/_search"), body);
        let reply = self.client.send(doing, call, deadline).await?;
        if reply.is_missing() {
            return Ok(None);
        }
        let answered: Answered = reply.json(doing)?;
        if answered.timed_out || answered.shards.failed > 0 {
            return Err(Error::unavailable(doing, "a shard did not answer"));
        }
        reply.json(doing).map(Some)
    }
}

/// Whether the whole index has answered.
#[derive(Deserialize)]
struct Answered {
    timed_out: bool,
    #[serde(rename = "_shards")]
    shards: Shards,
}

#[derive(Deserialize)]
struct Shards {
    failed: u64,
}
