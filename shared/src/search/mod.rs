//! Search, as other domains see it: the queue through which they name the documents that may have changed.
//!
//! The index and everything else belong to the domain `search`.

mod command;
mod queue;

pub use command::{DocumentKind, IndexCommand};
pub use queue::IndexQueue;
