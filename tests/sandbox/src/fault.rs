//! Planned and random faults of calls.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::options::Provider;

/// A fault of one call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "value")]
pub enum Fault {
    /// The call is served but never answered.
    NeverAnswer,
    /// The connection is closed before the call is served.
    DropBefore,
    /// The connection is closed after the call is served.
    DropAfter,
    /// The call is served at once and answered after this delay; in JSON, milliseconds.
    Late(#[serde(with = "millis")] Duration),
    /// The call is not served and gets this 5xx status.
    ErrorBefore(u16),
    /// The call is served and gets this 5xx status.
    ErrorAfter(u16),
    /// The call is refused with this code of the provider. A slash separates Stripe's decline codes
    /// (`card_declined/insufficient_funds`) and KakaoPay's method codes (`-780/USER_LOCKED`).
    Code(String),
    /// The provider answers once that the request is already in progress. KakaoPay has no such answer and returns 503.
    Busy,
}

/// The operations that faults can be planned for.
pub const OPERATIONS: &[(Provider, &[&str])] = &[
    (
        Provider::Toss,
        &[
            "confirm",
            "payment",
            "order",
            "cancel",
            "issue_billing",
            "billing",
            "delete_billing",
        ],
    ),
    (
        Provider::Stripe,
        &[
            "create_intent",
            "intent",
            "confirm_intent",
            "cancel_intent",
            "create_customer",
            "create_setup",
            "setup",
            "detach",
            "refund",
            "refunds",
            "disputes",
        ],
    ),
    (
        Provider::Kakaopay,
        &["ready", "approve", "cancel", "order", "subscription"],
    ),
];

/// The planned and random faults.
#[derive(Debug, Default)]
pub struct Faults {
    planned: HashMap<(Provider, String), VecDeque<Fault>>,
    random: Option<(fastrand::Rng, u32)>,
}

impl Faults {
    /// Plans `fault` for the next such call, after those planned before.
    pub fn plan(&mut self, provider: Provider, operation: &str, fault: Fault) -> Result<(), String> {
        let known = OPERATIONS
            .iter()
            .any(|(each, names)| *each == provider && names.contains(&operation));
        if !known {
            return Err(format!("{provider:?} has no operation {operation}"));
        }
        self.queue(provider, operation).push_back(fault);
        Ok(())
    }

    /// Plans a fault again that did not apply to its call.
    pub fn put_back(&mut self, provider: Provider, operation: &str, fault: Fault) {
        self.queue(provider, operation).push_front(fault);
    }

    /// Fails this many of 1,000 calls at random.
    pub fn at_random(&mut self, seed: u64, per_mille: u32) {
        self.random = Some((fastrand::Rng::with_seed(seed), per_mille));
    }

    /// Returns the fault of the current call.
    pub fn next(&mut self, provider: Provider, operation: &str) -> Option<Fault> {
        let planned = self.planned.get_mut(&(provider, operation.to_owned()));
        planned.and_then(VecDeque::pop_front).or_else(|| self.draw())
    }

    fn draw(&mut self) -> Option<Fault> {
        let (rng, per_mille) = self.random.as_mut()?;
        (rng.u32(..1000) < *per_mille).then(|| match rng.u8(..5) {
            0 => Fault::DropBefore,
            1 => Fault::DropAfter,
            2 => Fault::ErrorBefore(503),
            3 => Fault::ErrorAfter(500),
            _ => Fault::Late(Duration::from_millis(rng.u64(1..=50))),
        })
    }

    fn queue(&mut self, provider: Provider, operation: &str) -> &mut VecDeque<Fault> {
        self.planned.entry((provider, operation.to_owned())).or_default()
    }
}

mod millis {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}
