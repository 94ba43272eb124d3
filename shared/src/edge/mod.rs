//! The edge to Lambda and AWS: HTTP, streams, queues, the bus, objects, sealed secrets, configuration, telemetry.

pub mod action;
pub mod backoff;
pub mod batch;
pub mod bus;
pub mod http;
pub mod invocation;
pub mod page;
pub mod platform;
pub mod problem;
pub mod queue;
pub mod s3;
pub mod seal;
pub mod serve;
pub mod sweep;
pub mod telemetry;
pub mod transport;
