//! Tests of the fulfillment of an order.

use iso_currency::Currency;
use proptest::prelude::*;

use super::*;
use crate::catalog::Package;
use crate::orders::{Totals, example};

const STEPS: [Step; 10] = [
    Step::Cancel,
    Step::Ship,
    Step::Unship,
    Step::Lose,
    Step::Find,
    Step::FindSurplus,
    Step::Deliver,
    Step::RequestReturn,
    Step::KeepReturn,
    Step::Return,
];

/// A paid order: each line has these units, and a package if it is shipped.
fn order(lines: &[(u32, bool)]) -> Order {
    let mut order = example::order(OrderStatus::Paid, 0);
    let lines = LineId::all().zip(lines).map(|(line_id, &(quantity, is_shipped))| Line {
        line_id,
        quantity,
        quantities: Quantities::of(quantity),
        package: is_shipped.then_some(Package { weight_grams: 100 }),
        ..example::line("Tea")
    });
    order.lines = lines.collect();
    order.totals = Totals::of(Currency::KRW, &order.lines, order.shipping.as_ref()).unwrap();
    order.fulfillment_status = FulfillmentStatus::of(&order.lines);
    order
}

fn units(nth: usize, quantity: u32) -> LineQuantity {
    let line_id = LineId::all().nth(nth).unwrap();
    LineQuantity { line_id, quantity }
}

#[test]
fn the_status_follows_from_the_units_that_are_shipped_and_delivered() {
    use FulfillmentStatus::{Delivered, NotRequired, PartiallyDelivered, PartiallyShipped, Shipped, Unfulfilled};
    assert_eq!(order(&[(2, false)]).fulfillment_status, NotRequired);
    let mut order = order(&[(2, true), (1, true), (5, false)]);
    assert_eq!(order.fulfillment_status, Unfulfilled);
    for (step, units, status) in [
        (Step::Ship, units(0, 1), PartiallyShipped),
        (Step::Deliver, units(0, 1), PartiallyDelivered),
        (Step::Ship, units(0, 1), PartiallyDelivered),
        (Step::Cancel, units(1, 1), PartiallyDelivered),
        (Step::Deliver, units(0, 1), Delivered),
        (Step::RequestReturn, units(0, 2), Delivered),
        (Step::Return, units(0, 2), Delivered),
    ] {
        order = order.after(step, &[units]).unwrap();
        assert_eq!(order.fulfillment_status, status, "{step:?} {units:?}");
    }
    let shipped = self::order(&[(2, true)]).after(Step::Ship, &[units(0, 2)]).unwrap();
    assert_eq!(shipped.fulfillment_status, Shipped);
    let cancelled = self::order(&[(2, true)]).after(Step::Cancel, &[units(0, 2)]).unwrap();
    assert_eq!(cancelled.fulfillment_status, NotRequired);
}

#[test]
fn more_units_than_are_left_are_refused_with_what_is_left() {
    let order = order(&[(3, true), (2, false)]);
    let shipped = order.after(Step::Ship, &[units(0, 2)]).unwrap();
    for (step, asked, left) in [
        (Step::Ship, units(0, 2), vec![units(0, 1)]),
        (Step::Cancel, units(0, 2), vec![units(0, 1), units(1, 2)]),
        (Step::Deliver, units(0, 3), vec![units(0, 2)]),
        (Step::RequestReturn, units(0, 1), vec![]),
        (Step::Return, units(0, 1), vec![]),
    ] {
        assert_eq!(shipped.after(step, &[asked]), Err(Rejected::TooManyUnits(step, left)));
    }
}

#[test]
fn a_line_that_is_unknown_repeated_empty_or_not_shipped_is_refused() {
    let order = order(&[(3, true), (2, false)]);
    let invalid = |nth| Err(Rejected::LineInvalid(units(nth, 1).line_id));
    assert_eq!(order.after(Step::Ship, &[units(2, 1)]), invalid(2));
    assert_eq!(order.after(Step::Ship, &[units(0, 1), units(0, 1)]), invalid(0));
    assert_eq!(order.after(Step::Ship, &[units(0, 0)]), invalid(0));
    assert_eq!(order.after(Step::Ship, &[units(0, 1000)]), invalid(0));
    assert_eq!(order.after(Step::Ship, &[units(1, 1)]), invalid(1));
    assert!(order.after(Step::Cancel, &[units(1, 1)]).is_ok());
    assert_eq!(order.after(Step::Ship, &[]), Err(Rejected::LineCount(0)));
}

