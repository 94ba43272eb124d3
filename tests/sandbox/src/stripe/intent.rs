//! Payment intents: created, confirmed, read and canceled.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::error::{Refusal, missing, refuse};
use super::{amount, charge, event, metadata, refund, required, saved};
use crate::buyer::Card;
use crate::http::{Pairs, value};
use crate::state::State;

/// How many refunds an expanded charge has.
const EXPANDED_REFUNDS: usize = 10;
/// The decline code of a card that needs authentication.
const AUTHENTICATION_REQUIRED: &str = "authentication_required";

/// The status of an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    RequiresPaymentMethod,
    RequiresAction,
    Processing,
    Succeeded,
    Canceled,
}

impl Status {
    /// Whether the intent can be paid or canceled.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::RequiresPaymentMethod | Self::RequiresAction)
    }

    /// Returns Stripe's name of the status.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresAction => "requires_action",
            Self::Processing => "processing",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }
}

/// A payment intent.
#[derive(Clone, Debug)]
pub struct Intent {
    pub id: String,
    pub amount: i64,
    pub received: i64,
    pub currency: String,
    pub customer: Option<String>,
    pub payment_method: Option<String>,
    pub status: Status,
    pub client_secret: String,
    pub metadata: Map<String, Value>,
    pub last_error: Option<[String; 3]>,
    pub latest_charge: Option<String>,
    pub created: Timestamp,
    pub canceled: Option<(Timestamp, Option<String>)>,
}

impl Intent {
    /// Returns the shop's order id, or an empty text.
    pub fn order_id(&self) -> &str {
        self.metadata
            .get("order_id")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Returns the intent as Stripe's JSON.
    pub fn json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "amount_capturable": 0,
            "amount_received": self.received,
            "automatic_payment_methods": { "enabled": true },
            "canceled_at": self.canceled.as_ref().map(|(at, _)| at.as_second()),
            "cancellation_reason": self.canceled.as_ref().and_then(|(_, reason)| reason.clone()),
            "capture_method": "automatic",
            "client_secret": self.client_secret,
            "confirmation_method": "automatic",
            "created": self.created.as_second(),
            "currency": self.currency,
            "customer": self.customer,
            "last_payment_error": self.last_error.as_ref().map(|[code, decline_code, advice_code]| json!({
                "type": "card_error",
                "advice_code": (!advice_code.is_empty()).then_some(advice_code),
                "code": code,
                "decline_code": (!decline_code.is_empty()).then_some(decline_code),
                "message": "Your card was declined.",
            })),
            "latest_charge": self.latest_charge,
            "livemode": false,
            "metadata": self.metadata,
            "next_action": (self.status == Status::RequiresAction).then(|| json!({ "type": "use_stripe_sdk" })),
            "payment_method": self.payment_method,
            "payment_method_types": ["card"],
            "status": self.status.name(),
        })
    }
}

/// `POST /v1/payment_intents`
pub fn create(state: &mut State, form: &Pairs) -> Result<Value, Refusal> {
    required(form, "amount")?;
    let amount = amount(form, "amount")?.unwrap_or_default();
    let currency = required(form, "currency")?.to_lowercase();
    if currency.len() != 3 || !currency.chars().all(|each| each.is_ascii_lowercase()) {
        return Err(refuse(400, "", "Invalid currency").about("currency"));
    }
    let confirms = value(form, "confirm") == Some("true");
    let payment_method = value(form, "payment_method");
    if confirms {
        required(form, "payment_method")?;
    }
    let card = match payment_method {
        Some(id) if confirms => Some(saved::card(state, id, value(form, "customer"))?),
        _ => None,
    };
    let id = state.id("pi_", 24);
    let intent = Intent {
        id: id.clone(),
        amount,
        received: 0,
        currency,
        customer: value(form, "customer").map(str::to_owned),
        payment_method: payment_method.map(str::to_owned),
        status: Status::RequiresPaymentMethod,
        client_secret: format!("{id}_secret_{}", state.id("", 25)),
        metadata: metadata(form),
        last_error: None,
        latest_charge: None,
        created: state.now(),
        canceled: None,
    };
    state.stripe.intents.insert(id.clone(), intent);
    if let Some(card) = card {
        charge::attempt(state, &id, &without_buyer(card, form))?;
    }
    find(state, &id).map(Intent::json)
}

