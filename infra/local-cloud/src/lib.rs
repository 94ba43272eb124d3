//! The whole system on this machine: an emulated AWS, deployed from `template.yaml` by the real SAM.
//!
//! [`LocalCloud::start`] brings it up and [`Stack`] is what one then talks to: the API's address,
//! users, the event bus, and calls of any AWS service. Everything blocks; nothing here
//! needs an async runtime. One file, one part:
//!
//! - [`LocalCloud`] (`cloud.rs`): the parts below in their order, from nothing to a stack that answers
//! - `workspace.rs` paths, `python.rs` the tools, `functions.rs` the build, `emulator.rs` the emulated AWS and
//!   `emulator.py` what it lacks, `deploy.rs` SAM, `cloudformation.rs` the deployed stacks
//! - [`Sandbox`] (`sandbox.rs`): the stand-in for the payment providers
//! - [`Stack`] (`stack.rs`) with `users.rs`, [`Api`] (`api.rs`), [`Tap`] (`tap.rs`) and
//!   [`Service`] (`aws.rs`), and what the functions write (`logs.rs`)
//! - [`up`], [`lint`] and [`fuzz_targets`]: the commands, `seed.rs` their catalog, [`pictures`] their photo, `auction.rs` the first bids
//! - `process.rs`, `interrupt.rs`, `progress.rs`: children that never outlive us, Ctrl-C, one line a step

mod api;
mod auction;
mod aws;
mod cloud;
mod cloudformation;
mod deploy;
mod emulator;
mod functions;
pub mod fuzz_targets;
pub mod interrupt;
pub mod lint;
mod logs;
pub mod pictures;
mod process;
mod progress;
mod python;
mod sandbox;
mod seed;
mod stack;
mod subscription;
mod tap;
pub mod up;
mod users;
mod workspace;

pub use api::{Answer, Api, Call};
pub use aws::{Credentials, Refused, Service};
pub use cloud::{LocalCloud, Options};
pub use progress::Progress;
pub use sandbox::{Delivery, Moved, Sandbox};
pub use stack::Stack;
pub use tap::{Event, Tap};
