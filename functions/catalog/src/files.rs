//! The bucket `CatalogFilesBucket`: the files of imports at `imports/<import id>`, those of exports at
//! `exports/<export id>/<part>`. S3 removes them after 30 days.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use jiff::{SignedDuration, Timestamp};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::send_until_answered;
use shared::aws::s3::{self, Presigned};
use tokio::time::Instant;

/// The bucket.
#[derive(Clone, Debug)]
pub struct Files {
    s3: Client,
    bucket: String,
}

/// The conditions that an upload must meet.
#[derive(Clone, Copy, Debug)]
pub struct Upload<'a> {
    /// The object's key.
    pub key: &'a str,
    /// The media type.
    pub content_type: &'a str,
    /// The file's size in bytes.
    pub content_length: u64,
    /// The file's SHA-256 in base64.
    pub checksum_sha256: &'a str,
}

impl Files {
    /// Reads the bucket's name from `CATALOG_FILES_BUCKET`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            s3: s3::client(platform.aws()),
            bucket: platform.variable("CATALOG_FILES_BUCKET")?,
        })
    }

    /// Signs exactly this upload.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub async fn presign_upload(
        &self,
        upload: Upload<'_>,
        now: Timestamp,
        within: SignedDuration,
    ) -> Result<Presigned, Error> {
        let length = i64::try_from(upload.content_length).map_err(|error| Error::internal("sign an upload", error))?;
        let put = self.s3.put_object().bucket(&self.bucket).key(upload.key);
        let put = put
            .content_type(upload.content_type)
            .content_length(length)
            .checksum_sha256(upload.checksum_sha256);
        s3::presign_put(put, now, within).await
    }

    /// Signs a download.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub async fn presign_download(
        &self,
        key: &str,
        now: Timestamp,
        within: SignedDuration,
    ) -> Result<Presigned, Error> {
        s3::presign_get(self.s3.get_object().bucket(&self.bucket).key(key), now, within).await
    }

    /// Reads the bytes of a file from `start` to before `end`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn read(&self, key: &str, start: u64, end: u64, deadline: Instant) -> Result<Vec<u8>, Error> {
        const DOING: &str = "read a file";
        let send = || async {
            let get = self.s3.get_object().bucket(&self.bucket).key(key);
            let sent = get.range(format!("bytes={start}-{}", end.saturating_sub(1))).send();
            let answer = sent.await.map_err(|error| s3::classify_error(DOING, error))?;
            let bytes = answer.body.collect().await;
            let bytes = bytes.map_err(|error| Error::unavailable(DOING, error))?.to_vec();
            match bytes.len() as u64 == end - start {
                true => Ok(bytes),
                false => Err(Error::internal(DOING, format!("{key} is shorter than {end} bytes"))),
            }
        };
        send_until_answered(DOING, deadline, send).await
    }

    /// Writes a file.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn write(&self, key: &str, content_type: &str, bytes: Vec<u8>, deadline: Instant) -> Result<(), Error> {
        const DOING: &str = "write a file";
        let send = || async {
            let put = self.s3.put_object().bucket(&self.bucket).key(key);
            let put = put.content_type(content_type).body(ByteStream::from(bytes.clone()));
            put.send().await.map_err(|error| s3::classify_error(DOING, error))
        };
        send_until_answered(DOING, deadline, send).await.map(drop)
    }
}
