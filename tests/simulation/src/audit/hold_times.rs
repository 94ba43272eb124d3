//! Checks how long customers hold seats without paying for them.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use shared::tickets::HoldLimits;

/// A hold, as its order says.
#[derive(Debug)]
struct Hold<'a> {
    from: Timestamp,
    /// The end of the hold: its deadline, or when the order was paid or cancelled before.
    until: Timestamp,
    deadline: Timestamp,
    closed_at: Option<Timestamp>,
    order: &'a Value,
}

/// Checks that no hold lasts longer than `longest`, also together with those that it replaced, and that no customer holds seats of a
/// showtime for longer than `budget` within the hour that begins with the first hold.
///
/// # Errors
/// The first hold that does.
pub fn check_hold_times(orders: &[Value], longest: SignedDuration, budget: SignedDuration) -> Result<()> {
    for holds in by_customer_and_showtime(orders)?.values() {
        let mut deadline = Timestamp::MIN;
        let mut former: Option<&Hold> = None;
        let (mut since, mut held) = (Timestamp::MIN, SignedDuration::ZERO);
        for hold in holds {
            // A swap cancels the former order before its deadline, and places the new one at the same instant.
            let is_swap =
                former.is_some_and(|former| former.closed_at == Some(hold.from) && hold.from < former.deadline);
            let latest = if is_swap { deadline } else { hold.from + longest };
            ensure!(hold.deadline <= latest, "it may last until {latest}: {}", hold.order);
            deadline = hold.deadline;
            if former.is_none() || hold.from >= since + HoldLimits::WINDOW {
                (since, held) = (hold.from, SignedDuration::ZERO);
            }
            held += hold.until.duration_since(hold.from);
            ensure!(
                held <= budget,
                "with it, {held:#} are held since {since}: {}",
                hold.order
            );
            former = Some(hold);
        }
    }
    Ok(())
}

/// The holds of each customer and showtime, in the order of time.
fn by_customer_and_showtime(orders: &[Value]) -> Result<BTreeMap<(&str, &str), Vec<Hold<'_>>>> {
    let mut all: BTreeMap<(&str, &str), Vec<Hold>> = BTreeMap::new();
    for order in orders {
        let (Some(showtime), Some(customer)) = (
            order["lines"][0]["seat"]["showtime_id"].as_str(),
            order["customer_id"].as_str(),
        ) else {
            continue;
        };
        let time = |name: &str| order[name].as_str().map(str::parse::<Timestamp>).transpose();
        let (Some(from), Some(deadline)) = (time("placed_at")?, time("expires_at")?) else {
            continue;
        };
        let (paid_at, closed_at) = (time("paid_at")?, time("closed_at")?);
        let until = [paid_at, closed_at]
            .into_iter()
            .flatten()
            .fold(deadline, Timestamp::min);
        let hold = Hold {
            from,
            until,
            deadline,
            closed_at,
            order,
        };
        all.entry((customer, showtime)).or_default().push(hold);
    }
    for holds in all.values_mut() {
        holds.sort_by_key(|hold| hold.from);
    }
    Ok(all)
}
