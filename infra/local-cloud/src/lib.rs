//! The whole system on this machine: an emulated AWS, deployed from `template.yaml` by the real SAM.
//!
//! [`LocalCloud::start`] starts it. [`Stack`] gives access to the API, users, the event bus and any AWS service.
//! All calls block; no async runtime is needed. Each file has one part:
//!
//! - [`LocalCloud`] (`cloud.rs`): starts the parts below in order
//! - `workspace.rs`: paths; `environment.rs`: variables; `python.rs`: the Python tools; `functions.rs`: the build;
//!   `emulator.rs`: the emulated AWS, on a `port.rs`; `emulator.py`: patches for features that it lacks; `deploy.rs`:
//!   SAM; `cloudformation.rs`: the deployed stacks
//! - [`Sandbox`] (`sandbox.rs`): the stand-in for the payment providers
//! - [`Stack`] (`stack.rs`) with `users.rs`, [`Api`] (`api.rs`), [`Tap`] (`tap.rs`), [`Service`] (`aws.rs`) and the
//!   functions' logs (`logs.rs`)
//! - [`up`], [`lint`] and [`fuzz_targets`]: the commands; `seed.rs`: their catalog; [`pictures`]: their photo;
//!   `listing.rs`: more products, and a page of them; `search.rs`: a search with a typo; `subscription.rs`: the first subscriptions; `auction.rs`: the first bids; `schedule.rs`: runs a schedule early
//! - [`Pages`] (`pages.rs`): serves the API reference
//! - `process.rs`: child processes; `interrupt.rs`: Ctrl-C; `progress.rs`: one line for each step

mod api;
mod auction;
mod aws;
mod cloud;
mod cloudformation;
mod coupons;
mod deploy;
mod emulator;
mod environment;
mod fulfillment;
mod functions;
pub mod fuzz_targets;
pub mod interrupt;
pub mod lint;
mod listing;
mod logs;
mod pages;
pub mod pictures;
mod port;
mod process;
mod progress;
mod python;
mod sandbox;
mod schedule;
mod search;
mod seed;
mod stack;
mod subscription;
mod tap;
mod tickets;
pub mod up;
mod users;
mod workspace;

pub use api::{Answer, Api, Call};
pub use aws::{Service, ServiceError};
pub use cloud::{LocalCloud, Options};
pub use pages::Pages;
pub use progress::Progress;
pub use sandbox::{Delivery, Moved, Sandbox};
pub use stack::Stack;
pub use tap::{Event, Tap};
