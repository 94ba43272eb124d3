//! The search: a customer who searches, and the administrator of the index.

use std::rc::Rc;

use function_tests::search_fixture::search_call;
use harness::gateway::Call;

use super::personal_data::MARKER;
use super::product;
use crate::world::World;

/// What is searched: whole names, beginnings, a typo, and what nothing has.
const TEXTS: [&str; 6] = ["Tea", "shelf-1", "product", "Te", "prodcut-1", "nothing"];

/// Searches until the run ends.
pub async fn search(world: Rc<World>) {
    // What is rare below happens once in each run.
    for rolls_back in [false, true] {
        world.pause().await;
        administer(&world, rolls_back).await;
    }
    while world.is_running() {
        world.pause().await;
        let text = TEXTS[world.below(TEXTS.len() as u64) as usize];
        match world.below(4) {
            0 => {
                let call = Call::new("GET", "/search/suggestions").query("q", text);
                world.http("suggest-searches", call).await;
            }
            1 if world.below(2) == 0 => administer(&world, world.below(2) == 0).await,
            1 => find_orders(&world).await,
            _ => {
                let call = search_call(&[("q", text), ("limit", "2")]);
                let first = world.http("search-documents", call.clone()).await;
                if let Some(cursor) = first.body["next_cursor"].as_str() {
                    world.http("search-documents", call.query("cursor", cursor)).await;
                }
            }
        }
    }
}

/// Looks at the state, and rebuilds the index or searches the build before again.
async fn administer(world: &World, rolls_back: bool) {
    let see = Call::new("GET", "/admin/search/index").by_admin();
    world.http("get-search-index", see).await;
    let (function, route) = match rolls_back {
        false => ("start-rebuild", "/admin/search/rebuilds"),
        true => ("roll-back-search-index", "/admin/search/index/roll-back"),
    };
    let call = Call::new("POST", route).by_admin().key(&world.key());
    world.request(function, call).await;
}

/// Looks for orders as an administrator: by a key, or by a name, of which the customers' orders have a part.
async fn find_orders(world: &World) {
    let sku = product(world.below(world.fault_plan.actors.products));
    let customer = format!("shopper-{}", world.below(world.fault_plan.actors.shoppers));
    let list = Call::new("GET", "/admin/orders").by_admin();
    let call = match world.below(4) {
        0 => list,
        1 => list.query("status", "PAID"),
        2 => list.query("customer_id", &customer),
        _ => list.query("sku", &sku),
    };
    world.http("list-admin-orders", call).await;
    let call = Call::new("GET", "/admin/orders/search").by_admin().query("q", MARKER);
    world.http("search-orders", call).await;
}
