//! Checks that the simulation can fail: each promise has a mutant, and the audits catch it.

use simulation::{Mutant, Plan};

use crate::runs;

/// Maximum number of runs until a mutant is caught.
const SEEDS: u64 = 96;

/// Asserts that a mutant is caught, with a finding about the promise that it breaks.
fn is_caught(mutant: Mutant, promise: &str) {
    is_caught_from(100, mutant, promise);
}

/// As [`is_caught`], from a seed on that catches it soon.
fn is_caught_from(first: u64, mutant: Mutant, promise: &str) {
    let plan = |seed| Plan {
        mutant: Some(mutant),
        ..Plan::of(seed)
    };
    let done = runs((first..first + SEEDS).map(plan).collect(), |outcome| {
        outcome.findings.iter().any(|finding| finding.contains(promise))
    });
    let catches = |(plan, outcome): &(Plan, simulation::Outcome)| {
        let is_found = outcome.findings.iter().any(|finding| finding.contains(promise));
        is_found.then_some(plan.seed)
    };
    println!("{mutant:?} is caught by seed {:?}", done.iter().find_map(catches));
    let findings: Vec<&String> = done.iter().flat_map(|(_, outcome)| &outcome.findings).collect();
    assert!(
        findings.iter().any(|finding| finding.contains(promise)),
        "{mutant:?} was not caught in {} runs: {findings:#?}",
        done.len()
    );
}

#[test]
fn stock_taken_unchecked_is_caught() {
    is_caught(Mutant::StockUnchecked, "stock is conserved");
}

#[test]
fn a_retried_order_placed_twice_is_caught() {
    is_caught(Mutant::RetriesUnchecked, "stock is conserved");
}

#[test]
fn a_retried_stock_movement_made_twice_is_caught() {
    is_caught_from(110, Mutant::MovementsUnchecked, "stock is conserved");
}

#[test]
fn low_stock_told_twice_for_one_fall_is_caught() {
    is_caught_from(104, Mutant::AlertsUnchecked, "low stock is told once");
}

#[test]
fn a_lost_update_of_a_record_is_caught() {
    is_caught_from(104, Mutant::VersionsUnchecked, "conserved");
}

#[test]
fn a_period_billed_twice_is_caught() {
    is_caught_from(104, Mutant::PeriodsUnchecked, "each period is charged once");
}

#[test]
fn points_spent_unchecked_are_caught() {
    is_caught(Mutant::PointsUnchecked, "points are conserved");
}

#[test]
fn a_timeout_treated_as_a_refusal_is_caught() {
    is_caught_from(106, Mutant::TimeoutIsRefusal, "charged");
}

#[test]
fn an_event_lost_by_the_bus_is_caught() {
    is_caught(Mutant::EventLost, "was never published");
}

#[test]
fn a_lost_record_of_a_changed_product_is_caught() {
    is_caught(Mutant::ChangeLost, "lists have the rows of their products");
}

#[test]
fn an_object_lost_by_s3_is_caught() {
    is_caught(Mutant::ObjectLost, "a picture's variants exist");
}

#[test]
fn an_event_without_a_change_is_caught() {
    is_caught(Mutant::EventInvented, "published without a change");
}

#[test]
fn an_entity_missing_from_the_due_index_is_caught() {
    is_caught(Mutant::DueForgotten, "not expired");
}

#[test]
fn points_kept_after_a_refund_are_caught() {
    is_caught(Mutant::PointsKept, "points of refunded orders are taken back");
}

#[test]
fn owed_points_that_are_forgotten_are_caught() {
    is_caught_from(107, Mutant::DebtForgotten, "owed points differ");
}

#[test]
fn missed_periods_that_are_all_charged_are_caught() {
    is_caught_from(111, Mutant::MissedPeriodsCharged, "only the latest period is billed");
}

#[test]
fn an_order_that_costs_nothing_and_waits_for_a_payment_is_caught() {
    is_caught(Mutant::FreeUnpaid, "costs nothing, but waits");
}

#[test]
fn an_event_that_names_another_actor_is_caught() {
    is_caught(Mutant::ActorForged, "events name who acted");
}

#[test]
fn an_expired_bid_in_the_order_book_is_caught() {
    is_caught(Mutant::ExpiryIgnored, "expired, but returned");
}

#[test]
fn a_failed_refund_that_counts_as_made_is_caught() {
    is_caught(Mutant::RefundFailureIgnored, "refunds differ");
}

#[test]
fn a_dispute_that_is_not_read_is_caught() {
    is_caught_from(104, Mutant::DisputeIgnored, "withdrawals differ");
}

#[test]
fn a_withdrawn_deposit_that_counts_as_paid_is_caught() {
    is_caught_from(105, Mutant::WithdrawalIgnored, "withdrawals differ");
}

#[test]
fn a_payment_taken_back_that_counts_as_paid_is_caught() {
    is_caught(Mutant::TakingBackIgnored, "withdrawals differ");
}

#[test]
fn another_shops_payment_that_counts_as_ours_is_caught() {
    is_caught(Mutant::ForeignTaken, "another shop's event was refused");
}

#[test]
fn units_shipped_twice_are_caught() {
    is_caught(Mutant::ShipmentsUnchecked, "no unit is shipped twice");
}

#[test]
fn a_delivery_that_its_shipment_forgets_is_caught() {
    is_caught(Mutant::DeliveriesForgotten, "no unit is shipped twice");
}

#[test]
fn cancelled_units_that_are_not_counted_are_caught() {
    is_caught(Mutant::CancellationsForgotten, "each order holds its units");
}

#[test]
fn lost_units_that_their_order_forgets_are_caught() {
    is_caught(Mutant::LossesForgotten, "each order holds its units");
}

