//! Search, as other domains see it: the queues through which they name the documents that may have changed.
//!
//! The index and everything else belong to the domain `search`.

mod command;
mod private;
mod queue;

pub use command::{DocumentKind, IndexCommand};
pub use private::{PrivateDocumentKind, PrivateIndexCommand};
pub use queue::{IndexQueue, PrivateIndexQueue};
