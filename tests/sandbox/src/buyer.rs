//! Actions of buyers, banks and dashboard users.

use serde::{Deserialize, Serialize};

use crate::options::Provider;
use crate::sandbox::Sandbox;
use crate::state::State;
use crate::{kakaopay, standard, stripe, toss};

/// A buyer's payment method at Toss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Card: charged at confirmation.
    #[default]
    Card,
    /// Transfer to an account opened for the payment: charged when the money arrives.
    VirtualAccount,
}

/// How a buyer completes Toss's payment window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Authentication {
    /// The payment method.
    pub method: Method,
    /// The code with which the confirmation is declined.
    pub decline: Option<String>,
}

/// How Stripe's charge of a card ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "value")]
pub enum Card {
    /// The charge succeeds.
    Good,
    /// The charge is declined with this code and decline code.
    Declined(String, String),
    /// The charge is declined with this code, decline code and advice code.
    Advised(String, String, String),
    /// The charge is in processing until [`Sandbox::stripe_settle`].
    Processing,
    /// The bank requires authentication; after that, the buyer pays again.
    RequiresAction,
}

impl Card {
    /// Creates a card that is declined.
    #[must_use]
    pub fn declined(code: &str, decline_code: &str) -> Self {
        Self::Declined(code.to_owned(), decline_code.to_owned())
    }

    /// Creates a card that is declined with the issuer's advice.
    #[must_use]
    pub fn advised(code: &str, decline_code: &str, advice_code: &str) -> Self {
        Self::Advised(code.to_owned(), decline_code.to_owned(), advice_code.to_owned())
    }
}

impl Sandbox {
    /// Completes Toss's payment window with a valid card and returns the payment key.
    pub fn toss_authenticate(&self, order_id: &str, amount: i64, currency: &str) -> String {
        self.toss_authenticate_with(order_id, amount, currency, &Authentication::default())
    }

    /// Completes Toss's payment window and returns the payment key.
    #[track_caller]
    pub fn toss_authenticate_with(&self, order_id: &str, amount: i64, currency: &str, how: &Authentication) -> String {
        self.run(|state| toss::buyer::authenticate(state, order_id, amount, currency, how))
    }

    /// Receives the buyer's transfer on the virtual account.
    #[track_caller]
    pub fn toss_deposit(&self, payment_key: &str) {
        self.run(|state| toss::buyer::deposit(state, payment_key));
    }

    /// Pays into a virtual account, which may be closed.
    ///
    /// # Errors
    /// The reason if it fails.
    pub fn try_toss_deposit(&self, payment_key: &str) -> Result<(), String> {
        self.shared.with(|state| toss::buyer::deposit(state, payment_key))
    }

    /// Reverses the buyer's transfer, as a bank can.
    #[track_caller]
    pub fn toss_withdraw_deposit(&self, payment_key: &str) {
        self.run(|state| toss::buyer::withdraw_deposit(state, payment_key));
    }

    /// Reverses a transfer if the payment is a deposit that has arrived.
    ///
    /// # Errors
    /// The reason if it fails.
    pub fn try_toss_withdraw_deposit(&self, payment_key: &str) -> Result<(), String> {
        self.shared
            .with(|state| toss::buyer::withdraw_deposit(state, payment_key))
    }

    /// Completes Toss's card window and returns the key to issue a billing key with.
    pub fn toss_authorize_card(&self, customer_key: &str) -> String {
        self.shared
            .with(|state| toss::buyer::authorize_card(state, customer_key))
    }

    /// Declines all charges of a billing key with this code; `None` ends that.
    #[track_caller]
    pub fn toss_set_billing_decline(&self, billing_key: &str, code: Option<&str>) {
        self.run(|state| toss::buyer::set_billing_decline(state, billing_key, code));
    }

    /// Declines the next `count` charges of a billing key with this code. Replaces what an earlier call planned.
    #[track_caller]
    pub fn toss_decline_next(&self, billing_key: &str, code: &str, count: u32) {
        self.run(|state| toss::buyer::decline_next(state, billing_key, code, count));
    }

