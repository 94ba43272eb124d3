//! Waiting rooms: the admission that a room gives a customer, and its check by the actions that a room guards.

mod admission;
mod id;
mod keys;
pub mod reason;
pub mod service;

pub use admission::{Admission, InvalidAdmission, TOKEN_LENGTH};
pub use id::WaitingRoomId;
pub use keys::AdmissionKeys;
pub use service::AdmissionService;
