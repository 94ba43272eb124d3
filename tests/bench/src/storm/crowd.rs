//! The buyers, the line in which their requests wait for a function, and the sale.

use std::cell::RefCell;
use std::collections::{HashSet, VecDeque};
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use shared::tickets::SeatId;
use tokio::sync::Semaphore;
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep, sleep_until};

use super::house::House;
use super::picture::{MOST, Picture};
use crate::statistics::quantile;

/// The age at which a map is read again.
const MAP_AGE: Duration = Duration::from_secs(1);
/// How long a buyer who was refused looks at the map before the next choice.
const LOOK: Range<Duration> = Duration::from_millis(500)..Duration::from_millis(1500);

/// A request of a buyer.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The buyer's number.
    pub buyer: usize,
    /// The request's number. It stays when the request is repeated.
    pub number: usize,
    /// The seats.
    pub seats: Vec<SeatId>,
    since: Instant,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The buyer holds the seats.
    Held,
    /// These seats are not free.
    Taken(Vec<SeatId>),
    /// The choice leaves a single seat.
    SingleLeft,
    /// Repeat the request.
    Busy,
}

/// Serves one request after another.
pub trait Seller {
    /// Holds the seats of a request.
    fn hold(&self, visit: &Visit) -> impl Future<Output = Result<Answer>>;
    /// Whether each seat is free, in the plan's order.
    fn map(&self) -> impl Future<Output = Result<Vec<bool>>>;
}

/// The result of a storm.
#[derive(Clone, Debug, PartialEq)]
pub struct Sale {
    /// Seats sold: all of the house.
    pub seats: usize,
    /// Holds.
    pub holds: usize,
    /// Seconds until the last seat was held.
    pub seconds: f64,
    /// Median duration of a request that held seats, with the wait for a function, in milliseconds.
    pub hold_p50: f64,
    /// 99th percentile.
    pub hold_p99: f64,
    /// Requests that were answered until the last seat was held.
    pub requests: usize,
    /// Requests that were told that a seat is taken.
    pub taken: usize,
    /// Requests that were told that they leave a single seat.
    pub single_left: usize,
    /// Answers that asked to repeat the request.
    pub busy: usize,
}

impl Sale {
    /// Seats sold a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.seats as f64 / self.seconds
    }
}

struct Buyer {
    wants: u8,
    in_best: bool,
    /// The seats that the buyer was refused since the map of this version.
    avoided: (u64, Vec<SeatId>),
}

struct Crowd {
    house: House,
    buyers: Vec<Buyer>,
    line: VecDeque<Visit>,
    /// The buyers who found nothing on the map.
    waiting: Vec<usize>,
    picture: Picture,
    asked: usize,
    sold: HashSet<SeatId>,
    last: Instant,
    took: Vec<f64>,
    taken: usize,
    single_left: usize,
    busy: usize,
    answered: usize,
}

type Shared = Rc<(RefCell<Crowd>, Semaphore)>;

/// Sells the house to `buyers` buyers: all at once, or `room` of them a second. Each seller serves one request at a time.
///
/// # Errors
/// If a seat is sold twice, a seat is left, or a seller fails.
pub async fn sell_out<S: Seller + 'static>(
    house: House,
    buyers: usize,
    room: Option<f64>,
    map: S,
    sellers: Vec<S>,
) -> Result<Sale> {
    let began = Instant::now();
    let crowd = Crowd {
        house,
        buyers: (0..buyers).map(|_| Buyer::new()).collect(),
        line: VecDeque::new(),
        waiting: vec![],
        picture: Picture::of(house, 0, |_| true),
        asked: 0,
        sold: HashSet::new(),
        last: began,
        took: vec![],
        taken: 0,
        single_left: 0,
        busy: 0,
        answered: 0,
    };
    let shared: Shared = Rc::new((RefCell::new(crowd), Semaphore::new(0)));
    let arrivals = spawn_local(arrive(Rc::clone(&shared), buyers, room, began));
    let maps = spawn_local(draw_maps(Rc::clone(&shared), map));
    let serving: Vec<_> = sellers
        .into_iter()
        .map(|seller| spawn_local(serve(Rc::clone(&shared), seller)))
        .collect();
    let mut outcome = Ok(());
    for served in serving {
        let served = served.await.context("a function panicked")?;
        if served.is_err() {
            // The others end too.
            shared.1.close();
        }
        outcome = outcome.and(served);
    }
    outcome?;
    arrivals.abort();
    if maps.is_finished() {
        maps.await.context("the maps")??;
    } else {
        maps.abort();
    }
    let crowd = shared.0.borrow();
    ensure!(
        crowd.sold.len() == house.count(),
        "{} of {} seats were sold",
        crowd.sold.len(),
        house.count()
    );
    Ok(Sale {
        seats: crowd.sold.len(),
        holds: crowd.took.len(),
        seconds: (crowd.last - began).as_secs_f64(),
        hold_p50: quantile(&crowd.took, 0.5),
        hold_p99: quantile(&crowd.took, 0.99),
        requests: crowd.answered,
        taken: crowd.taken,
        single_left: crowd.single_left,
        busy: crowd.busy,
    })
}

