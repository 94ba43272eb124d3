//! HTTP requests and responses of an API Gateway HTTP API (payload format 2.0).

use lambda_http::http::{HeaderValue, StatusCode, header};
use lambda_http::request::RequestContext;
use lambda_http::{Body, RequestExt};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::core::error::{self, Error, Rejection};
use crate::core::id::PathParameter;
use crate::core::idempotency::IdempotencyKey;
use crate::core::identity::{Caller, CustomerId};
use crate::core::json::from_slice;

pub use lambda_http::Request;

/// An HTTP response.
pub type Response = lambda_http::Response<Body>;

/// The longest accepted request body, in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// The header that marks the response of an earlier request with the same idempotency key.
pub const REPLAYED: &str = "idempotency-replayed";

/// The header with the id of the invocation that handled the request. Every response has it.
pub const REQUEST_ID: &str = "request-id";

/// Creates a response with a JSON body.
///
/// # Errors
/// [`Error::Internal`] when `body` cannot be serialized.
pub fn json(status: StatusCode, body: &impl Serialize) -> Result<Response, Error> {
    let text = serde_json::to_string(body).map_err(|error| Error::internal("serialize the response", error))?;
    let mut response = Response::new(Body::Text(text));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    Ok(response)
}

/// Responds 201 with a new resource, which is at `path`.
///
/// # Errors
/// [`Error::Internal`] when `body` cannot be serialized, or `path` is no header value.
pub fn created(path: &str, body: &impl Serialize) -> Result<Response, Error> {
    located(json(StatusCode::CREATED, body)?, path)
}

/// Responds 202 with the present state of the resource at `path`, which will show the outcome.
///
/// # Errors
/// As [`created`].
pub fn accepted(path: &str, body: &impl Serialize) -> Result<Response, Error> {
    located(json(StatusCode::ACCEPTED, body)?, path)
}

/// Marks a response as that of an earlier request with the same idempotency key.
pub fn replayed(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// Adds the path of the resource that the request created, or whose state tells its outcome.
///
/// # Errors
/// [`Error::Internal`] when `path` is no header value.
pub fn located(mut response: Response, path: &str) -> Result<Response, Error> {
    let path = HeaderValue::from_str(path).map_err(|error| Error::internal("locate a resource", error))?;
    response.headers_mut().insert(header::LOCATION, path);
    Ok(response)
}

/// The caller, from the token that API Gateway has verified.
///
/// # Errors
/// `unauthenticated` without a token.
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

/// Whether a groups claim has `group`. An HTTP API passes a list claim as the text `[admin buyers]`, other sources as
/// JSON.
///
/// A group's name may contain commas and brackets, so the text is split at spaces only.
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

/// The request's body as sent, of at most `limit` bytes.
///
/// # Errors
/// `body-too-large`.
pub fn raw_body(request: &Request, limit: usize) -> Result<&[u8], Rejection> {
    let bytes: &[u8] = request.body();
    if bytes.len() > limit {
        let detail = format!("The body has {} bytes; the limit is {limit}.", bytes.len());
        return Err(Rejection::new(&error::BODY_TOO_LARGE, detail));
    }
    Ok(bytes)
}

/// Parses the request's JSON body. The error names the place of a wrong value.
///
/// # Errors
/// `body-too-large` above [`MAX_BODY`], `malformed-body` when it is not a `T`.
pub fn body<T: DeserializeOwned + Serialize>(request: &Request) -> Result<T, Rejection> {
    parse(raw_body(request, MAX_BODY)?)
}

/// Parses the request's JSON body, or returns the default for a request without one.
///
/// # Errors
/// As [`body`].
pub fn optional_body<T: DeserializeOwned + Serialize + Default>(request: &Request) -> Result<T, Rejection> {
    match raw_body(request, MAX_BODY)? {
        [] => Ok(T::default()),
        bytes => parse(bytes),
    }
}

/// Parses JSON. The error names the place of a wrong value.
///
/// # Errors
/// `malformed-body` when it is not a `T`.
pub fn parse<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Result<T, Rejection> {
    from_slice(bytes).map_err(|unreadable| Rejection::new(&error::MALFORMED_BODY, unreadable.to_string()))
}

/// Parses the member `name` of a message, which was parsed as any value. The error names the place of a wrong value.
///
/// # Errors
/// `malformed-body` when it is not a `T`.
pub fn parse_member<T: DeserializeOwned + Serialize>(name: &str, value: &serde_json::Value) -> Result<T, Rejection> {
    let bytes = value.to_string();
    from_slice(bytes.as_bytes())
        .map_err(|unreadable| Rejection::new(&error::MALFORMED_BODY, format!("{name}: {unreadable}")))
}

/// The path parameter `name`.
///
/// # Errors
/// `invalid-parameter` when the route has no such parameter.
pub fn path_parameter<'a>(request: &'a Request, name: &str) -> Result<&'a str, Rejection> {
    request
        .path_parameters_ref()
        .and_then(|parameters| parameters.first(name))
        .ok_or_else(|| Rejection::invalid_parameter(name, "it is missing"))
}

/// Parses the path parameter of type `T`, such as an order's id.
///
/// # Errors
/// The rejections of `T`, and `invalid-parameter` when the route has no such parameter.
pub fn path<T: PathParameter>(request: &Request) -> Result<T, Rejection> {
    T::from_path(path_parameter(request, T::NAME)?)
}

/// The query parameter `name`, if present.
///
/// # Errors
/// `invalid-parameter` when it occurs more than once.
pub fn query_parameter<'a>(request: &'a Request, name: &str) -> Result<Option<&'a str>, Rejection> {
    let values = request.query_string_parameters_ref().and_then(|all| all.all(name));
    match values.as_deref() {
        None | Some([]) => Ok(None),
        Some([value]) => Ok(Some(value)),
        Some(_) => Err(Rejection::invalid_parameter(name, "it occurs more than once")),
    }
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

    #[derive(Debug, Serialize, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct MatchRequest {
        quantity: i64,
    }

    fn rejection(body: &str) -> Rejection {
        body_of(body).unwrap_err()
    }

    fn body_of(text: &str) -> Result<MatchRequest, Rejection> {
        body(&Request::new(Body::from(text)))
    }

    #[test]
    fn the_rejection_of_a_malformed_body_names_the_field() {
        assert!(body_of(r#"{"quantity":2}"#).is_ok());
        assert!(
            rejection(r#"{"quantity":"2"}"#)
                .detail
                .contains("quantity: invalid type")
        );
        assert!(
            rejection(r#"{"quantity":1,"tip":2}"#)
                .detail
                .contains("unknown field `tip`")
        );
        for bad in ["", "[", "null", "{}", r#"{"quantity":1} x"#, r#"{"quantity":1.5}"#] {
            assert_eq!(rejection(bad).reason, &error::MALFORMED_BODY, "{bad}");
        }
    }

    #[test]
    fn a_body_that_is_optional_may_be_missing_but_not_malformed() {
        let of = |text: &str| optional_body::<Vec<u8>>(&Request::new(Body::from(text)));
        assert_eq!(of("").unwrap(), [0_u8; 0]);
        assert_eq!(of("[1]").unwrap(), [1]);
        assert_eq!(of(" ").unwrap_err().reason, &error::MALFORMED_BODY);
    }

    #[test]
    fn a_body_over_64_kb_is_rejected() {
        let long = format!(r#"{{"quantity":1{}}}"#, " ".repeat(MAX_BODY));
        assert_eq!(rejection(&long).reason, &error::BODY_TOO_LARGE);
    }
}
