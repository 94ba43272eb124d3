//! The steps that the actions of authors share.

use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::batch_get;
use shared::aws::lambda::Invocation;
use shared::core::error::Rejection;
use shared::core::identity::CustomerId;
use shared::tickets::{PerformanceId, TicketId};

use super::review::{PerformanceReviewId, ReviewEntity};
use crate::admission::store::TicketStore;
use crate::admission::store::attendance::{DayOfReviews, MAX_A_DAY};
use crate::admission::ticket::Ticket;
use crate::performance::Performance;
use crate::reason;
use crate::store::{ShowStore, Stored};

/// The stores of the actions of authors.
#[derive(Debug)]
pub struct ReviewWriter {
    /// Reviews, performances and showtimes.
    pub shows: ShowStore,
    /// Tickets, and how many reviews a customer has written on a day.
    pub tickets: TicketStore,
}

/// The data that are read before a review is written.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The customer's review of the performance, also if it is deleted.
    pub review: Option<Stored<ReviewEntity>>,
    /// The performance.
    pub performance: Option<Performance>,
    /// The ticket, if one was named, whoever holds it.
    pub ticket: Option<Ticket>,
    /// The number of reviews that the customer has written or edited today.
    pub today: u32,
}

impl ReviewWriter {
    /// The stores on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            shows: ShowStore::new(platform)?,
            tickets: TicketStore::new(platform)?,
        })
    }

    /// Reads what a new version of a review depends on, in one request. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn load(
        &self,
        performance_id: PerformanceId,
        customer: &CustomerId,
        ticket: Option<TicketId>,
        invocation: &Invocation,
    ) -> Result<Loaded, Error> {
        let review_id = PerformanceReviewId::of(performance_id, customer);
        let day = DayOfReviews::of(customer, invocation.now);
        let wanted = vec![
            self.shows.wanted_review(review_id, performance_id),
            self.tickets.wanted_attendance(ticket, &day),
        ];
        let mut found = batch_get(self.shows.client(), "read a review", wanted, invocation.deadline).await?;
        let (review, performance) = self.shows.loaded_review(&mut found)?;
        let (ticket, today) = self.tickets.loaded_attendance(&mut found)?;
        Ok(Loaded {
            review,
            performance,
            ticket,
            today,
        })
    }
}

impl Loaded {
    /// Checks that the customer may write or edit one more review today.
    ///
    /// # Errors
    /// `too-many-reviews`.
    pub fn require_another_today(&self) -> Result<(), Rejection> {
        if self.today < MAX_A_DAY {
            return Ok(());
        }
        let detail = format!("A customer writes or edits at most {MAX_A_DAY} reviews a day. Try again tomorrow.");
        Err(Rejection::new(&reason::TOO_MANY_REVIEWS, detail))
    }
}
