//! Runs for `PATCH /admin/performances/{performance_id}`: changes the named fields of a performance.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::catalog::TaxClass;
use shared::core::error::{self, Reason};
use shared::core::json::UniqueMap;
use shared::core::merge_patch::Patch;
use shared::images::ImageId;
use shared::images::ImageStore;
use shared::tickets::PerformanceId;

use crate::coming_showtimes::require_none_to_come;
use crate::entities;
use crate::fields;
use crate::performance::{CastMember, CreatePerformanceRequest, Performance, PerformanceStatus, RefundPolicy};
use crate::reason;
use crate::references;
use crate::store::ShowStore;

/// The function's stores.
#[derive(Debug)]
pub struct UpdatePerformance {
    /// Venues, performances and showtimes.
    pub shows: ShowStore,
    /// Images, which are only read.
    pub images: ImageStore,
}

impl UpdatePerformance {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            shows: ShowStore::new(platform)?,
            images: ImageStore::new(platform)?,
        })
    }
}

/// Changes of a performance, as a merge patch (RFC 7396): only what is named changes, and `null` clears a field.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdatePerformanceRequest {
    /// The titles to change, by language. `null` removes one.
    #[serde(default, skip_serializing_if = "UniqueMap::is_empty")]
    #[schema(schema_with = fields::names_patch_schema)]
    pub titles: UniqueMap<Option<String>>,
    /// The descriptions to change, by language. `null` removes one.
    #[serde(default, skip_serializing_if = "UniqueMap::is_empty")]
    #[schema(schema_with = fields::texts_patch_schema)]
    pub descriptions: UniqueMap<Option<String>>,
    /// Whether customers see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub status: Option<PerformanceStatus>,
    /// The whole cast, in the order of the playbill.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<Vec<CastMember>>, max_items = 100)]
    pub cast: Patch<Vec<CastMember>>,
    /// The length in minutes, with breaks.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<u16>, minimum = 1, maximum = 1_440)]
    pub duration_minutes: Patch<u16>,
    /// The age from which visitors are admitted.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<u8>, minimum = 1, maximum = 99)]
    pub age_limit: Patch<u8>,
    /// The most seats that a customer can have at one showtime.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 20)]
    pub max_seats: Option<u8>,
    /// All posters, main poster first. Each must be `READY`, uploaded with the purpose `LISTING`, and listed once.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<Vec<ImageId>>, max_items = 20)]
    pub posters: Patch<Vec<ImageId>>,
    /// The time from which new showtimes are sold.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<Timestamp>)]
    pub on_sale_at: Patch<Timestamp>,
    /// The tax class of tickets from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tax_class: Option<TaxClass>,
    /// The fees that a customer pays for giving a ticket back. Replaced as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub refund_policy: Option<RefundPolicy>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &reason::INVALID_SHOW,
    &reason::PERFORMANCE_HAS_SHOWTIMES,
];

/// Changes a performance
///
/// Only what is named changes, and `null` clears an optional field (RFC 7396). `If-Match` is required: if somebody has changed
/// the performance since it was read, the answer is 412 and nothing changes. A change that is made already is answered with 200 in
/// any case.
///
/// A performance with a published showtime that is neither over nor cancelled stays `LISTED`; after that it can become a `DRAFT`, and
/// customers see it no more. Its tickets and its reviews stay. The list of its showtimes is eventually consistent, so a showtime that
/// was published a moment ago may not be in it yet. Its seats are not sold then: a hold checks the performance itself.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    patch, path = "/admin/performances/{performance_id}", operation_id = "update-performance", tag = "tickets",
    request_body(content = UpdatePerformanceRequest, content_type = "application/merge-patch+json"),
    security(("token" = [])),
    params(
        ("performance_id" = Uuid, Path, description = "The performance"),
        ("If-Match" = String, Header, description = "The `ETag` of the performance as it was read, or `*`"),
    ),
    responses(
        (status = 200, description = "The performance", body = Performance,
            headers(("ETag" = String, description = "For `If-Match` of the next change"))),
    )
)]
pub async fn handle(function: &UpdatePerformance, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let performance_id = http::path::<PerformanceId>(&request)?;
    let body: UpdatePerformanceRequest = http::body(&request)?;
    let change = async |previous: &Performance| {
        previous.require_present()?;
        let fields = fields::patched(&CreatePerformanceRequest::of(previous), &body)?;
        let performance = fields.checked(performance_id, previous.created_at, previous.updated_at)?;
        references::of_performance(
            (&function.shows, &function.images),
            Some(previous),
            &performance,
            &invocation,
        )
        .await?;
        if (previous.status, performance.status) == (PerformanceStatus::Listed, PerformanceStatus::Draft) {
            require_none_to_come(&function.shows, previous, &invocation).await?;
        }
        Ok(performance)
    };
    let touch = |performance| Performance {
        updated_at: invocation.now,
        ..performance
    };
    entities::update(&function.shows, performance_id.0, &request, &invocation, change, touch).await
}
