//! The buyer's side, and that of the person at the provider's dashboard.

use serde::{Deserialize, Serialize};

use crate::options::Provider;
use crate::sandbox::Sandbox;
use crate::state::State;
use crate::{kakaopay, stripe, toss};

/// How a buyer pays at Toss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// By card: charged when it is confirmed.
    #[default]
    Card,
    /// By transfer to an account made for this payment: charged when the money arrives.
    VirtualAccount,
}

/// How a buyer goes through the payment window of Toss.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Authentication {
    /// How they pay.
    pub method: Method,
    /// The code with which the confirmation will be declined.
    pub decline: Option<String>,
}

/// What a card does when Stripe charges it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "value")]
pub enum Card {
    /// It pays.
    Good,
    /// It is declined with this code and decline code.
    Declined(String, String),
    /// Nobody knows yet; see [`Sandbox::stripe_settle`].
    Processing,
    /// Its bank wants to see the buyer first, who then pays once more.
    RequiresAction,
}

impl Card {
    /// A card that is declined.
    #[must_use]
    pub fn declined(code: &str, decline_code: &str) -> Self {
        Self::Declined(code.to_owned(), decline_code.to_owned())
    }
}

impl Sandbox {
    /// A buyer goes through the payment window of Toss with a good card. Gives the payment key.
    pub fn toss_authenticate(&self, order_id: &str, amount: i64, currency: &str) -> String {
        self.toss_authenticate_with(order_id, amount, currency, &Authentication::default())
    }

    /// A buyer goes through the payment window of Toss. Gives the payment key.
    #[track_caller]
    pub fn toss_authenticate_with(&self, order_id: &str, amount: i64, currency: &str, how: &Authentication) -> String {
        self.ask(|state| toss::buyer::authenticate(state, order_id, amount, currency, how))
    }

    /// The buyer's transfer arrives on the virtual account.
    #[track_caller]
    pub fn toss_deposit(&self, payment_key: &str) {
        self.ask(|state| toss::buyer::deposit(state, payment_key));
    }

    /// The buyer tries to pay into a virtual account, which may be closed.
    ///
    /// # Errors
    /// Why it cannot be done.
    pub fn try_toss_deposit(&self, payment_key: &str) -> Result<(), String> {
        self.shared.with(|state| toss::buyer::deposit(state, payment_key))
    }

    /// The bank takes the buyer's transfer back.
    #[track_caller]
    pub fn toss_withdraw_deposit(&self, payment_key: &str) {
        self.ask(|state| toss::buyer::withdraw_deposit(state, payment_key));
    }

    /// A customer goes through the card window of Toss. Gives the key that a billing key is issued for.
    pub fn toss_authorize_card(&self, customer_key: &str) -> String {
        self.shared
            .with(|state| toss::buyer::authorize_card(state, customer_key))
    }

    /// From now on charges of a billing key are declined with this code; `None` mends the card.
    #[track_caller]
    pub fn toss_set_billing_decline(&self, billing_key: &str, code: Option<&str>) {
        self.ask(|state| toss::buyer::set_billing_decline(state, billing_key, code));
    }

    /// The next `count` charges of a billing key are declined with this code.
    #[track_caller]
    pub fn toss_decline_next(&self, billing_key: &str, code: &str, count: u32) {
        self.ask(|state| toss::buyer::decline_next(state, billing_key, code, count));
    }

    /// From now on Toss, asked by an order's id, tells of its oldest payment, or of the approved one again.
    pub fn toss_tell_oldest(&self, tells_oldest: bool) {
        self.shared.with(|state| state.toss.tells_oldest = tells_oldest);
    }

    /// The billing keys that a customer has at Toss and that can be used.
    pub fn toss_billing_keys(&self, customer_key: &str) -> Vec<String> {
        self.shared.with(|state| toss::buyer::billing_keys(state, customer_key))
    }

    /// A billing key goes away without the shop's doing.
    #[track_caller]
    pub fn toss_delete_billing(&self, billing_key: &str, reason: &str) {
        self.ask(|state| toss::buyer::delete_billing(state, billing_key, reason));
    }

