//! Tickets as they are issued, shown and checked at the door.

pub mod code;
pub mod doors;
pub mod keys;
pub mod qr;
pub mod scan;
pub mod store;
pub mod ticket;
pub mod transfer;
pub mod view;
