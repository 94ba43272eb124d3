//! All domains and their actions. A new action is registered in its domain's `lib.rs`; only a new domain is added here.

use shared::aws::lambda::action::Action;
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
}

/// All domains, in the order of the API description.
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

/// All actions of all domains.
pub fn actions() -> impl Iterator<Item = &'static Action> {
    DOMAINS.iter().flat_map(|domain| domain.actions)
}
