//! The sandbox's state, behind one lock.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::delivery::Delivery;
use crate::fault::Faults;
use crate::kakaopay::Kakaopay;
use crate::ledger::Ledger;
use crate::options::Options;
use crate::outbox::Outbox;
use crate::standard::Standard;
use crate::stripe::Stripe;
use crate::toss::Toss;

/// All data.
#[derive(Debug)]
pub struct State {
    pub options: Options,
    pub rng: fastrand::Rng,
    pub faults: Faults,
    pub ledger: Ledger,
    pub outbox: Outbox,
    pub deliveries: Vec<Delivery>,
    pub toss: Toss,
    pub stripe: Stripe,
    pub kakaopay: Kakaopay,
    pub standard: Standard,
}

impl State {
    /// Creates an empty state.
    pub fn new(options: Options) -> Self {
        Self {
            rng: options.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed),
            options,
            faults: Faults::default(),
            ledger: Ledger::default(),
            outbox: Outbox::default(),
            deliveries: vec![],
            toss: Toss::default(),
            stripe: Stripe::default(),
            kakaopay: Kakaopay::default(),
            standard: Standard::default(),
        }
    }

    /// Returns the time of the configured clock.
    pub fn now(&self) -> Timestamp {
        (self.options.clock)()
    }

    /// Creates an id of `prefix` and `length` letters and digits.
    pub fn id(&mut self, prefix: &str, length: usize) -> String {
        let letters = (0..length).map(|_| self.rng.alphanumeric());
        prefix.chars().chain(letters).collect()
    }
}

/// The state that the server, the deliveries and the owner share.
#[derive(Debug)]
pub struct Shared {
    state: Mutex<State>,
    /// Notified when a webhook is pending.
    pub posted: Notify,
    /// Notified when a webhook is accepted or given up.
    pub settled: Notify,
}

impl Shared {
    /// Creates an empty shared state.
    pub fn new(options: Options) -> Self {
        Self {
            state: Mutex::new(State::new(options)),
            posted: Notify::new(),
            settled: Notify::new(),
        }
    }

    /// Runs an action with the locked state.
    pub fn with<T>(&self, action: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = action(&mut state);
        if state.options.webhook_target.is_some() && state.outbox.is_waiting() {
            self.posted.notify_one();
        }
        outcome
    }
}
