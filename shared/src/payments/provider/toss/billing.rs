//! Billing key charges at Toss. Queries find a charge by the order's id; Toss sends no webhook for it.

use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::core::error::Error;
use crate::core::identity::CustomerId;
use crate::payments::provider::Answer;
use crate::payments::provider::billing::{
    Authorization, BillingKey, BillingProvider, Card, Charge, Issued, MAX_CHARGE_TIME,
};
use crate::payments::provider::http::{self, Call, CallError};
use crate::payments::provider::toss::{NOT_FOUND, Toss, error, order_name};
use crate::payments::{Provider, ProviderStatus, Report};

/// Toss's code when another payment of the order was approved.
const DUPLICATED: &str = "DUPLICATED_ORDER_ID";

/// Whether Toss has no such billing key for this customer.
fn is_deleted(code: &str) -> bool {
    matches!(
        code,
        "ALREADY_REMOVED_BILLING_KEY"
            | "INVALID_BILL_KEY_REQUEST"
            | "NOT_FOUND_BILLING_KEY"
            | "NOT_MATCHES_CUSTOMER_KEY"
    )
}

impl Toss {
    async fn issue(&self, authorization: &Authorization, request_id: &str, deadline: Instant) -> Result<Issued, Error> {
        const DOING: &str = "issue a billing key at Toss";
        let Authorization::Toss { auth_key, customer_key } = authorization else {
            return Err(Error::internal(DOING, "the authorization is for another provider"));
        };
        self.vault.get(deadline).await?.toss()?;
        let path = ["v1", "billing", "authorizations", "issue"];
        let body = json!({ "authKey": auth_key, "customerKey": customer_key });
        let issued = self
            .post(
                &path,
                &format!("issue-{request_id}"),
                &body,
                http::CONFIRM_LIMIT,
                deadline,
            )
            .await;
        let issued = issued.map_err(|error| error.into_error(DOING))?;
        let key = issued["billingKey"].as_str();
        let key = key.ok_or_else(|| Error::unavailable(DOING, "the response has no billing key"))?;
        Ok(Issued {
            key: BillingKey::new(customer_key, key),
            card: card(&issued),
        })
    }

    async fn charge(&self, key: &BillingKey, charge: Charge<'_>, deadline: Instant) -> Answer {
        let body = json!({
            "customerKey": *key.customer,
            "amount": charge.amount.amount(),
            "orderId": charge.order_id.to_string(),
            "orderName": order_name(charge.lines),
        });
        // Toss repeats its response for an idempotency key, even a transient error. So each try has its own key; Toss
        // charges an order id at most once.
        let path = ["v1", "billing", key.key.as_str()];
        match self
            .post(&path, &charge.idempotency_key(), &body, MAX_CHARGE_TIME, deadline)
            .await
        {
            Ok(body) => charge.answer(Self::report(&body)),
            Err(CallError::Refused(failure))
                if matches!(failure.code.as_str(), DUPLICATED | error::ALREADY_PROCESSED) =>
            {
                approved(self.find_charge(charge, deadline).await)
            }
            Err(CallError::Refused(failure)) => Answer::Refused(failure),
            // Invalid credentials too: an earlier call of the same try may have succeeded.
            Err(error) => Answer::Unknown(error.into_cause()),
        }
    }

    async fn find_charge(&self, charge: Charge<'_>, deadline: Instant) -> Answer {
        let order_id = charge.order_id.to_string();
        match self.get(&["v1", "payments", "orders", &order_id], deadline).await {
            Ok(body) => match charge.answer(Self::report(&body)) {
                // No customer has to approve it, so Toss is processing it.
                Answer::Report(report) if report.status == ProviderStatus::Pending => Answer::Report(Report {
                    status: ProviderStatus::Processing,
                    ..report
                }),
                answer => answer,
            },
            Err(CallError::Refused(failure)) if failure.code == NOT_FOUND => {
                Answer::Report(charge.report_on(Provider::Toss, ProviderStatus::Pending))
            }
            Err(error) => Answer::Unknown(error.into_cause()),
        }
    }

    async fn delete(&self, key: &BillingKey, deadline: Instant) -> Result<(), Error> {
        const DOING: &str = "delete a billing key at Toss";
        let call = Call::delete(&self.base_url, &["v1", "billing", key.key.as_str()]);
        let call = call.map_err(|cause| Error::internal(DOING, cause))?;
        match self.call(call, http::CALL_LIMIT, deadline).await {
            Ok(_) => Ok(()),
            Err(CallError::Refused(failure)) if is_deleted(&failure.code) => Ok(()),
            // A retry would not change the refusal. A person can look for the key at Toss.
            Err(CallError::Refused(failure)) => {
                tracing::error!(code = failure.code, "Toss refused to delete a billing key");
                Ok(())
            }
            Err(error) => Err(Error::unavailable(DOING, error.into_cause())),
        }
    }
}

/// The answer to a charge that Toss refused because the order was already charged. A refusal found then is that of an
/// earlier try, since all tries have the same order id.
fn approved(found: Answer) -> Answer {
    match found {
        Answer::Report(report) if !matches!(report.status, ProviderStatus::Charged | ProviderStatus::Processing) => {
            Answer::Unknown("Toss charged the order, but reports another payment of it".into())
        }
        found => found,
    }
}

/// Reads the card of an issued billing key.
fn card(issued: &Value) -> Card {
    let text = |value: &Value| http::display_text(value.as_str(), "");
    Card {
        company: text(&issued["cardCompany"]),
        number: text(&issued["card"]["number"]),
    }
}

impl BillingProvider for Toss {
    fn issue<'a>(
        &'a self,
        authorization: &'a Authorization,
        _: &'a CustomerId,
        request_id: &'a str,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Issued, Error>> {
        Box::pin(self.issue(authorization, request_id, deadline))
    }

    /// Toss needs no preparation.
    fn prepare<'a>(
        &'a self,
        _: &'a BillingKey,
        _: Charge<'a>,
        _: Instant,
    ) -> BoxFuture<'a, Result<Option<String>, Answer>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn charge<'a>(&'a self, key: &'a BillingKey, charge: Charge<'a>, deadline: Instant) -> BoxFuture<'a, Answer> {
        Box::pin(self.charge(key, charge, deadline))
    }

    fn find<'a>(&'a self, charge: Charge<'a>, deadline: Instant) -> BoxFuture<'a, Answer> {
        Box::pin(self.find_charge(charge, deadline))
    }

    fn delete<'a>(&'a self, key: &'a BillingKey, deadline: Instant) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(self.delete(key, deadline))
    }
}