    /// The buyer confirms a payment intent in the browser.
    #[track_caller]
    pub fn stripe_pay(&self, intent_id: &str, card: &Card) {
        self.ask(|state| stripe::buyer::pay(state, intent_id, card));
    }

    /// The buyer tries to confirm a payment intent, which may be past that.
    ///
    /// # Errors
    /// Why it cannot be done.
    pub fn try_stripe_pay(&self, intent_id: &str, card: &Card) -> Result<(), String> {
        self.shared.with(|state| stripe::buyer::pay(state, intent_id, card))
    }

    /// It turns out whether a payment in processing went through.
    #[track_caller]
    pub fn stripe_settle(&self, intent_id: &str, ok: bool) {
        self.ask(|state| stripe::buyer::settle(state, intent_id, ok));
    }

    /// A customer saves a card for charges without them. Gives the payment method.
    pub fn stripe_payment_method(&self, card: &Card) -> String {
        self.shared.with(|state| stripe::buyer::payment_method(state, card))
    }

    /// From now on a saved card does something else.
    #[track_caller]
    pub fn stripe_set_card(&self, payment_method: &str, card: &Card) {
        self.ask(|state| state.stripe.saved.change(payment_method, card, None));
    }

    /// A saved card does something else the next `count` times.
    #[track_caller]
    pub fn stripe_set_card_next(&self, payment_method: &str, card: &Card, count: u32) {
        self.ask(|state| state.stripe.saved.change(payment_method, card, Some(count)));
    }

    /// The cards that are saved at Stripe for whom the shop calls `customer_id`.
    pub fn stripe_saved_cards(&self, customer_id: &str) -> Vec<String> {
        self.shared.with(|state| state.stripe.saved.of(customer_id))
    }

    /// A card's holder proves themselves to their bank, which asked for that when the card was to be saved.
    #[track_caller]
    pub fn stripe_prove(&self, setup_id: &str) {
        self.ask(|state| state.stripe.saved.prove(setup_id));
    }

    /// A card's holder fails to prove themselves.
    #[track_caller]
    pub fn stripe_fail_to_prove(&self, setup_id: &str) {
        self.ask(|state| state.stripe.saved.fail_to_prove(setup_id));
    }

    /// The buyer approves the payment in the app. Gives the token for the approval.
    #[track_caller]
    pub fn kakaopay_approve_in_app(&self, tid: &str) -> String {
        self.ask(|state| kakaopay::buyer::approve_in_app(state, tid, None))
    }

    /// The same, but the approval will be declined with this code of the payment method's.
    #[track_caller]
    pub fn kakaopay_approve_in_app_declined(&self, tid: &str, code: &str) -> String {
        self.ask(|state| kakaopay::buyer::approve_in_app(state, tid, Some(code)))
    }

    /// The buyer tries to approve a payment in KakaoPay's app, which may be past that.
    ///
    /// # Errors
    /// Why it cannot be done.
    pub fn try_kakaopay_approve_in_app(&self, tid: &str) -> Result<String, String> {
        self.shared
            .with(|state| kakaopay::buyer::approve_in_app(state, tid, None))
    }

    /// Somebody refunds at the provider's dashboard.
    #[track_caller]
    pub fn dashboard_refund(&self, provider: Provider, reference: &str, amount: i64) {
        self.ask(|state| dashboard_refund(state, provider, reference, amount));
    }
}

/// Refunds without the shop's doing.
pub fn dashboard_refund(state: &mut State, provider: Provider, reference: &str, amount: i64) -> Result<(), String> {
    match provider {
        Provider::Toss => toss::buyer::dashboard_refund(state, reference, amount),
        Provider::Stripe => stripe::buyer::dashboard_refund(state, reference, amount),
        Provider::Kakaopay => kakaopay::buyer::dashboard_refund(state, reference, amount),
        Provider::Standard => Err("nobody pays by the standard".to_owned()),
    }
}
