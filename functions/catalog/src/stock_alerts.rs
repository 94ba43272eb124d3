//! Low-stock alerts: records, and publishes, that the stock of a product has crossed its threshold.

mod alert;
mod store;

use shared::Error;
use shared::aws::lambda::Invocation;
use shared::catalog::CatalogEvent;

pub use alert::{StockAlert, WatchedStock};
pub use store::WatchedStockStore;

/// Brings a product's alert to the side on which its stock is. `stock` is the first look at it.
///
/// # Errors
/// [`Error::Unavailable`] and [`Error::Internal`].
pub async fn keep(store: &WatchedStockStore, mut stock: WatchedStock, invocation: &Invocation) -> Result<(), Error> {
    let sku = stock.product.sku.clone();
    let mut seen = None;
    while let Some(alert) = stock.crossing() {
        // A read can miss units that move between shards, so a crossing counts when two reads in a row have seen it.
        if seen.as_ref() == Some(&alert) {
            let event = stock.low().map(|low| invocation.record(&CatalogEvent::StockLow(low)));
            let event = event.transpose()?;
            store.save_alert(&alert, event.as_ref(), invocation.deadline).await?;
        } else {
            seen = Some(alert);
        }
        // Also after a write: the stock may have crossed back after it was read, and whoever looked at that change may have done
        // so before the write.
        match store.get(&sku, invocation.deadline).await? {
            Some(again) => stock = again,
            None => return Ok(()),
        }
    }
    Ok(())
}
