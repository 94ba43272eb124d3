//! Events from the tables to the bus.

pub mod relay_events;
