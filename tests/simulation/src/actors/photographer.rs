//! A photographer: uploads pictures (sometimes an invalid file, or a second file right away), reads, replaces and
//! deletes them.

use std::rc::Rc;

use function_tests::image_fixture::{UPLOADS, picture, presign_call};
use harness::gateway::Call;
use serde_json::json;

use crate::infrastructure::send_upload_event;
use crate::world::World;

/// Runs a photographer until the run ends.
pub async fn photograph(world: Rc<World>, name: String) {
    let mut mine: Vec<String> = vec![];
    while world.is_running() {
        world.pause().await;
        match world.below(10) {
            0..=3 => announce(&world, &name, &mut mine).await,
            _ if mine.is_empty() => announce(&world, &name, &mut mine).await,
            4..=5 => upload(&world, &a_picture(&world, &mine)),
            6..=8 => {
                let call = Call::new("GET", "/images/{image_id}").path("image_id", &a_picture(&world, &mine));
                world.http("get-image", call).await;
            }
            _ => {
                let id = a_picture(&world, &mine);
                let call = Call::new("DELETE", "/images/{image_id}").path("image_id", &id);
                world.request("delete-image", call.by(&name)).await;
            }
        }
    }
}

/// Presigns an upload, sometimes to replace another picture.
async fn announce(world: &Rc<World>, name: &str, mine: &mut Vec<String>) {
    let more = match mine.last() {
        Some(last) if world.below(3) == 0 => json!({ "replaces": last }),
        _ => json!({}),
    };
    let call = presign_call(name, &world.key(), &more);
    let answer = world.request("presign-upload", call).await;
    let Some(id) = answer.body["image_id"].as_str() else {
        return;
    };
    mine.push(id.to_owned());
    if world.below(8) > 0 {
        world.pause().await;
        upload(world, id);
    }
}

/// Uploads a valid file or something else.
fn upload(world: &Rc<World>, id: &str) {
    let whole = picture(12 + world.below(12) as u16, 6);
    let bytes = match world.below(8) {
        0 => b"no picture".as_slice(),
        1 => &whole[..whole.len() / 2],
        _ => &whole,
    };
    world.net.note(|| format!("{} bytes uploaded as {id}", bytes.len()));
    let event = world.objects.upload(UPLOADS, &format!("raw/{id}"), bytes);
    send_upload_event(world, &event);
}

fn a_picture(world: &World, mine: &[String]) -> String {
    mine[world.below(mine.len() as u64) as usize].clone()
}
