//! Low-stock alerts: on which side of its threshold a product's stock was last seen.
//!
//! An alert changes only when the stock crosses the threshold, so the event of a fall is published once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use shared::catalog::{Product, Sku, StockLow};

/// On which side of its threshold a product's stock was last seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockAlert {
    /// The product.
    pub sku: Sku,
    /// Whether the available units were below the threshold.
    pub is_low: bool,
    /// Counts the crossings, from 1. Each write is conditional on the version that was read.
    pub version: u64,
}

/// A product with its stock and its alert, as read.
#[derive(Clone, Debug)]
pub struct WatchedStock {
    /// The product.
    pub product: Product,
    /// The available units, summed over all shards. Of the first shard only, if that has some and the product has no
    /// threshold.
    pub available: u64,
    /// The last time of the product's schedule that is over: no look may judge the schedule by an earlier time.
    pub woken_at: Option<Timestamp>,
    /// The alert. None as long as the stock has not been low.
    pub alert: Option<StockAlert>,
}

impl WatchedStock {
    /// The stock, if it is low. Without a threshold it never is.
    pub fn low(&self) -> Option<StockLow> {
        let threshold = self.product.low_stock_threshold?;
        (self.available < u64::from(threshold)).then(|| StockLow {
            sku: self.product.sku.clone(),
            available: self.available,
            threshold,
        })
    }

    /// Whether no unit is available.
    pub const fn is_sold_out(&self) -> bool {
        self.available == 0
    }

    /// The time by which the product's schedule is judged in a look at `now`. Clocks differ: it is never before the product's
    /// last change, or before a time of its schedule that is over already.
    pub fn as_of(&self, now: Timestamp) -> Timestamp {
        let latest = self.woken_at.map_or(now, |at| at.max(now));
        latest.max(self.product.updated_at)
    }

    /// The alert to record, if the stock has crossed its threshold since the last one.
    pub fn crossing(&self) -> Option<StockAlert> {
        let is_low = self.low().is_some();
        let (was_low, version) = self
            .alert
            .as_ref()
            .map_or((false, 0), |alert| (alert.is_low, alert.version));
        (is_low != was_low).then(|| StockAlert {
            sku: self.product.sku.clone(),
            is_low,
            version: version + 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listings::scope::tests::product;
    use proptest::prelude::*;

    fn tea(threshold: Option<u32>) -> Product {
        Product {
            low_stock_threshold: threshold,
            ..product(&[])
        }
    }

    /// The crossings that are recorded when the stock is seen at each of `levels`, one after the other.
    fn crossings(threshold: Option<u32>, levels: &[u64]) -> Vec<(u64, bool)> {
        let mut stock = WatchedStock {
            product: tea(threshold),
            available: 0,
            alert: None,
            woken_at: None,
        };
        let mut crossings = vec![];
        for &available in levels {
            stock.available = available;
            if let Some(alert) = stock.crossing() {
                crossings.push((available, alert.is_low));
                stock.alert = Some(alert);
            }
        }
        crossings
    }

    #[test]
    fn a_schedule_is_never_judged_by_a_clock_that_is_behind() {
        let second = |second| Timestamp::from_second(second).unwrap();
        let mut stock = WatchedStock {
            product: tea(None),
            available: 0,
            alert: None,
            woken_at: None,
        };
        stock.product.updated_at = second(5);
        assert_eq!([4, 6].map(|now| stock.as_of(second(now))), [second(5), second(6)]);
        stock.woken_at = Some(second(8));
        assert_eq!([6, 9].map(|now| stock.as_of(second(now))), [second(8), second(9)]);
    }

    #[test]
    fn stock_is_low_below_its_threshold_and_not_at_it() {
        assert_eq!(crossings(Some(5), &[6, 5, 4, 5, 4]), [(4, true), (5, false), (4, true)]);
    }

    #[test]
    fn a_fall_is_recorded_once_until_the_stock_is_at_its_threshold_again() {
        assert_eq!(crossings(Some(5), &[9, 4, 3, 0, 4, 4]), [(4, true)]);
    }

    #[test]
    fn stock_without_a_threshold_is_never_low() {
        assert_eq!(crossings(None, &[9, 0, 9, 0]), []);
    }

    #[test]
    fn an_alert_ends_when_the_threshold_is_removed() {
        let mut stock = WatchedStock {
            product: tea(Some(5)),
            available: 0,
            alert: None,
            woken_at: None,
        };
        stock.alert = stock.crossing();
        stock.product.low_stock_threshold = None;
        let ended = stock.crossing().unwrap();
        assert_eq!((ended.is_low, ended.version), (false, 2));
    }

    proptest! {
        #[test]
        fn falls_and_refills_alternate_and_the_last_one_tells_the_side(
            threshold in 1..50u32, levels in prop::collection::vec(0..100u64, 1..40),
        ) {
            let crossings = crossings(Some(threshold), &levels);
            let sides: Vec<bool> = crossings.iter().map(|crossing| crossing.1).collect();
            prop_assert!(sides.iter().enumerate().all(|(nth, &is_low)| is_low == (nth % 2 == 0)));
            let is_low = levels.last().unwrap() < &u64::from(threshold);
            prop_assert_eq!(sides.last().copied().unwrap_or(false), is_low);
        }
    }
}
