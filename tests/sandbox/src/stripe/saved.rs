//! Saved cards: payment methods, customers, and setup intents.

use std::collections::{HashMap, VecDeque};

use serde_json::{Value, json};

use super::error::{Refusal, declined, missing, refuse};
use super::{metadata, required};
use crate::buyer::Card;
use crate::http::Pairs;
use crate::state::State;

/// Stripe's data for off-session charges.
#[derive(Debug, Default)]
pub struct Saved {
    customers: HashMap<String, Value>,
    methods: HashMap<String, Method>,
    setups: HashMap<String, Setup>,
}

/// A payment method.
#[derive(Clone, Debug)]
struct Method {
    card: Card,
    /// Behaviors of the next charges; after them, `card` applies.
    first: VecDeque<Card>,
    customer: Option<String>,
}

/// A setup intent.
#[derive(Clone, Debug)]
struct Setup {
    customer: String,
    method: String,
    /// Whether authentication succeeded; none while it is pending.
    authenticated: Option<bool>,
    client_secret: String,
}

impl Saved {
    /// Adds the payment method of a card.
    pub fn put(&mut self, id: String, card: Card) {
        let method = Method {
            card,
            first: VecDeque::new(),
            customer: None,
        };
        self.methods.insert(id, method);
    }

    /// Changes a card's behavior for all further charges, or for the next `count`.
    pub fn change(&mut self, id: &str, card: &Card, count: Option<u32>) -> Result<(), String> {
        let method = self
            .methods
            .get_mut(id)
            .ok_or_else(|| format!("unknown payment method {id}"))?;
        match count {
            Some(count) => method.first.extend((0..count).map(|_| card.clone())),
            None => method.card = card.clone(),
        }
        Ok(())
    }

    /// Returns the payment methods of the shop's `customer_id`.
    pub fn of(&self, customer_id: &str) -> Vec<String> {
        let is_theirs = |method: &Method| {
            let customer = method.customer.as_ref().and_then(|id| self.customers.get(id));
            customer.is_some_and(|customer| customer["metadata"]["customer_id"] == customer_id)
        };
        let theirs = self.methods.iter().filter(|(_, method)| is_theirs(method));
        theirs.map(|(id, _)| id.clone()).collect()
    }

    /// Completes the authentication of a setup.
    pub fn authenticate(&mut self, setup_id: &str) -> Result<(), String> {
        let setup = self
            .setups
            .get_mut(setup_id)
            .ok_or_else(|| format!("unknown setup {setup_id}"))?;
        setup.authenticated = Some(true);
        let method = self.methods.get_mut(&setup.method).expect("an existing payment method");
        method.card = Card::Good;
        method.customer = Some(setup.customer.clone());
        Ok(())
    }

    /// Fails the authentication of a setup.
    pub fn fail_authentication(&mut self, setup_id: &str) -> Result<(), String> {
        let setup = self.setups.get_mut(setup_id);
        let setup = setup.ok_or_else(|| format!("unknown setup {setup_id}"))?;
        setup.authenticated = Some(false);
        Ok(())
    }

    fn shown(&self, id: &str, query: &Pairs) -> Option<Value> {
        let setup = self.setups.get(id)?;
        let is_expanded = |(name, value): &(String, String)| name.starts_with("expand[") && value == "payment_method";
        let method = match query.iter().any(is_expanded) {
            true => self.method_json(&setup.method),
            false => json!(setup.method),
        };
        Some(json!({
            "id": id,
            "object": "setup_intent",
            "client_secret": setup.client_secret,
            "customer": setup.customer,
            "payment_method": method,
            "payment_method_types": ["card"],
            "status": match setup.authenticated {
                None => "requires_action",
                Some(true) => "succeeded",
                Some(false) => "requires_payment_method",
            },
            "last_setup_error": (setup.authenticated == Some(false)).then(|| json!({
                "type": "invalid_request_error",
                "code": "setup_intent_authentication_failure",
                "message": "The provided PaymentMethod has failed authentication.",
            })),
            "next_action": setup.authenticated.is_none().then(|| json!({ "type": "use_stripe_sdk" })),
            "usage": "off_session",
        }))
    }

