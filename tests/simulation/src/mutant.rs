//! Mutants: deliberately broken builds, simulated by changing requests and responses.
//!
//! They show that the audits work: each promise has a mutant, and a test that it is caught.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::actors::personal_data::MARKER;

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// Stock is taken without checking that it is available.
    StockUnchecked,
    /// An order is written even if it exists: a retry places a second order.
    RetriesUnchecked,
    /// A stock movement is made even if it exists: a retry moves its units a second time.
    MovementsUnchecked,
    /// A low-stock alert is recorded despite a concurrent one.
    AlertsUnchecked,
    /// A record is overwritten despite a concurrent change.
    VersionsUnchecked,
    /// A period is billed whatever the status of its subscription and invoice.
    PeriodsUnchecked,
    /// Points are spent without checking that they are available.
    PointsUnchecked,
    /// A provider's timeout is treated as a refusal.
    TimeoutIsRefusal,
    /// The bus acknowledges an event and loses it.
    EventLost,
    /// A record of the catalog table's stream is lost: nobody looks at the product that has changed.
    ChangeLost,
    /// S3 acknowledges an object and loses it.
    ObjectLost,
    /// An event is published for a refused write.
    EventInvented,
    /// A due entity is missing from the due index.
    DueForgotten,
    /// The order book shows bids for an hour after their deadlines.
    ExpiryIgnored,
    /// A refund that failed after it was made counts as made.
    RefundFailureIgnored,
    /// A dispute is not read.
    DisputeIgnored,
    /// A deposit that the bank withdrew counts as paid.
    WithdrawalIgnored,
    /// A payment that a provider took back counts as paid.
    TakingBackIgnored,
    /// Another shop's payment on the same account counts as one of ours.
    ForeignTaken,
    /// A refund of an order leaves its points in the wallet.
    PointsKept,
    /// A wallet forgets the points that it owes.
    DebtForgotten,
    /// After missed periods, each of them is charged.
    MissedPeriodsCharged,
    /// An order that costs nothing waits for a payment.
    FreeUnpaid,
    /// An event of a schedule names a customer as its actor.
    ActorForged,
    /// A shipment is recorded despite a concurrent change of its order.
    ShipmentsUnchecked,
    /// A delivery is counted in the order, but not recorded in its shipment.
    DeliveriesForgotten,
    /// Cancelled units are released, but not counted in the order.
    CancellationsForgotten,
    /// An order forgets that lost units were shipped again or cancelled.
    LossesForgotten,
    /// A refund of units is requested, but not counted in the order.
    LineRefundsForgotten,
    /// An order is stored without the price of its delivery.
    DeliveryUncharged,
    /// An address is stored in readable form too.
    AddressReadable,
    /// A return is recorded despite a concurrent change of its order.
    ReturnsUnchecked,
    /// Returned units are received, but their return still waits for them.
    ReceiptsForgotten,
    /// Returned units go back on the shelf twice.
    RestockRepeated,
    /// The queue of the search index acknowledges a message and loses it.
    CommandLost,
    /// The state of the search index is replaced despite a concurrent commit.
    CommitsUnchecked,
    /// Rows of seats are created with a seat too few.
    RowsShortened,
    /// Seats that are to be blocked are released.
    BlocksForgotten,
    /// Seats are taken without checking that nobody has them.
    SeatsUnchecked,
    /// Seats of an order that ends still name it.
    SeatsKept,
    /// What a customer holds is written despite a concurrent change.
    AllowancesUnchecked,
    /// A ticket is checked in whether it was before or not.
    CheckInsUnchecked,
    /// A ticket whose seat was given back stays valid.
    TicketsKept,
    /// The orders of a cancelled showtime are not named.
    CancellationLost,
    /// An order forgets the fees for seats that were given back.
    FeesForgotten,
    /// A unit of a coupon is taken without checking that one is left.
    CouponUnitsUnchecked,
    /// A claim is redeemed whether an order has it or not.
    ClaimsUnchecked,
    /// A join of a waiting room is stored whether the customer has joined or not.
    JoinsUnchecked,
    /// An entry into a waiting room is not counted.
    EntriesUncounted,
    /// The functions of customers take each rate of a waiting room for thirty times that.
    RatesIgnored,
    /// A code makes a claim whether it was used or not.
    CodesUnchecked,
    /// A ticket that changes hands keeps its code.
    TransfersKeepCodes,
    /// Customers may have as many seats as they like.
    SeatLimitIgnored,
    /// The time for which a customer has held seats is forgotten.
    HoldTimeForgotten,
    /// A hold that replaces another one gets a later deadline.
    SwapsProlonged,
    /// Holders of tickets that were not checked in review the show.
    AttendanceUnchecked,
    /// The stars of reviews are not counted.
    StarsUncounted,
    /// A coupon counts for one charge of a subscription more than it says.
    CouponsRepeated,
    /// A coupon counts for less than its minimum.
    MinimumIgnored,
    /// A claim that a subscription gives back stays redeemed.
    ClaimsKept,
    /// Free seats are read as blocked ones.
    FreeSeatsHidden,
    /// A check-in does not record which scan it was.
    ScansForgotten,
}

