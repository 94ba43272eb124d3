//! Publishes events from the tables' streams to the event bus.

pub mod relay_events;

shared::actions! {
    stream {
        "relay-events" => relay_events::RelayEvents,
    }
}
