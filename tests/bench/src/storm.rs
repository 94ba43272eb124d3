//! A storm on a house: many buyers at once who want more seats than there are, served by functions until the last seat is sold.
//!
//! A buyer wants one to four seats side by side, half of them in the best fifth of the rows. They choose on a map that is up
//! to a second old, send the request, and repeat it until a function is free. Who is told that a seat is taken looks at
//! the present map for about a second and chooses again. Who finds nothing on the map waits for the next one.

mod crowd;
mod house;
mod ours;
mod picture;
mod standing;
mod unread;

pub use crowd::{Answer, Sale, Seller, Visit, sell_out};
pub use house::House;
pub use ours::{MapCost, Run, Storm, run};
pub use standing::{Standing, StandingRun, run as run_standing};

/// Seeds the random numbers of a storm: all runs have the same buyers.
pub const SEED: u64 = 7;