    fn method_json(&self, id: &str) -> Value {
        let customer = self.methods.get(id).and_then(|method| method.customer.as_ref());
        json!({
            "id": id,
            "object": "payment_method",
            "type": "card",
            "customer": customer,
            "card": { "brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2034 },
        })
    }
}

/// `POST /v1/customers`
pub fn create_customer(state: &mut State, form: &Pairs) -> Result<Value, Refusal> {
    let id = state.id("cus_", 14);
    let customer = json!({ "id": id, "object": "customer", "metadata": metadata(form) });
    state.stripe.saved.customers.insert(id, customer.clone());
    Ok(customer)
}

/// `POST /v1/setup_intents`, with immediate confirmation.
pub fn create_setup(state: &mut State, form: &Pairs) -> Result<Value, Refusal> {
    let (customer, method) = (
        required(form, "customer")?.to_owned(),
        required(form, "payment_method")?,
    );
    let method = method.to_owned();
    if required(form, "confirm")? != "true" {
        return Err(refuse(400, "", "The sandbox only supports setups with confirm=true").about("confirm"));
    }
    let id = state.id("seti_", 24);
    let client_secret = format!("{id}_secret_{}", state.id("", 25));
    let saved = &mut state.stripe.saved;
    if !saved.customers.contains_key(&customer) {
        return Err(missing("customer", &customer).about("customer"));
    }
    let Some(found) = saved.methods.get_mut(&method) else {
        return Err(missing("PaymentMethod", &method).about("payment_method"));
    };
    if found.customer.as_ref().is_some_and(|holder| *holder != customer) {
        return Err(refuse(400, "", "The payment method is attached to another customer"));
    }
    let authenticated = match found.first.pop_front().unwrap_or_else(|| found.card.clone()) {
        Card::Declined(code, decline_code) | Card::Advised(code, decline_code, _) => {
            return Err(declined(&code, &decline_code));
        }
        Card::RequiresAction => None,
        Card::Good | Card::Processing => Some(true),
    };
    if authenticated.is_some() {
        found.customer = Some(customer.clone());
    }
    let setup = Setup {
        customer,
        method,
        authenticated,
        client_secret,
    };
    saved.setups.insert(id.clone(), setup);
    saved.shown(&id, form).ok_or_else(|| missing("setup_intent", &id))
}

/// `GET /v1/setup_intents/{id}`
pub fn setup(state: &State, id: &str, query: &Pairs) -> Result<Value, Refusal> {
    let shown = state.stripe.saved.shown(id, query);
    shown.ok_or_else(|| missing("setup_intent", id))
}

/// `POST /v1/payment_methods/{id}/detach`
pub fn detach(state: &mut State, id: &str) -> Result<Value, Refusal> {
    let saved = &mut state.stripe.saved;
    let method = saved.methods.get_mut(id);
    let method = method.ok_or_else(|| missing("PaymentMethod", id))?;
    if method.customer.take().is_none() {
        return Err(refuse(
            400,
            "",
            "The payment method you provided is not attached to a customer",
        ));
    }
    Ok(saved.method_json(id))
}

/// Returns the current behavior of a payment method's card, also for Stripe's own test methods.
///
/// A customer's card cannot pay for another customer, and a customer's intent accepts no other card.
pub fn card(state: &mut State, id: &str, form_customer: Option<&str>) -> Result<Card, Refusal> {
    let Some(method) = state.stripe.saved.methods.get_mut(id) else {
        return test_card(id);
    };
    if method.customer.is_some() && method.customer.as_deref() != form_customer {
        let message = format!("The customer does not have a payment method with the ID {id}");
        return Err(refuse(400, "resource_missing", &message).about("payment_method"));
    }
    Ok(method.first.pop_front().unwrap_or_else(|| method.card.clone()))
}

/// Whether a card can be charged off session for this customer.
pub fn is_attached(state: &State, id: &str, customer: &str) -> bool {
    let method = state.stripe.saved.methods.get(id);
    method.is_some_and(|method| method.customer.as_deref() == Some(customer))
}

fn test_card(id: &str) -> Result<Card, Refusal> {
    match id {
        "pm_card_visa" | "pm_card_mastercard" => Ok(Card::Good),
        "pm_card_visa_chargeDeclined" => Ok(Card::declined("card_declined", "generic_decline")),
        "pm_card_visa_chargeDeclinedInsufficientFunds" => Ok(Card::declined("card_declined", "insufficient_funds")),
        "pm_card_visa_chargeDeclinedLostCard" => Ok(Card::declined("card_declined", "lost_card")),
        "pm_card_visa_chargeDeclinedStolenCard" => Ok(Card::declined("card_declined", "stolen_card")),
        "pm_card_chargeDeclinedExpiredCard" => Ok(Card::declined("expired_card", "expired_card")),
        "pm_card_authenticationRequired" => Ok(Card::declined("authentication_required", "authentication_required")),
        _ => Err(missing("PaymentMethod", id).about("payment_method")),
    }
}
