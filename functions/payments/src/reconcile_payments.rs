//! Runs every minute: resolves open payments with their providers, or starts a review.
//!
//! A sparse index has the payments to check: attempts with an unknown outcome or after a crash, payments that were
//! started and not paid, unservable payments, pending or owed refunds, and each charged payment after a day, to compare
//! it with the provider's records.

use std::time::Duration;

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::due::DuePosition;
use shared::aws::dynamodb::due_scan::DueScan;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::panic;
use shared::aws::lambda::problem::Causes;
use shared::aws::telemetry::{self, Unit};
use shared::core::id::PaymentId;
use shared::orders::{OrderStatus, ReservationStore};
use shared::payments::{self, Payment, PaymentEventKind, PaymentService, PaymentStatus, StoredPayment};

/// The function `reconcile-payments`.
#[derive(Debug)]
pub struct ReconcilePayments {
    /// The payment service.
    pub service: PaymentService,
    /// Orders with their stock and seats.
    pub reservations: ReservationStore,
}

impl ReconcilePayments {
    /// Creates the function from the platform.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or invalid.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            service: PaymentService::new(platform)?,
            reservations: ReservationStore::for_all_orders(platform)?,
        })
    }
}

/// The payments checked at the same time. Limits the load on providers.
const CONCURRENCY: usize = 4;
/// Time that must be left to start a check.
const CHECK_TIME: Duration = Duration::from_secs(30);
/// The time for which a payment may stay unresolved before a review starts.
const MAX_UNKNOWN_TIME: SignedDuration = SignedDuration::from_hours(24);
/// The time for which a deposit is awaited. Providers close the account earlier.
const MAX_DEPOSIT_TIME: SignedDuration = SignedDuration::from_hours(24 * 31);

/// Counts of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Resolved payments.
    pub settled: u64,
    /// Payments that are still unresolved.
    pub open: u64,
    /// Started reviews.
    pub reviews: u64,
    /// Payments that agree with the provider's records.
    pub compared: u64,
    /// Payments that differed from the provider's records.
    pub differences: u64,
    /// Failed checks.
    pub failed: u64,
    /// The longest delay after a due time, in seconds.
    pub lag_seconds: i64,
    /// Whether the deadline passed before all due payments were checked.
    pub unfinished: bool,
}

/// The outcome of a check.
enum CheckOutcome {
    Settled,
    Open,
    Review,
    Same,
    Different,
    /// Another process changed the payment meanwhile.
    Changed,
    /// No time is left for the check.
    Late,
}

/// Checks the due payments.
///
/// # Errors
/// [`Error::Unavailable`] and [`Error::Internal`] when the index cannot be read. Failures of single payments are
/// counted.
pub async fn handle(function: &ReconcilePayments, invocation: Invocation) -> Result<Summary, Error> {
    let mut summary = Summary::default();
    let mut scan = DueScan::default();
    while let Some((shard, position)) = scan.next_page(&invocation) {
        let page = check_page(function, shard, position, &invocation, &mut summary).await;
        scan.finish_page(shard, page);
    }
    summary.unfinished |= scan.is_unfinished();
    telemetry::emit(
        "reconcile-payments",
        invocation.now,
        &[
            ("Settled", Unit::Count, summary.settled as f64),
            ("Open", Unit::Count, summary.open as f64),
            ("Compared", Unit::Count, summary.compared as f64),
            ("Differences", Unit::Count, summary.differences as f64),
            ("Failed", Unit::Count, summary.failed as f64),
            ("LagSeconds", Unit::Seconds, summary.lag_seconds as f64),
        ],
    );
    tracing::info!(?summary, "reconciliation finished");
    scan.finish()?;
    Ok(summary)
}

