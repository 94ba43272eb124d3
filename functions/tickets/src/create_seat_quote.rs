//! Runs for `POST /showtimes/{showtime_id}/quotes`: prices seats as `hold-seats` does. Changes nothing: it holds no seat, so it needs
//! no `Idempotency-Key`.

use std::collections::BTreeSet;

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason, Rejection};
use shared::coupons::{self, CouponClaimId, require_combinable};
use shared::orders::{self, CouponQuotes, Line, OrderCoupon, OrderId, Pricing, Totals};
use shared::tickets::{RowKey, SeatId, SeatStore, Showtime, ShowtimeId};
use utoipa::ToSchema;

use crate::hold_request::{GeneralPlaces, HoldSeatsRequest, Wanted};
use crate::hold_rules::{invalid, quote, require_seats};
use crate::performance::Performance;
use crate::reason;
use crate::seat_changes::require_known;
use crate::store::{Entity, ShowStore};

/// The function's stores and settings.
#[derive(Debug)]
pub struct CreateSeatQuote {
    /// Performances and showtimes.
    pub shows: ShowStore,
    /// Seats.
    pub seats: SeatStore,
    /// Claims of coupons.
    pub coupons: CouponQuotes,
    /// The taxes.
    pub pricing: Pricing,
}

impl CreateSeatQuote {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            shows: ShowStore::new(platform)?,
            seats: SeatStore::new(platform)?,
            coupons: CouponQuotes::new(platform)?,
            pricing: Pricing::new(platform)?,
        })
    }
}

/// The seats to price: `seats`, or `general`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateSeatQuoteRequest {
    /// The chosen seats, each once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_items = 1, max_items = 20)]
    pub seats: Option<Vec<SeatId>>,
    /// Places of an area of general admission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub general: Option<GeneralPlaces>,
    /// The order that a hold of the seats would replace, and whose coupons it could keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub replaces: Option<OrderId>,
    /// The customer's claims of coupons, which the order would redeem: at most one coupon of each class.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 2)]
    pub coupon_claim_ids: Vec<CouponClaimId>,
}

/// The present price of seats.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SeatQuote {
    /// A line for each seat. For an area, those of its first places: a hold has other ones, at the same price.
    pub lines: Vec<Line>,
    /// The coupons, in the order in which they apply. Absent for none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 2)]
    pub coupons: Vec<OrderCoupon>,
    /// The price of the seats, and its parts. Send `total` as `expected_total` of the hold.
    pub totals: Totals,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &reason::INVALID_HOLD,
    &reason::UNKNOWN_SEATS,
    &reason::GENERAL_ADMISSION,
    &orders::reason::TOTAL_TOO_LARGE,
    &coupons::reason::COUPON_NOT_FOUND,
    &coupons::reason::COUPON_EXPIRED,
    &coupons::reason::COUPON_IN_USE,
    &coupons::reason::COUPON_NOT_APPLICABLE,
    &coupons::reason::COUPON_MINIMUM_NOT_REACHED,
    &coupons::reason::COUPON_CURRENCY_DIFFERS,
    &coupons::reason::COUPONS_NOT_COMBINABLE,
];

/// Prices seats
///
/// Says what a hold of the same seats and coupons costs now. It holds neither the seats nor the coupons, does not say whether they are
/// free or on sale, and is not remembered, so it has no `Idempotency-Key`.
///
/// # Cost
/// A read unit for the showtime, the performance, each row, each claim and each order that has one; once in ten seconds and process
/// a read unit for the terms of each coupon.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/showtimes/{showtime_id}/quotes", operation_id = "create-seat-quote", tag = "tickets",
    request_body = CreateSeatQuoteRequest,
    security(("token" = [])),
    params(("showtime_id" = Uuid, Path, description = "The showtime")),
    responses(
        (status = 200, description = "The price", body = SeatQuote),
    )
)]
pub async fn handle(function: &CreateSeatQuote, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let customer = http::caller(&request)?.customer_id;
    let showtime_id = http::path::<ShowtimeId>(&request)?;
    let body: CreateSeatQuoteRequest = http::body(&request)?;
    let replaced: Vec<_> = body.replaces.iter().map(|order_id| order_id.0).collect();
    let claims = body.coupon_claim_ids.clone();
    require_combinable(&claims)?;
    let wanted = Wanted::of(&body.into())?;
    let deadline = invocation.deadline;
    let showtime = function.shows.get::<Showtime>(showtime_id.0, deadline).await?.entity;
    if !showtime.is_public() {
        return Err(Rejection::new(&error::NOT_FOUND, Showtime::MISSING).into());
    }
    let performance = function.shows.get::<Performance>(showtime.performance_id.0, deadline);
    let performance = performance.await?.entity;
    let seats = priced(wanted, &showtime)?;
    let keys: BTreeSet<RowKey> = seats.iter().map(|seat| seat.row).collect();
    let rows = function.seats.rows(showtime_id, keys, deadline).await?;
    require_known(&seats, &rows)?;
    let redemptions = function.coupons.redemptions(&claims, &customer, &replaced, &invocation);
    let redemptions = redemptions.await?;
    let location = showtime.location.as_ref();
    let tax = function.pricing.tax(performance.tax_class, location, invocation.now);
    let quote = quote((&showtime, &performance), &seats, &rows, &redemptions, tax, None)?;
    let quote = SeatQuote {
        coupons: OrderCoupon::of(&redemptions, &quote.lines).map_err(orders::Rejected::from)?,
        lines: quote.lines,
        totals: quote.totals,
    };
    http::json(StatusCode::OK, &quote)
}

/// The hold whose price is asked for.
impl From<CreateSeatQuoteRequest> for HoldSeatsRequest {
    fn from(quote: CreateSeatQuoteRequest) -> Self {
        Self {
            seats: quote.seats,
            best: None,
            general: quote.general,
            replaces: quote.replaces,
            coupon_claim_ids: quote.coupon_claim_ids,
            expected_total: None,
        }
    }
}

/// The seats to price: the chosen ones, or the first places of an area.
fn priced(wanted: Wanted, showtime: &Showtime) -> Result<Vec<SeatId>, Rejection> {
    match wanted {
        Wanted::Chosen(seats) => {
            require_seats(&seats, showtime)?;
            Ok(seats)
        }
        Wanted::General(general) => {
            let area = showtime.areas().iter().find(|area| area.area == general.area);
            let area = area.ok_or_else(|| invalid(format!("The showtime has no area {}.", general.area)))?;
            let places = (0..area.rows()).flat_map(|number| {
                let row = area.row(number);
                (0..area.places_of(number)).map(move |place| SeatId { row, place })
            });
            Ok(places.take(general.count.into()).collect())
        }
        Wanted::Best(_) => Err(invalid("Send one of `seats` and `general`.".to_owned())),
    }
}