    /// Sets whether Toss, queried by order id, returns the order's oldest payment instead of the approved one.
    pub fn toss_return_oldest(&self, returns_oldest: bool) {
        self.shared.with(|state| state.toss.returns_oldest = returns_oldest);
    }

    /// Returns a customer's usable billing keys at Toss.
    pub fn toss_billing_keys(&self, customer_key: &str) -> Vec<String> {
        self.shared.with(|state| toss::buyer::billing_keys(state, customer_key))
    }

    /// Deletes a billing key without a request of the shop.
    #[track_caller]
    pub fn toss_delete_billing(&self, billing_key: &str, reason: &str) {
        self.run(|state| toss::buyer::delete_billing(state, billing_key, reason));
    }

    /// Confirms a payment intent in the buyer's browser.
    #[track_caller]
    pub fn stripe_pay(&self, intent_id: &str, card: &Card) {
        self.run(|state| stripe::buyer::pay(state, intent_id, card));
    }

    /// Confirms a payment intent in the buyer's browser if its status allows that.
    ///
    /// # Errors
    /// The reason if it fails.
    pub fn try_stripe_pay(&self, intent_id: &str, card: &Card) -> Result<(), String> {
        self.shared.with(|state| stripe::buyer::pay(state, intent_id, card))
    }

    /// Ends the processing of a payment.
    #[track_caller]
    pub fn stripe_settle(&self, intent_id: &str, ok: bool) {
        self.run(|state| stripe::buyer::settle(state, intent_id, ok));
    }

    /// Fails a made refund after the fact, as a bank can. Returns its amount.
    #[track_caller]
    pub fn stripe_fail_refund(&self, refund_id: &str) -> i64 {
        self.run(|state| stripe::refund::fail(state, refund_id, "expired_or_canceled_card"))
    }

    /// Returns the ids of an intent's made refunds, the oldest first.
    pub fn stripe_refunds(&self, intent_id: &str) -> Vec<String> {
        self.shared.with(|state| stripe::refund::made(state, intent_id))
    }

    /// Sets whether a charge's `amount_refunded` keeps refunds that failed.
    pub fn stripe_keep_failed_refunds(&self, keeps: bool) {
        self.shared.with(|state| state.stripe.keeps_failed_refunds = keeps);
    }

    /// Sets whether answers to queries are older than the failures of refunds.
    pub fn stripe_hide_failed_refunds(&self, hides: bool) {
        self.shared.with(|state| state.stripe.hides_failed_refunds = hides);
    }

    /// Disputes an amount of a payment and returns the dispute's id. The bank withdraws it at once.
    #[track_caller]
    pub fn stripe_dispute(&self, intent_id: &str, amount: i64) -> String {
        self.run(|state| stripe::dispute::open(state, intent_id, amount))
    }

    /// Decides a dispute. A lost one can be won later.
    #[track_caller]
    pub fn stripe_close_dispute(&self, dispute_id: &str, is_won: bool) {
        self.run(|state| stripe::dispute::close(state, dispute_id, is_won));
    }

    /// Returns the ids of all open disputes.
    pub fn stripe_open_disputes(&self) -> Vec<String> {
        self.shared.with(|state| stripe::dispute::open_ids(state))
    }

    /// Posts Stripe's events about a payment of another shop on the same account, which names its own order.
    pub fn stripe_foreign_events(&self) {
        self.shared.with(stripe::buyer::foreign_events);
    }

    /// Charges an order through a provider that only sends Standard Webhooks, and posts its message. Returns the
    /// reference.
    pub fn standard_charge(&self, order_id: &str, amount: i64) -> String {
        self.shared.with(|state| standard::charge(state, order_id, amount))
    }

    /// Refunds a part of such a payment in the provider's dashboard, and posts its message.
    #[track_caller]
    pub fn standard_refund(&self, reference: &str, amount: i64) {
        self.run(|state| standard::refund(state, reference, amount));
    }

    /// Takes such a payment back, and posts its message.
    #[track_caller]
    pub fn standard_take_back(&self, reference: &str) {
        self.run(|state| standard::take_back(state, reference));
    }

