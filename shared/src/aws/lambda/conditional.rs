//! Conditional requests (RFC 9110 §13): entity tags, `If-Match` and `If-None-Match`.

use lambda_http::http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::aws::lambda::http::{Request, Response, json};
use crate::core::error::{self, Error, Rejection};
use crate::core::idempotency::Fingerprint;

/// An entity tag: the hash of a representation, or of what it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityTag(String);

/// The mark of a weak tag.
const WEAK: &str = "W/";

impl EntityTag {
    /// The strong tag of a representation: equal tags mean equal bytes.
    ///
    /// # Errors
    /// [`Error::Internal`] when it cannot be serialized.
    pub fn of(representation: &impl Serialize) -> Result<Self, Error> {
        let hash = Fingerprint::of(representation).map_err(|error| Error::internal("tag a response", error))?;
        Ok(Self(format!("\"{}\"", hash.as_str())))
    }

    /// A weak tag of what a representation is made from: equal tags mean that one may be used for the other.
    ///
    /// # Errors
    /// [`Error::Internal`] when it cannot be serialized.
    pub fn weak(source: &impl Serialize) -> Result<Self, Error> {
        Ok(Self(format!("{WEAK}{}", Self::of(source)?.0)))
    }

    /// Whether `headers` name this tag or `*`. Comparing weakly ignores the mark of weak tags.
    ///
    /// Our tags contain no comma, so a list is split at each of them.
    fn is_named(&self, request: &Request, header: &HeaderName, weakly: bool) -> bool {
        let values = request.headers().get_all(header).into_iter();
        let mut tags = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        tags.any(|tag| {
            let tag = tag.trim();
            let opaque = |tag: &'_ str| tag.strip_prefix(WEAK).filter(|_| weakly).unwrap_or(tag).to_owned();
            tag == "*" || opaque(tag) == opaque(&self.0)
        })
    }

    fn add_to(&self, response: &mut Response) -> Result<(), Error> {
        let tag = HeaderValue::from_str(&self.0).map_err(|error| Error::internal("tag a response", error))?;
        response.headers_mut().insert(header::ETAG, tag);
        Ok(())
    }
}

/// Checks that the request has the header `If-Match`.
///
/// # Errors
/// `precondition-required` without it.
pub fn require_if_match(request: &Request) -> Result<(), Rejection> {
    if request.headers().contains_key(header::IF_MATCH) {
        return Ok(());
    }
    Err(Rejection::new(
        &error::PRECONDITION_REQUIRED,
        "Send the header If-Match with the ETag of the resource as you read it.",
    ))
}

/// Checks that `representation` is the one that the header `If-Match` names.
///
/// # Errors
/// `precondition-failed` when it is not, and [`Error::Internal`].
pub fn require_match(request: &Request, representation: &impl Serialize) -> Result<(), Error> {
    if EntityTag::of(representation)?.is_named(request, &header::IF_MATCH, false) {
        return Ok(());
    }
    let rejection = Rejection::new(
        &error::PRECONDITION_FAILED,
        "Somebody has changed the resource since you read it. Read it again, and change what is there now.",
    );
    Err(rejection.into())
}

/// Responds with `body` and its entity tag.
///
/// # Errors
/// [`Error::Internal`] when `body` cannot be serialized.
pub fn tagged(status: StatusCode, body: &impl Serialize) -> Result<Response, Error> {
    let mut response = json(status, body)?;
    EntityTag::of(body)?.add_to(&mut response)?;
    Ok(response)
}

/// Responds to a GET with `body` and its entity tag, or with 304 when the client has it already. `cache_control` says
/// how long the response may be reused.
///
/// # Errors
/// [`Error::Internal`] when `body` cannot be serialized.
pub fn get(request: &Request, body: &impl Serialize, cache_control: &'static str) -> Result<Response, Error> {
    let tag = EntityTag::of(body)?;
    match unchanged(request, &tag, cache_control)? {
        Some(unchanged) => Ok(unchanged),
        None => cacheable(json(StatusCode::OK, body)?, &tag, cache_control),
    }
}

