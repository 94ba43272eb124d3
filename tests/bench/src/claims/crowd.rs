//! The requests of the customers, and what they are answered.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep_until};

use crate::statistics::quantile;

/// Within which time the requests come.
const ARRIVAL: Duration = Duration::from_secs(2);
/// The requests of each customer.
const REQUESTS: usize = 2;

/// The parameters of a rush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rush {
    /// The coupon's units.
    pub units: usize,
    /// The number of customers.
    pub customers: usize,
    /// The number of concurrent functions.
    pub functions: usize,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The customer has a claim.
    Claimed {
        /// The claim's id.
        claim: String,
        /// Whether an earlier request took its unit.
        is_repeated: bool,
    },
    /// All units are claimed.
    Exhausted,
    /// Repeat the request.
    Busy,
}

/// Answers one request after another.
pub trait Issuer {
    /// Claims the coupon for a customer.
    fn claim(&self, customer: usize) -> impl Future<Output = Result<Answer>>;
}

/// The result of a rush.
#[derive(Clone, Debug, PartialEq)]
pub struct Sale {
    /// Units claimed: all of the coupon's.
    pub units: usize,
    /// Claims a second, until the last 1 %.
    pub rate: f64,
    /// Claims a second of the last 1 %.
    pub tail_rate: f64,
    /// Median duration of a claim, without the wait for a function, in milliseconds.
    pub claim_p50: f64,
    /// 99th percentile.
    pub claim_p99: f64,
    /// Requests that were answered with an earlier claim.
    pub repeated: usize,
    /// Requests that were refused.
    pub refused: usize,
    /// Median duration of a refusal, in milliseconds.
    pub refused_p50: f64,
    /// 99th percentile.
    pub refused_p99: f64,
    /// Answers that asked to repeat the request.
    pub busy: usize,
}

/// What a customer was told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Told {
    claim: Option<String>,
    is_refused: bool,
}

struct Crowd {
    /// The requests that nobody serves yet, the latest first: when they come, and the customer.
    line: Vec<(Duration, usize)>,
    told: Vec<Told>,
    /// The time and the duration of each claim.
    claimed: Vec<(Instant, f64)>,
    refused: Vec<f64>,
    repeated: usize,
    busy: usize,
}

/// Lets all customers claim. Each issuer serves one request at a time.
///
/// # Errors
/// If the number of claims is not that of the units, the two requests of a customer get different answers, or an issuer fails.
pub async fn claim_all<I: Issuer + 'static>(rush: Rush, issuers: Vec<I>) -> Result<Sale> {
    let began = Instant::now();
    let come = |customer| (ARRIVAL.mul_f64(fastrand::f64()), customer);
    let mut line: Vec<(Duration, usize)> = (0..rush.customers * REQUESTS).map(|n| come(n / REQUESTS)).collect();
    line.sort_unstable_by(|one, other| other.cmp(one));
    let crowd = Rc::new(RefCell::new(Crowd {
        line,
        told: vec![Told::default(); rush.customers],
        claimed: vec![],
        refused: vec![],
        repeated: 0,
        busy: 0,
    }));
    let serving: Vec<_> = issuers
        .into_iter()
        .map(|issuer| spawn_local(serve(Rc::clone(&crowd), issuer, began)))
        .collect();
    let mut outcome = Ok(());
    for served in serving {
        let served = served.await.context("a function panicked")?;
        if served.is_err() {
            // The others end too.
            crowd.borrow_mut().line.clear();
        }
        outcome = outcome.and(served);
    }
    outcome?;
    let crowd = crowd.borrow();
    crowd.sale(rush, began)
}

/// Serves requests until there are no more.
async fn serve<I: Issuer>(crowd: Rc<RefCell<Crowd>>, issuer: I, began: Instant) -> Result<()> {
    loop {
        let next = crowd.borrow_mut().line.pop();
        let Some((comes, customer)) = next else { return Ok(()) };
        sleep_until(began + comes).await;
        let asked = Instant::now();
        let answer = loop {
            match issuer.claim(customer).await? {
                Answer::Busy => crowd.borrow_mut().busy += 1,
                answer => break answer,
            }
        };
        crowd.borrow_mut().take(customer, answer, asked)?;
    }
}