impl Mutant {
    /// All mutants.
    pub const ALL: [Self; 62] = [
        Self::StockUnchecked,
        Self::RetriesUnchecked,
        Self::MovementsUnchecked,
        Self::AlertsUnchecked,
        Self::VersionsUnchecked,
        Self::PeriodsUnchecked,
        Self::PointsUnchecked,
        Self::TimeoutIsRefusal,
        Self::EventLost,
        Self::ChangeLost,
        Self::ObjectLost,
        Self::EventInvented,
        Self::DueForgotten,
        Self::ExpiryIgnored,
        Self::RefundFailureIgnored,
        Self::DisputeIgnored,
        Self::WithdrawalIgnored,
        Self::TakingBackIgnored,
        Self::ForeignTaken,
        Self::PointsKept,
        Self::DebtForgotten,
        Self::MissedPeriodsCharged,
        Self::FreeUnpaid,
        Self::ActorForged,
        Self::ShipmentsUnchecked,
        Self::DeliveriesForgotten,
        Self::CancellationsForgotten,
        Self::LossesForgotten,
        Self::LineRefundsForgotten,
        Self::DeliveryUncharged,
        Self::AddressReadable,
        Self::ReturnsUnchecked,
        Self::ReceiptsForgotten,
        Self::RestockRepeated,
        Self::CommandLost,
        Self::CommitsUnchecked,
        Self::RowsShortened,
        Self::BlocksForgotten,
        Self::SeatsUnchecked,
        Self::SeatsKept,
        Self::AllowancesUnchecked,
        Self::CheckInsUnchecked,
        Self::TicketsKept,
        Self::CancellationLost,
        Self::FeesForgotten,
        Self::CouponUnitsUnchecked,
        Self::ClaimsUnchecked,
        Self::JoinsUnchecked,
        Self::EntriesUncounted,
        Self::RatesIgnored,
        Self::CodesUnchecked,
        Self::TransfersKeepCodes,
        Self::SeatLimitIgnored,
        Self::HoldTimeForgotten,
        Self::SwapsProlonged,
        Self::AttendanceUnchecked,
        Self::StarsUncounted,
        Self::CouponsRepeated,
        Self::MinimumIgnored,
        Self::ClaimsKept,
        Self::FreeSeatsHidden,
        Self::ScansForgotten,
    ];

