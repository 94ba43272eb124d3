//! Puts returned units back on the shelf. The only place where a return changes stock.
//!
//! Invariant: movements = available + held + sold. The order's holds stay, since they are what it has sold; the movement
//! accounts for the units that are for sale again. Units that cannot be sold are gone.

use aws_sdk_dynamodb::types::TransactWriteItem;
use shared::Error;
use shared::aws::lambda::Invocation;
use shared::catalog::{CatalogEvent, CatalogStore, StockMovement, StockMovementKind};
use shared::core::idempotency::derive_id;
use shared::orders::StoredOrder;

use crate::returns::{ReceivedUnits, ReturnId};

/// The writes that put units back on the shelf.
#[derive(Debug, Default)]
pub(crate) struct Restock {
    /// The movements, each on condition that it is new, so that no unit is put back twice.
    pub records: Vec<TransactWriteItem>,
    /// The units. Without a condition.
    pub units: Vec<TransactWriteItem>,
}

/// The writes that put the units of `lines` that are for sale again back on the shelf: the units of a line go to the shard that
/// its order took some of them from.
///
/// # Errors
/// [`Error::Internal`] when a line is not in the order.
pub(crate) fn restock(
    catalog: &CatalogStore,
    stored: &StoredOrder,
    return_id: ReturnId,
    lines: &[ReceivedUnits],
    invocation: &Invocation,
) -> Result<Restock, Error> {
    let mut restock = Restock::default();
    for received in lines.iter().filter(|line| line.restock > 0) {
        let line = stored.order.lines.iter().find(|line| line.line_id == received.line_id);
        let line = line.and_then(|line| Some((line, line.sku.as_ref()?)));
        let (line, sku) = line.ok_or_else(|| Error::internal("restock a return", "the order has no such line"))?;
        let hold = stored.holds.iter().find(|hold| hold.sku == *sku);
        let movement = StockMovement {
            movement_id: derive_id(&["return", &return_id.to_string(), &String::from(line.line_id)]),
            sku: sku.clone(),
            kind: StockMovementKind::Return,
            // At most the units of a line.
            change: received.restock.cast_signed(),
            note: Some(format!("Return {return_id}")),
            created_by: invocation.actor()?.clone(),
            created_at: invocation.now,
        };
        let event = invocation.record(&CatalogEvent::StockMoved(movement.for_event()))?;
        let [record, units] = catalog.return_writes(&movement, hold.map_or(0, |hold| hold.shard), &event)?;
        restock.records.push(record);
        restock.units.push(units);
    }
    Ok(restock)
}