impl Crowd {
    /// Notes the answer to a request.
    fn take(&mut self, customer: usize, answer: Answer, asked: Instant) -> Result<()> {
        let took = asked.elapsed().as_secs_f64() * 1000.0;
        let told = &mut self.told[customer];
        match answer {
            Answer::Claimed { claim, is_repeated } => {
                ensure!(!told.is_refused, "the customer {customer} has {claim} and was refused");
                let first = told.claim.get_or_insert_with(|| claim.clone());
                ensure!(*first == claim, "the customer {customer} has {first} and {claim}");
                if is_repeated {
                    self.repeated += 1;
                } else {
                    self.claimed.push((Instant::now(), took));
                }
            }
            Answer::Exhausted => {
                ensure!(
                    told.claim.is_none(),
                    "the customer {customer} is refused and has {told:?}"
                );
                told.is_refused = true;
                self.refused.push(took);
            }
            Answer::Busy => {}
        }
        Ok(())
    }

    fn sale(&self, rush: Rush, began: Instant) -> Result<Sale> {
        let units = rush.units;
        let customers = self.told.iter().filter(|told| told.claim.is_some()).count();
        ensure!(
            (self.claimed.len(), customers) == (units, units),
            "{} claims of {customers} customers, of {units} units",
            self.claimed.len(),
        );
        ensure!(
            units + self.repeated + self.refused.len() == rush.customers * REQUESTS,
            "each request has an answer"
        );
        let mut times: Vec<Instant> = self.claimed.iter().map(|claim| claim.0).collect();
        times.sort_unstable();
        let took: Vec<f64> = self.claimed.iter().map(|claim| claim.1).collect();
        let tail = units / 100;
        let (last, full) = (times[units - 1], times[units - 1 - tail]);
        Ok(Sale {
            units,
            rate: (units - tail) as f64 / (full - began).as_secs_f64(),
            tail_rate: tail as f64 / (last - full).as_secs_f64(),
            claim_p50: quantile(&took, 0.5),
            claim_p99: quantile(&took, 0.99),
            repeated: self.repeated,
            refused: self.refused.len(),
            refused_p50: quantile(&self.refused, 0.5),
            refused_p99: quantile(&self.refused, 0.99),
            busy: self.busy,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::task::LocalSet;

    use super::*;

    const RUSH: Rush = Rush {
        units: 100,
        customers: 300,
        functions: 4,
    };

    /// Issues a claim to whoever is first, as often as `claims` says.
    struct Counter {
        left: Rc<Cell<usize>>,
        claims: Rc<RefCell<Vec<Option<String>>>>,
        remembers: bool,
    }

    impl Issuer for Counter {
        async fn claim(&self, customer: usize) -> Result<Answer> {
            let earlier = self.claims.borrow()[customer].clone().filter(|_| self.remembers);
            if let Some(claim) = earlier {
                let is_repeated = true;
                return Ok(Answer::Claimed { claim, is_repeated });
            }
            if self.left.get() == 0 {
                return Ok(Answer::Exhausted);
            }
            self.left.set(self.left.get() - 1);
            let claim = format!("claim-{}", self.left.get());
            self.claims.borrow_mut()[customer] = Some(claim.clone());
            let is_repeated = false;
            Ok(Answer::Claimed { claim, is_repeated })
        }
    }

    fn rush(units: usize, remembers: bool) -> Result<Sale> {
        fastrand::seed(7);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()?;
        let (left, claims) = (
            Rc::new(Cell::new(units)),
            Rc::new(RefCell::new(vec![None; RUSH.customers])),
        );
        let issuer = |_| Counter {
            left: Rc::clone(&left),
            claims: Rc::clone(&claims),
            remembers,
        };
        LocalSet::new().block_on(&runtime, claim_all(RUSH, (0..RUSH.functions).map(issuer).collect()))
    }

    #[test]
    fn each_request_has_an_answer_and_each_unit_a_customer() {
        let sale = rush(RUSH.units, true).unwrap();
        assert_eq!(sale.units, 100);
        assert_eq!(sale.repeated + sale.refused, 500);
    }

    #[test]
    fn a_rush_fails_when_units_are_left_or_claimed_too_often_or_a_customer_gets_two_answers() {
        for (units, remembers) in [(99, true), (101, true), (100, false)] {
            assert!(rush(units, remembers).is_err(), "{units} {remembers}");
        }
    }
}
