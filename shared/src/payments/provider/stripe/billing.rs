//! Charges of saved cards at Stripe. Each uses a PaymentIntent whose id is stored before the confirmation, so that its
//! status can be queried after a lost response.

use futures::future::BoxFuture;
use serde_json::Value;
use tokio::time::Instant;

use crate::core::error::{Error, Rejection};
use crate::core::identity::CustomerId;
use crate::payments::provider::Answer;
use crate::payments::provider::billing::{
    Authorization, BillingKey, BillingProvider, Card, Charge, Issued, MAX_CHARGE_TIME,
};
use crate::payments::provider::http::{self, Call, CallError};
use crate::payments::provider::stripe::{Stripe, error};
use crate::payments::reason;
use crate::payments::{Failure, Provider, ProviderStatus, Rejected};

/// Stripe's code when the intent cannot be confirmed because it is paid or cancelled.
const UNEXPECTED_STATE: &str = "payment_intent_unexpected_state";
/// Stripe's code when the bank requires authentication by the cardholder.
const AUTHENTICATION_REQUIRED: &str = "authentication_required";

impl Stripe {
    /// Saves the card for a new Stripe customer. The SetupIntent asks the bank for permission to charge it off-session.
    async fn issue(
        &self,
        authorization: &Authorization,
        customer: &CustomerId,
        request_id: &str,
        deadline: Instant,
    ) -> Result<Issued, Error> {
        const DOING: &str = "save a card at Stripe";
        let Authorization::Stripe { payment_method } = authorization else {
            return Err(Error::internal(DOING, "the authorization is for another provider"));
        };
        self.vault.get(deadline).await?.stripe()?;
        let fields = [("metadata[customer_id]", customer.as_str().to_owned())];
        let key = format!("customer-{request_id}");
        let created = self
            .post(&["v1", "customers"], Some(&key), &fields, http::CALL_LIMIT, deadline)
            .await;
        let created = created.map_err(|error| error.into_error(DOING))?;
        let customer_id =
            text(&created, "id").ok_or_else(|| Error::unavailable(DOING, "the response has no customer id"))?;
        let fields = [
            ("customer", customer_id.clone()),
            ("payment_method", payment_method.clone()),
            ("payment_method_types[0]", "card".to_owned()),
            ("usage", "off_session".to_owned()),
            ("confirm", "true".to_owned()),
            ("expand[0]", "payment_method".to_owned()),
        ];
        let key = format!("issue-{request_id}");
        let setup = self
            .post(
                &["v1", "setup_intents"],
                Some(&key),
                &fields,
                http::CONFIRM_LIMIT,
                deadline,
            )
            .await;
        let setup = setup.map_err(|error| error.into_error(DOING))?;
        let setup = match setup["status"].as_str() {
            // Stripe repeats its response for this key. The cardholder may have authenticated since.
            Some("requires_action") => self.setup_intent(&setup, deadline).await?,
            _ => setup,
        };
        match setup["status"].as_str() {
            Some("succeeded") => Ok(Issued {
                key: BillingKey::new(&customer_id, payment_method),
                card: card(&setup["payment_method"]["card"]),
            }),
            Some("requires_action") => Err(authentication_required(&setup).into()),
            // The authentication failed or was abandoned.
            Some("requires_payment_method" | "canceled") => {
                Err(Rejected::Refused(error::failure(&setup["last_setup_error"])).into())
            }
            _ => Err(Error::unavailable(
                DOING,
                "Stripe did not report whether the card is saved",
            )),
        }
    }

    async fn setup_intent(&self, setup: &Value, deadline: Instant) -> Result<Value, Error> {
        const DOING: &str = "read a SetupIntent at Stripe";
        let id = setup["id"].as_str().unwrap_or_default();
        let call = Call::get(&self.base_url, &["v1", "setup_intents", id]);
        let call = call.map_err(|cause| Error::unavailable(DOING, cause))?;
        let call = call.query("expand[]", "payment_method");
        let found = self.call(call, http::CALL_LIMIT, deadline).await;
        found.map_err(|error| Error::unavailable(DOING, error.into_cause()))
    }

