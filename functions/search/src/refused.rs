//! The refusal of a query by an engine, as the error of a request.

use shared::core::error::{Error, Rejection};

/// A query beyond the limits is a parameter of the request; everything else is a fault.
pub fn refused(error: search_engine::Error) -> Error {
    match error {
        search_engine::Error::Query(error) => Rejection::invalid_parameter("q", &error.to_string()).into(),
        error => Error::internal("search the index", error),
    }
}
