//! Categories: the tree of categories with its attributes, as one versioned resource.

pub mod attribute;
pub mod check;
pub mod schema;
pub mod store;
pub mod tree;
