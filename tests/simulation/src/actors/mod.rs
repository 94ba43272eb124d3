//! Who does things: each actor is one person who goes on until the run has had its operations.

mod admin;
mod photographer;
mod shopper;
pub mod subscriber;
mod trader;

use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::world::World;

pub use admin::{decide_reviews, open, redeliver};

/// What points are bought as.
pub const POINTS: &str = "points";

/// The product of this number.
pub fn product(nth: u64) -> String {
    format!("product-{nth}")
}

/// Everybody sets out.
pub fn set_out(world: &Arc<World>) -> Vec<JoinHandle<()>> {
    let cast = world.fault_plan.cast;
    let mut gone = vec![];
    for nth in 0..cast.shoppers {
        gone.push(world.spawn(shopper::shop(world.clone(), format!("shopper-{nth}"))));
    }
    for nth in 0..cast.traders {
        gone.push(world.spawn(trader::trade(world.clone(), format!("trader-{nth}"))));
    }
    for nth in 0..cast.subscribers {
        gone.push(world.spawn(subscriber::subscribe(world.clone(), format!("subscriber-{nth}"))));
    }
    for nth in 0..cast.photographers {
        let name = format!("photographer-{nth}");
        gone.push(world.spawn(photographer::photograph(world.clone(), name)));
    }
    for _ in 0..cast.admins {
        gone.push(world.spawn(admin::administer(world.clone())));
    }
    gone
}
