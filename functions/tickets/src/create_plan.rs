//! Runs for `POST /admin/venues/{venue_id}/plans`: stores a seating plan of a venue. Its tiles and its layout go to S3, named after their content.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};
use shared::tickets::{PlanId, VenueId};

use crate::entities::{Creation, created};
use crate::plan::objects::PlanObjects;
use crate::plan::{self, CreatePlanRequest, MAX_BODY, Plan, PlanSection};
use crate::reason;
use crate::store::ShowStore;
use crate::venue::Venue;

/// The function's stores.
#[derive(Debug)]
pub struct CreatePlan {
    /// Venues, performances and showtimes.
    pub shows: ShowStore,
    /// The tiles and layouts of plans.
    pub objects: PlanObjects,
}

impl CreatePlan {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            shows: ShowStore::new(platform)?,
            objects: PlanObjects::new(platform)?,
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND, &reason::INVALID_PLAN];

/// Creates a seating plan
///
/// A plan never changes: a change of the house is a new plan. Rows of more than 28 seats are split at their aisles. An area
/// of general admission has a number of places and no seats. The body has at most 1 MB. A retry with the same key and body returns the same plan.
///
/// # Cost
/// One write to S3 for each section and one more; three requests to DynamoDB.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/venues/{venue_id}/plans", operation_id = "create-plan", tag = "tickets",
    request_body = CreatePlanRequest,
    security(("token" = [])),
    params(
        ("venue_id" = Uuid, Path, description = "The venue"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each plan",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The plan", body = Plan,
            headers(
                ("ETag" = String, description = "Names this plan"),
                ("Idempotency-Replayed" = bool, description = "true: an earlier request created it"),
                ("Location" = String, description = "The plan's path"),
            )),
    )
)]
pub async fn handle(function: &CreatePlan, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let venue_id = http::path::<VenueId>(&request)?;
    let body: CreatePlanRequest = http::parse(http::raw_body(&request, MAX_BODY)?)?;
    let creation = Creation::of(&request, "plan", &(venue_id, &body))?;
    let plan_id = PlanId(creation.id);
    let path = format!("/plans/{plan_id}");
    if let Some(earlier) = creation.earlier::<Plan>(&function.shows, &invocation).await? {
        return created(&earlier, &path).map(http::replayed);
    }
    let checked = plan::checked(&body)?;
    function.shows.get::<Venue>(venue_id.0, invocation.deadline).await?;
    // First the objects: a plan that is stored has them all. Those of a request that fails later do no harm.
    let layout = function
        .objects
        .write_layout(&checked.layout, invocation.deadline)
        .await?;
    let tiles = function
        .objects
        .write_tiles(&checked.tiles, invocation.deadline)
        .await?;
    let sections = checked.tiles.iter().zip(tiles).map(|(section, tile)| PlanSection {
        section: section.section.clone(),
        name: section.name.clone(),
        seats: section.seats(),
        tile,
    });
    let plan = Plan {
        plan_id,
        venue_id,
        name: checked.name,
        focus: body.focus,
        seats: u32::try_from(checked.seats).unwrap_or(u32::MAX),
        zones: checked.zones,
        sections: sections.collect(),
        areas: checked.areas,
        layout,
        created_at: invocation.now,
    };
    creation.save(&function.shows, plan, &path, &invocation).await
}
