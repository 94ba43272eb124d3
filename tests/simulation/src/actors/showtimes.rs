//! How the box office creates and publishes showtimes.

use function_tests::tickets_fixture::showtime_with_area;
use harness::gateway::{Answer, Call};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::repeated;
use crate::world::{Show, World};

/// How long a show takes: short, so that some are over before the run is.
pub const LENGTH: SignedDuration = SignedDuration::from_mins(1);
/// The time from the creation of a showtime that starts soon until its start, which is in a whole minute.
const SOON: SignedDuration = SignedDuration::from_mins(5);

/// When a showtime starts. The nearer the show is, the dearer it is to give a seat back.
#[derive(Clone, Copy, Debug)]
pub enum Start {
    /// In two days.
    InTwoDays,
    /// In some minutes.
    Soon,
    /// In two months.
    Later,
}

impl Start {
    /// Draws one.
    pub fn any(world: &World) -> Self {
        match world.below(3) {
            0 => Self::InTwoDays,
            1 => Self::Soon,
            _ => Self::Later,
        }
    }

    /// The local time in Seoul, which is nine hours ahead. The fixture has a later one.
    fn local(self, now: Timestamp) -> Option<String> {
        let (start, time) = match self {
            Self::InTwoDays => (now + SignedDuration::from_hours(24 * 2), "%Y-%m-%dT19:00:00"),
            Self::Soon => (now + SignedDuration::from_hours(9) + SOON, "%Y-%m-%dT%H:%M:00"),
            Self::Later => return None,
        };
        Some(start.strftime(time).to_string())
    }
}

/// Creates a showtime, sometimes two at once.
pub async fn create_shows(world: &World, performance: &str, plan: &str, start: Start) -> Vec<Show> {
    let now = world.clock.now();
    let mut body = showtime_with_area(plan);
    body["sales_start_at"] = json!(now);
    if let Some(local) = start.local(now) {
        body["local_start"] = json!(local);
    }
    let route = || {
        let route = Call::new("POST", "/admin/performances/{performance_id}/showtimes");
        route.path("performance_id", performance)
    };
    let create = |key: &str| route().by_admin().key(key).json(&body);
    let answers = repeated::send(world, "create-showtime", create).await;
    let created = answers.iter().filter(|answer| answer.status == 201);
    let show = |answer: &Answer| {
        let starts_at: Timestamp = answer.body["starts_at"].as_str()?.parse().ok()?;
        Some(Show {
            showtime_id: answer.body["showtime_id"].as_str()?.to_owned(),
            performance_id: performance.to_owned(),
            over_at: starts_at + LENGTH,
        })
    };
    created.filter_map(show).collect()
}

/// Publishes a showtime, often twice at once or after a pause.
pub async fn publish(world: &World, show: &Show, status: &str) {
    let body = json!({ "status": status });
    let publish = |key: &str| {
        let publish = Call::new("POST", "/admin/showtimes/{showtime_id}/publish");
        publish
            .path("showtime_id", &show.showtime_id)
            .by_admin()
            .key(key)
            .json(&body)
    };
    repeated::send(world, "publish-showtime", publish).await;
    if show.over_at <= world.clock.now() + SOON + LENGTH {
        world.state().soon_shows.push(show.clone());
    }
}
