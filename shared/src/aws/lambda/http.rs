//! HTTP as API Gateway brings it (HTTP API, payload 2.0): what handlers read of a request, and what they answer.

use lambda_http::http::{HeaderValue, StatusCode, header};
use lambda_http::request::RequestContext;
use lambda_http::{Body, RequestExt};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::core::error;
use crate::core::error::{Error, Rejection};
use crate::core::id::PathParameter;
use crate::core::idempotency::IdempotencyKey;
use crate::core::identity::{Caller, CustomerId};

pub use lambda_http::Request;

/// A response of a function.
pub type Response = lambda_http::Response<Body>;

/// The longest body that is read, in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// The header that says that an answer is that of an earlier, equal request.
pub const REPLAYED: &str = "idempotency-replayed";

/// An answer with a JSON body.
///
/// # Errors
/// [`Error::Internal`] when `body` cannot be written as JSON.
pub fn json(status: StatusCode, body: &impl Serialize) -> Result<Response, Error> {
    let text = serde_json::to_string(body).map_err(|error| Error::internal("write the answer", error))?;
    let mut response = Response::new(Body::Text(text));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    Ok(response)
}

/// Marks an answer as that of an earlier, equal request.
pub fn replayed(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// Who asks, from the token that API Gateway has verified.
///
/// # Errors
/// `unauthenticated` when there is none.
pub fn caller(request: &Request) -> Result<Caller, Rejection> {
    let claims = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context
            .authorizer
            .as_ref()
            .and_then(|authorizer| authorizer.jwt.as_ref())
            .map(|jwt| &jwt.claims),
        _ => None,
    };
    let sub = claims
        .and_then(|claims| claims.get("sub"))
        .filter(|sub| !sub.is_empty());
    let (Some(claims), Some(sub)) = (claims, sub) else {
        return Err(Rejection::new(
            &error::UNAUTHENTICATED,
            "Send a header Authorization: Bearer <token>.",
        ));
    };
    Ok(Caller {
        customer_id: CustomerId::new(sub),
        is_admin: claims
            .get("cognito:groups")
            .is_some_and(|groups| is_member("admin", groups)),
    })
}

/// An HTTP API hands a list claim over as text: `[admin buyers]`; others as JSON.
///
/// A group's name may hold commas and brackets, so nothing else is taken apart.
fn is_member(group: &str, groups: &str) -> bool {
    if let Ok(names) = serde_json::from_str::<Vec<String>>(groups) {
        return names.iter().any(|name| name == group);
    }
    let list = groups.strip_prefix('[').and_then(|list| list.strip_suffix(']'));
    list.unwrap_or(groups).split(' ').any(|name| name == group)
}

/// The request's `Idempotency-Key`.
///
/// # Errors
/// `invalid-idempotency-key`.
pub fn idempotency_key(request: &Request) -> Result<IdempotencyKey, Rejection> {
    let header = request.headers().get("idempotency-key");
    IdempotencyKey::parse(header.map(HeaderValue::as_bytes))
}

/// The request's body as it was sent, byte for byte, of `limit` bytes at most.
///
/// # Errors
/// `body-too-large`.
pub fn raw_body(request: &Request, limit: usize) -> Result<&[u8], Rejection> {
    let bytes: &[u8] = request.body();
    if bytes.len() > limit {
        let detail = format!("The body has {} bytes; {limit} are read.", bytes.len());
        return Err(Rejection::new(&error::BODY_TOO_LARGE, detail));
    }
    Ok(bytes)
}

/// The request's JSON body; unknown fields and wrong types are named.
///
/// # Errors
/// `body-too-large` above [`MAX_BODY`], `malformed-body` when it is not what `T` expects.
pub fn body<T: DeserializeOwned>(request: &Request) -> Result<T, Rejection> {
    parse(raw_body(request, MAX_BODY)?)
}

/// A JSON text; unknown fields and wrong types are named.
///
/// # Errors
/// `malformed-body` when it is not what `T` expects.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Rejection> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| Rejection::new(&error::MALFORMED_BODY, format!("{}: {}", error.path(), error.inner())))?;
    json.end()
        .map_err(|error| Rejection::new(&error::MALFORMED_BODY, error.to_string()))?;
    Ok(value)
}

/// The path parameter `name`.
///
/// # Errors
/// `invalid-parameter` when the route has none of that name.
pub fn path_parameter<'a>(request: &'a Request, name: &str) -> Result<&'a str, Rejection> {
    request
        .path_parameters_ref()
        .and_then(|parameters| parameters.first(name))
        .ok_or_else(|| Rejection::invalid_parameter(name, "it is missing"))
}

/// The path parameter that is a `T`, such as an order's id.
///
/// # Errors
/// As `T` says, and `invalid-parameter` when the route has none of its name.
pub fn path<T: PathParameter>(request: &Request) -> Result<T, Rejection> {
    T::from_path(path_parameter(request, T::NAME)?)
}

/// The query parameter `name`, when it is there.
pub fn query_parameter<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request
        .query_string_parameters_ref()
        .and_then(|parameters| parameters.first(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_read_as_an_http_api_writes_them() {
        for groups in ["[admin]", "[buyers admin]", "admin", "[\"admin\",\"buyers\"]"] {
            assert!(is_member("admin", groups), "{groups}");
        }
        for groups in [
            "",
            "[]",
            "[administrators]",
            "[not-admin]",
            "[shop,admin]",
            "[admin]]",
            "[\"shop,admin\"]",
        ] {
            assert!(!is_member("admin", groups), "{groups}");
        }
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct MatchRequest {
        #[allow(dead_code, reason = "only read from JSON")]
        quantity: i64,
    }

    fn refused(body: &str) -> Rejection {
        body_of(body).unwrap_err()
    }

    fn body_of(text: &str) -> Result<MatchRequest, Rejection> {
        body(&Request::new(Body::from(text)))
    }

    #[test]
    fn a_body_that_cannot_be_read_names_what_is_wrong() {
        assert!(body_of(r#"{"quantity":2}"#).is_ok());
        assert!(refused(r#"{"quantity":"2"}"#).detail.contains("quantity: invalid type"));
        assert!(
            refused(r#"{"quantity":1,"tip":2}"#)
                .detail
                .contains("unknown field `tip`")
        );
        for bad in ["", "[", "null", "{}", r#"{"quantity":1} x"#, r#"{"quantity":1.5}"#] {
            assert_eq!(refused(bad).reason, &error::MALFORMED_BODY, "{bad}");
        }
    }

    #[test]
    fn a_body_over_64_kb_is_not_read() {
        let long = format!(r#"{{"quantity":1{}}}"#, " ".repeat(MAX_BODY));
        assert_eq!(refused(&long).reason, &error::BODY_TOO_LARGE);
    }
}