/// Checks a page of one shard, and returns the start of the next page.
async fn check_page(
    function: &ReconcilePayments,
    shard: u8,
    position: Option<DuePosition>,
    invocation: &Invocation,
    summary: &mut Summary,
) -> Result<Option<DuePosition>, Error> {
    let payments = &function.service.order_payments.payments;
    let page = payments
        .due(shard, invocation.now, position, invocation.deadline)
        .await?;
    let latest = page.due.iter().map(|&(_, at)| late(at, invocation.now)).max();
    summary.lag_seconds = summary.lag_seconds.max(latest.unwrap_or_default());
    let ids: Vec<PaymentId> = page.due.iter().map(|&(id, _)| id).collect();
    let (due, unreadable) = payments.get_all(&ids, invocation.deadline).await?;
    for error in page.damaged.into_iter().chain(unreadable) {
        tracing::error!(causes = %Causes(&error), "due payment cannot be read");
        summary.failed += 1;
    }
    // The index lags behind the table.
    let due = due
        .into_iter()
        .filter(|stored| stored.look_at.is_some_and(|at| at <= invocation.now));
    let outcomes: Vec<Result<CheckOutcome, Error>> = futures::stream::iter(due)
        .map(|stored| panic::catch(check_payment(function, stored, invocation)))
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    for outcome in outcomes {
        match outcome {
            Ok(CheckOutcome::Settled) => summary.settled += 1,
            Ok(CheckOutcome::Open) => summary.open += 1,
            Ok(CheckOutcome::Review) => summary.reviews += 1,
            Ok(CheckOutcome::Same) => summary.compared += 1,
            Ok(CheckOutcome::Different) => summary.differences += 1,
            Ok(CheckOutcome::Changed) => {}
            Ok(CheckOutcome::Late) => summary.unfinished = true,
            Err(error) => {
                tracing::error!(causes = %Causes(&error), "checking a payment failed");
                summary.failed += 1;
            }
        }
    }
    Ok(page.next)
}

async fn check_payment(
    function: &ReconcilePayments,
    stored: StoredPayment,
    invocation: &Invocation,
) -> Result<CheckOutcome, Error> {
    if !invocation.has(CHECK_TIME) {
        return Ok(CheckOutcome::Late);
    }
    let service = &function.service;
    let id = stored.payment.payment_id;
    // Claim before the provider call, so that overlapping runs, or a run and a refund, do not both call.
    let Some(stored) = service.claim(&stored, invocation).await? else {
        return Ok(CheckOutcome::Changed);
    };
    let outcome = if stored.payment.can_make_refund() {
        service.refund_claimed(stored.clone(), invocation).await
    } else {
        match stored.payment.status {
            PaymentStatus::Started => service.cancel_unpaid(&stored, invocation).await,
            PaymentStatus::Failed => return close_failed(service, &stored, invocation).await,
            PaymentStatus::Confirming | PaymentStatus::Unknown => service.resolve_unknown(&stored, invocation).await,
            PaymentStatus::AwaitingDeposit => await_deposit(service, &stored, invocation).await,
            PaymentStatus::Unservable if stored.payment.kept().amount() > 0 => {
                service.resolve_unservable(id, &function.reservations, invocation).await
            }
            _ if stored.payment.owes_refund() => service.refund_owed(&stored, invocation).await,
            PaymentStatus::Paid | PaymentStatus::Unservable | PaymentStatus::Refunded | PaymentStatus::Reversed => {
                return compare(service, &stored, invocation).await;
            }
        }
    };
    match outcome {
        Ok(after) if after.payment.reviews.len() > stored.payment.reviews.len() => Ok(CheckOutcome::Review),
        Ok(after) if after.version != stored.version && !is_open(&after.payment) => Ok(CheckOutcome::Settled),
        Ok(after) if after.version != stored.version => Ok(CheckOutcome::Open),
        Ok(_) => keep_open(service, &stored, invocation).await,
        Err(error) => {
            tracing::warn!(payment_id = %id, causes = %Causes(&error), "a payment is still unresolved");
            keep_open(service, &stored, invocation).await
        }
    }
}

/// Queries an awaited deposit while its order waits for payment, then cancels it.
async fn await_deposit(
    service: &PaymentService,
    stored: &StoredPayment,
    invocation: &Invocation,
) -> Result<StoredPayment, Error> {
    let (_, order) = service.load(stored.payment.payment_id, invocation.deadline).await?;
    match order.order.as_of(invocation.now).status {
        OrderStatus::PendingPayment | OrderStatus::Paying => service.refresh_from_provider(stored, invocation).await,
        _ => service.cancel_unpaid(stored, invocation).await,
    }
}

