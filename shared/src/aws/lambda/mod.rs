//! Lambda: triggers, invocations, HTTP requests and responses, batches, and streams.

pub mod access;
pub mod action;
pub mod batch;
pub mod cache;
pub mod conditional;
pub mod gateway;
pub mod http;
mod invocation;
pub mod page;
pub mod panic;
pub mod problem;
pub mod serve;
pub mod stream;

pub use invocation::Invocation;
