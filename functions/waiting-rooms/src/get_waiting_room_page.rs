//! Runs for `GET /waiting-rooms/{waiting_room_id}/page`: a page to wait on. The same for all rooms; reads and changes nothing.

use lambda_http::Body;
use lambda_http::http::{HeaderName, HeaderValue, header};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::conditional::{self, EntityTag};
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, cache};
use shared::core::error::{self, Reason};
use shared::waiting_rooms::WaitingRoomId;

const STYLE: &str = include_str!("get_waiting_room_page/page.css");
const SCRIPT: &str = include_str!("get_waiting_room_page/page.js");
const CONTENT: &str = include_str!("get_waiting_room_page/page.html");

/// The page runs the script with this hash and no other, and asks this API only.
pub const POLICY: &str = "default-src 'none'; script-src 'sha256-2iyY6hcZrGrcJo5UR5vfz/76Ye9Q55nGmccvuqcKU/g='; style-src 'sha256-p240Nt64zRcSiTr1CoIqNQeVZvwSnSZ1vNQWUOKkVcU='; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The function.
#[derive(Debug)]
pub struct GetWaitingRoomPage;

impl GetWaitingRoomPage {
    /// The function on `platform`.
    ///
    /// # Errors
    /// None. The signature is that of all functions.
    pub fn new(_: &Platform) -> Result<Self, Error> {
        Ok(Self)
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Returns a page to wait on
///
/// It joins the waiting room, shows the customer's place, enters at the turn, and goes to the path in `return_to`, with
/// `waiting_room_token` and `expires_at` in the fragment. Open it with the customer's access token in the fragment, as
/// `#access_token=…`: a browser sends no fragment to a server. The page runs no other script, and is in no frame.
///
/// # Cost
/// No request.
///
/// # Errors
/// [`REFUSALS`], those of the request itself.
#[utoipa::path(
    get, path = "/waiting-rooms/{waiting_room_id}/page", operation_id = "get-waiting-room-page", tag = "waiting-rooms",
    params(
        ("waiting_room_id" = Uuid, Path, description = "The waiting room"),
        ("return_to" = Option<String>, Query, nullable = false, description = "A path of the same site, to go to after the admission. Default: `/`"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html",
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "For `If-None-Match` of a later request"),
            )),
        (status = 304, description = "Nothing has changed since the response that `If-None-Match` names",
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "As in `If-None-Match`"),
            )),
    )
)]
pub async fn handle(_: &GetWaitingRoomPage, request: Request, _: Invocation) -> Result<Response, Error> {
    http::path::<WaitingRoomId>(&request)?;
    let tag = EntityTag::of(&[STYLE, SCRIPT, CONTENT])?;
    if let Some(unchanged) = conditional::unchanged(&request, &tag, cache::REFERENCE)? {
        return Ok(unchanged);
    }
    let mut response = Response::new(Body::Text(page()));
    let headers: [(HeaderName, &str); 4] = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    conditional::cacheable(response, &tag, cache::REFERENCE)
}

/// The text of the page.
pub fn page() -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Waiting room</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{CONTENT}<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD as BASE64;
    use sha2::{Digest, Sha256};

    #[test]
    fn the_policy_allows_this_script_and_this_style_only() {
        for (directive, text) in [("script-src", SCRIPT), ("style-src", STYLE)] {
            let hash = BASE64.encode(Sha256::digest(text));
            assert!(
                POLICY.contains(&format!("{directive} 'sha256-{hash}'")),
                "{directive}: {hash}"
            );
        }
    }

    #[test]
    fn the_script_ends_where_it_should() {
        assert!(!SCRIPT.contains("</"), "it would end the element");
        assert!(!STYLE.contains("</"), "it would end the element");
    }
}