#[test]
fn a_unit_is_in_one_return_at_a_time() {
    let units = |quantity| [self::units(0, quantity)];
    let order = order(&[(3, true)]).after(Step::Ship, &units(3)).unwrap();
    let order = order.delivered(&units(2), Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(order.lines[0].delivered_at, Some(Timestamp::UNIX_EPOCH));
    let asked = order.after(Step::RequestReturn, &units(2)).unwrap();
    for (step, left) in [(Step::RequestReturn, 0), (Step::Return, 2), (Step::KeepReturn, 2)] {
        assert_eq!(asked.lines[0].quantities.left(step), left, "{step:?}");
    }
    let kept = asked.after(Step::KeepReturn, &units(1)).unwrap();
    let returned = kept.after(Step::Return, &units(1)).unwrap();
    assert_eq!(
        returned.left(Step::RequestReturn),
        units(1),
        "the kept unit can be returned later"
    );
    assert_eq!(returned.lines[0].quantities.given_back(), 1);
}

#[test]
fn only_a_paid_order_is_fulfilled() {
    use OrderStatus::{Cancelled, Expired, Paying, PendingPayment};
    for status in [PendingPayment, Paying, Cancelled, Expired] {
        let order = Order {
            status,
            ..order(&[(1, true)])
        };
        for step in STEPS {
            let refused = order.after(step, &[units(0, 1)]);
            assert_eq!(refused, Err(Rejected::NotPaid(status)), "{step:?}");
        }
    }
}

#[test]
fn an_order_of_which_something_is_shipped_is_not_cancelled_as_a_whole() {
    let order = order(&[(3, true), (2, false)]);
    let cancelled = order.with_all_cancelled().unwrap();
    assert!(
        cancelled
            .lines
            .iter()
            .all(|line| line.quantities.left(Step::Cancel) == 0)
    );
    let shipped = order.after(Step::Ship, &[units(0, 1)]).unwrap();
    let left = vec![units(0, 2), units(1, 2)];
    assert_eq!(shipped.with_all_cancelled(), Err(Rejected::Shipped(left)));
}

#[test]
fn a_customer_who_has_surplus_units_needs_no_other_ones_when_the_parcel_under_way_is_lost() {
    let lost = |order: &Order, units| order.after(Step::Lose, &[units]).unwrap();
    let at = Timestamp::UNIX_EPOCH;
    let first = order(&[(3, true)]).after(Step::Ship, &[units(0, 1)]).unwrap();
    // All three, one of which replaces the lost one.
    let again = lost(&first, units(0, 1)).after(Step::Ship, &[units(0, 3)]).unwrap();
    let found = again.found(&[units(0, 1)], at).unwrap();
    assert_eq!(
        (found.lines[0].quantities.surplus, found.lines[0].delivered_at),
        (1, Some(at))
    );
    assert_eq!(found.left(Step::Unship), vec![], "nothing of it is to be shipped again");
    let quantities = lost(&found, units(0, 2)).lines[0].quantities;
    assert_eq!((quantities.shipped, quantities.delivered), (2, 1));
    assert_eq!((quantities.lost, quantities.surplus), (1, 0));
}

#[test]
fn what_turns_up_is_not_surplus_while_units_of_its_line_are_to_be_shipped() {
    let step = |order: Order, step| order.after(step, &[units(0, 1)]).unwrap();
    let replaced = step(step(step(order(&[(1, true)]), Step::Ship), Step::Lose), Step::Ship);
    let by_mistake = step(replaced.clone(), Step::Unship);
    let refused = by_mistake.found(&[units(0, 1)], Timestamp::UNIX_EPOCH);
    assert_eq!(refused, Err(Rejected::TooManyUnits(Step::FindSurplus, vec![])));
    assert!(replaced.found(&[units(0, 1)], Timestamp::UNIX_EPOCH).is_ok());
}

proptest! {
    #[test]
    fn no_unit_takes_a_step_twice_in_any_order_of_steps(
        quantities in prop::collection::vec((1..=5u32, any::<bool>()), 1..=3),
        steps in prop::collection::vec((0..STEPS.len(), 0..3usize, 1..=3u32), 0..60),
    ) {
        let mut order = order(&quantities);
        // The units of each line that are in parcels which are lost.
        let mut lost = [0; 3];
        for (step, line, quantity) in steps {
            let left = order.left(STEPS[step]);
            let units = units(line, quantity);
            let is_left = left.iter().any(|left| left.line_id == units.line_id && left.quantity >= quantity);
            match order.after(STEPS[step], &[units]) {
                Ok(next) => {
                    prop_assert!(is_left);
                    match STEPS[step] {
                        Step::Lose => lost[line] += quantity,
                        Step::Find | Step::FindSurplus => lost[line] -= quantity,
                        _ => {}
                    }
                    order = next;
                }
                Err(_) => prop_assert!(!is_left),
            }
            prop_assert!(order.lines.iter().all(|line| line.quantities.is_consistent()));
            prop_assert!(order.lines.iter().all(|line| line.quantities.given_back() <= line.quantity));
            for (line, lost) in order.lines.iter().zip(lost) {
                let Quantities { lost: missing, written_off, surplus, .. } = line.quantities;
                prop_assert_eq!(missing + written_off, lost + surplus);
            }
        }
    }
}