/// Cancels a failed payment after its order's deadline. At Stripe a customer could otherwise pay it again.
async fn close_failed(
    service: &PaymentService,
    stored: &StoredPayment,
    invocation: &Invocation,
) -> Result<CheckOutcome, Error> {
    match service.cancel_unpaid(stored, invocation).await {
        Ok(after) if after.version != stored.version => Ok(CheckOutcome::Settled),
        Ok(_) => save_comparison(service, stored, CheckOutcome::Settled, invocation).await,
        Err(error) => {
            tracing::warn!(causes = %Causes(&error), "cancelling a failed payment failed");
            keep_open(service, stored, invocation).await
        }
    }
}

fn is_open(payment: &Payment) -> bool {
    let is_unresolved = matches!(
        payment.status,
        PaymentStatus::Started | PaymentStatus::Confirming | PaymentStatus::Unknown | PaymentStatus::Unservable
    );
    is_unresolved || payment.pending_refund().is_some() || payment.owes_refund()
}

/// Leaves a payment open: its claim has scheduled the next check. Starts a review after a day without a result.
async fn keep_open(
    service: &PaymentService,
    stored: &StoredPayment,
    invocation: &Invocation,
) -> Result<CheckOutcome, Error> {
    let max_time = match stored.payment.status {
        PaymentStatus::AwaitingDeposit => MAX_DEPOSIT_TIME,
        _ => MAX_UNKNOWN_TIME,
    };
    if invocation.now.duration_since(stored.since) > max_time {
        return start_review(service, stored, invocation).await;
    }
    Ok(CheckOutcome::Open)
}

async fn start_review(
    service: &PaymentService,
    stored: &StoredPayment,
    invocation: &Invocation,
) -> Result<CheckOutcome, Error> {
    let payment = stored.payment.with_unknown_outcome(invocation.now);
    let next = payments::next(stored, payment, Some(PaymentEventKind::ReviewNeeded), invocation)?;
    let saved = service.order_payments.payments.save(&next, invocation.deadline).await?;
    Ok(if saved {
        CheckOutcome::Review
    } else {
        CheckOutcome::Changed
    })
}

/// Compares a payment with the provider's records: a day after the charge, and each day while a dispute is open.
///
/// Records what the provider did meanwhile, such as refunds made or failed there. What contradicts the records goes into
/// review.
async fn compare(
    service: &PaymentService,
    stored: &StoredPayment,
    invocation: &Invocation,
) -> Result<CheckOutcome, Error> {
    let payment = &stored.payment;
    if !payment.provider.has_api() {
        return save_comparison(service, stored, CheckOutcome::Same, invocation).await;
    }
    match service.refresh_from_provider(stored, invocation).await {
        Ok(after) if after.version == stored.version => {
            save_comparison(service, stored, CheckOutcome::Same, invocation).await
        }
        Ok(after) => {
            tracing::error!(payment_id = %payment.payment_id, status = ?after.payment.status, reviews = after.payment.reviews.len(), "a payment differs from the provider's records");
            Ok(CheckOutcome::Different)
        }
        Err(error) => {
            tracing::warn!(causes = %Causes(&error), "comparing a payment failed");
            keep_open(service, stored, invocation).await
        }
    }
}

async fn save_comparison(
    service: &PaymentService,
    stored: &StoredPayment,
    outcome: CheckOutcome,
    invocation: &Invocation,
) -> Result<CheckOutcome, Error> {
    let compared = stored.with_comparison(invocation.now);
    let saved = service
        .order_payments
        .payments
        .save(&compared, invocation.deadline)
        .await?;
    Ok(if saved { outcome } else { CheckOutcome::Changed })
}

fn late(due: Timestamp, now: Timestamp) -> i64 {
    now.duration_since(due).as_secs()
}
