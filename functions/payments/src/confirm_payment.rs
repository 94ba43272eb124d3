//! `POST /orders/{order_id}/payments/confirm`: confirms a payment at its provider and marks the order as paid.
//!
//! The attempt is saved before the provider call, so the reconciler finds it after a crash. From then on nothing ends
//! the order and no other payment starts until the provider has confirmed or refused it.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::problem::Causes;
use shared::core::error::{self, Reason, Rejection};
use shared::core::id::PaymentId;
use shared::core::idempotency::Fingerprint;
use shared::core::money::Money;
use shared::orders::{self, OrderId, StoredOrder};
use shared::payments::{
    self, Failure, Payment, PaymentRequest, PaymentService, PaymentStatus, Provider, Rejected, StoredPayment,
};

/// The function `confirm-payment`.
#[derive(Debug)]
pub struct ConfirmPayment {
    /// The payment service.
    pub service: PaymentService,
}

impl ConfirmPayment {
    /// Creates the function from the platform.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or invalid.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            service: PaymentService::new(platform)?,
        })
    }
}

/// The parameters that the provider returned to the customer's page.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "provider", rename_all = "UPPERCASE", deny_unknown_fields)]
pub enum ConfirmPaymentRequest {
    /// From Toss's payment window. Confirm within 10 minutes.
    Toss {
        /// The amount that the customer approved.
        amount: Money,
        /// `paymentKey`.
        #[schema(min_length = 1, max_length = 200, pattern = "^[!-~]+$")]
        payment_key: String,
    },
    /// From Stripe.js.
    Stripe {
        /// The amount that the customer approved.
        amount: Money,
        /// The id of the PaymentIntent.
        #[schema(min_length = 1, max_length = 200, pattern = "^[!-~]+$")]
        payment_intent: String,
    },
    /// From KakaoPay, for the order's latest payment.
    KakaoPay {
        /// The amount that the customer approved.
        amount: Money,
        /// `pg_token`, from the approval URL.
        #[schema(min_length = 1, max_length = 200, pattern = "^[!-~]+$")]
        pg_token: String,
    },
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::INVALID_PARAMETER,
    &payments::reason::PAYMENT_REFUSED,
    &error::NOT_FOUND,
    &orders::reason::ORDER_CLOSED,
    &orders::reason::PAYMENT_UNDER_WAY,
    &payments::reason::AMOUNT_DIFFERS,
    &payments::reason::PAYMENT_UNSERVABLE,
    &orders::reason::TOO_MANY_PAYMENTS,
    &payments::reason::AMOUNT_NOT_TAKEN,
    &payments::reason::PAYMENT_MISMATCH,
    &payments::reason::PROVIDER_NOT_CONFIGURED,
];