/// Lets the buyers in.
async fn arrive(shared: Shared, buyers: usize, room: Option<f64>, began: Instant) {
    for buyer in 0..buyers {
        if let Some(rate) = room {
            sleep_until(began + Duration::from_secs_f64(buyer as f64 / rate)).await;
        }
        shared.0.borrow_mut().choose(buyer, &shared.1);
    }
}

/// Reads the map again and again, and lets those choose who found nothing on the one before.
async fn draw_maps<S: Seller>(shared: Shared, seller: S) -> Result<()> {
    loop {
        sleep(MAP_AGE).await;
        let free = match seller.map().await {
            Ok(free) => free,
            Err(error) => {
                shared.1.close();
                return Err(error);
            }
        };
        let crowd = &mut *shared.0.borrow_mut();
        let version = crowd.picture.version + 1;
        crowd.picture = Picture::of(crowd.house, version, |number| free[number]);
        for buyer in std::mem::take(&mut crowd.waiting) {
            crowd.choose(buyer, &shared.1);
        }
    }
}

/// Serves requests until all seats are sold.
async fn serve<S: Seller>(shared: Shared, seller: S) -> Result<()> {
    let (crowd, line) = &*shared;
    loop {
        // Closed once all seats are sold.
        let Ok(permit) = line.acquire().await else {
            return Ok(());
        };
        permit.forget();
        let next = crowd.borrow_mut().line.pop_front();
        let visit = next.context("a request in the line")?;
        let buyer = visit.buyer;
        let mut answer = seller.hold(&visit).await?;
        while answer == Answer::Busy && !line.is_closed() {
            crowd.borrow_mut().busy += 1;
            answer = seller.hold(&visit).await?;
        }
        let is_refused = crowd.borrow_mut().take(visit, answer, line)?;
        if is_refused {
            spawn_local(choose_again(Rc::clone(&shared), buyer));
        }
    }
}

/// Lets a buyer look at the map for a moment, and choose again.
async fn choose_again(shared: Shared, buyer: usize) {
    sleep(LOOK.start + (LOOK.end - LOOK.start).mul_f64(fastrand::f64())).await;
    if !shared.1.is_closed() {
        shared.0.borrow_mut().choose(buyer, &shared.1);
    }
}

impl Crowd {
    /// Lets a buyer choose seats on the map, and puts the request in the line.
    fn choose(&mut self, buyer: usize, line: &Semaphore) {
        let present = &mut self.buyers[buyer];
        if present.avoided.0 != self.picture.version {
            present.avoided = (self.picture.version, vec![]);
        }
        match self.picture.choose(present.wants, present.in_best, &present.avoided.1) {
            Some(seats) => {
                let (number, since) = (self.asked, Instant::now());
                self.asked += 1;
                self.line.push_back(Visit {
                    buyer,
                    number,
                    seats,
                    since,
                });
                line.add_permits(1);
            }
            None => self.waiting.push(buyer),
        }
    }

    /// Notes the answer to a request. Returns whether the buyer chooses again.
    fn take(&mut self, visit: Visit, answer: Answer, line: &Semaphore) -> Result<bool> {
        self.answered += 1;
        match answer {
            Answer::Held => {
                self.took.push(visit.since.elapsed().as_secs_f64() * 1000.0);
                self.last = Instant::now();
                for seat in visit.seats {
                    ensure!(self.sold.insert(seat), "{seat} is sold twice");
                }
                if self.sold.len() == self.house.count() {
                    line.close();
                }
                return Ok(false);
            }
            Answer::Taken(seats) => {
                self.taken += 1;
                ensure!(!seats.is_empty(), "no seat is taken: {visit:?}");
                self.buyers[visit.buyer].avoided.1.extend(seats);
            }
            Answer::SingleLeft => {
                self.single_left += 1;
                self.buyers[visit.buyer].avoided.1.extend(visit.seats);
            }
            Answer::Busy if line.is_closed() => return Ok(false),
            Answer::Busy => bail!("a request that was not repeated: {visit:?}"),
        }
        Ok(!line.is_closed())
    }
}

impl Buyer {
    fn new() -> Self {
        Self {
            wants: fastrand::u8(1..=MOST),
            in_best: fastrand::bool(),
            avoided: (0, vec![]),
        }
    }
}
