//! The bucket of the index: `index.json` says which bundles the index consists of, and `bundles/<name>` are the bundles,
//! which never change. `opensearch.json` says the same of the indexes in OpenSearch, which have no bundles.
//!
//! Invariant: a state is replaced only if nobody has replaced it since it was read (S3's `If-Match`), so no writer
//! overwrites what another one has committed. A bundle is stored before `index.json` names it.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, Object, ObjectIdentifier};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use jiff::Timestamp;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::aws::{Platform, s3};
use shared::core::error::Error;
use tokio::time::{Instant, timeout_at};

use crate::state::IndexState;

const EMBEDDED: &str = "index.json";
const OPENSEARCH: &str = "opensearch.json";
const BUNDLES: &str = "bundles/";

/// How long a bundle stays that the index does not name: a function may still be reading it, or about to name it.
const UNUSED_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads and writes the bucket of the index.
#[derive(Clone, Debug)]
pub struct IndexStorage {
    client: Client,
    bucket: String,
    /// The object of the state.
    state: &'static str,
}

/// The revision of a state that was read: its entity tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision(String);

/// A state as loaded.
#[derive(Clone, Debug)]
pub enum Loaded {
    /// The same as in the revision that the caller knows.
    Unchanged,
    /// Nothing: the index has not been written yet.
    Missing,
    /// Another revision.
    State(Box<IndexState>, Revision),
}

