//! The events of an HTTP API (payload format 2.0) as HTTP requests, and HTTP responses as their results.
//!
//! `lambda_http::run` does this too, but panics on what clients send: it builds a URI from the path, the query and the
//! headers `Host` and `X-Forwarded-Proto`, which make no URI in many cases, and it decodes base64 without a check.
//!
//! Path parameters arrive percent-decoded from API Gateway. Query parameters are decoded here, as a form encodes them
//! (WHATWG URL, "application/x-www-form-urlencoded"): `+` is a space, and bytes that are not UTF-8 become U+FFFD.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use lambda_http::aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use lambda_http::aws_lambda_events::query_map::QueryMap;
use lambda_http::request::RequestContext;
use lambda_http::{Body, RequestExt};

use crate::aws::lambda::http::{Request, Response};
use crate::core::error::{MALFORMED_REQUEST, Rejection};

/// Reads the request of an event. It has no URI: API Gateway has chosen the function, and no URI holds every path and
/// query that a client can send.
///
/// # Errors
/// `malformed-request` when a part of it cannot be read: a header's value with control characters, a body that is not
/// base64, a field that is missing.
pub fn request(event: &str) -> Result<Request, Rejection> {
    // The cause can contain a token, so it is not passed on.
    let refused = |_| {
        Rejection::new(
            &MALFORMED_REQUEST,
            "The method, a header or a parameter cannot be read.",
        )
    };
    let event: ApiGatewayV2httpRequest = serde_json::from_str(event).map_err(refused)?;
    let Ok(query) = event.raw_query_string.unwrap_or_default().parse::<QueryMap>();
    let method = event.request_context.http.method.clone();
    let mut request = Request::new(body(event.body, event.is_base64_encoded)?)
        .with_path_parameters(event.path_parameters)
        .with_query_string_parameters(query)
        .with_request_context(RequestContext::ApiGatewayV2(event.request_context));
    *request.method_mut() = method;
    *request.headers_mut() = event.headers;
    Ok(request)
}

fn body(text: Option<String>, is_base64_encoded: bool) -> Result<Body, Rejection> {
    match text {
        None => Ok(Body::Empty),
        Some(text) if is_base64_encoded => {
            let refused = |_| Rejection::new(&MALFORMED_REQUEST, "The body is not the base64 that it is said to be.");
            BASE64_STANDARD.decode(text).map(Body::Binary).map_err(refused)
        }
        Some(text) => Ok(Body::Text(text)),
    }
}