    /// Changes a DynamoDB request to the one that the broken build sends.
    pub fn break_request(self, body: &mut Value) {
        match self {
            Self::StockUnchecked => each_write(body, &mut |write| unless(write, "STOCK#", "available >= ")),
            Self::PointsUnchecked => each_write(body, &mut |write| unless(write, "WALLET#", "available >= ")),
            Self::RetriesUnchecked => each_write(body, &mut |write| unless(write, "ORDER#", "attribute_not_exists")),
            Self::MovementsUnchecked => {
                each_write(body, &mut |write| unless(write, "MOVEMENT#", "attribute_not_exists"))
            }
            Self::AlertsUnchecked => each_write(body, &mut |write| unless(write, "ALERT#", "")),
            Self::PeriodsUnchecked => each_write(body, &mut |write| {
                unless(write, "SUBSCRIPTION#", "attribute_not_exists");
                unless(write, "SUBSCRIPTION#", "version = ");
            }),
            Self::VersionsUnchecked => each_write(body, &mut |write| unless(write, "", "version = ")),
            Self::DueForgotten => each_write(body, &mut |write| {
                if let Some(item) = write.get_mut("Item").and_then(Value::as_object_mut) {
                    item.remove("due_shard");
                    item.remove("due_ms");
                }
            }),
            Self::DebtForgotten => each_write(body, &mut forget_debt),
            Self::FreeUnpaid => each_write(body, &mut |write| {
                let item = &mut write["Item"];
                let lines = item["lines"]["L"].as_array().map_or(&[][..], Vec::as_slice);
                let costs_nothing = |line: &Value| line["M"]["unit_price"]["M"]["amount"]["N"] == "0";
                let is_free =
                    lines.iter().all(costs_nothing) && item["shipping"].is_null() && item["status"]["S"] == "PAID";
                if is_free && item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("ORDER#")) {
                    item["status"]["S"] = "PENDING_PAYMENT".into();
                }
            }),
            Self::ActorForged => each_write(body, &mut |write| {
                let detail = write.pointer_mut("/Item/event/M/detail/S");
                if let Some(Value::String(detail)) = detail {
                    *detail = detail.replace(r#"{"kind":"SCHEDULE""#, r#"{"kind":"CUSTOMER""#);
                }
            }),
            Self::ShipmentsUnchecked if body.to_string().contains("SHIPMENT#") => {
                each_write(body, &mut |write| unless(write, "ORDER#", "version = "));
            }
            Self::ReturnsUnchecked if body.to_string().contains("RETURN#") => {
                each_write(body, &mut |write| unless(write, "ORDER#", "version = "));
            }
            Self::ReceiptsForgotten => each_item(body, "RETURN#", &mut |item| {
                if item["status"]["S"] == "RECEIVED" {
                    item["status"]["S"] = "APPROVED".into();
                }
            }),
            Self::RestockRepeated if body.to_string().contains("RETURN#") => each_write(body, &mut double_units),
            Self::DeliveriesForgotten => each_item(body, "SHIPMENT#", &mut |item| {
                if item["status"]["S"] == "DELIVERED" {
                    item["status"]["S"] = "SHIPPED".into();
                }
            }),
            Self::CancellationsForgotten => each_line(body, &mut |line| drop(line.remove("cancelled"))),
            Self::LossesForgotten => each_line(body, &mut |line| drop(line.remove("written_off"))),
            Self::LineRefundsForgotten => each_line(body, &mut |line| drop(line.remove("refunded"))),
            Self::FeesForgotten => each_line(body, &mut |line| drop(line.remove("cancellation_fee"))),
            Self::DeliveryUncharged => each_item(body, "ORDER#", &mut |item| {
                if let Some(shipping) = item["shipping"]["M"].as_object_mut() {
                    shipping.remove("parts");
                }
            }),
            Self::AddressReadable => each_item(body, "ORDER#", &mut |item| {
                if item["delivery_details"].is_object() {
                    item["recipient"] = json!({ "S": MARKER });
                }
            }),
            Self::RowsShortened => each_item(body, "SHOW#", &mut |row| row["n"]["N"] = "1".into()),
            Self::BlocksForgotten => each_write(body, &mut forget_blocks),
            Self::SeatsUnchecked => {
                each_write(body, &mut |write| unless(write, "SHOW#", "AND attribute_not_exists(h."))
            }
            Self::SeatsKept => each_write(body, &mut keep_seats),
            Self::CouponUnitsUnchecked => each_write(body, &mut |write| unless(write, "UNITS#", "available >= ")),
            Self::ClaimsUnchecked => each_write(body, &mut |write| unless(write, "CLAIM#", "#status = :issued")),
            Self::CouponsRepeated => each_item(body, "SUBSCRIPTION#", &mut |item| {
                let left = item.pointer_mut("/coupon/M/charges_left/N");
                if let Some(left) = left.filter(|left| **left == "0") {
                    *left = "1".into();
                }
            }),
            Self::ClaimsKept => each_write(body, &mut keep_claim),
            Self::JoinsUnchecked => each_write(body, &mut |write| unless(write, "JOIN#", "attribute_not_exists")),
            Self::EntriesUncounted => {
                let is_number = |item: &Value| {
                    item["Update"]["Key"]["sk"]["S"]
                        .as_str()
                        .is_some_and(|sk| sk.ends_with("#E"))
                };
                if let Some(items) = body.get_mut("TransactItems").and_then(Value::as_array_mut) {
                    items.retain(|item| !is_number(item));
                }
            }
            Self::CodesUnchecked => each_write(body, &mut |write| unless(write, "CODE#", "attribute_not_exists")),
            Self::TransfersKeepCodes => each_write(body, &mut keep_code),
            Self::CheckInsUnchecked => each_write(body, &mut |write| {
                unless(write, "TICKET#", "attribute_not_exists(check_in)")
            }),
            Self::ScansForgotten => each_write(body, &mut |write| {
                if let Some(id) = write.pointer_mut("/ExpressionAttributeValues/:scan/M/scan_id/S") {
                    *id = "018f0000-0000-8000-8000-000000000000".into();
                }
            }),
            Self::TicketsKept => each_write(body, &mut |write| {
                if let Some(status) = write.pointer_mut("/ExpressionAttributeValues/:void/S") {
                    *status = "VALID".into();
                }
            }),
            Self::AllowancesUnchecked => each_write(body, &mut |write| {
                if write["Item"]["sk"]["S"] == "ALLOWANCE" {
                    unless(write, "SHOW#", "");
                }
            }),
            Self::HoldTimeForgotten => each_item(body, "SHOW#", &mut |item| {
                if item["sk"]["S"] == "ALLOWANCE" {
                    item["held_ms"]["N"] = "0".into();
                }
            }),
            Self::StarsUncounted => each_write(body, &mut count_no_stars),
            Self::SwapsProlonged if body.to_string().contains("CANCELLED") => each_item(body, "ORDER#", &mut prolong),
            _ => {}
        }
    }

