//! The actors: each is a person who uses the API until the run's operations are used up.

mod admin;
mod after_sale;
mod audience;
mod bank;
mod box_office;
mod carrier;
mod coupon_hunter;
mod doorkeeper;
mod editor;
mod importer;
pub mod personal_data;
mod photographer;
mod repeated;
mod returns;
mod reviewer;
mod searcher;
mod seat_holder;
mod shopper;
mod showtimes;
mod staff;
pub mod subscriber;
mod ticket_buyer;
mod trader;
mod units;
mod visitor;

use std::rc::Rc;

use tokio::task::JoinHandle;

use crate::world::World;

pub use admin::{decide_reviews, open, redeliver};
pub use bank::decide_disputes;

/// SKU of the product that buys points.
pub const POINTS: &str = "points";

/// Returns the SKU of product `nth`.
pub fn product(nth: u64) -> String {
    format!("product-{nth}")
}

/// Starts all actors.
pub fn start(world: &Rc<World>) -> Vec<JoinHandle<()>> {
    let actors = world.fault_plan.actors;
    let mut tasks = vec![];
    for nth in 0..actors.shoppers {
        tasks.push(world.spawn(shopper::shop(world.clone(), format!("shopper-{nth}"))));
    }
    for nth in 0..actors.traders {
        tasks.push(world.spawn(trader::trade(world.clone(), format!("trader-{nth}"))));
    }
    for nth in 0..actors.subscribers {
        tasks.push(world.spawn(subscriber::subscribe(world.clone(), nth)));
    }
    for nth in 0..actors.photographers {
        let name = format!("photographer-{nth}");
        tasks.push(world.spawn(photographer::photograph(world.clone(), name)));
    }
    if actors.bank {
        tasks.push(world.spawn(bank::interfere(world.clone())));
    }
    for _ in 0..actors.admins {
        tasks.push(world.spawn(admin::administer(world.clone())));
    }
    tasks.push(world.spawn(coupon_hunter::hunt(world.clone())));
    tasks.push(world.spawn(visitor::visit(world.clone())));
    if actors.search {
        tasks.push(world.spawn(searcher::search(world.clone())));
    }
    // The search finds shows too.
    if actors.search || actors.ticket_buyers > 0 {
        tasks.push(world.spawn(box_office::sell_tickets(world.clone())));
    }
    if actors.ticket_buyers > 0 {
        tasks.push(world.spawn(doorkeeper::keep(world.clone())));
        tasks.push(world.spawn(audience::pass_tickets_on(world.clone())));
        tasks.push(world.spawn(seat_holder::hold_on(world.clone())));
        for nth in 0..reviewer::REVIEWERS {
            tasks.push(world.spawn(reviewer::review_shows(world.clone(), nth)));
        }
        for nth in 0..actors.ticket_buyers {
            tasks.push(world.spawn(ticket_buyer::buy(world.clone(), format!("ticket-buyer-{nth}"))));
        }
    }
    for _ in 0..actors.staff {
        tasks.push(world.spawn(staff::fulfill(world.clone())));
    }
    tasks
}
