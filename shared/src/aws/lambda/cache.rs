//! How long responses may be reused, by class. `serve::respond` adds [`NEVER`] where an action says nothing.
//!
//! A cache may serve a response for the sum of both times of its class. What decides money or stock is never cached:
//! checkout reads prices and stock itself, and refuses a total other than the `expected_total` of a request that has one.

/// Carts, stock, payments, and what belongs to one customer.
pub const NEVER: &str = "no-store";

/// Content that administrators edit: a browser keeps it, but asks each time whether it has changed.
pub const EDITED: &str = "private, no-cache";

/// Details of one product: at most 15 seconds.
pub const DETAILS: &str = "public, max-age=5, stale-while-revalidate=10";

/// Lists and search results: at most 15 seconds after the last answer. Where an index lags or a count was lost, that may confirm
/// an old page for up to a minute, so a page is reused for at most about 75 seconds.
pub const LISTS: &str = "public, max-age=5, stale-while-revalidate=10";

/// Content that changes rarely, such as categories: at most 5 minutes.
pub const REFERENCE: &str = "public, max-age=60, stale-while-revalidate=240";

/// The seats of a showtime: at most a second.
pub const SEATS: &str = "public, max-age=1";

/// The progress of a waiting room: at most a second.
pub const WAITING_ROOM: &str = "public, max-age=1";

/// Content whose name follows from it, so that it never changes.
pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";

#[cfg(test)]
mod tests {
    use super::*;

    /// The seconds for which a cache may serve a response.
    fn reuse(header: &str) -> u32 {
        let seconds = header.split(", ").filter_map(|part| part.split_once('='));
        seconds.map(|(_, seconds)| seconds.parse::<u32>().unwrap()).sum()
    }

    #[test]
    fn each_class_has_its_longest_age() {
        assert_eq!([NEVER, EDITED].map(reuse), [0, 0]);
        assert_eq!([DETAILS, LISTS].map(reuse), [15, 15]);
        assert_eq!(reuse(REFERENCE), 300);
        assert_eq!([SEATS, WAITING_ROOM].map(reuse), [1, 1]);
    }
}
