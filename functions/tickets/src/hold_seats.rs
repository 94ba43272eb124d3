//! Runs for `POST /showtimes/{showtime_id}/holds`: holds seats of a showtime for a customer. A hold is an order that waits for
//! payment.
//!
//! A hold of chosen seats costs two round trips: one batch read (the rows and those that may continue them, what the customer holds,
//! the claims of coupons, the order in case this is a retry, and once a second the showtime and its performance) and one transaction
//! (the order, the rows, the claims, what the customer holds). A function reads each coupon once.
//! In a crowd it costs a third one: most seats are gone, so what the customer holds is read only if the chosen ones are free.
//! A hold of places of an area of general admission reads some rows of the area at random in place of the chosen ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use envconfig::Envconfig;
use jiff::SignedDuration;
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::dynamodb::batch_get;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::actor::Actor;
use shared::core::error::{self, Reason, Rejection};
use shared::core::idempotency::Fingerprint;
use shared::core::identity::CustomerId;
use shared::coupons::{self, CouponClaim, require_combinable};
use shared::orders::{
    self, EndedHolds, HoldSeatsOutcome, Order, OrderCoupon, OrderEvent, OrderId, OrderStatus, OrderStore, Pricing,
    ReservationStore, SeatHold, StoredOrder,
};
use shared::tickets::{HoldLimits, LoadedSeats, RowKey, SeatId, SeatRow, SeatStore, Showtime, ShowtimeId, Taken};
use shared::waiting_rooms::service::{Passage, token_of};
use shared::waiting_rooms::{self, AdmissionService};

use crate::candidates::Candidates;
use crate::free_places::some_rows;
use crate::hold_id::{hold_id, may_be_hold_of};
use crate::hold_request::{Asked, HoldOrders, HoldSeatsRequest, Wanted};
use crate::hold_rules::{
    allow, quote, require_no_single_seat, require_not_taken, require_on_sale, require_seats, swap, without_order,
};
use crate::joined_row::rows_to_judge;
use crate::performance::Performance;
use crate::previous_hold::{Previous, cancelled, names};
use crate::reason;
use crate::recent_shows::{RecentShows, Show};
use crate::seat_changes::require_known;
use crate::store::ShowStore;

const DOING: &str = "hold seats";

/// The function's stores and settings.
#[derive(Debug)]
pub struct HoldSeats {
    /// Performances and showtimes.
    pub shows: ShowStore,
    /// Seats, and what customers hold.
    pub seats: SeatStore,
    /// Orders.
    pub orders: OrderStore,
    /// Orders with their seats.
    pub reservations: ReservationStore,
    /// The taxes.
    pub pricing: Pricing,
    /// The limits of holds.
    pub limits: HoldLimits,
    /// The admissions of waiting rooms.
    pub admissions: AdmissionService,
    /// The showtimes that were read within the last second.
    pub recent: RecentShows,
}

#[derive(Envconfig)]
struct Config {
    #[envconfig(from = "HOLD_MINUTES")]
    hold_minutes: u32,
    #[envconfig(from = "HOLD_BUDGET_MINUTES")]
    hold_budget_minutes: u32,
}