impl IndexStorage {
    /// The storage of the embedded engine. Reads the bucket's name from `SEARCH_BUCKET`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Self::in_bucket(platform, "SEARCH_BUCKET")
    }

    /// The storage of the private index. Reads the bucket's name from `PRIVATE_SEARCH_BUCKET`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn private(platform: &Platform) -> Result<Self, Error> {
        Self::in_bucket(platform, "PRIVATE_SEARCH_BUCKET")
    }

    fn in_bucket(platform: &Platform, variable: &'static str) -> Result<Self, Error> {
        Ok(Self {
            client: s3::client(platform.aws()),
            bucket: platform.variable(variable)?,
            state: EMBEDDED,
        })
    }

    /// The storage of OpenSearch's state, in the same bucket as the index of [`IndexStorage::new`].
    ///
    /// # Errors
    /// As [`IndexStorage::new`].
    pub fn of_opensearch(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            state: OPENSEARCH,
            ..Self::new(platform)?
        })
    }

    /// Reads the state, unless it is still in the revision `known`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn load(&self, known: Option<&Revision>, deadline: Instant) -> Result<Loaded, Error> {
        const DOING: &str = "read the state of the index";
        let get = self.client.get_object().bucket(&self.bucket).key(self.state);
        let get = get.set_if_none_match(known.map(|revision| revision.0.clone()));
        within(DOING, deadline, async {
            let found = match get.send().await {
                Ok(found) => found,
                Err(error) => {
                    return match status_of(&error) {
                        Some(304) => Ok(Loaded::Unchanged),
                        Some(404) => Ok(Loaded::Missing),
                        _ => Err(s3::classify_error(DOING, error)),
                    };
                }
            };
            let tag = found.e_tag().unwrap_or_default().to_owned();
            let bytes = found.body.collect().await;
            let bytes = bytes.map_err(|error| Error::unavailable(DOING, error))?.into_bytes();
            let state = serde_json::from_slice(&bytes).map_err(|error| Error::internal(DOING, error))?;
            Ok(Loaded::State(Box::new(state), Revision(tag)))
        })
        .await
    }

    /// Replaces the state, if it is still in the revision `read`; none means that there is no state yet. Returns the new
    /// revision, or none when another writer was faster.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn save(
        &self,
        state: &IndexState,
        read: Option<&Revision>,
        deadline: Instant,
    ) -> Result<Option<Revision>, Error> {
        const DOING: &str = "save the state of the index";
        let bytes = serde_json::to_vec(state).map_err(|error| Error::internal(DOING, error))?;
        let put = self.client.put_object().bucket(&self.bucket).key(self.state);
        let put = put.content_type("application/json").body(ByteStream::from(bytes));
        let put = match read {
            Some(revision) => put.if_match(&revision.0),
            None => put.if_none_match("*"),
        };
        let put = within(DOING, deadline, async {
            match put.send().await {
                Ok(saved) => Ok(Some(Revision(saved.e_tag().unwrap_or_default().to_owned()))),
                // 409: another write is in progress.
                Err(error) if matches!(status_of(&error), Some(404 | 409 | 412)) => Ok(None),
                Err(error) => Err(s3::classify_error(DOING, error)),
            }
        });
        if let Some(revision) = put.await? {
            return Ok(Some(revision));
        }
        // The client may have sent the request again after a lost response: then the other writer is this one.
        match self.load(None, deadline).await? {
            Loaded::State(found, revision) if found.commit == state.commit => Ok(Some(revision)),
            _ => Ok(None),
        }
    }

    /// Replaces the state by what `change` makes of it, again until no other writer comes between. Changes nothing if
    /// `change` makes nothing. Returns the state, and whether it was replaced.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn change(
        &self,
        invocation: &Invocation,
        change: impl Fn(IndexState) -> Option<IndexState>,
    ) -> Result<(IndexState, bool), Error> {
        let mut attempts = Attempts::new("change the state of the index");
        loop {
            attempts.start()?;
            let (state, read) = self.state(invocation).await?;
            let Some(mut changed) = change(state.clone()) else {
                return Ok((state, false));
            };
            changed.commit = invocation.new_id();
            changed.committed_at = invocation.now;
            if self.save(&changed, read.as_ref(), invocation.deadline).await?.is_some() {
                return Ok((changed, true));
            }
        }
    }

    /// Reads the state; an empty one when nothing has been indexed yet.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn state(&self, invocation: &Invocation) -> Result<(IndexState, Option<Revision>), Error> {
        match self.load(None, invocation.deadline).await? {
            Loaded::State(state, revision) => Ok((*state, Some(revision))),
            Loaded::Missing | Loaded::Unchanged => Ok((IndexState::empty(invocation.new_id(), invocation.now), None)),
        }
    }

    /// Reads a bundle.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn bundle(&self, name: &str, deadline: Instant) -> Result<Vec<u8>, Error> {
        const DOING: &str = "read a bundle of the index";
        let get = self.client.get_object().bucket(&self.bucket);
        let get = get.key(format!("{BUNDLES}{name}"));
        within(DOING, deadline, async {
            let found = get.send().await.map_err(|error| s3::classify_error(DOING, error))?;
            let bytes = found.body.collect().await;
            Ok(bytes
                .map_err(|error| Error::unavailable(DOING, error))?
                .into_bytes()
                .into())
        })
        .await
    }

    /// Stores a bundle. Its name says what it contains, so storing it twice changes nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn store_bundle(&self, name: &str, bytes: Vec<u8>, deadline: Instant) -> Result<(), Error> {
        const DOING: &str = "store a bundle of the index";
        let put = self.client.put_object().bucket(&self.bucket);
        let put = put.key(format!("{BUNDLES}{name}")).body(ByteStream::from(bytes));
        within(DOING, deadline, async {
            let sent = put.send().await;
            sent.map(|_| ()).map_err(|error| s3::classify_error(DOING, error))
        })
        .await
    }

    /// Removes bundles that `is_used` does not know and that have been stored for a day. Returns how many.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn remove_unused(
        &self,
        is_used: impl Fn(&str) -> bool,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<usize, Error> {
        const DOING: &str = "remove unused bundles";
        let (mut removed, mut after) = (0, None);
        within(DOING, deadline, async {
            loop {
                let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(BUNDLES);
                let page = list.set_start_after(after).send().await;
                let page = page.map_err(|error| s3::classify_error(DOING, error))?;
                let is_unused = |object: &&Object| {
                    let name = object.key().and_then(|key| key.strip_prefix(BUNDLES));
                    let age = object
                        .last_modified()
                        .map(|at| now.as_second().saturating_sub(at.secs()));
                    age.is_some_and(|age| age >= UNUSED_FOR.as_secs().cast_signed())
                        && name.is_some_and(|name| !is_used(name))
                };
                let unused = page.contents().iter().filter(is_unused).filter_map(Object::key);
                let unused = unused.map(|key| ObjectIdentifier::builder().key(key).build());
                let unused: Vec<_> = unused
                    .collect::<Result<_, _>>()
                    .map_err(|error| Error::internal(DOING, error))?;
                removed += unused.len();
                // A page has at most 1,000 keys, which one request can delete (S3 API reference).
                if !unused.is_empty() {
                    let delete = Delete::builder().set_objects(Some(unused)).quiet(true).build();
                    let delete = delete.map_err(|error| Error::internal(DOING, error))?;
                    let sent = self.client.delete_objects().bucket(&self.bucket).delete(delete).send();
                    sent.await.map_err(|error| s3::classify_error(DOING, error))?;
                }
                after = page
                    .contents()
                    .last()
                    .and_then(|object| object.key())
                    .map(str::to_owned);
                if page.is_truncated() != Some(true) || after.is_none() {
                    return Ok(removed);
                }
            }
        })
        .await
    }
}

/// The HTTP status with which S3 answered.
fn status_of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

async fn within<T>(
    doing: &'static str,
    deadline: Instant,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    // Boxed: the SDK's futures are large.
    let done = timeout_at(deadline, Box::pin(work)).await;
    done.map_err(|elapsed| Error::unavailable(doing, elapsed))?
}
