//! Tests of the functions against a real DynamoDB engine; each subject is a module.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot continue has failed"
)]

mod access;
mod actors;
mod admin_orders;
mod auction_races;
mod auctions;
mod billing;
mod billing_changes;
mod billing_deliveries;
mod billing_free;
mod billing_missed;
mod billing_races;
mod billing_reviews;
mod billing_years;
mod bodies;
mod cancel_lines;
mod cancel_order;
mod carrier_webhooks;
mod catalog;
mod categories;
mod checkout;
mod contradictions;
mod cost;
mod coupons;
mod cursors;
mod delivery_details;
mod envelope_encryption;
mod erasure;
mod examples;
mod expire_orders;
mod exports;
mod faults;
mod free_orders;
mod hold_coupons;
mod holds;
mod images;
mod imports;
mod interleavings;
mod keys;
mod lists;
mod low_stock;
mod money_back;
mod operations;
mod order_book;
mod orders;
mod payments;
mod points;
mod points_refunded;
mod points_withdrawn;
mod private_search;
mod product_changes;
mod product_lists;
mod product_schedules;
mod providers;
mod queue;
mod quotes;
mod races;
mod receipts;
mod recent_shows;
mod redemptions;
mod refunds;
mod refusals;
mod relay_events;
mod requests;
mod resharding;
mod retries;
mod returns;
mod reviews;
mod search;
mod search_conformance;
mod search_faults;
mod seats;
mod shards;
mod shipment_races;
mod shipments;
mod shows;
mod stock_movements;
mod tickets;
mod unknown_outcomes;
mod webhooks;
mod wire;