    /// Changes a DynamoDB response to the one that the broken build reads.
    pub fn break_answer(self, body: &mut Value) {
        if let Some(item) = body.get_mut("Item") {
            return self.break_single_item(item);
        }
        let is_batch = body["Responses"].is_object();
        let lists = match body.get_mut("Responses").and_then(Value::as_object_mut) {
            Some(tables) => tables.values_mut().collect(),
            None => vec![&mut body["Items"]],
        };
        for item in lists.into_iter().filter_map(Value::as_array_mut).flatten() {
            // Lists are of administrators.
            if self == Self::RatesIgnored && is_batch {
                raise_rates(item);
            }
            // The seat map and the counts are read by queries.
            if self == Self::FreeSeatsHidden && is_batch {
                hide_free_seats(item);
            }
            self.break_item(item);
        }
    }

    /// Changes an item that is read alone.
    fn break_single_item(self, item: &mut Value) {
        if let (Self::MinimumIgnored, Some(coupon)) = (self, item.as_object_mut()) {
            coupon.remove("minimum_subtotal");
        }
    }

    /// Changes an item of several to the one that the broken build reads.
    fn break_item(self, item: &mut Value) {
        if self == Self::SeatLimitIgnored && item["max_seats"].is_object() {
            item["max_seats"]["N"] = "20".into();
        }
        if self == Self::ExpiryIgnored {
            let on_book = item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("BOOK#"));
            if let (true, Some(at)) = (on_book, item["expires_at"]["S"].as_str()) {
                let at: Timestamp = at.parse().expect("a time");
                item["expires_at"]["S"] = (at + SignedDuration::from_hours(1)).to_string().into();
            }
        }
    }

    /// Whether the mutant changes DynamoDB requests or responses.
    pub const fn reads_requests(self) -> bool {
        !matches!(
            self,
            Self::TimeoutIsRefusal
                | Self::EventLost
                | Self::ChangeLost
                | Self::ObjectLost
                | Self::EventInvented
                | Self::PointsKept
                | Self::MissedPeriodsCharged
                | Self::AttendanceUnchecked
        ) && !self.needs_bank()
            && !self.needs_search()
    }

    /// Whether the mutant shows only in the index of the search.
    pub const fn needs_search(self) -> bool {
        matches!(self, Self::CommandLost | Self::CommitsUnchecked)
    }

    /// Whether the mutant shows only in the seats of showtimes.
    pub const fn needs_tickets(self) -> bool {
        matches!(
            self,
            Self::RowsShortened
                | Self::BlocksForgotten
                | Self::SeatsUnchecked
                | Self::SeatsKept
                | Self::AllowancesUnchecked
                | Self::CheckInsUnchecked
                | Self::TicketsKept
                | Self::CancellationLost
                | Self::FeesForgotten
                | Self::TransfersKeepCodes
                | Self::SeatLimitIgnored
                | Self::HoldTimeForgotten
                | Self::SwapsProlonged
                | Self::AttendanceUnchecked
                | Self::StarsUncounted
                | Self::FreeSeatsHidden
                | Self::ScansForgotten
        )
    }

    /// Whether the mutant shows only when banks and providers take money back or contradict themselves.
    pub const fn needs_bank(self) -> bool {
        matches!(
            self,
            Self::RefundFailureIgnored
                | Self::DisputeIgnored
                | Self::WithdrawalIgnored
                | Self::TakingBackIgnored
                | Self::ForeignTaken
        )
    }

    /// Whether the mutant shows only when orders are shipped or cancelled in part.
    pub const fn needs_shipments(self) -> bool {
        matches!(
            self,
            Self::ShipmentsUnchecked
                | Self::DeliveriesForgotten
                | Self::CancellationsForgotten
                | Self::LossesForgotten
                | Self::LineRefundsForgotten
                | Self::ReturnsUnchecked
                | Self::ReceiptsForgotten
                | Self::RestockRepeated
        )
    }

    /// Changes a provider's answer, or the object of its webhook, to what the broken build reads.
    pub fn break_report(self, body: &mut Value) {
        let charge = if body["latest_charge"].is_object() {
            &mut body["latest_charge"]
        } else {
            &mut *body
        };
        match self {
            Self::RefundFailureIgnored => {
                let mut lost = 0;
                for refund in charge["refunds"]["data"].as_array_mut().into_iter().flatten() {
                    if refund["status"] == "failed" {
                        refund["status"] = "succeeded".into();
                        lost += refund["amount"].as_i64().unwrap_or_default();
                    }
                }
                if let Some(refunded) = charge["amount_refunded"].as_i64() {
                    let whole = charge["amount"].as_i64().unwrap_or_default();
                    charge["amount_refunded"] = (refunded + lost).min(whole).into();
                }
                if body["object"] == "refund" && body["status"] == "failed" {
                    body["status"] = "succeeded".into();
                }
            }
            Self::DisputeIgnored if !charge["disputed"].is_null() => charge["disputed"] = false.into(),
            Self::DisputeIgnored if body["object"] == "dispute" => body["payment_intent"] = Value::Null,
            Self::WithdrawalIgnored if body["status"] == "WAITING_FOR_DEPOSIT" => {
                body["status"] = "DONE".into();
                body["approvedAt"] = body["requestedAt"].clone();
            }
            _ => {}
        }
    }
}

