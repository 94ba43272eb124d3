//! Runs for `POST /admin/exports`, for administrators: records an export and starts `run-export`.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::queue::Queue;
use shared::catalog::ChangePosition;
use shared::core::error::Reason;

use crate::export::{Export, ExportId, ExportStatus, ExportStore, Position, StoredExport};
use crate::jobs;
use crate::run_export::ExportMessage;

/// The function's store and queue.
#[derive(Debug)]
pub struct CreateExport {
    /// Exports.
    pub exports: ExportStore,
    /// The queue of the first step.
    pub steps: Queue,
}

impl CreateExport {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            exports: ExportStore::new(platform)?,
            steps: Queue::new(platform.aws(), platform.variable("EXPORT_STEPS_URL")?),
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Creates an export of all products
///
/// Writes them as files of JSON Lines, in the format of imports. Poll `GET /admin/exports/{export_id}` until its status is
/// `COMPLETED`; it has the URLs of the files. A retry with the same key returns the export in its current state.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/exports", operation_id = "create-export", tag = "catalog",
    security(("token" = [])),
    params(
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each export",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 202, description = "The export", body = Export,
            headers(
                ("Idempotency-Replayed" = bool, description = "true: an earlier request created the export"),
                ("Location" = String, description = "The export's path"),
            )),
    )
)]
pub async fn handle(function: &CreateExport, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let export = Export {
        export_id: ExportId(key.derive_id("export", &caller.customer_id)),
        status: ExportStatus::Running,
        products: 0,
        created_by: invocation.actor()?.clone(),
        created_at: invocation.now,
        ended_at: None,
        parts: vec![],
    };
    let stored = StoredExport {
        export,
        version: 1,
        files: vec![],
        position: Position {
            shard: 0,
            after: ChangePosition::start(),
        },
    };
    match function.exports.save(&stored, invocation.deadline).await? {
        Ok(()) => {
            function.start(&stored, &invocation).await?;
            created(&stored.export)
        }
        Err(existing) => {
            // The first request may have ended before it sent the message. A second message does no harm.
            if existing.version == 1 {
                function.start(&existing, &invocation).await?;
            }
            created(&existing.export).map(http::replayed)
        }
    }
}

impl CreateExport {
    async fn start(&self, stored: &StoredExport, invocation: &Invocation) -> Result<(), Error> {
        let export_id = stored.export.export_id;
        jobs::send_step(&self.steps, &ExportMessage { export_id }, invocation.deadline).await
    }
}

fn created(export: &Export) -> Result<Response, Error> {
    http::accepted(&format!("/admin/exports/{}", export.export_id), export)
}
