//! About how many seats of each showtime are free, for lists: an item of the seats table a showtime, `SHOW#<showtime>`, `REMAINING`.
//!
//! `count-remaining-seats` counts them anew from the rows, and never adds or subtracts: late and repeated changes do no harm.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::table::Table;
use shared::aws::dynamodb::{Item, Wanted, batch_get, classify_error, composite, number, parse, send_until_answered};
use shared::tickets::{PriceClass, SeatMap, Showtime, ShowtimeId};
use tokio::time::Instant;

const DOING: &str = "count remaining seats";

/// The free seats of a showtime at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemainingSeats {
    /// The showtime.
    pub showtime_id: ShowtimeId,
    /// The free seats of each zone, by the zone's number.
    pub free: Vec<u32>,
    /// The time of the count.
    pub counted_at: Timestamp,
}

impl RemainingSeats {
    /// The free seats in `map`, which was read at `counted_at`.
    pub fn of(showtime: &Showtime, map: &SeatMap, counted_at: Timestamp) -> Self {
        let zones = showtime.seating.as_ref().map_or(0, |seating| seating.zones.len());
        Self {
            showtime_id: showtime.showtime_id,
            free: (0..zones).map(|zone| map.zone(zone).free).collect(),
            counted_at,
        }
    }

    /// The free seats of a price class.
    pub fn of_class(&self, showtime: &Showtime, class: &PriceClass) -> u32 {
        let zones = showtime.zones_of(class);
        zones.filter_map(|zone| self.free.get(zone)).sum()
    }
}

/// Reads and writes the counts.
#[derive(Clone, Debug)]
pub struct RemainingSeatsStore {
    table: Table,
}

impl RemainingSeatsStore {
    /// Reads the table's name from `SEATS_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: Table::new(platform, "SEATS_TABLE")?,
        })
    }

    /// The counts of these showtimes, as far as they were counted: one request. Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn of(
        &self,
        showtimes: &[ShowtimeId],
        deadline: Instant,
    ) -> Result<BTreeMap<ShowtimeId, RemainingSeats>, Error> {
        if showtimes.is_empty() {
            return Ok(BTreeMap::new());
        }
        let wanted = Wanted {
            table: &self.table.name,
            keys: showtimes.iter().map(|&id| key(id)).collect(),
            consistent: false,
        };
        let found = batch_get(&self.table.client, DOING, vec![wanted], deadline).await?;
        let counts = found.into_values().flatten().map(|item| {
            let count: RemainingSeats = parse(DOING, item)?;
            Ok((count.showtime_id, count))
        });
        counts.collect()
    }

    /// Saves a count, unless a later one is stored.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save(&self, count: &RemainingSeats, deadline: Instant) -> Result<(), Error> {
        let counted_ms = number(count.counted_at.as_millisecond());
        let mut item = self.table.item(DOING, key(count.showtime_id), count)?;
        item.insert("counted_ms".into(), counted_ms.clone());
        let save = self
            .table
            .client
            .put_item()
            .table_name(&self.table.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR counted_ms < :counted")
            .expression_attribute_values(":counted", counted_ms);
        let send = || async {
            match save.clone().send().await {
                Ok(_) => Ok(()),
                Err(SdkError::ServiceError(refused))
                    if matches!(refused.err(), PutItemError::ConditionalCheckFailedException(_)) =>
                {
                    Ok(())
                }
                Err(error) => Err(classify_error(DOING, error)),
            }
        };
        send_until_answered(DOING, deadline, send).await
    }
}

fn key(showtime: ShowtimeId) -> Item {
    composite(format!("{}{showtime}", Showtime::KEY_PREFIX), "REMAINING")
}
