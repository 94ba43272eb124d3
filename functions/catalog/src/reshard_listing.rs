//! Runs for `POST /admin/listings/reshard`, for administrators: begins to spread a listing over another number of shards.
//! `continue-resharding` does the rest.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::dynamodb::request::StoredRequest;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::catalog::ShardCount;
use shared::core::error::{Reason, Rejection};

use crate::listings::layout::{InProgress, Layout, Layouts, ListingPhase};
use crate::listings::scope::Listing;
use crate::listings::store::ListingStore;
use crate::reason;

/// The function's store.
#[derive(Debug)]
pub struct ReshardListing {
    /// The lists of products.
    pub listings: ListingStore,
}

impl ReshardListing {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            listings: ListingStore::new(platform)?,
        })
    }
}

/// A listing and the number of its shards.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReshardListingRequest {
    /// The listing: `all`, `admin` (all products, for administrators), or a category such as `category:drinks/tea`.
    #[schema(value_type = String, max_length = 109, pattern = "^(all|admin|category:[a-z0-9/-]+)$", examples("all"))]
    pub listing: Listing,
    /// The number of its shards. With the present number, its rows are only written anew.
    pub shards: ShardCount,
}

/// The shards of a listing, and how far a change of them is.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ListingShards {
    /// The listing: `all`, `admin` (all products, for administrators), or a category such as `category:drinks/tea`.
    #[schema(value_type = String, max_length = 109, pattern = "^(all|admin|category:[a-z0-9/-]+)$", examples("all"))]
    pub listing: Listing,
    /// The number of its shards, after the change if there is one.
    pub shards: ShardCount,
    /// The present phase of the listing.
    pub phase: ListingPhase,
    /// The number of products that were moved in this phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub moved: Option<u64>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&reason::RESHARDING_IN_PROGRESS, &reason::TOO_MANY_RESHARDED_LISTINGS];

/// Spreads a listing over shards
///
/// Takes an hour or longer; the listing is read and written meanwhile as before. A retry with the same key returns how far it
/// is.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/listings/reshard", operation_id = "reshard-listing", tag = "catalog",
    request_body = ReshardListingRequest,
    security(("token" = [])),
    params(
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each change",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The listing's shards", body = ListingShards,
            headers(("Idempotency-Replayed" = bool, description = "true: an earlier request began it"))),
    )
)]
pub async fn handle(function: &ReshardListing, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let body: ReshardListingRequest = http::body(&request)?;
    let request = StoredRequest::new("reshard listing", &key, &caller.customer_id, &body, invocation.now)?;
    let (listings, deadline) = (&function.listings, invocation.deadline);
    let mut attempts = Attempts::new("reshard a listing");
    loop {
        attempts.start()?;
        let earlier = listings.earlier(&request, deadline).await?;
        let mut layouts = listings.layouts(deadline).await?;
        if earlier.is_some() {
            return respond(&body.listing, &layouts.of(&body.listing)).map(http::replayed);
        }
        let layout = begin(&layouts, &body, &invocation)?;
        layouts.listings.insert(body.listing.clone(), layout.clone());
        layouts.version += 1;
        if listings.save_layouts(&layouts, Some(&request), deadline).await? {
            return respond(&body.listing, &layout);
        }
    }
}

fn begin(layouts: &Layouts, body: &ReshardListingRequest, invocation: &Invocation) -> Result<Layout, Rejection> {
    let is_known = layouts.listings.contains_key(&body.listing);
    if !is_known && layouts.listings.len() >= Layouts::MAX {
        let detail = format!(
            "At most {} listings can have a number of shards of their own.",
            Layouts::MAX
        );
        return Err(Rejection::new(&reason::TOO_MANY_RESHARDED_LISTINGS, detail));
    }
    let layout = layouts.of(&body.listing);
    let phase = layout.phase();
    layout.reshard(body.shards, invocation.now).map_err(|InProgress| {
        let detail = "Wait until the listing is STEADY.".to_owned();
        Rejection::with(reason::ReshardingInProgress { phase }, detail)
    })
}

fn respond(listing: &Listing, layout: &Layout) -> Result<Response, Error> {
    let shards = ListingShards {
        listing: listing.clone(),
        shards: layout.wanted(),
        phase: layout.phase(),
        moved: layout.visited(),
    };
    http::json(StatusCode::OK, &shards)
}
