//! The edge to Lambda and AWS: HTTP, streams, the bus, configuration, telemetry.

pub mod backoff;
pub mod bus;
pub mod config;
pub mod events;
pub mod http;
pub mod invocation;
pub mod page;
pub mod problem;
pub mod sweep;
pub mod telemetry;
