//! Runs for `POST /admin/imports`, for administrators: records an import and returns a presigned URL for exactly its file.
//!
//! The file goes straight to S3. Key, type, length and checksum are part of the signature: S3 rejects any other upload.
//! Its event starts `run-import`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::s3::Presigned;
use shared::core::error::{Reason, Rejection};
use shared::core::idempotency::Fingerprint;

use crate::files::{Files, Upload};
use crate::import::{
    FileFormat, FileUpload, Import, ImportId, ImportStatus, ImportStore, MAX_BYTES, Progress, StoredImport,
    UPLOAD_WITHIN,
};
use crate::reason;

/// The function's store and bucket.
#[derive(Debug)]
pub struct CreateImport {
    /// Imports.
    pub imports: ImportStore,
    /// The bucket of the files.
    pub files: Files,
}

impl CreateImport {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            imports: ImportStore::new(platform)?,
            files: Files::new(platform)?,
        })
    }
}

/// A file of products to import.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateImportRequest {
    /// The format of the file.
    pub format: FileFormat,
    /// Whether to only check the rows, and to tell what they would change.
    #[serde(default)]
    #[schema(default = false)]
    pub dry_run: bool,
    /// The file's size in bytes.
    #[schema(minimum = 1, maximum = 104_857_600)]
    pub content_length: u64,
    /// The file's SHA-256 in base64. S3 accepts only these bytes.
    #[schema(min_length = 44, max_length = 44, pattern = "^[A-Za-z0-9+/]{43}=$")]
    pub checksum_sha256: String,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&reason::INVALID_IMPORT];

/// Creates an import and presigns the upload of its file
///
/// `PUT` the file to `upload.url` with `upload.headers` within an hour. Then poll `GET /admin/imports/{import_id}` until its
/// status is `COMPLETED` or `FAILED`. A retry with the same key and body returns the import in its current state, and signs the
/// upload again as long as the import waits for it.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/imports", operation_id = "create-import", tag = "catalog",
    request_body = CreateImportRequest,
    security(("token" = [])),
    params(
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each import",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The import, with the presigned upload", body = Import,
            headers(
                ("Idempotency-Replayed" = bool, description = "true: an earlier request created the import"),
                ("Location" = String, description = "The import's path"),
            )),
    )
)]
pub async fn handle(function: &CreateImport, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let body: CreateImportRequest = http::body(&request)?;
    let fingerprint = Fingerprint::of(&body).map_err(|error| Error::internal("read the import", error))?;
    let import_id = ImportId(key.derive_id("import", &caller.customer_id));
    let stored = StoredImport {
        import: new_import(import_id, &body, &invocation)?,
        fingerprint,
        version: 1,
        progress: Progress::default(),
        run: None,
    };
    match function.imports.save(&stored, invocation.deadline).await? {
        Ok(()) => function.created(stored.import, &body, &invocation).await,
        Err(existing) => {
            existing.fingerprint.require_same(&stored.fingerprint)?;
            let response = function.created(existing.import, &body, &invocation).await;
            response.map(http::replayed)
        }
    }
}

/// Checks the request and builds the import, before its upload.
fn new_import(import_id: ImportId, body: &CreateImportRequest, invocation: &Invocation) -> Result<Import, Error> {
    let invalid = |field: &str, detail: String| {
        let field = field.to_owned();
        Rejection::with(reason::InvalidImport { field }, detail)
    };
    if !(1..=MAX_BYTES).contains(&body.content_length) {
        let detail = format!("A file has 1 to {MAX_BYTES} bytes, not {}.", body.content_length);
        return Err(invalid("content_length", detail).into());
    }
    if STANDARD.decode(&body.checksum_sha256).map(|bytes| bytes.len()) != Ok(32) {
        let detail = "checksum_sha256 is the SHA-256 of the file in base64, 44 characters.".to_owned();
        return Err(invalid("checksum_sha256", detail).into());
    }
    Ok(Import {
        import_id,
        format: body.format,
        dry_run: body.dry_run,
        content_length: body.content_length,
        status: ImportStatus::Waiting,
        rows: 0,
        created: 0,
        changed: 0,
        unchanged: 0,
        error_count: 0,
        errors: vec![],
        failure: None,
        created_by: invocation.actor()?.clone(),
        created_at: invocation.now,
        started_at: None,
        ended_at: None,
        upload: None,
    })
}

impl CreateImport {
    /// The response with the import, and with its upload as long as it waits for that.
    async fn created(
        &self,
        mut import: Import,
        body: &CreateImportRequest,
        invocation: &Invocation,
    ) -> Result<Response, Error> {
        if import.status == ImportStatus::Waiting {
            import.upload = Some(self.upload(&import, body, invocation).await?);
        }
        http::created(&format!("/admin/imports/{}", import.import_id), &import)
    }

    async fn upload(
        &self,
        import: &Import,
        body: &CreateImportRequest,
        invocation: &Invocation,
    ) -> Result<FileUpload, Error> {
        let upload = Upload {
            key: &import.import_id.file_key(),
            content_type: import.format.media_type(),
            content_length: import.content_length,
            checksum_sha256: &body.checksum_sha256,
        };
        let signed = self.files.presign_upload(upload, invocation.now, UPLOAD_WITHIN);
        let Presigned { url, method, headers } = signed.await?;
        Ok(FileUpload {
            url,
            method,
            headers,
            expires_at: invocation.now + UPLOAD_WITHIN,
        })
    }
}
