//! The books: written where money moves, apart from the objects that are answered, so that the two can be compared.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::options::Provider;

/// What was moved for one payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Who moved it.
    pub provider: Provider,
    /// The provider's id: payment key, payment intent or tid.
    pub reference: String,
    /// The shop's order id; empty when the shop did not give one.
    pub order_id: String,
    /// When money was first taken.
    pub charged_at: Timestamp,
    /// What was taken from the buyer, in all.
    pub charged: i64,
    /// What was given back, in all.
    pub refunded: i64,
    /// How often money was taken.
    pub charges: u32,
    /// How often money was given back.
    pub refund_count: u32,
}

/// All payments that money moved for, in order of their first move.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
    places: HashMap<(Provider, String), usize>,
}

impl Ledger {
    /// Money is taken from the buyer.
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
                charges: 0,
                refund_count: 0,
            });
            entries.len() - 1
        });
        entries[place].charged += amount;
        entries[place].charges += 1;
    }

    /// Money is given back.
    pub fn refund(&mut self, provider: Provider, reference: &str, amount: i64) {
        let entry = self.of(provider, reference);
        entry.refunded += amount;
        entry.refund_count += 1;
    }

    /// A charge turns out never to have been one.
    pub fn reverse(&mut self, provider: Provider, reference: &str, amount: i64) {
        let entry = self.of(provider, reference);
        entry.charged -= amount;
        entry.charges -= 1;
    }

    /// A copy for the auditor.
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.clone()
    }

    fn of(&mut self, provider: Provider, reference: &str) -> &mut Entry {
        let place = self.places.get(&(provider, reference.to_owned()));
        &mut self.entries[*place.expect("money comes back only where it went in")]
    }
}
