//! Puts returned units back on the shelf. The only place where a return changes stock: a record of the movement belongs here.
//!
//! Invariant: received = available + held + sold. The units go back from the holds of their order, which are what it has sold,
//! so they count once. Units that cannot be sold stay in the holds: they were sold, and are gone.

use aws_sdk_dynamodb::types::TransactWriteItem;
use shared::Error;
use shared::orders::{LineQuantity, Order, ReservationStore, StoredOrder};

use crate::returns::ReceivedUnits;

/// The next version of the order, which is `returned`, without the units that are for sale again, and the writes that add
/// them to the shards they were taken from.
///
/// # Errors
/// [`Error::Internal`] when the order holds fewer units.
pub(crate) fn restock(
    reservations: &ReservationStore,
    stored: &StoredOrder,
    returned: Order,
    lines: &[ReceivedUnits],
) -> Result<(StoredOrder, Vec<TransactWriteItem>), Error> {
    let units = lines.iter().map(|line| LineQuantity {
        line_id: line.line_id,
        quantity: line.restock,
    });
    let units: Vec<LineQuantity> = units.filter(|unit| unit.quantity > 0).collect();
    let (next, released) = stored.releasing(&units, returned, None)?;
    Ok((next, reservations.release_writes(&released)?))
}
