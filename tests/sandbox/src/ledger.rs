//! The ledger of money movements, separate from the objects in responses so that audits can compare the two.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::options::Provider;

/// The charges and refunds of one payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The provider.
    pub provider: Provider,
    /// The provider's id: payment key, payment intent or tid.
    pub reference: String,
    /// The shop's order id; empty if the shop gave none.
    pub order_id: String,
    /// Time of the first charge.
    pub charged_at: Timestamp,
    /// Total charged.
    pub charged: i64,
    /// Total refunded, without refunds that failed later.
    pub refunded: i64,
    /// Total of the refunds that failed after they were made.
    pub failed: i64,
    /// Total that the buyer's bank took back.
    pub withdrawn: i64,
    /// Number of charges.
    pub charges: u32,
    /// Number of refunds.
    pub refund_count: u32,
}

/// All payments with charges, in the order of their first charge.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
    places: HashMap<(Provider, String), usize>,
}

impl Ledger {
    /// Records a charge.
    pub fn charge(&mut self, provider: Provider, reference: &str, order_id: &str, amount: i64, now: Timestamp) {
        let entries = &mut self.entries;
        let place = *self.places.entry((provider, reference.to_owned())).or_insert_with(|| {
            entries.push(Entry {
                provider,
                reference: reference.to_owned(),
                order_id: order_id.to_owned(),
                charged_at: now,
                charged: 0,
                refunded: 0,
                failed: 0,
                withdrawn: 0,
                charges: 0,
                refund_count: 0,
            });
            entries.len() - 1
        });
        entries[place].charged += amount;
        entries[place].charges += 1;
    }

    /// Records a refund.
    pub fn refund(&mut self, provider: Provider, reference: &str, amount: i64) {
        let entry = self.of(provider, reference);
        entry.refunded += amount;
        entry.refund_count += 1;
    }

    /// Records that a refund failed: its amount is back at the shop.
    pub fn fail_refund(&mut self, provider: Provider, reference: &str, amount: i64) {
        let entry = self.of(provider, reference);
        entry.refunded -= amount;
        entry.failed += amount;
    }

    /// Records that the buyer's bank took an amount back.
    pub fn withdraw(&mut self, provider: Provider, reference: &str, amount: i64) {
        self.of(provider, reference).withdrawn += amount;
    }

    /// Records that the buyer's bank returned an amount that it had taken back.
    pub fn reinstate(&mut self, provider: Provider, reference: &str, amount: i64) {
        self.of(provider, reference).withdrawn -= amount;
    }

    /// Whether the buyer's bank has taken money of a payment back.
    pub fn is_withdrawn(&self, provider: Provider, reference: &str) -> bool {
        let place = self.places.get(&(provider, reference.to_owned()));
        place.is_some_and(|place| self.entries[*place].withdrawn > 0)
    }

    /// Returns a copy of all entries.
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.clone()
    }

    fn of(&mut self, provider: Provider, reference: &str) -> &mut Entry {
        let place = self.places.get(&(provider, reference.to_owned()));
        &mut self.entries[*place.expect("only charged payments are refunded")]
    }
}
