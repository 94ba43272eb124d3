//! Requests as API Gateway passes them on, whatever a client sent: each is answered, and refused where it is wrong.

use function_tests::{Shop, order_call};
use harness::gateway::{Answer, Call};
use serde_json::{Value, json};
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{Request, Response};

async fn get_tea(shop: &Shop, field: &str, value: Value) -> Answer {
    let call = Call::new("GET", "/products/{sku}").path("sku", "tea");
    shop.get_product(call.set(field, value)).await
}

#[tokio::test]
async fn a_query_and_headers_that_make_no_uri_do_not_matter_to_a_route_that_does_not_read_them() {
    let shop = Shop::with("tea", 1, 3).await;
    let long = format!("a={}", "x".repeat(100_000));
    for (field, values) in [
        (
            "/rawQueryString",
            &[r#"a="b""#, "a=<b>", "a=%zz&&&=", "%", "가=나", "a b\u{7f}", &long][..],
        ),
        ("/rawPath", &["", "//", "no slash", "/products/\"tea\"", "/%", "/\u{0}"]),
        (
            "/headers",
            &[
                "x-forwarded-proto: 1 bad",
                "host: a b",
                "host: [",
                "host: ",
                "x-forwarded-proto: 가",
            ],
        ),
    ] {
        for value in values {
            let value = match value.split_once(": ") {
                Some((name, value)) if field == "/headers" => json!({ name: value }),
                _ => json!(value),
            };
            let answer = get_tea(&shop, field, value.clone()).await;
            assert_eq!(
                (answer.status, &answer.body["sku"]),
                (200, &json!("tea")),
                "{field} {value}"
            );
        }
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_refused() {
    let shop = Shop::with("tea", 1, 3).await;
    for (field, value) in [
        ("/headers", json!({ "authorization": "a\nb" })),
        ("/headers", json!({ "a name": "b" })),
        ("/headers", json!(["host"])),
        ("/requestContext", Value::Null),
        ("/requestContext/http/method", json!("NO METHOD")),
        ("/isBase64Encoded", json!("yes")),
        ("/pathParameters", json!({ "sku": 1 })),
        ("/rawQueryString", json!({})),
        ("", json!([])),
    ] {
        let answer = get_tea(&shop, field, value.clone()).await;
        assert_eq!(answer.status, 400, "{field} {value}");
        assert_eq!(answer.problem(), "malformed-request", "{field} {value}");
    }
    let body = |text: &str| {
        order_call("ann", "k", &[])
            .text(text)
            .set("/isBase64Encoded", json!(true))
    };
    assert_eq!(shop.checkout(body("not base64")).await.problem(), "malformed-request");
    assert_eq!(shop.checkout(body("e30=")).await.problem(), "malformed-body");
    assert_eq!(shop.checkout(body("")).await.problem(), "malformed-body");
}

#[tokio::test]
async fn a_body_or_a_header_of_any_kind_is_refused_or_ignored() {
    let shop = Shop::with("tea", 1, 3).await;
    let bytes = order_call("ann", "bytes", &[]).base64(b"\xff\xfe{}");
    assert_eq!(shop.checkout(bytes).await.problem(), "malformed-body");
    let large = order_call("ann", "large", &[]).base64(&vec![b' '; 7_000_000]);
    assert_eq!(shop.checkout(large).await.problem(), "body-too-large");
    let deep = order_call("ann", "deep", &[]).text(&"[".repeat(60_000));
    assert_eq!(shop.checkout(deep).await.problem(), "malformed-body");
    for (name, value) in [
        ("content-type", "text/plain; charset=\"\u{fffd}"),
        ("content-type", ""),
        ("cookie", "a=b; c"),
        ("accept", "가"),
        ("x-amzn-trace-id", "\u{80}"),
    ] {
        let call = order_call("ann", &format!("{name}{}", value.len()), &[("tea", 1)]);
        let answer = shop.checkout(call.header(name, value)).await;
        assert!(matches!(answer.status, 201 | 409), "{name} {value}: {answer:?}");
    }
}

#[tokio::test]
async fn a_path_parameter_is_taken_as_the_gateway_decoded_it() {
    let shop = Shop::with("tea", 1, 3).await;
    let get = |sku: &str| {
        let call = Call::new("GET", "/products/{sku}").path("sku", sku);
        shop.get_product(call)
    };
    assert_eq!(get("tea").await.status, 200);
    for sku in [
        "t%65a",
        "tea ",
        "tea+",
        "+tea",
        "te\u{fffd}a",
        "tea,tea",
        "",
        "\u{0}",
        "../tea",
        &"x".repeat(10_000),
    ] {
        let answer = get(sku).await;
        assert!(matches!(answer.status, 400 | 404), "{sku}: {answer:?}");
    }
}

#[tokio::test]
async fn a_query_parameter_that_occurs_twice_is_refused() {
    let shop = Shop::open().await;
    let list = |query: &str| {
        let call = Call::new("GET", "/orders").by("ann");
        shop.list_orders(call.set("/rawQueryString", json!(query)))
    };
    for query in [
        "limit=1",
        "limit=%31",
        "lim%69t=1",
        "limit=1&color=a&color=b",
        "color=%FF",
        "",
    ] {
        assert_eq!(list(query).await.status, 200, "{query}");
    }
    for query in [
        "limit=1&limit=1",
        "limit=1&%6Cimit=2",
        "cursor=&cursor=",
        "limit=",
        "limit=+1",
        "limit=%FF",
        "limit",
    ] {
        let answer = list(query).await;
        assert_eq!(answer.problem(), "invalid-parameter", "{query}");
    }
}

#[tokio::test]
async fn every_response_has_the_id_of_its_request() {
    let shop = Shop::with("tea", 1, 3).await;
    let id = shop.invocation().request_id;
    let answer = get_tea(&shop, "/rawQueryString", json!("")).await;
    assert_eq!((answer.status, &answer.request_id), (200, &id));
    let missing = shop
        .get_product(Call::new("GET", "/products/{sku}").path("sku", "none"))
        .await;
    assert_eq!((missing.problem(), &missing.request_id), ("not-found", &id));
    assert_eq!(missing.body["instance"], format!("urn:madang:request:{id}"));
}

#[tokio::test]
async fn a_panic_is_answered_and_the_next_request_is_served() {
    let shop = Shop::with("tea", 1, 3).await;
    let call = order_call("ann", "k", &[("tea", 1)]);
    let panics = async |_: Request, _: Invocation| -> Result<Response, shared::Error> {
        tokio::task::yield_now().await;
        panic!("a secret")
    };
    let answer = call.send(shop.invocation(), panics).await;
    assert_eq!((answer.status, answer.problem()), (500, "internal"));
    assert!(
        answer.body["detail"].as_str().unwrap().contains("`instance`"),
        "{answer:?}"
    );
    assert!(!answer.body.to_string().contains("secret"), "{answer:?}");
    assert_eq!(shop.checkout(call).await.status, 201);
}
