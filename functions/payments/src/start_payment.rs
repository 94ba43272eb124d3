//! `POST /orders/{order_id}/payments`: prepares a payment of the order at its provider, and returns the parameters for
//! the customer's page.

use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};
use shared::core::id::PaymentId;
use shared::core::idempotency::Fingerprint;
use shared::core::money::Money;
use shared::orders::{self, OrderId, StoredOrder};
use shared::payments::provider::{ClientParameters, PaymentProvider, ReturnUrls, Start, Started};
use shared::payments::{self, Payment, PaymentRequest, PaymentService, Provider, Rejected, StoredPayment};

/// The function `start-payment`.
#[derive(Debug)]
pub struct StartPayment {
    /// The payment service.
    pub service: PaymentService,
}

impl StartPayment {
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

/// A request to pay an order.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartPaymentRequest {
    /// The payment provider: `TOSS`, `STRIPE` or `KAKAOPAY`.
    pub provider: Provider,
    /// The URLs to which KakaoPay redirects the customer. Required for KakaoPay, ignored for other providers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub return_urls: Option<ReturnUrls>,
}

/// The parameters with which a customer's page starts the payment.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StartedPayment {
    /// The order to pay.
    pub order_id: OrderId,
    /// The amount to pay.
    pub amount: Money,
    /// The payment's id. Absent for Toss, where the customer's page creates the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub payment_id: Option<PaymentId>,
    /// The provider's reference (`payment_intent`, `tid`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reference: Option<String>,
    /// The parameters for the provider's page or script.
    pub client: ClientParameters,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::INVALID_PARAMETER,
    &payments::reason::PAYMENT_REFUSED,
    &error::NOT_FOUND,
    &orders::reason::ORDER_CLOSED,
    &orders::reason::PAYMENT_UNDER_WAY,
    &orders::reason::TOO_MANY_PAYMENTS,
    &payments::reason::PROVIDER_NOT_CONFIGURED,
    &payments::reason::AMOUNT_NOT_TAKEN,
];

/// Starts a payment
///
/// Prepares a payment of an order. Charges nothing. A retry with the same key and body returns the same payment.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/orders/{order_id}/payments", operation_id = "start-payment", tag = "payments",
    request_body = StartPaymentRequest,
    security(("token" = [])),
    params(
        ("order_id" = Uuid, Path, description = "The order to pay"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each new payment",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The prepared payment", body = StartedPayment,
            headers(
                ("Idempotency-Replayed" = bool, description = "true: an earlier request prepared the payment"),
                ("Location" = String, description = "The payment's path, or that of its order while the provider has no payment"),
            )),
    )
)]
pub async fn handle(function: &StartPayment, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let order_id = http::path::<OrderId>(&request)?;
    let body: StartPaymentRequest = http::body(&request)?;
    let fingerprint =
        Fingerprint::of(&(order_id, &body)).map_err(|error| Error::internal("read the payment", error))?;
    let request_id = key.derive_id("start payment", &caller.customer_id);
    let order_payments = &function.service.order_payments;
    let provider = function.service.providers.of(body.provider)?;

    let mut started: Option<Started> = None;
    let mut attempts = Attempts::new("start a payment");
    loop {
        attempts.start()?;
        let order = order_payments.orders.get(order_id, invocation.deadline).await?;
        // Read the request last: if it does not exist, the earlier reads precede any concurrent duplicate.
        let known = order_payments.payments.request(request_id, invocation.deadline).await?;
        let order = order.filter(|stored| stored.order.customer_id == caller.customer_id);
        let order = order.ok_or(orders::Rejected::NotFound)?;
        if let Some(known) = known {
            known.fingerprint.require_same(&fingerprint)?;
            return replay(function, provider, &known, &order, &body, &invocation).await;
        }
        order.order.require_payable(invocation.now)?;
        order.require_payment_limit()?;
        if !provider.accepts(order.order.totals.total) {
            return Err(Rejected::AmountNotTaken.into());
        }
        let prepared = match started.take() {
            Some(prepared) => prepared,
            None => {
                let start = Start {
                    order: &order.order,
                    request_id: &request_id.to_string(),
                    return_urls: body.return_urls.as_ref(),
                };
                provider.start(&start, invocation.deadline).await?
            }
        };
        let mut known = PaymentRequest {
            request_id,
            fingerprint: fingerprint.clone(),
            payment_id: None,
            requested_by: invocation.actor()?.clone(),
            requested_at: invocation.now,
        };
        let Some(reference) = prepared.reference.clone() else {
            if order_payments
                .payments
                .record_request(&known, invocation.deadline)
                .await?
            {
                return answer(&order, None, prepared.client);
            }
            continue;
        };
        let payment = new_payment(&order, body.provider, reference, &prepared.client, &invocation)?;
        let paying = order.order.with_payment(payment.payment.payment_id, invocation.now)?;
        known.payment_id = Some(payment.payment.payment_id);
        let order_next = order.with_payment(paying)?;
        let saved = order_payments.save(&payment, Some(&order_next), Some(&known), invocation.deadline);
        if saved.await? {
            return answer(&order, Some(&payment.payment), prepared.client);
        }
        started = Some(prepared);
    }
}

/// Creates the payment to save before the customer gets the parameters.
fn new_payment(
    order: &StoredOrder,
    provider: Provider,
    reference: String,
    client: &ClientParameters,
    invocation: &Invocation,
) -> Result<StoredPayment, Error> {
    let order = &order.order;
    let payment = Payment::new(
        provider,
        reference,
        order.order_id,
        order.customer_id.clone(),
        order.totals.total,
        invocation.now,
    );
    let unsaved = StoredPayment {
        client: Some(client.clone()),
        ..StoredPayment::unsaved(payment.clone(), order.expires_at)
    };
    payments::next(&unsaved, payment, None, invocation)
}

/// The first response. At Toss, where the customer's page creates the payment, the parameters depend on the order only.
async fn replay(
    function: &StartPayment,
    provider: &dyn PaymentProvider,
    known: &PaymentRequest,
    order: &StoredOrder,
    body: &StartPaymentRequest,
    invocation: &Invocation,
) -> Result<Response, Error> {
    let Some(payment_id) = known.payment_id else {
        let start = Start {
            order: &order.order,
            request_id: &known.request_id.to_string(),
            return_urls: body.return_urls.as_ref(),
        };
        let prepared = provider.start(&start, invocation.deadline).await?;
        return answer(order, None, prepared.client).map(http::replayed);
    };
    let (payment, order) = function.service.load(payment_id, invocation.deadline).await?;
    let client = payment.client.ok_or(Rejected::NotFound)?;
    answer(&order, Some(&payment.payment), client).map(http::replayed)
}

fn answer(order: &StoredOrder, payment: Option<&Payment>, client: ClientParameters) -> Result<Response, Error> {
    let started = StartedPayment {
        order_id: order.order.order_id,
        amount: order.order.totals.total,
        payment_id: payment.map(|payment| payment.payment_id),
        reference: payment.map(|payment| payment.reference.clone()),
        client,
    };
    let path = match started.payment_id {
        Some(payment_id) => format!("/payments/{payment_id}"),
        None => format!("/orders/{}", started.order_id),
    };
    http::created(&path, &started)
}
