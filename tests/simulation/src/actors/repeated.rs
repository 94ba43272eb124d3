//! Requests as impatient people send them.

use harness::gateway::{Answer, Call};

use crate::world::World;

/// Sends the request that `call` builds for a key: once, again later with the same key, or twice at once with two keys. Returns
/// the last answers.
pub async fn send(world: &World, function: &'static str, call: impl Fn(&str) -> Call) -> Vec<Answer> {
    let key = world.key();
    match world.below(6) {
        0 => {
            world.request(function, call(&key)).await;
            world.pause().await;
            vec![world.request(function, call(&key)).await]
        }
        1 => {
            let (one, other) = (call(&key), call(&world.key()));
            let (one, other) = tokio::join!(world.request(function, one), world.request(function, other));
            vec![one, other]
        }
        _ => vec![world.request(function, call(&key)).await],
    }
}