/// Blocks the free seats of a row.
fn hide_free_seats(row: &mut Value) {
    let seats = row
        .pointer("/n/N")
        .and_then(Value::as_str)
        .and_then(|n| n.parse::<u8>().ok());
    let taken = row.pointer_mut("/h/M").and_then(Value::as_object_mut);
    if let (Some(seats), Some(taken)) = (seats, taken) {
        for place in 0..seats {
            taken
                .entry(place.to_string())
                .or_insert_with(|| json!({ "BOOL": true }));
        }
    }
}

/// Multiplies the rates of the waiting rooms in a list of items.
fn raise_rates(room: &mut Value) {
    let segments = room.pointer_mut("/segments/L").and_then(Value::as_array_mut);
    for segment in segments.into_iter().flatten() {
        let Some(rate) = segment.pointer_mut("/M/rate_per_minute/N") else {
            continue;
        };
        let people: u64 = rate.as_str().and_then(|rate| rate.parse().ok()).unwrap_or_default();
        *rate = (people * 30).to_string().into();
    }
}

/// Removes the points that a write makes its wallet owe.
fn forget_debt(write: &mut Value) {
    let update = write["UpdateExpression"].as_str().unwrap_or_default();
    if !update.contains(", owed :rest") {
        return;
    }
    write["UpdateExpression"] = update.replace(", owed :rest", "").into();
    if let Some(values) = write["ExpressionAttributeValues"].as_object_mut() {
        values.remove(":rest");
    }
}

/// Releases the seats that a write blocks.
fn forget_blocks(write: &mut Value) {
    let update = write["UpdateExpression"].as_str().unwrap_or_default();
    let Some(seats) = update.strip_prefix("SET h.").filter(|_| update.contains(":blocked")) else {
        return;
    };
    let seats = format!("REMOVE h.{}", seats.replace(" = :blocked", ""));
    write["UpdateExpression"] = seats.into();
    let condition = write["ConditionExpression"].as_str().unwrap_or_default();
    if !condition.contains(":blocked")
        && let Some(values) = write["ExpressionAttributeValues"].as_object_mut()
    {
        values.remove(":blocked");
    }
}

/// Changes no seat where a write gives seats back.
fn keep_seats(write: &mut Value) {
    let update = write["UpdateExpression"].as_str().unwrap_or_default();
    if update.starts_with("REMOVE h.") {
        write["UpdateExpression"] = "SET n = n".into();
    }
}

/// Leaves a claim redeemed where a subscription gives it back.
fn keep_claim(write: &mut Value) {
    if write["UpdateExpression"] != "SET #status = :issued REMOVE subscription_id" {
        return;
    }
    write["UpdateExpression"] = "SET #status = :redeemed".into();
    if let Some(values) = write["ExpressionAttributeValues"].as_object_mut() {
        values.remove(":issued");
    }
}