impl HoldSeats {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let config: Config = platform.config()?;
        Ok(Self {
            shows: ShowStore::new(platform)?,
            seats: SeatStore::new(platform)?,
            orders: OrderStore::new(platform)?,
            reservations: ReservationStore::for_all_orders(platform)?,
            pricing: Pricing::new(platform)?,
            limits: HoldLimits {
                hold: SignedDuration::from_mins(config.hold_minutes.into()),
                budget: SignedDuration::from_mins(config.hold_budget_minutes.into()),
            },
            admissions: AdmissionService::new(platform)?,
            recent: RecentShows::default(),
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &reason::INVALID_HOLD,
    &reason::UNKNOWN_SEATS,
    &reason::NOT_ON_SALE,
    &waiting_rooms::reason::ADMISSION_REQUIRED,
    &reason::SEATS_TAKEN,
    &reason::NO_SEATS_TOGETHER,
    &reason::GENERAL_ADMISSION,
    &reason::TOO_FEW_PLACES,
    &reason::SINGLE_SEAT_LEFT,
    &reason::TOO_MANY_SEATS,
    &reason::HOLD_EXISTS,
    &reason::HOLD_NOT_REPLACEABLE,
    &reason::HOLD_TIME_USED_UP,
    &orders::reason::TOTAL_DIFFERS,
    &orders::reason::TOTAL_TOO_LARGE,
    &coupons::reason::COUPON_NOT_FOUND,
    &coupons::reason::COUPON_EXPIRED,
    &coupons::reason::COUPON_IN_USE,
    &coupons::reason::COUPON_NOT_APPLICABLE,
    &coupons::reason::COUPON_MINIMUM_NOT_REACHED,
    &coupons::reason::COUPON_CURRENCY_DIFFERS,
    &coupons::reason::COUPONS_NOT_COMBINABLE,
];

/// Holds seats
///
/// All of them or none, until `expires_at` of the order that is returned: pay it like any order. Send one of `seats`,
/// `best`, which chooses seats side by side near the front and the middle of a row, and `general`, which takes free places of an area
/// of general admission: these are not chosen, and it is refused only if the area has fewer free ones. A retry with the same key and body returns the order in its current state.
///
/// A plan can have accessible seats, and seats of their companions. Anybody can choose them. `best` chooses them if `accessible` is
/// true, at least one accessible seat and no companion's seat without it. Otherwise it chooses them only when all others of the class
/// are sold or blocked.
///
/// `seats-taken` and `single-seat-left` have the rows as they are now, so that a page can draw them anew.
///
/// A customer has at most one hold of a showtime at a time, at most as many seats as the performance allows over all orders, and
/// limited time without paying in an hour, which begins with the first hold. To choose other seats, name the order in
/// `replaces`: either the whole swap happens or nothing changes, and the deadline stays the same, however near it is. Or cancel the
/// order: what is left of its time is given back.
///
/// With `coupon_claim_ids`, the order redeems the customer's coupons, which go back if the order is not paid. A swap keeps each coupon
/// of the replaced order whose claim it names, and gives the others back in the same transaction. `POST /showtimes/{showtime_id}/quotes`
/// says the price before; `total-differs` says it if it is not `expected_total`, and nothing is held then.
///
/// If the showtime has a `waiting_room_id`, the request needs the token of an admission by that room. A retry of a hold does not.
///
/// Seats can be held for up to a second after the showtime was closed or cancelled, or its prices changed; `expected_total` protects
/// customers from a price that they were not shown. A refusal is based on the current showtime, except before the start of sales,
/// when it can be based on the showtime of up to a second ago.
///
/// # Cost
/// Two requests: one read unit for the order, the customer and each row, and once a second in each process at least half a unit
/// for the showtime and the performance; two write units for each row, two for the customer, and those of the order. One request
/// more for a customer who held seats of the showtime before, and for a refusal that follows from the showtime; a swap also writes
/// the order and the rows of the present hold. Each coupon costs a read unit, three to five write units for its claim, the list of
/// claims and a larger order, and once a process a read unit for its terms. In a house with runs of more than 28 seats, one of the first or
/// last two seats of a row costs a read unit more, for the row beside it. The first request for a showtime in a process costs one or two
/// such units for each row in any house. `best` reads all rows of the seats, and then those of its choice.
/// `general` reads four rows of the area (in a request of their own the first time in a process), and if they have too few free places, the others: about ten read units for 1,000 places that are
/// taken. Its places are in one row, unless none of those that were read has enough.
///
/// A function that has refused taken seats of the showtime within the last second reads what the customer holds in a request of its
/// own, once the chosen seats are known to be free. So it refuses without that unit.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/showtimes/{showtime_id}/holds", operation_id = "hold-seats", tag = "tickets",
    request_body = HoldSeatsRequest,
    security(("token" = [])),
    params(
        ("showtime_id" = Uuid, Path, description = "The showtime"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each hold",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
        ("Waiting-Room-Token" = Option<String>, Header, nullable = false,
            description = "The token of `enter-waiting-room`, for a showtime with a waiting room"),
    ),
    responses(
        (status = 201, description = "The order that holds the seats", body = Order,
            headers(
                ("Idempotency-Replayed" = bool, description = "true: an earlier request placed the order"),
                ("Location" = String, description = "The order's path"),
            )),
    )
)]
pub async fn handle(function: &HoldSeats, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let showtime_id = http::path::<ShowtimeId>(&request)?;
    let body: HoldSeatsRequest = http::body(&request)?;
    let wanted = Wanted::of(&body)?;
    require_combinable(&body.coupon_claim_ids)?;
    let fingerprint = key.fingerprint_of(&(showtime_id, &body));
    let fingerprint = fingerprint.map_err(|error| Error::internal("read a hold", error))?;
    let order_id = hold_id(&key, &caller.customer_id);
    let asked = Asked {
        order_id,
        showtime_id,
        customer: &caller.customer_id,
        wanted: &wanted,
        body: &body,
        fingerprint: &fingerprint,
        token: token_of(&request),
    };
    let mut candidates = Candidates::default();
    let mut attempts = Attempts::new(DOING);
    let mut is_fresh = false;
    loop {
        attempts.start()?;
        let loaded = function.load(&asked, is_fresh, &invocation).await?;
        let show = Arc::clone(&loaded.show);
        match function.attempt(&asked, loaded, &mut candidates, &invocation).await {
            Ok(Some(response)) => return Ok(response),
            Ok(None) => {}
            // Nobody is refused because of a showtime that was read a while ago.
            Err(Error::Rejected(refusal)) if !is_fresh && show.may_be_outdated_by(&refusal, invocation.now) => {
                is_fresh = true;
            }
            Err(error) => {
                if matches!(&error, Error::Rejected(refusal) if *refusal.reason == reason::SEATS_TAKEN) {
                    function.recent.crowd(showtime_id, invocation.now);
                }
                return Err(error);
            }
        }
    }
}

/// Whether one of the seats may be the customer's.
fn has_own(chosen: &[SeatId], rows: &BTreeMap<RowKey, SeatRow>, customer: &CustomerId) -> bool {
    let mut taken = chosen
        .iter()
        .filter_map(|seat| rows.get(&seat.row)?.taken.get(&seat.place));
    taken.any(|taken| matches!(taken, Taken::Order { order_id, .. } if may_be_hold_of(*order_id, customer)))
}

/// Whether a concurrent duplicate of the request has just placed its order: a batch of reads is no snapshot.
fn is_placed(seats: &LoadedSeats, order_id: OrderId) -> bool {
    let allowance = seats.allowance.as_ref();
    allowance.is_some_and(|allowance| allowance.order_id == order_id.0) || names(seats.rows.values(), order_id)
}

fn not_replaceable() -> Rejection {
    let detail = "The order in `replaces` does not hold seats of this showtime for you. Hold seats without it.";
    Rejection::new(&reason::HOLD_NOT_REPLACEABLE, detail)
}

/// Seats that are free as far as known.
#[derive(Debug)]
pub struct Picked {
    /// The seats.
    pub seats: Vec<SeatId>,
    /// Their rows.
    pub rows: BTreeMap<RowKey, SeatRow>,
}

fn created(order: &Order) -> Result<Response, Error> {
    http::created(&format!("/orders/{}", order.order_id), order)
}

/// The response to a retry: the order in its current state.
fn replay(existing: StoredOrder, fingerprint: &Fingerprint, invocation: &Invocation) -> Result<Response, Error> {
    existing.fingerprint.require_same(fingerprint)?;
    created(&existing.order.as_of(invocation.now)).map(http::replayed)
}

/// The data that are read before a hold.
struct LoadedHold<'a> {
    existing: Option<StoredOrder>,
    /// Those of the claims that the order is to redeem which exist.
    claims: Vec<CouponClaim>,
    show: Arc<Show>,
    /// Without what the customer holds, if the chosen seats are probably taken.
    seats: LoadedSeats,
    /// The chosen seats that are probably taken.
    doubtful: Option<&'a [SeatId]>,
}

