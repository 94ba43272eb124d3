//! Runs for `POST /admin/showtimes/{showtime_id}/publish`: creates the seats of a draft and publishes it, on sale or closed.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, conditional};
use shared::core::error::{self, Reason, Rejection};
use shared::tickets::SeatStore;
use shared::tickets::{Area, SeatRow, Seating, Showtime, ShowtimeId, ShowtimeStatus};

use crate::performance::{Performance, PerformanceStatus};
use crate::plan::Plan;
use crate::plan::objects::PlanObjects;
use crate::reason;
use crate::showtimes;
use crate::store::ShowStore;

/// The function's stores.
#[derive(Debug)]
pub struct PublishShowtime {
    /// Venues, performances and showtimes.
    pub shows: ShowStore,
    /// The tiles and layouts of plans.
    pub objects: PlanObjects,
    /// Seats.
    pub seats: SeatStore,
}

impl PublishShowtime {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            shows: ShowStore::new(platform)?,
            objects: PlanObjects::new(platform)?,
            seats: SeatStore::new(platform)?,
        })
    }
}

/// The terms on which a showtime is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishShowtimeRequest {
    /// The status of the published showtime.
    #[serde(default)]
    #[schema(default = "ON_SALE")]
    pub status: PublishedStatus,
}

/// The status of a published showtime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PublishedStatus {
    /// Seats are sold from `sales_start_at` on.
    #[default]
    OnSale,
    /// No seat is sold until `update-showtime` opens the sale, so administrators can block seats first.
    Closed,
}

impl From<PublishedStatus> for ShowtimeStatus {
    fn from(status: PublishedStatus) -> Self {
        match status {
            PublishedStatus::OnSale => Self::OnSale,
            PublishedStatus::Closed => Self::Closed,
        }
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &reason::INVALID_SHOW,
    &reason::INVALID_STATUS_CHANGE,
    &reason::PERFORMANCE_NOT_LISTED,
];

/// Publishes a showtime
///
/// Creates the seats of a draft, all free, and publishes it: on sale, or closed, so that seats can be blocked before the sale. A
/// showtime that was published already is returned as it is. A request that breaks off half-way is completed by the next one.
/// The performance must be `LISTED`, and the prices must have the currency of its refund policy.
///
/// # Cost
/// Two write units a row of seats, in transactions of 100 rows; twelve more units and two reads from S3.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/showtimes/{showtime_id}/publish", operation_id = "publish-showtime", tag = "tickets",
    request_body = Option<PublishShowtimeRequest>,
    security(("token" = [])),
    params(
        ("showtime_id" = Uuid, Path, description = "The showtime"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each request",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The showtime", body = Showtime,
            headers(
                ("ETag" = String, description = "For `If-Match` of a change"),
                ("Idempotency-Replayed" = bool, description = "true: it was published before"),
            )),
    )
)]
pub async fn handle(function: &PublishShowtime, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let showtime_id = http::path::<ShowtimeId>(&request)?;
    http::idempotency_key(&request)?;
    let body: PublishShowtimeRequest = http::optional_body(&request)?;
    let mut attempts = Attempts::new("publish a showtime");
    loop {
        attempts.start()?;
        let previous = function
            .shows
            .get::<Showtime>(showtime_id.0, invocation.deadline)
            .await?;
        let showtime = &previous.entity;
        match showtime.status {
            ShowtimeStatus::Draft => {}
            ShowtimeStatus::OnSale | ShowtimeStatus::Closed => {
                return conditional::tagged(StatusCode::OK, showtime).map(http::replayed);
            }
            showtime_status @ ShowtimeStatus::Cancelled => {
                let detail = "The showtime is cancelled.";
                return Err(Rejection::with(reason::InvalidStatusChange { showtime_status }, detail).into());
            }
        }
        showtimes::require_future(showtime.starts_at, invocation.now)?;
        function.require_performance(showtime, &invocation).await?;
        let next = match &showtime.seating {
            // From here on the plan stays, so each request that completes this one creates the same seats.
            None => Showtime {
                seating: Some(function.seating(showtime, &invocation).await?),
                ..showtime.clone()
            },
            Some(_) => {
                function.create_seats(showtime, &invocation).await?;
                Showtime {
                    status: body.status.into(),
                    published_at: Some(invocation.now),
                    ..showtime.clone()
                }
            }
        };
        let next = Showtime {
            updated_at: invocation.now,
            ..next
        };
        let next = previous.next(next, &invocation)?;
        let saved = function.shows.save(&next, invocation.deadline).await?;
        if saved.is_ok() && next.entity.is_public() {
            return conditional::tagged(StatusCode::OK, &next.entity);
        }
    }
}

impl PublishShowtime {
    /// Checks that the performance is listed, and that its refund policy has the currency of the prices.
    async fn require_performance(&self, showtime: &Showtime, invocation: &Invocation) -> Result<(), Error> {
        let performance = self
            .shows
            .get::<Performance>(showtime.performance_id.0, invocation.deadline)
            .await?
            .entity;
        if performance.status != PerformanceStatus::Listed {
            let detail = "The performance of the showtime is a draft. Set its status to LISTED first.";
            return Err(Rejection::new(&reason::PERFORMANCE_NOT_LISTED, detail).into());
        }
        showtimes::require_one_currency(&showtime.prices, &performance.refund_policy)?;
        Ok(())
    }

    /// The seats that a showtime will have.
    async fn seating(&self, showtime: &Showtime, invocation: &Invocation) -> Result<Seating, Error> {
        let plan = self
            .shows
            .get::<Plan>(showtime.plan_id.0, invocation.deadline)
            .await?
            .entity;
        let layout = self.objects.layout(&plan.layout, invocation.deadline).await?;
        Ok(Seating {
            parts: u16::try_from(layout.parts.len()).unwrap_or(u16::MAX),
            seats: plan.seats,
            zones: plan.zones,
            areas: plan.areas.into_iter().map(Area::from).collect(),
            shortest_continued: layout.shortest_continued(),
        })
    }

    async fn create_seats(&self, showtime: &Showtime, invocation: &Invocation) -> Result<(), Error> {
        let plan = self
            .shows
            .get::<Plan>(showtime.plan_id.0, invocation.deadline)
            .await?
            .entity;
        let layout = self.objects.layout(&plan.layout, invocation.deadline).await?;
        let rows: Vec<SeatRow> = layout.rows().collect();
        self.seats
            .create(showtime.showtime_id, &rows, invocation.deadline)
            .await
    }
}
