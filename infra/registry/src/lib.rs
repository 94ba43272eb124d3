//! All domains and their actions. A new action is registered in its domain's `lib.rs`; only a new domain is added here.

use shared::aws::lambda::action::Action;
use shared::core::error::{self, Definition, Reason};
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Description;

/// A domain: a crate in `functions`.
#[derive(Clone, Copy, Debug)]
pub struct Domain {
    /// The domain's name and folder.
    pub name: &'static str,
    /// The domain's actions.
    pub actions: &'static [Action],
    /// The domain's operations in the HTTP API. None for a domain without a route.
    pub api: Option<fn() -> Description>,
    /// The reasons of the domain's models, and of its crate.
    pub reasons: &'static [&'static [Definition]],
}

/// All domains, in the order of the API description.
pub const DOMAINS: [Domain; 13] = [
    Domain {
        name: "catalog",
        actions: catalog::ACTIONS,
        api: Some(catalog::Api::openapi),
        reasons: &[shared::catalog::reason::REASONS, catalog::reason::REASONS],
    },
    Domain {
        name: "orders",
        actions: orders::ACTIONS,
        api: Some(orders::Api::openapi),
        reasons: &[shared::orders::reason::REASONS],
    },
    Domain {
        name: "payments",
        actions: payments::ACTIONS,
        api: Some(payments::Api::openapi),
        reasons: &[shared::payments::reason::REASONS],
    },
    Domain {
        name: "fulfillment",
        actions: fulfillment::ACTIONS,
        api: Some(fulfillment::Api::openapi),
        reasons: &[fulfillment::reason::REASONS],
    },
    Domain {
        name: "billing",
        actions: billing::ACTIONS,
        api: Some(billing::Api::openapi),
        reasons: &[billing::reason::REASONS],
    },
    Domain {
        name: "auctions",
        actions: auctions::ACTIONS,
        api: Some(auctions::Api::openapi),
        reasons: &[shared::auctions::reason::REASONS, auctions::reason::REASONS],
    },
    Domain {
        name: "tickets",
        actions: tickets::ACTIONS,
        api: Some(tickets::Api::openapi),
        reasons: &[tickets::reason::REASONS],
    },
    Domain {
        name: "coupons",
        actions: coupons::ACTIONS,
        api: Some(coupons::Api::openapi),
        reasons: &[shared::coupons::reason::REASONS, coupons::reason::REASONS],
    },
    Domain {
        name: "waiting-rooms",
        actions: waiting_rooms::ACTIONS,
        api: Some(waiting_rooms::Api::openapi),
        reasons: &[shared::waiting_rooms::reason::REASONS, waiting_rooms::reason::REASONS],
    },
    Domain {
        name: "images",
        actions: images::ACTIONS,
        api: Some(images::Api::openapi),
        reasons: &[shared::images::reason::REASONS],
    },
    Domain {
        name: "search",
        actions: search::ACTIONS,
        api: Some(search::Api::openapi),
        reasons: &[search::reason::REASONS],
    },
    Domain {
        name: "accounts",
        actions: accounts::ACTIONS,
        api: Some(accounts::Api::openapi),
        reasons: &[],
    },
    Domain {
        name: "events",
        actions: events::ACTIONS,
        api: None,
        reasons: &[],
    },
];

/// All actions of all domains.
pub fn actions() -> impl Iterator<Item = &'static Action> {
    DOMAINS.iter().flat_map(|domain| domain.actions)
}

/// All reasons to reject a request, of the core and of all domains.
pub fn reasons() -> impl Iterator<Item = &'static Reason> {
    definitions().map(|definition| definition.reason)
}

/// The definitions of all reasons.
pub fn definitions() -> impl Iterator<Item = &'static Definition> {
    let domains = DOMAINS.iter().flat_map(|domain| domain.reasons);
    std::iter::once(&error::REASONS)
        .chain(domains)
        .flat_map(|definitions| definitions.iter())
}
