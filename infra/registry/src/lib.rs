//! All domains with their actions. A new action enters itself in its domain's `lib.rs`; only a new domain is entered here.

use shared::aws::lambda::action::Action;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Description;

/// A domain: a crate of `functions`.
#[derive(Clone, Copy, Debug)]
pub struct Domain {
    /// Its name, that of its folder.
    pub name: &'static str,
    /// Its actions.
    pub actions: &'static [Action],
    /// The operations that it has in the HTTP API; a domain without a route has none.
    pub api: Option<fn() -> Description>,
}

/// All domains, in the order in which the API's description shows them.
pub const DOMAINS: [Domain; 7] = [
    Domain {
        name: "catalog",
        actions: catalog::ACTIONS,
        api: Some(catalog::Api::openapi),
    },
    Domain {
        name: "orders",
        actions: orders::ACTIONS,
        api: Some(orders::Api::openapi),
    },
    Domain {
        name: "payments",
        actions: payments::ACTIONS,
        api: Some(payments::Api::openapi),
    },
    Domain {
        name: "billing",
        actions: billing::ACTIONS,
        api: Some(billing::Api::openapi),
    },
    Domain {
        name: "auctions",
        actions: auctions::ACTIONS,
        api: Some(auctions::Api::openapi),
    },
    Domain {
        name: "images",
        actions: images::ACTIONS,
        api: Some(images::Api::openapi),
    },
    Domain {
        name: "events",
        actions: events::ACTIONS,
        api: None,
    },
];

/// All actions.
pub fn actions() -> impl Iterator<Item = &'static Action> {
    DOMAINS.iter().flat_map(|domain| domain.actions)
}