/// Confirms a payment
///
/// Confirms the payment at its provider, which charges it and pays the order. A retry with the same key and body does
/// not charge again and returns the payment in its current state.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/orders/{order_id}/payments/confirm", operation_id = "confirm-payment", tag = "payments",
    request_body = ConfirmPaymentRequest,
    security(("token" = [])),
    params(
        ("order_id" = Uuid, Path, description = "The order to pay"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each new payment",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The order is paid. A retry returns the payment as it is now, even if it was refunded since", body = Payment,
            headers(("Idempotency-Replayed" = bool, description = "true: an earlier request confirmed the payment"))),
        (status = 202, description = "The outcome is not known yet (`UNKNOWN`, `CONFIRMING`), or a deposit is awaited (`AWAITING_DEPOSIT`). Poll the order", body = Payment,
            headers(
                ("Idempotency-Replayed" = bool, description = "true: an earlier request confirmed the payment"),
                ("Location" = String, description = "The payment's path"),
            )),
    )
)]
pub async fn handle(function: &ConfirmPayment, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let order_id = http::path::<OrderId>(&request)?;
    let body: ConfirmPaymentRequest = http::body(&request)?;
    body.check()?;
    let fingerprint =
        Fingerprint::of(&(order_id, &body)).map_err(|error| Error::internal("read the payment", error))?;
    let request_id = key.derive_id("confirm payment", &caller.customer_id);
    let begun_by = invocation.new_id();
    let order_payments = &function.service.order_payments;

    let mut attempts = Attempts::new("confirm a payment");
    loop {
        attempts.start()?;
        let order = order_payments.orders.get(order_id, invocation.deadline).await?;
        // Read the request last: if it does not exist, the earlier reads precede any concurrent duplicate.
        let known = order_payments.payments.request(request_id, invocation.deadline).await?;
        let order = order.filter(|stored| stored.order.customer_id == caller.customer_id);
        let order = order.ok_or(orders::Rejected::NotFound)?;
        if let Some(known) = known {
            known.fingerprint.require_same(&fingerprint)?;
            let payment_id = known.payment_id.ok_or(Rejected::NotFound)?;
            let (payment, order) = function.service.load(payment_id, invocation.deadline).await?;
            // Our own attempt, saved by a write whose response was lost: it is not confirmed yet.
            if payment.begun_by == Some(begun_by) && payment.payment.status == PaymentStatus::Confirming {
                return answer(&function.service.confirm(&payment, &invocation).await?.payment);
            }
            let response = current_response(function, payment, &order, &invocation).await?;
            return Ok(http::replayed(response));
        }
        body.check_amount(function, &order)?;
        let payment = find(function, &body, &order, &invocation).await?;
        let known = PaymentRequest {
            request_id,
            fingerprint: fingerprint.clone(),
            payment_id: Some(payment.payment.payment_id),
            requested_by: invocation.actor()?.clone(),
            requested_at: invocation.now,
        };
        if !matches!(payment.payment.status, PaymentStatus::Started | PaymentStatus::Failed) {
            if order_payments
                .payments
                .record_request(&known, invocation.deadline)
                .await?
            {
                let response = current_response(function, payment, &order, &invocation).await?;
                return Ok(http::replayed(response));
            }
            continue;
        }
        let begun = function
            .service
            .begin(&payment, &order, &known, begun_by, &invocation)
            .await?;
        if let Some(attempt) = begun {
            return answer(&function.service.confirm(&attempt, &invocation).await?.payment);
        }
    }
}

/// Finds the payment to confirm. A payment at Toss can be new.
async fn find(
    function: &ConfirmPayment,
    body: &ConfirmPaymentRequest,
    order: &StoredOrder,
    invocation: &Invocation,
) -> Result<StoredPayment, Error> {
    let order = &order.order;
    let id = match body {
        ConfirmPaymentRequest::Toss { payment_key, .. } => PaymentId::of(Provider::Toss, payment_key),
        ConfirmPaymentRequest::Stripe { payment_intent, .. } => PaymentId::of(Provider::Stripe, payment_intent),
        ConfirmPaymentRequest::KakaoPay { .. } => order.payment_id.ok_or(Rejected::NotFound)?,
    };
    let stored = function
        .service
        .order_payments
        .payments
        .get(id, invocation.deadline)
        .await?;
    let stored = match (stored, body) {
        (Some(stored), _) => stored,
        (None, ConfirmPaymentRequest::Toss { payment_key, .. }) => {
            let payment = Payment::new(
                Provider::Toss,
                payment_key.clone(),
                order.order_id,
                order.customer_id.clone(),
                order.totals.total,
                invocation.now,
            );
            StoredPayment::unsaved(payment, order.expires_at)
        }
        (None, _) => return Err(Rejected::NotFound.into()),
    };
    if stored.payment.order_id != order.order_id {
        return Err(Rejected::OtherOrder.into());
    }
    match body {
        ConfirmPaymentRequest::KakaoPay { .. } if stored.payment.provider != Provider::KakaoPay => {
            Err(Rejected::NotFound.into())
        }
        ConfirmPaymentRequest::KakaoPay { pg_token, .. } => Ok(StoredPayment {
            confirmation: Some(pg_token.clone()),
            ..stored
        }),
        _ => Ok(stored),
    }
}

