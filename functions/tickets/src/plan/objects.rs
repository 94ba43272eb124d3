//! The bucket `SeatingBucket`: the tiles of plans at `tiles/<digest>`, their layouts at `layouts/<digest>`. An object is named
//! after its content, so it never changes.

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::ByteStream;
use futures::future::try_join_all;
use serde::Serialize;
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::send_until_answered;
use shared::aws::lambda::cache;
use shared::aws::s3;
use tokio::time::Instant;

use super::layout::Layout;
use super::tile::{Digest, SectionTile};

/// The number of objects that are written at the same time.
const AT_ONCE: usize = 16;

/// The bucket.
#[derive(Clone, Debug)]
pub struct PlanObjects {
    s3: Client,
    bucket: String,
}

impl PlanObjects {
    /// Reads the bucket's name from `SEATING_BUCKET`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            s3: s3::client(platform.aws()),
            bucket: platform.variable("SEATING_BUCKET")?,
        })
    }

    /// Writes tiles. Returns their names, in their order.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn write_tiles(&self, tiles: &[SectionTile], deadline: Instant) -> Result<Vec<Digest>, Error> {
        let mut digests = vec![];
        for tiles in tiles.chunks(AT_ONCE) {
            let writes = tiles.iter().map(|tile| self.write("tiles", tile, deadline));
            digests.extend(try_join_all(writes).await?);
        }
        Ok(digests)
    }

    /// Writes a layout. Returns its name.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn write_layout(&self, layout: &Layout, deadline: Instant) -> Result<Digest, Error> {
        self.write("layouts", layout, deadline).await
    }

    /// Reads a tile as JSON. None if there is no such tile.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn tile(&self, digest: &Digest, deadline: Instant) -> Result<Option<String>, Error> {
        let bytes = self.read("tiles", digest, deadline).await?;
        let text = bytes.map(String::from_utf8).transpose();
        text.map_err(|error| Error::internal("read a tile", error))
    }

    /// Reads the layout of a plan.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn layout(&self, digest: &Digest, deadline: Instant) -> Result<Layout, Error> {
        const DOING: &str = "read the layout of a plan";
        let bytes = self.read("layouts", digest, deadline).await?;
        let bytes = bytes.ok_or_else(|| Error::internal(DOING, format!("there is no layout {digest}")))?;
        serde_json::from_slice(&bytes).map_err(|error| Error::internal(DOING, error))
    }

    async fn write(&self, folder: &str, content: &impl Serialize, deadline: Instant) -> Result<Digest, Error> {
        const DOING: &str = "write a part of a plan";
        let bytes = serde_json::to_vec(content).map_err(|error| Error::internal(DOING, error))?;
        let digest = Digest::of(&bytes);
        let send = || async {
            let put = self
                .s3
                .put_object()
                .bucket(&self.bucket)
                .key(format!("{folder}/{digest}"));
            let put = put.content_type("application/json").cache_control(cache::IMMUTABLE);
            let sent = put.body(ByteStream::from(bytes.clone())).send().await;
            sent.map_err(|error| s3::classify_error(DOING, error))
        };
        send_until_answered(DOING, deadline, send).await?;
        Ok(digest)
    }

    async fn read(&self, folder: &str, digest: &Digest, deadline: Instant) -> Result<Option<Vec<u8>>, Error> {
        const DOING: &str = "read a part of a plan";
        let send = || async {
            let get = self
                .s3
                .get_object()
                .bucket(&self.bucket)
                .key(format!("{folder}/{digest}"));
            match get.send().await {
                Ok(found) => {
                    let bytes = found.body.collect().await;
                    let bytes = bytes.map_err(|error| Error::unavailable(DOING, error))?;
                    Ok(Some(bytes.to_vec()))
                }
                Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => Ok(None),
                Err(error) => Err(s3::classify_error(DOING, error)),
            }
        };
        send_until_answered(DOING, deadline, send).await
    }
}
