//! The entities that performers, performances and showtimes refer to: checks that they exist.

use shared::Error;
use shared::aws::lambda::Invocation;
use shared::core::error::Rejection;
use shared::images::ImageStore;
use shared::tickets::PlanId;
use uuid::Uuid;

use crate::fields::{self, invalid};
use crate::performance::Performance;
use crate::performer::{Performer, PerformerId};
use crate::plan::Plan;
use crate::store::ShowStore;
use crate::venue::Venue;

/// Checks the portrait of a performer, if it is not that of `previous`: one that is there already may be deleted meanwhile.
///
/// # Errors
/// `invalid-show`, and those of the store.
pub async fn of_performer(
    images: &ImageStore,
    previous: Option<&Performer>,
    performer: &Performer,
    invocation: &Invocation,
) -> Result<(), Error> {
    if previous.is_some_and(|previous| previous.image == performer.image) {
        return Ok(());
    }
    fields::check_images("image", images, performer.image.as_slice(), invocation).await
}

/// Checks the posters and the cast of a performance, if they are not those of `previous`.
///
/// # Errors
/// `invalid-show`, and those of the stores.
pub async fn of_performance(
    stores: (&ShowStore, &ImageStore),
    previous: Option<&Performance>,
    performance: &Performance,
    invocation: &Invocation,
) -> Result<(), Error> {
    let (shows, images) = stores;
    if previous.is_none_or(|previous| previous.posters != performance.posters) {
        fields::check_images("posters", images, &performance.posters, invocation).await?;
    }
    let known = |id: PerformerId| {
        let cast = previous.into_iter().flat_map(|previous| &previous.cast);
        cast.into_iter().any(|member| member.performer_id == id)
    };
    let mut added: Vec<PerformerId> = performance.cast.iter().map(|member| member.performer_id).collect();
    added.retain(|&id| !known(id));
    added.sort_unstable();
    added.dedup();
    let ids: Vec<Uuid> = added.iter().map(|id| id.0).collect();
    let found = shows.existing::<Performer>(&ids, invocation.deadline).await?;
    match ids.iter().find(|id| !found.contains(id)) {
        Some(id) => Err(invalid("cast", &format!("there is no performer {id}")).into()),
        None => Ok(()),
    }
}

/// The plan that a showtime names, and its venue.
///
/// # Errors
/// `invalid-show` for an unknown plan, and those of the store.
pub async fn plan_and_venue(shows: &ShowStore, plan: PlanId, invocation: &Invocation) -> Result<(Plan, Venue), Error> {
    let found = shows.find::<Plan>(plan.0, invocation.deadline).await?;
    let unknown = || -> Rejection { invalid("plan_id", &format!("there is no plan {plan}")) };
    let plan = found.ok_or_else(unknown)?.entity;
    let venue = shows.get::<Venue>(plan.venue_id.0, invocation.deadline).await?.entity;
    Ok((plan, venue))
}