/// The response for an earlier payment. Queries the provider if the outcome is open and no confirmation is in progress.
async fn current_response(
    function: &ConfirmPayment,
    stored: StoredPayment,
    order: &StoredOrder,
    invocation: &Invocation,
) -> Result<Response, Error> {
    // The payment paid its order, and was refunded or taken back later.
    let has_paid = order.order.paid_at.is_some() && order.order.payment_id == Some(stored.payment.payment_id);
    if has_paid && matches!(stored.payment.status, PaymentStatus::Refunded | PaymentStatus::Reversed) {
        return http::json(StatusCode::OK, &stored.payment.for_customer());
    }
    let is_open = matches!(
        stored.payment.status,
        PaymentStatus::Confirming | PaymentStatus::Unknown | PaymentStatus::AwaitingDeposit
    );
    if !is_open || stored.payment.is_being_confirmed(stored.since, invocation.now) {
        return answer(&stored.payment);
    }
    match function.service.refresh_from_provider(&stored, invocation).await {
        Ok(refreshed) => answer(&refreshed.payment),
        Err(error) => {
            tracing::warn!(causes = %Causes(&error), "querying the provider failed");
            answer(&stored.payment)
        }
    }
}

fn answer(payment: &Payment) -> Result<Response, Error> {
    match payment.status {
        PaymentStatus::Paid => http::json(StatusCode::OK, &payment.clone().for_customer()),
        PaymentStatus::Confirming | PaymentStatus::Unknown | PaymentStatus::AwaitingDeposit => {
            let path = format!("/payments/{}", payment.payment_id);
            http::accepted(&path, &payment.clone().for_customer())
        }
        PaymentStatus::Unservable | PaymentStatus::Refunded | PaymentStatus::Reversed => {
            Err(Rejected::Unservable.into())
        }
        PaymentStatus::Started | PaymentStatus::Failed => {
            let not_finished = || Failure::new("NOT_FINISHED", "The payment was not completed at the provider.");
            Err(Rejected::Refused(payment.failure.clone().unwrap_or_else(not_finished)).into())
        }
    }
}

impl ConfirmPaymentRequest {
    const fn parts(&self) -> (Money, &'static str, &String) {
        match self {
            Self::Toss { amount, payment_key } => (*amount, "payment_key", payment_key),
            Self::Stripe { amount, payment_intent } => (*amount, "payment_intent", payment_intent),
            Self::KakaoPay { amount, pg_token } => (*amount, "pg_token", pg_token),
        }
    }

    const fn provider(&self) -> Provider {
        match self {
            Self::Toss { .. } => Provider::Toss,
            Self::Stripe { .. } => Provider::Stripe,
            Self::KakaoPay { .. } => Provider::KakaoPay,
        }
    }

    /// Checks the format of the provider's parameter before it is used in a URL or a key.
    fn check(&self) -> Result<(), Rejection> {
        let (_, name, text) = self.parts();
        if (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(());
        }
        let why = "it must be 1 to 200 visible ASCII characters";
        Err(Rejection::invalid_parameter(name, why))
    }

    /// Checks the client's amount against the order's total, which is the amount to charge.
    fn check_amount(&self, function: &ConfirmPayment, order: &StoredOrder) -> Result<(), Error> {
        let total = order.order.totals.total;
        if self.parts().0 != total {
            return Err(Rejected::AmountDiffers { total }.into());
        }
        // An order that costs nothing is paid without a payment.
        if total.amount() == 0 {
            return Err(orders::Rejected::Closed(order.order.status).into());
        }
        if !function.service.providers.of(self.provider())?.accepts(total) {
            return Err(Rejected::AmountNotTaken.into());
        }
        Ok(())
    }
}
