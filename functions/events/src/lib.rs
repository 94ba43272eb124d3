//! Events from the tables to the bus.

pub mod relay_events;

shared::actions! {
    stream {
        "relay-events" => relay_events::RelayEvents,
    }
}
