//! Shipping: the methods, what a delivery costs, and its tax.

mod delivery;
mod method;

pub use delivery::{Shipping, ShippingPart};
pub use method::{InvalidShippingMethodId, ShippingMethod, ShippingMethodId};
pub(super) use method::{MethodTable, Shipment};
