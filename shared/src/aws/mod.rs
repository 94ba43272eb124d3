//! AWS services and other infrastructure: Lambda, DynamoDB, S3, SQS, EventBridge, KMS, Secrets Manager, telemetry, signatures, and
//! HTTPS to providers and search servers.

pub mod backoff;
pub mod dynamodb;
pub mod encryption;
pub mod event_bus;
pub mod lambda;
mod platform;
pub mod queue;
pub mod s3;
pub mod signature;
pub mod telemetry;
pub mod transport;
pub mod vault;

pub use platform::Platform;