/// Leaves the number of the code as it is where a write passes a ticket on.
fn keep_code(write: &mut Value) {
    let Some(values) = write.get_mut("ExpressionAttributeValues") else {
        return;
    };
    if values.get(":transfers").is_none() {
        return;
    }
    let issue = values[":issue"]["N"]
        .as_str()
        .and_then(|issue| issue.parse::<u16>().ok());
    if let Some(issue) = issue {
        values[":issue"]["N"] = (issue - 1).to_string().into();
    }
}

/// Moves the deadline of an order that waits for payment by an hour.
fn prolong(order: &mut Value) {
    if order["status"]["S"] == "PENDING_PAYMENT"
        && let Some(at) = order["expires_at"]["S"].as_str()
    {
        let at: Timestamp = at.parse().expect("a time");
        order["expires_at"]["S"] = (at + SignedDuration::from_hours(1)).to_string().into();
    }
}

/// Adds no stars to the counters of a performance.
fn count_no_stars(write: &mut Value) {
    if !write["Key"]["pk"]["S"]
        .as_str()
        .is_some_and(|pk| pk.starts_with("STARS#"))
    {
        return;
    }
    for value in write["ExpressionAttributeValues"].as_object_mut().into_iter().flatten() {
        if value.1["N"].is_string() {
            value.1["N"] = "0".into();
        }
    }
}

/// Doubles the units that a write adds to a shard.
fn double_units(write: &mut Value) {
    let is_stock = write["Key"]["pk"]["S"]
        .as_str()
        .is_some_and(|pk| pk.starts_with("STOCK#"));
    let values = write["ExpressionAttributeValues"].as_object_mut().into_iter().flatten();
    for (_, value) in values.filter(|_| is_stock) {
        if let Some(units) = value["N"].as_str().and_then(|units| units.parse::<i64>().ok()) {
            value["N"] = (2 * units).to_string().into();
        }
    }
}

/// Calls `change` for each write of a transaction, or for the request itself.
fn each_write(body: &mut Value, change: &mut dyn FnMut(&mut Value)) {
    match body.get_mut("TransactItems").and_then(Value::as_array_mut) {
        Some(items) => items
            .iter_mut()
            .filter_map(Value::as_object_mut)
            .flat_map(|item| item.values_mut())
            .for_each(change),
        None => change(body),
    }
}

/// Calls `change` for each item that is put under a key that begins with `prefix`.
fn each_item(body: &mut Value, prefix: &str, change: &mut dyn FnMut(&mut Value)) {
    each_write(body, &mut |write| {
        if let Some(item) = write.get_mut("Item")
            && item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with(prefix))
        {
            change(item);
        }
    });
}

/// Calls `change` for each line of an order that is put.
fn each_line(body: &mut Value, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    each_item(body, "ORDER#", &mut |item| {
        // An order's tickets have the same prefix, and no lines.
        let lines = item.pointer_mut("/lines/L").and_then(Value::as_array_mut);
        let lines = lines.into_iter().flatten();
        lines
            .filter_map(|line| line["M"].as_object_mut())
            .for_each(&mut *change);
    });
}

/// Removes the condition of a write to an item whose key begins with `prefix`, if the condition contains `words`. Also
/// removes the values that only the condition uses, since DynamoDB refuses unused values.
fn unless(write: &mut Value, prefix: &str, words: &str) {
    let pk = |of: &Value| of["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with(prefix));
    let condition = write["ConditionExpression"].as_str().unwrap_or_default();
    if !condition.contains(words) || !(pk(&write["Key"]) || pk(&write["Item"])) {
        return;
    }
    let update = write["UpdateExpression"].as_str().unwrap_or_default().to_owned();
    let write = write.as_object_mut().expect("a write");
    write.remove("ConditionExpression");
    write.remove("ReturnValuesOnConditionCheckFailure");
    for (values, all) in [("ExpressionAttributeValues", ':'), ("ExpressionAttributeNames", '#')] {
        let Some(map) = write.get_mut(values).and_then(Value::as_object_mut) else {
            continue;
        };
        map.retain(|name, _| is_used(&update, name, all));
        if map.is_empty() {
            write.remove(values);
        }
    }
}

fn is_used(expression: &str, name: &str, sign: char) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    expression.split(|c| !is_part(c) && c != sign).any(|word| word == name)
}