/// The result of an event, which API Gateway sends to the client. Leaves out a header whose value is not UTF-8, which
/// JSON cannot contain.
pub fn result(response: Response) -> ApiGatewayV2httpResponse {
    let (parts, body) = response.into_parts();
    let mut result = ApiGatewayV2httpResponse::default();
    result.status_code = parts.status.as_u16().into();
    let headers = parts
        .headers
        .iter()
        .filter(|(_, value)| str::from_utf8(value.as_bytes()).is_ok());
    result.headers = headers.map(|(name, value)| (name.clone(), value.clone())).collect();
    result.is_base64_encoded = matches!(body, Body::Binary(_));
    result.body = (!body.is_empty()).then_some(body);
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda_http::http::{HeaderValue, StatusCode};
    use serde_json::{Value, json};

    fn read(change: impl FnOnce(&mut Value)) -> Result<Request, Rejection> {
        let mut event = json!({
            "version": "2.0",
            "routeKey": "POST /products/{sku}",
            "rawPath": "/products/tea",
            "rawQueryString": "",
            "headers": { "host": "api.example.com" },
            "pathParameters": { "sku": "tea" },
            "requestContext": { "http": { "method": "POST", "path": "/products/tea" } },
            "isBase64Encoded": false,
        });
        change(&mut event);
        request(&event.to_string())
    }

    fn query(text: &str) -> Request {
        read(|event| event["rawQueryString"] = json!(text)).unwrap()
    }

    #[test]
    fn a_request_has_the_parts_of_its_event() {
        let request = read(|event| {
            event["headers"]["x-name"] = json!("가");
            event["body"] = json!("{}");
        });
        let request = request.unwrap();
        assert_eq!(request.method(), "POST");
        assert_eq!(request.headers()["x-name"].as_bytes(), "가".as_bytes());
        assert_eq!(request.path_parameters().first("sku"), Some("tea"));
        assert_eq!(&request.body()[..], b"{}");
        assert!(matches!(request.request_context(), RequestContext::ApiGatewayV2(_)));
    }

    #[test]
    fn query_parameters_are_decoded_as_a_form_encodes_them() {
        for (text, expected) in [
            ("a=b", Some("b")),
            ("a=x+y", Some("x y")),
            ("a=x%2By", Some("x+y")),
            ("a=%EA%B0%80", Some("가")),
            ("a=가", Some("가")),
            ("a=%FF", Some("\u{fffd}")),
            ("a=%", Some("%")),
            ("a=%zz", Some("%zz")),
            ("a=\"b\"", Some("\"b\"")),
            ("a=b=c", Some("b=c")),
            ("a", Some("")),
            ("%61=b", Some("b")),
            ("b=a", None),
            ("&&=&", None),
            ("", None),
        ] {
            assert_eq!(query(text).query_string_parameters().first("a"), expected, "{text}");
        }
        assert_eq!(
            query("a=1&a=2").query_string_parameters().all("a"),
            Some(vec!["1", "2"])
        );
    }

    #[test]
    fn a_body_is_decoded_when_it_is_base64() {
        let body = |text: Value, is_base64: bool| {
            let request = read(|event| {
                event["body"] = text;
                event["isBase64Encoded"] = json!(is_base64);
            });
            request.map(|request| request.into_body().to_vec())
        };
        assert_eq!(body(json!("e30="), true).unwrap(), b"{}");
        assert_eq!(body(json!("e30="), false).unwrap(), b"e30=");
        for empty in [json!(""), Value::Null] {
            assert_eq!(body(empty, true).unwrap(), b"");
        }
        for bad in ["e30", "{}", "e30=e30=", "한글"] {
            assert_eq!(body(json!(bad), true).unwrap_err().reason, &MALFORMED_REQUEST, "{bad}");
        }
    }

    #[test]
    fn an_event_that_cannot_be_read_is_refused_without_its_content() {
        let changes: [fn(&mut Value); 9] = [
            |event| event["headers"]["authorization"] = json!("secret\n"),
            |event| event["headers"]["a name"] = json!("secret"),
            |event| event["headers"]["x"] = json!({ "secret": 1 }),
            |event| event["requestContext"] = Value::Null,
            |event| event["requestContext"]["http"]["method"] = json!("secret method"),
            |event| event["requestContext"]["authorizer"] = json!("secret"),
            |event| event["isBase64Encoded"] = json!("secret"),
            |event| event["pathParameters"] = json!(["secret"]),
            |event| *event = json!("secret"),
        ];
        for (nth, change) in changes.into_iter().enumerate() {
            let rejection = read(change).expect_err(&nth.to_string());
            assert_eq!(rejection.reason, &MALFORMED_REQUEST);
            assert!(!rejection.detail.contains("secret"), "{rejection:?}");
        }
    }

    #[test]
    fn a_result_has_the_parts_of_its_response() {
        let mut response = Response::new(Body::from("{}"));
        *response.status_mut() = StatusCode::CREATED;
        response
            .headers_mut()
            .insert("location", HeaderValue::from_static("/orders/1"));
        // JSON has no such text.
        response
            .headers_mut()
            .insert("x", HeaderValue::from_bytes(b"\xff").unwrap());
        let result = serde_json::to_value(result(response)).unwrap();
        let expected = json!({
            "statusCode": 201, "headers": { "location": "/orders/1" }, "multiValueHeaders": {},
            "body": "{}", "isBase64Encoded": false, "cookies": [],
        });
        assert_eq!(result, expected);
    }
}