/// `POST /v1/payment_intents/{id}/confirm`
pub fn confirm(state: &mut State, id: &str, form: &Pairs) -> Result<Value, Refusal> {
    let intent = find(state, id)?;
    if !intent.status.is_open() {
        return Err(unexpected_state(intent));
    }
    let (method, customer) = (required(form, "payment_method")?, intent.customer.clone());
    if let Some(customer) = &customer
        && !saved::is_attached(state, method, customer)
    {
        let message = format!("The customer does not have a payment method with the ID {method}");
        return Err(refuse(400, "resource_missing", &message).about("payment_method"));
    }
    let card = saved::card(state, method, customer.as_deref())?;
    change(state, id, |intent| intent.payment_method = Some(method.to_owned()));
    charge::attempt(state, id, &without_buyer(card, form))?;
    find(state, id).map(Intent::json)
}

/// Returns the card's behavior off session: a card that needs authentication is declined.
fn without_buyer(card: Card, form: &Pairs) -> Card {
    match card {
        Card::RequiresAction if value(form, "off_session") == Some("true") => {
            Card::declined(AUTHENTICATION_REQUIRED, AUTHENTICATION_REQUIRED)
        }
        card => card,
    }
}

/// `GET /v1/payment_intents/{id}`
pub fn get(state: &State, id: &str, query: &Pairs) -> Result<Value, Refusal> {
    let intent = find(state, id)?;
    let mut shown = intent.json();
    let is_expanded = |wanted: &str| {
        let mut expanded = query.iter().filter(|(name, _)| name.starts_with("expand["));
        expanded.any(|(_, value)| value == wanted)
    };
    let with_refunds = is_expanded("latest_charge.refunds");
    if let Some(charge) = intent
        .latest_charge
        .as_ref()
        .filter(|_| with_refunds || is_expanded("latest_charge"))
    {
        shown["latest_charge"] = state.stripe.charges[charge].json();
        if with_refunds {
            shown["latest_charge"]["refunds"] = refund::list_of(state, Some(id), EXPANDED_REFUNDS);
        }
    }
    Ok(shown)
}

/// `POST /v1/payment_intents/{id}/cancel`
pub fn cancel(state: &mut State, id: &str, form: &Pairs) -> Result<Value, Refusal> {
    let intent = find(state, id)?;
    if !intent.status.is_open() {
        return Err(unexpected_state(intent));
    }
    let canceled = (state.now(), value(form, "cancellation_reason").map(str::to_owned));
    let intent = change(state, id, |intent| {
        intent.status = Status::Canceled;
        intent.canceled = Some(canceled);
    });
    event::post(state, "payment_intent.canceled", intent.json());
    Ok(intent.json())
}

/// Finds an intent.
pub fn find<'a>(state: &'a State, id: &str) -> Result<&'a Intent, Refusal> {
    state
        .stripe
        .intents
        .get(id)
        .ok_or_else(|| missing("payment_intent", id))
}

/// Changes an existing intent and returns a copy.
pub fn change(state: &mut State, id: &str, action: impl FnOnce(&mut Intent)) -> Intent {
    let intent = state.stripe.intents.get_mut(id).expect("an existing intent");
    action(intent);
    intent.clone()
}

/// The intent's status does not allow the operation.
pub fn unexpected_state(intent: &Intent) -> Refusal {
    let message = format!("The PaymentIntent has a status of {}.", intent.status.name());
    refuse(400, "payment_intent_unexpected_state", &message).with_intent(intent.json())
}
