//! Reviews of performances by those who attended: one a customer and performance, after the end of the show.
//!
//! Invariant: the five counters of a performance are the visible reviews by their stars, at every moment. A review and the
//! counters change in one transaction, under the version of the review.

pub mod attendance;
pub mod rating;
pub mod review;
pub mod writing;
