//! Which of all orders an administrator asks for: one key, and a range of days.

use std::ops::RangeInclusive;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{Request, query_parameter};
use shared::catalog::Sku;
use shared::core::calendar::Timezone;
use shared::core::error::Rejection;
use shared::core::id::PathParameter;
use shared::core::identity::CustomerId;
use shared::lookups::LastDigits;
use shared::orders::{Order, OrderNumber, OrderStatus, Step, shop_time_zone};

/// The query parameters with a key. A request has at most one of them.
pub const KEYS: [&str; 6] = ["number", "customer_id", "phone_last4", "sku", "status", "to_ship"];
/// The query parameters with days: one day, or the first and the last of several.
pub const DAYS: [&str; 3] = ["placed_on", "placed_from", "placed_until"];

/// The key by which orders are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderKey {
    /// All orders.
    All,
    /// Orders with a number. There can be more than one.
    Number(OrderNumber),
    /// The orders of a customer.
    Customer(CustomerId),
    /// Orders whose contact or address has a telephone number with these last digits.
    Phone(LastDigits),
    /// Orders of a product.
    Product(Sku),
    /// Orders with a status.
    Status(OrderStatus),
    /// Paid orders with units that are to be shipped.
    ToShip,
}

impl OrderKey {
    /// Reads the key of a request.
    ///
    /// # Errors
    /// `invalid-parameter` when it has several, or one that is not of its form. The refusal does not repeat the value.
    pub fn of(request: &Request) -> Result<Self, Rejection> {
        let mut key = None;
        for name in KEYS {
            let Some(text) = query_parameter(request, name)? else {
                continue;
            };
            if key.is_some() {
                let why = format!("a request has at most one of {}", KEYS.join(", "));
                return Err(Rejection::invalid_parameter(name, &why));
            }
            key = Some(Self::read(name, text)?);
        }
        Ok(key.unwrap_or(Self::All))
    }

    fn read(name: &str, text: &str) -> Result<Self, Rejection> {
        let refused = |why: &str| Rejection::invalid_parameter(name, why);
        match name {
            "number" => text
                .parse()
                .map(Self::Number)
                .map_err(|invalid: shared::orders::InvalidOrderNumber| refused(&invalid.to_string())),
            "customer_id" => CustomerId::from_path(text).map(Self::Customer),
            "phone_last4" => text
                .parse()
                .map(Self::Phone)
                .map_err(|invalid: shared::lookups::InvalidLastDigits| refused(&invalid.to_string())),
            "sku" => Sku::from_path(text).map(Self::Product),
            "status" => serde_json::from_value(text.into())
                .map(Self::Status)
                .map_err(|_| refused("it is not one of the described values")),
            "to_ship" if text == "true" => Ok(Self::ToShip),
            _ => Err(refused("it is true, or absent")),
        }
    }

    /// Whether the stored order still has the key. A row can be older than its order.
    pub fn matches(&self, order: &Order) -> bool {
        match self {
            Self::Number(number) => order.number == *number,
            Self::Customer(customer_id) => order.customer_id == *customer_id,
            Self::Product(sku) => order.lines.iter().any(|line| line.sku.as_ref() == Some(sku)),
            Self::Status(status) => order.status == *status,
            Self::ToShip => is_to_ship(order),
            // The row names the data key that the order's telephone number was read with.
            Self::All | Self::Phone(_) => true,
        }
    }
}

/// The name of a status in its list.
pub const fn status_name(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::PendingPayment => "PENDING_PAYMENT",
        OrderStatus::Paying => "PAYING",
        OrderStatus::Paid => "PAID",
        OrderStatus::Cancelled => "CANCELLED",
        OrderStatus::Expired => "EXPIRED",
    }
}

/// Whether an order is paid and has units that are to be shipped.
pub fn is_to_ship(order: &Order) -> bool {
    order.status == OrderStatus::Paid && !order.left(Step::Ship).is_empty()
}

/// The timezone of the shop's days.
#[derive(Clone, Debug)]
pub struct ShopDays(Timezone);

impl ShopDays {
    /// Reads `SHOP_TIME_ZONE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        shop_time_zone(platform).map(Self)
    }

    /// The times of the days that a request names, in Unix milliseconds. All times, if it names none.
    ///
    /// # Errors
    /// `invalid-parameter` when a day is no date, `placed_on` comes with another one, or the last day is before the first.
    pub fn placed_ms(&self, request: &Request) -> Result<RangeInclusive<u64>, Rejection> {
        let day = |name: &str| {
            let parse = |text: &str| {
                let day: Result<Date, _> = text.parse();
                day.map_err(|_| Rejection::invalid_parameter(name, "it is not a date such as 2026-01-31"))
            };
            query_parameter(request, name)?.map(parse).transpose()
        };
        let [on, from, until] = DAYS;
        let (first, last) = match (day(on)?, day(from)?, day(until)?) {
            (None, first, last) => (first, last),
            (Some(day), None, None) => (Some(day), Some(day)),
            (Some(_), ..) => {
                let why = format!("a request has either {on}, or {from} and {until}");
                return Err(Rejection::invalid_parameter(on, &why));
            }
        };
        if first.zip(last).is_some_and(|(first, last)| last < first) {
            return Err(Rejection::invalid_parameter(until, "it is before the first day"));
        }
        let first = first.map_or(0, |day| milliseconds(self.start(day)));
        let last = last.and_then(|day| day.tomorrow().ok());
        let last = last.map_or_else(
            || milliseconds(Timestamp::MAX),
            |next| milliseconds(self.start(next) - SignedDuration::from_millis(1)),
        );
        Ok(first..=last)
    }

    /// The first instant of a day.
    fn start(&self, day: Date) -> Timestamp {
        self.0.instant(day.to_datetime(jiff::civil::Time::midnight()))
    }
}

/// Unix milliseconds. Times before 1970 are 0.
fn milliseconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_millisecond()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_one_name_in_its_list_and_in_the_api() {
        use OrderStatus::{Cancelled, Expired, Paid, Paying, PendingPayment};
        for status in [PendingPayment, Paying, Paid, Cancelled, Expired] {
            assert_eq!(serde_json::to_value(status).unwrap(), status_name(status));
        }
    }

    #[test]
    fn a_day_begins_at_midnight_in_the_shops_timezone() {
        let days = ShopDays(Timezone::parse("Asia/Seoul").unwrap());
        let start = days.start("2026-01-02".parse().unwrap());
        assert_eq!(start, "2026-01-01T15:00:00Z".parse::<Timestamp>().unwrap());
    }
}