/// The response 304, if the client has the representation with this tag already.
///
/// # Errors
/// [`Error::Internal`] when the tag is no header.
pub fn unchanged(request: &Request, tag: &EntityTag, cache_control: &'static str) -> Result<Option<Response>, Error> {
    if !tag.is_named(request, &header::IF_NONE_MATCH, true) {
        return Ok(None);
    }
    let mut unchanged = Response::default();
    *unchanged.status_mut() = StatusCode::NOT_MODIFIED;
    cacheable(unchanged, tag, cache_control).map(Some)
}

/// Adds to `response` its tag, and how long it may be reused.
///
/// # Errors
/// [`Error::Internal`] when the tag is no header.
pub fn cacheable(mut response: Response, tag: &EntityTag, cache_control: &'static str) -> Result<Response, Error> {
    tag.add_to(&mut response)?;
    let cache_control = HeaderValue::from_static(cache_control);
    response.headers_mut().insert(header::CACHE_CONTROL, cache_control);
    // The API answers each allowed origin with its own CORS headers.
    let origin = HeaderValue::from_static("Origin");
    response.headers_mut().insert(header::VARY, origin);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda_http::Body;

    fn request(name: HeaderName, values: &[&str]) -> Request {
        let mut request = Request::new(Body::Empty);
        for value in values {
            request.headers_mut().append(&name, value.parse().unwrap());
        }
        request
    }

    fn tag() -> String {
        EntityTag::of(&"tea").unwrap().0
    }

    fn is_match(values: &[&str]) -> bool {
        require_match(&request(header::IF_MATCH, values), &"tea").is_ok()
    }

    #[test]
    fn if_match_compares_strongly() {
        let tag = tag();
        for named in [&tag, "*", &format!("\"a\", {tag}"), &format!("{tag},\"a,b\"")] {
            assert!(is_match(&[named]), "{named}");
        }
        assert!(is_match(&["\"a\"", &tag]), "in two lines");
        for other in ["", "\"a\"", &format!("W/{tag}"), tag.trim_matches('"'), "W/*"] {
            assert!(!is_match(&[other]), "{other}");
        }
    }

    #[test]
    fn a_weak_tag_tells_what_is_unchanged_and_allows_no_change() {
        let tag = EntityTag::weak(&"tea").unwrap();
        assert!(tag.0.starts_with("W/\""));
        let named = |header: HeaderName, value: &str| request(header, &[value]);
        let known = named(header::IF_NONE_MATCH, &tag.0);
        assert!(unchanged(&known, &tag, "no-cache").unwrap().is_some());
        let other = EntityTag::weak(&"coffee").unwrap();
        assert!(unchanged(&known, &other, "no-cache").unwrap().is_none());
        assert!(!is_match(&[&tag.0]));
    }

    #[test]
    fn a_change_without_if_match_is_refused() {
        let missing = require_if_match(&Request::new(Body::Empty)).unwrap_err();
        assert_eq!(missing.reason, &error::PRECONDITION_REQUIRED);
        require_if_match(&request(header::IF_MATCH, &["\"a\""])).unwrap();
    }

    #[test]
    fn a_client_that_has_the_response_gets_304_without_a_body() {
        let tag = tag();
        for named in [tag.clone(), format!("W/{tag}"), format!("\"a\", {tag}"), "*".to_owned()] {
            let response = get(&request(header::IF_NONE_MATCH, &[&named]), &"tea", "no-cache").unwrap();
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{named}");
            assert!(response.body().is_empty());
            assert_eq!(response.headers()[header::ETAG], tag);
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
        }
        for other in ["\"a\"", ""] {
            let response = get(&request(header::IF_NONE_MATCH, &[other]), &"tea", "no-cache").unwrap();
            assert_eq!(
                (response.status(), &response.headers()[header::ETAG]),
                (StatusCode::OK, &tag.parse().unwrap())
            );
            assert_eq!(&response.body()[..], b"\"tea\"");
        }
    }
}