impl HoldSeats {
    /// Reads what a hold needs. The showtime may have been read up to a second ago, unless it is to be `fresh`.
    async fn load<'a>(&self, asked: &Asked<'a>, fresh: bool, invocation: &Invocation) -> Result<LoadedHold<'a>, Error> {
        // Each attempt of a long request reads anew what is older than a second.
        let (id, now) = (asked.showtime_id, invocation.at_present().now);
        let doubtful = asked.chosen_anew().filter(|_| self.recent.is_crowded(id, now));
        let customer = doubtful.is_none().then_some(asked.customer);
        let rows: Vec<RowKey> = match asked.wanted {
            Wanted::Chosen(seats) => Vec::from_iter(rows_to_judge(seats, self.recent.shortest_continued(id))),
            Wanted::Best(_) => vec![],
            Wanted::General(general) => {
                let area = self.recent.area_of(id, &general.area);
                area.as_ref().map(some_rows).unwrap_or_default()
            }
        };
        let mut wanted = vec![
            self.orders.wanted(asked.order_id),
            self.seats.wanted(id, customer, rows),
        ];
        let claims = asked.body.coupon_claim_ids.as_slice();
        if !claims.is_empty() {
            wanted.push(self.reservations.coupons()?.wanted(claims));
        }
        let recent = self.recent.get(id, now).filter(|_| !fresh);
        if recent.is_none() {
            wanted.push(self.shows.wanted(id, self.recent.performance_of(id), fresh));
        }
        let read = batch_get(
            self.shows.client(),
            "read what a hold needs",
            wanted,
            invocation.deadline,
        );
        let mut found = read.await?;
        let show = match recent {
            Some(show) => show,
            None => {
                let (showtime, performance) = self.shows.loaded(&mut found)?;
                self.recent
                    .remember(self.complete(id, showtime, performance, invocation).await?, now)
            }
        };
        let claims = match claims {
            [] => vec![],
            _ => self.reservations.coupons()?.loaded(&mut found)?,
        };
        Ok(LoadedHold {
            existing: self.orders.loaded(&mut found)?,
            claims,
            show,
            seats: self.seats.loaded(&mut found)?,
            doubtful,
        })
    }

    /// Reads what was not found of a showtime and its performance: a read that is not consistent may miss a new one, and the
    /// performance of a showtime is not known at first.
    async fn complete(
        &self,
        showtime_id: ShowtimeId,
        showtime: Option<Showtime>,
        performance: Option<Performance>,
        invocation: &Invocation,
    ) -> Result<Show, Error> {
        let showtime = match showtime {
            Some(showtime) => showtime,
            None => {
                let read = self.shows.get::<Showtime>(showtime_id.0, invocation.deadline);
                read.await?.entity
            }
        };
        let performance = match performance {
            Some(performance) => performance,
            None => {
                let id = showtime.performance_id.0;
                self.shows.get::<Performance>(id, invocation.deadline).await?.entity
            }
        };
        Ok(Show { showtime, performance })
    }

    /// Holds the seats, by what was read. `None` when something has changed: read again.
    async fn attempt(
        &self,
        asked: &Asked<'_>,
        loaded: LoadedHold<'_>,
        candidates: &mut Candidates,
        invocation: &Invocation,
    ) -> Result<Option<Response>, Error> {
        let Asked {
            order_id,
            customer,
            wanted,
            body,
            fingerprint,
            ..
        } = *asked;
        if let Some(existing) = loaded.existing {
            return replay(existing, fingerprint, invocation).map(Some);
        }
        let LoadedHold {
            claims,
            show,
            mut seats,
            doubtful,
            ..
        } = loaded;
        if is_placed(&seats, order_id) {
            return self.replay_placed(asked, invocation).await;
        }
        let Show { showtime, performance } = &*show;
        require_on_sale(showtime, performance, invocation)?;
        let passage = Passage {
            room: showtime.waiting_room_id,
            customer,
            token: asked.token,
        };
        if let Some(refusal) = self.admissions.refusal(passage, invocation).await? {
            return Err(refusal.into());
        }
        if let Wanted::Chosen(chosen) = wanted {
            require_seats(chosen, showtime)?;
        }
        if let Some(chosen) = doubtful {
            require_known(chosen, &seats.rows)?;
            // A customer's own hold is told as such, below.
            if !has_own(chosen, &seats.rows, customer) {
                require_not_taken(chosen, (&seats.rows, &seats.rows), &[], invocation)?;
            }
            let read = self.seats.allowance(asked.showtime_id, customer, invocation.deadline);
            seats.allowance = read.await?;
            if is_placed(&seats, order_id) {
                return self.replay_placed(asked, invocation).await;
            }
        }
        let previous = self.end_previous(&seats, body.replaces, invocation);
        let (replaced, allowed) = match previous.await? {
            Previous::Changed => return Ok(None),
            Previous::NotReplaceable => {
                // A concurrent duplicate of this request may have replaced it.
                return match self.orders.get_serializable(order_id, invocation.deadline).await? {
                    Some(existing) => replay(existing, fingerprint, invocation).map(Some),
                    None => Err(not_replaceable().into()),
                };
            }
            Previous::Ended { allowance } => {
                let show = (showtime, performance);
                let present = allowance.as_ref();
                let allowed = allow(present, order_id, wanted.count(), show, self.limits, invocation)?;
                (None, allowed)
            }
            Previous::Replaced { allowance, stored } => {
                let allowed = swap(
                    &allowance,
                    &stored.order,
                    order_id,
                    wanted.count(),
                    (showtime, performance),
                )?;
                (Some(stored), allowed)
            }
        };
        let orders = HoldOrders {
            placed: order_id,
            replaced: replaced.as_ref().map(|stored| stored.order.order_id),
        };
        let picked = match wanted {
            Wanted::Chosen(chosen) => {
                let own = orders.replaced;
                self.require_free(chosen, seats.rows, own, invocation).await?
            }
            Wanted::Best(best) => candidates.pick(self, showtime, best, orders, invocation).await?,
            Wanted::General(general) => {
                let sold = &mut candidates.sold;
                self.pick_places(showtime, general, orders, seats.rows, sold, invocation)
                    .await?
            }
        };
        let Some(Picked { seats: chosen, rows }) = picked else {
            return Ok(None);
        };
        let (ids, own_orders) = (
            &body.coupon_claim_ids,
            Vec::from_iter(orders.replaced.into_iter().chain([order_id])),
        );
        let redemptions = self
            .reservations
            .redemptions(ids, &claims, customer, &own_orders, invocation);
        let (show, redemptions) = ((showtime, performance), redemptions.await?);
        let now = invocation.now;
        let tax = self.pricing.tax(performance.tax_class, showtime.location.as_ref(), now);
        let quote = quote(show, &chosen, &rows, &redemptions, tax, body.expected_total)?;
        let order = Order {
            coupons: OrderCoupon::of(&redemptions, &quote.lines).map_err(orders::Rejected::from)?,
            ..Order::new(order_id, customer.clone(), quote, now, allowed.until)
        };
        let order = order.paid_if_free(now);
        let (event, allowance) = match order.status {
            OrderStatus::Paid => (
                OrderEvent::OrderPaid(order.clone()),
                allowed.allowance.paid_early(allowed.until.duration_since(now)),
            ),
            _ => (OrderEvent::OrderPlaced(order.clone()), allowed.allowance),
        };
        let replaced = replaced.map(|stored| cancelled(*stored, invocation)).transpose()?;
        let hold = SeatHold {
            replaced,
            order: StoredOrder {
                order,
                holds: vec![],
                delivery_details: None,
                fingerprint: fingerprint.clone(),
                payments: 0,
                shipping_refunded: None,
                refund_terms: Some(performance.refund_policy.terms()),
                version: 1,
                event: Some(invocation.record(&event)?),
            },
            allowance,
        };
        match self.reservations.hold_seats(&hold, invocation.deadline).await? {
            HoldSeatsOutcome::Held => created(&hold.order.order).map(Some),
            HoldSeatsOutcome::Exists(existing) => replay(*existing, fingerprint, invocation).map(Some),
            HoldSeatsOutcome::ClaimTaken => Ok(None),
            HoldSeatsOutcome::Changed => {
                candidates.lost(&chosen);
                Ok(None)
            }
        }
    }

    /// The response to a request whose order a concurrent duplicate has just placed. `None` when it is gone: read again.
    async fn replay_placed(&self, asked: &Asked<'_>, invocation: &Invocation) -> Result<Option<Response>, Error> {
        let placed = self.orders.get_serializable(asked.order_id, invocation.deadline);
        let replayed = placed
            .await?
            .map(|placed| replay(placed, asked.fingerprint, invocation));
        replayed.transpose()
    }

    /// Checks that nobody but the order `own` has the chosen seats, and that they leave no single one. `None` when something has
    /// changed: read again.
    ///
    /// # Errors
    /// `unknown-seats`, `seats-taken`, `single-seat-left`, [`Error::Unavailable`] and [`Error::Internal`].
    async fn require_free(
        &self,
        chosen: &[SeatId],
        rows: BTreeMap<RowKey, SeatRow>,
        own: Option<OrderId>,
        invocation: &Invocation,
    ) -> Result<Option<Picked>, Error> {
        require_known(chosen, &rows)?;
        let others = without_order(rows.clone(), own);
        let ended = self.end_expired(chosen, &others, invocation).await?;
        if ended.any {
            return Ok(None);
        }
        require_not_taken(chosen, (&others, &rows), &ended.kept, invocation)?;
        require_no_single_seat(chosen, (&others, &rows), invocation)?;
        Ok(Some(Picked {
            seats: chosen.to_vec(),
            rows,
        }))
    }

    /// Ends the orders whose holds of the seats have ended.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn end_expired(
        &self,
        chosen: &[SeatId],
        rows: &BTreeMap<RowKey, SeatRow>,
        invocation: &Invocation,
    ) -> Result<EndedHolds, Error> {
        // The time of the hold was over: this customer did not end it.
        let by_function = invocation.by(Actor::function("hold-seats"));
        self.reservations.end_expired_holds(chosen, rows, &by_function).await
    }
}