    async fn prepare(&self, key: &BillingKey, charge: Charge<'_>, deadline: Instant) -> Result<Option<String>, Answer> {
        let fields = [
            ("amount", charge.amount.amount().to_string()),
            ("currency", charge.amount.currency().code().to_lowercase()),
            ("customer", key.customer.to_string()),
            ("payment_method_types[0]", "card".to_owned()),
            ("metadata[order_id]", charge.order_id.to_string()),
        ];
        // One intent for each order and card while Stripe keeps the key, at least a day. A later intent is created only
        // after this one was refused or an administrator has cancelled it. Only this service confirms intents.
        let request = format!("prepare-{}-{}", charge.order_id, *key.customer);
        let path = ["v1", "payment_intents"];
        match self
            .post(&path, Some(&request), &fields, http::CALL_LIMIT, deadline)
            .await
        {
            Ok(intent) => match text(&intent, "id") {
                Some(id) => Ok(Some(id)),
                None => Err(Answer::Unknown("the response has no intent id".into())),
            },
            Err(CallError::Refused(failure)) => Err(Answer::Refused(failure)),
            Err(error) => Err(Answer::Unknown(error.into_cause())),
        }
    }

    async fn charge(&self, key: &BillingKey, charge: Charge<'_>, deadline: Instant) -> Answer {
        let Some(intent) = charge.reference else {
            return Answer::Refused(Failure::new(
                "invalid_request_error",
                "The payment was not prepared. Pay again.",
            ));
        };
        let fields = [
            ("payment_method", key.key.to_string()),
            ("off_session", "true".to_owned()),
            ("expand[0]", "latest_charge".to_owned()),
        ];
        let path = ["v1", "payment_intents", intent, "confirm"];
        let request = charge.idempotency_key();
        match self
            .post(&path, Some(&request), &fields, MAX_CHARGE_TIME, deadline)
            .await
        {
            Ok(intent) => charge.answer(Self::report(&intent)),
            Err(CallError::Refused(failure)) if failure.code == UNEXPECTED_STATE => {
                http::unknown_if_pending(self.find_charge(charge, deadline).await)
            }
            Err(CallError::Refused(failure)) => Answer::Refused(failure),
            // Invalid credentials too: an earlier call of the same try may have succeeded.
            Err(error) => Answer::Unknown(error.into_cause()),
        }
    }

    async fn find_charge(&self, charge: Charge<'_>, deadline: Instant) -> Answer {
        let Some(intent) = charge.reference else {
            return Answer::Report(charge.report_on(Provider::Stripe, ProviderStatus::Pending));
        };
        match self.intent(intent, deadline).await {
            Ok(intent) => charge.answer(Self::report(&intent)),
            Err(CallError::Refused(failure)) if failure.code == error::MISSING => {
                Answer::Report(charge.report_on(Provider::Stripe, ProviderStatus::Failed(failure)))
            }
            Err(error) => Answer::Unknown(error.into_cause()),
        }
    }

    /// Detaches the card from the customer. This cannot be undone.
    async fn delete(&self, key: &BillingKey, deadline: Instant) -> Result<(), Error> {
        const DOING: &str = "delete a saved card at Stripe";
        let path = ["v1", "payment_methods", key.key.as_str(), "detach"];
        match self.post(&path, None, &[], http::CALL_LIMIT, deadline).await {
            // A refusal means that the card does not exist or is already detached.
            Ok(_) | Err(CallError::Refused(_)) => Ok(()),
            Err(error) => Err(Error::unavailable(DOING, error.into_cause())),
        }
    }
}

/// The rejection when the bank requires authentication. The customer can authenticate on the page.
fn authentication_required(setup: &Value) -> Rejection {
    let message = "The bank requires authentication by the cardholder.";
    let members = reason::PaymentRefused {
        provider_code: AUTHENTICATION_REQUIRED.to_owned(),
        client_secret: setup["client_secret"].as_str().map(str::to_owned),
    };
    Rejection::with(members, message)
}

fn card(card: &Value) -> Card {
    Card {
        company: http::display_text(card["brand"].as_str(), ""),
        number: http::display_text(card["last4"].as_str(), ""),
    }
}

fn text(object: &Value, field: &str) -> Option<String> {
    object[field].as_str().map(str::to_owned)
}

impl BillingProvider for Stripe {
    fn issue<'a>(
        &'a self,
        authorization: &'a Authorization,
        customer: &'a CustomerId,
        request_id: &'a str,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Issued, Error>> {
        Box::pin(self.issue(authorization, customer, request_id, deadline))
    }

    fn prepare<'a>(
        &'a self,
        key: &'a BillingKey,
        charge: Charge<'a>,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Option<String>, Answer>> {
        Box::pin(self.prepare(key, charge, deadline))
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