#[test]
fn a_coupon_that_is_claimed_more_often_than_it_has_units_is_caught() {
    is_caught_from(
        178,
        Mutant::CouponUnitsUnchecked,
        "a coupon is claimed and redeemed once",
    );
}

#[test]
fn a_refund_of_units_that_is_not_counted_is_caught() {
    is_caught(Mutant::LineRefundsForgotten, "no line is refunded twice");
}

#[test]
fn an_order_without_the_price_of_its_delivery_is_caught() {
    is_caught(Mutant::DeliveryUncharged, "the parts of an order add up");
}

#[test]
fn a_readable_address_is_caught() {
    is_caught(Mutant::AddressReadable, "personal data cannot be read");
}

#[test]
fn a_lost_command_of_the_index_is_caught() {
    is_caught_from(139, Mutant::CommandLost, "the index has each product");
}

#[test]
fn a_commit_of_the_index_that_overwrites_another_is_caught() {
    is_caught_from(111, Mutant::CommitsUnchecked, "no commit of the index is overwritten");
}

#[test]
fn units_returned_twice_are_caught() {
    is_caught(Mutant::ReturnsUnchecked, "no unit is returned twice");
}

#[test]
fn returned_units_that_are_awaited_again_are_caught() {
    is_caught(Mutant::ReceiptsForgotten, "no unit is returned twice");
}

#[test]
fn returned_units_restocked_twice_are_caught() {
    is_caught(Mutant::RestockRepeated, "stock is conserved");
}

#[test]
fn rows_without_all_of_their_seats_are_caught() {
    is_caught(Mutant::RowsShortened, "a showtime has the seats of its plan");
}

#[test]
fn blocked_seats_that_are_free_are_caught() {
    is_caught(Mutant::BlocksForgotten, "blocked seats stay blocked");
}

#[test]
fn a_seat_that_is_taken_unchecked_is_caught() {
    is_caught_from(139, Mutant::SeatsUnchecked, "a seat has one order");
}

#[test]
fn a_seat_that_an_ended_order_keeps_is_caught() {
    is_caught(Mutant::SeatsKept, "a seat has one order");
}

#[test]
fn a_hold_that_overwrites_what_its_customer_holds_is_caught() {
    is_caught(Mutant::AllowancesUnchecked, "a seat has one order");
}

#[test]
fn a_ticket_that_is_checked_in_twice_is_caught() {
    is_caught_from(110, Mutant::CheckInsUnchecked, "a ticket admits once");
}

#[test]
fn a_ticket_that_stays_valid_without_its_seat_is_caught() {
    is_caught_from(103, Mutant::TicketsKept, "paid seats have tickets");
}

#[test]
fn a_fee_that_its_order_forgets_is_caught() {
    is_caught(Mutant::FeesForgotten, "charged is recorded");
}

#[test]
fn a_coupon_that_two_orders_redeem_is_caught() {
    is_caught_from(147, Mutant::ClaimsUnchecked, "a coupon is claimed and redeemed once");
}

#[test]
fn a_coupon_that_counts_for_one_charge_too_many_is_caught() {
    is_caught(Mutant::CouponsRepeated, "a coupon counts for its charges");
}

#[test]
fn a_coupon_that_counts_for_a_charge_below_its_minimum_is_caught() {
    is_caught(Mutant::MinimumIgnored, "a coupon counts for its charges");
}

#[test]
fn a_claim_that_an_ended_subscription_keeps_is_caught() {
    is_caught(Mutant::ClaimsKept, "a coupon is claimed and redeemed once");
}

#[test]
fn a_join_of_a_waiting_room_that_counts_twice_is_caught() {
    is_caught(Mutant::JoinsUnchecked, "a waiting room counts each join once");
}

#[test]
fn an_entry_into_a_waiting_room_that_is_not_counted_is_caught() {
    is_caught(Mutant::EntriesUncounted, "a waiting room counts each join once");
}

#[test]
fn a_waiting_room_that_admits_faster_than_its_rates_is_caught() {
    is_caught(Mutant::RatesIgnored, "a waiting room counts each join once");
}

#[test]
fn a_code_that_makes_two_claims_is_caught() {
    is_caught(Mutant::CodesUnchecked, "a code makes one claim");
}

#[test]
fn a_free_seat_that_is_called_taken_is_caught() {
    is_caught(Mutant::FreeSeatsHidden, "nobody is told that free seats are taken");
}

#[test]
fn a_repeated_scan_that_is_taken_for_another_one_is_caught() {
    is_caught_from(107, Mutant::ScansForgotten, "a repeated scan is the first one");
}

#[test]
fn orders_of_a_cancelled_showtime_that_are_forgotten_are_caught() {
    is_caught_from(108, Mutant::CancellationLost, "a cancelled showtime has no orders");
}

#[test]
fn a_customer_with_too_many_seats_is_caught() {
    is_caught_from(118, Mutant::SeatLimitIgnored, "a customer has only so many seats");
}

#[test]
fn a_customer_who_holds_seats_without_end_is_caught() {
    is_caught(Mutant::HoldTimeForgotten, "seats are held for only so long");
}

#[test]
fn a_deadline_that_a_swap_prolongs_is_caught() {
    is_caught(Mutant::SwapsProlonged, "seats are held for only so long");
}

#[test]
fn a_review_by_somebody_who_was_not_there_is_caught() {
    is_caught(Mutant::AttendanceUnchecked, "each review has an attendance");
}

#[test]
fn stars_that_are_not_counted_are_caught() {
    is_caught(Mutant::StarsUncounted, "the counters are the visible reviews");
}

#[test]
fn a_ticket_that_keeps_its_code_when_it_changes_hands_is_caught() {
    is_caught_from(106, Mutant::TransfersKeepCodes, "a former code does not admit");
}
