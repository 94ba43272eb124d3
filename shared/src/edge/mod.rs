//! The edge to Lambda and AWS: HTTP, streams, queues, the bus, objects, sealed secrets, configuration, telemetry.

pub mod backoff;
pub mod batch;
pub mod bus;
pub mod config;
pub mod events;
pub mod http;
pub mod invocation;
pub mod page;
pub mod problem;
pub mod queue;
pub mod s3;
pub mod seal;
pub mod sweep;
pub mod telemetry;
