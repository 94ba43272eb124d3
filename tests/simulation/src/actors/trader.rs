//! A trader: buys points, registers vouchers, places, takes and cancels bids, and reads the order book.

use std::rc::Rc;

use function_tests::auction_fixture::{bid_call, book_call, register_call, take_call};
use harness::gateway::Call;
use jiff::{SignedDuration, Timestamp};

use super::shopper::buy_points;
use crate::world::World;

/// What a trader has.
#[derive(Default)]
struct Holdings {
    vouchers: Vec<String>,
    bids: Vec<String>,
}

/// Runs a trader until the run ends.
pub async fn trade(world: Rc<World>, name: String) {
    let mut holdings = Holdings::default();
    buy_points(&world, &name).await;
    while world.is_running() {
        world.pause().await;
        match world.below(30) {
            0..=1 => drop(buy_points(&world, &name).await),
            2..=5 => register(&world, &name, &mut holdings).await,
            6..=13 => bid(&world, &name, &mut holdings).await,
            14..=21 => take(&world, &name, &mut holdings).await,
            22..=23 => cancel_bid(&world, &name, &mut holdings).await,
            24 => drop(world.http("list-bids", Call::new("GET", "/bids").by(&name)).await),
            25 => drop(
                world
                    .http("list-vouchers", Call::new("GET", "/vouchers").by(&name))
                    .await,
            ),
            26 => {
                world.http("get-wallet", Call::new("GET", "/wallet").by(&name)).await;
                let entries = Call::new("GET", "/wallet/entries").by(&name);
                world.http("list-wallet-entries", entries).await;
            }
            _ => drop(world.http("get-order-book", book_call()).await),
        }
    }
}

async fn register(world: &World, name: &str, holdings: &mut Holdings) {
    let code = format!("CODE-{}", world.key());
    let answer = world.request("register-voucher", register_call(name, &code)).await;
    if let Some(voucher) = answer.body["voucher_id"].as_str() {
        holdings.vouchers.push(voucher.to_owned());
    }
}

async fn bid(world: &World, name: &str, holdings: &mut Holdings) {
    let voucher = a_voucher(world, holdings);
    let side = if voucher.is_some() { "SELL" } else { "BUY" };
    let call = bid_call(
        name,
        &world.key(),
        side,
        price(world),
        deadline(world),
        voucher.as_deref(),
    );
    let answer = world.request("place-bid", call).await;
    if let Some(bid) = answer.body["bid_id"].as_str() {
        holdings.bids.push(bid.to_owned());
    }
}

async fn take(world: &World, name: &str, holdings: &mut Holdings) {
    let voucher = a_voucher(world, holdings);
    let side = if voucher.is_some() { "SELL" } else { "BUY" };
    let limit = (world.below(2) == 0).then(|| price(world));
    let call = take_call(name, &world.key(), side, limit, voucher.as_deref());
    world.request("take-bid", call).await;
}

async fn cancel_bid(world: &World, name: &str, holdings: &mut Holdings) {
    if holdings.bids.is_empty() {
        return;
    }
    let nth = world.below(holdings.bids.len() as u64) as usize;
    let call = Call::new("POST", "/bids/{bid_id}/cancel").path("bid_id", &holdings.bids[nth]);
    world.request("cancel-bid", call.by(name).key(&world.key())).await;
}

/// Returns a voucher that may be sold or offered already: the API has to reject that.
fn a_voucher(world: &World, holdings: &Holdings) -> Option<String> {
    let nth = world.below(2 * holdings.vouchers.len() as u64 + 1) as usize;
    holdings.vouchers.get(nth).cloned()
}

/// Draws one of few prices, so that bids match.
fn price(world: &World) -> u64 {
    2_000 + 100 * world.below(12)
}

/// Draws a deadline close enough that bids expire while others take them.
fn deadline(world: &World) -> Timestamp {
    let longest = world.net.draw(|rng| *rng.choice(&[20, 200, 2_000]).expect("one"));
    world.clock.now() + SignedDuration::from_secs(5 + world.below(longest).cast_signed())
}
