//! Carriers: each takes a parcel to its customer, and reports the delivery by a signed webhook until that is accepted.

use std::rc::Rc;
use std::time::Duration;

use function_tests::fulfillment_fixture::carrier_call;
use serde_json::json;

use crate::world::World;

/// The name of the carrier.
pub const CARRIER: &str = "CJ";
/// Minutes between attempts of a webhook.
const RETRY_MINUTES: [u64; 6] = [1, 2, 5, 10, 60, 240];

/// Delivers the parcel with this number and reports it, sometimes twice. The parcel may not be recorded yet, or never be.
pub async fn carry(world: Rc<World>, number: String) {
    let longest = world.net.draw(|rng| *rng.choice(&[2, 60, 600]).expect("one"));
    world.clock.sleep(Duration::from_secs(world.below(longest))).await;
    let data = json!({ "carrier": CARRIER, "tracking_number": number, "delivered_at": world.clock.now() });
    let mut again = world.below(3) == 0;
    for minutes in RETRY_MINUTES {
        // Each attempt is signed anew.
        let call = carrier_call("shipment.delivered", &data, world.clock.now());
        let answer = world.http("receive-carrier-webhook", call).await;
        if answer.status / 100 == 2 && !std::mem::take(&mut again) {
            return;
        }
        world.clock.sleep(Duration::from_mins(minutes)).await;
    }
}
