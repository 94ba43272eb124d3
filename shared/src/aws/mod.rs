//! The functions' outside: Lambda, DynamoDB, S3, queues, the bus, encryption, telemetry, and HTTPS to payment providers.

pub mod backoff;
pub mod dynamodb;
pub mod encryption;
pub mod event_bus;
pub mod lambda;
mod platform;
pub mod queue;
pub mod s3;
pub mod telemetry;
pub mod transport;

pub use platform::Platform;
