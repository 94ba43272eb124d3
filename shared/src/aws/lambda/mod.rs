//! Lambda: what invokes a function, and what it answers.

pub mod action;
pub mod batch;
pub mod http;
mod invocation;
pub mod page;
pub mod problem;
pub mod serve;

pub use invocation::Invocation;