    /// Posts a message that contradicts an earlier one: the same payment with another amount.
    #[track_caller]
    pub fn standard_contradict(&self, reference: &str, amount: i64) {
        self.run(|state| standard::contradict(state, reference, amount));
    }

    /// Saves a customer's card for later charges and returns the payment method.
    pub fn stripe_payment_method(&self, card: &Card) -> String {
        self.shared.with(|state| stripe::buyer::payment_method(state, card))
    }

    /// Replaces the behavior of a saved card.
    #[track_caller]
    pub fn stripe_set_card(&self, payment_method: &str, card: &Card) {
        self.run(|state| state.stripe.saved.change(payment_method, card, None));
    }

    /// Replaces the behavior of a saved card for the next `count` charges.
    #[track_caller]
    pub fn stripe_set_card_next(&self, payment_method: &str, card: &Card, count: u32) {
        self.run(|state| state.stripe.saved.change(payment_method, card, Some(count)));
    }

    /// Returns the cards saved for the shop's `customer_id`.
    pub fn stripe_saved_cards(&self, customer_id: &str) -> Vec<String> {
        self.shared.with(|state| state.stripe.saved.of(customer_id))
    }

    /// Completes the authentication that a card's setup requires.
    #[track_caller]
    pub fn stripe_authenticate(&self, setup_id: &str) {
        self.run(|state| state.stripe.saved.authenticate(setup_id));
    }

    /// Fails the authentication that a card's setup requires.
    #[track_caller]
    pub fn stripe_fail_authentication(&self, setup_id: &str) {
        self.run(|state| state.stripe.saved.fail_authentication(setup_id));
    }

    /// Approves the payment in KakaoPay's app and returns the token for the approval request.
    #[track_caller]
    pub fn kakaopay_approve_in_app(&self, tid: &str) -> String {
        self.run(|state| kakaopay::buyer::approve_in_app(state, tid, None))
    }

    /// Approves the payment in the app; the approval request is declined with this code of the payment method.
    #[track_caller]
    pub fn kakaopay_approve_in_app_declined(&self, tid: &str, code: &str) -> String {
        self.run(|state| kakaopay::buyer::approve_in_app(state, tid, Some(code)))
    }

    /// Approves a payment in KakaoPay's app if its status allows that.
    ///
    /// # Errors
    /// The reason if it fails.
    pub fn try_kakaopay_approve_in_app(&self, tid: &str) -> Result<String, String> {
        self.shared
            .with(|state| kakaopay::buyer::approve_in_app(state, tid, None))
    }

    /// Returns what was refunded of the tax-free part of a payment at KakaoPay.
    #[track_caller]
    pub fn kakaopay_refunded_tax_free(&self, tid: &str) -> i64 {
        self.run(|state| kakaopay::buyer::refunded_tax_free(state, tid))
    }

    /// Refunds a payment in the provider's dashboard.
    #[track_caller]
    pub fn dashboard_refund(&self, provider: Provider, reference: &str, amount: i64) {
        self.run(|state| dashboard_refund(state, provider, reference, amount));
    }

    /// Refunds a payment in the provider's dashboard if the provider allows it.
    ///
    /// # Errors
    /// The reason if it refuses, such as an open dispute at Stripe.
    pub fn try_dashboard_refund(&self, provider: Provider, reference: &str, amount: i64) -> Result<(), String> {
        self.shared
            .with(|state| dashboard_refund(state, provider, reference, amount))
    }
}

/// Refunds a payment without a request of the shop.
pub fn dashboard_refund(state: &mut State, provider: Provider, reference: &str, amount: i64) -> Result<(), String> {
    match provider {
        Provider::Toss => toss::buyer::dashboard_refund(state, reference, amount),
        Provider::Stripe => stripe::buyer::dashboard_refund(state, reference, amount),
        Provider::Kakaopay => kakaopay::buyer::dashboard_refund(state, reference, amount),
        Provider::Standard => standard::refund(state, reference, amount),
    }
}
