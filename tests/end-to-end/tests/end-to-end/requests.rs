//! Requests that no HTTP library sends: each is answered by the process that also answers the next one.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result, ensure};
use end_to_end::Shop;
use local_cloud::Answer;

use crate::Test;

pub const TESTS: &[Test] = &[
    (
        "a_request_that_makes_no_uri_is_answered",
        a_request_that_makes_no_uri_is_answered,
    ),
    (
        "every_response_of_a_function_has_its_request_id",
        every_response_of_a_function_has_its_request_id,
    ),
];

fn a_request_that_makes_no_uri_is_answered(shop: &Shop) -> Result<()> {
    // On AWS the API speaks TLS only, and a client that sends these lines over TLS is not at hand.
    let Some(endpoint) = shop.stack.endpoint() else {
        return Ok(());
    };
    let sku = shop.product(3, 1)?;
    let get = |query: &str, header: &str| status(shop, &format!("/products/{sku}{query}"), header);
    let host = "host: localhost";
    ensure!(get("", host)? == 200);
    let before = processes("GetProduct", endpoint)?;
    ensure!(!before.is_empty(), "no process of the function was found");
    for (query, header) in [
        ("?a=\"b\"", host),
        ("?a=<b>", host),
        ("", "host: localhost\r\nx-forwarded-proto: 1 bad"),
        ("", "host: a b"),
        ("?a=%ff&&=%", host),
    ] {
        let status = get(query, header)?;
        ensure!(matches!(status, 200 | 400), "{query} {header}: {status}");
        ensure!(get("", host)? == 200, "after {query} {header}");
    }
    let after = processes("GetProduct", endpoint)?;
    ensure!(after.is_superset(&before), "of {before:?} only {after:?} are left");
    Ok(())
}

fn every_response_of_a_function_has_its_request_id(shop: &Shop) -> Result<()> {
    let sku = shop.product(1, 1)?;
    let found = shop.api.call("GET", &format!("/products/{sku}")).send()?;
    let missing = shop.api.call("GET", "/products/there-is-no-such-thing").send()?;
    let id = |answer: &Answer| answer.header("request-id").map(ToOwned::to_owned);
    let (first, second) = (id(&found), id(&missing).context("no id")?);
    ensure!(first.is_some_and(|first| !first.is_empty() && first != second));
    let problem = missing.expect(404)?;
    ensure!(
        problem["instance"] == format!("urn:madang:request:{second}"),
        "{problem}"
    );
    Ok(())
}

/// The status of a GET that is sent as it is written.
fn status(shop: &Shop, target: &str, headers: &str) -> Result<u16> {
    let url = shop.api.url.strip_prefix("http://").context("not a local stack")?;
    let (authority, path) = url
        .split_once('/')
        .map_or((url, String::new()), |(to, path)| (to, format!("/{path}")));
    let mut stream = TcpStream::connect(authority)?;
    write!(
        stream,
        "GET {path}{target} HTTP/1.1\r\n{headers}\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = vec![];
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.with_context(|| format!("no status in {answer:?}"))
}

/// The processes of a function of the emulator at `endpoint`, from their environment (proc(5)).
fn processes(function: &str, endpoint: &str) -> Result<BTreeSet<u32>> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // A process may end at any time.
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        let mut variables = environment.split(|&byte| byte == 0).map(String::from_utf8_lossy);
        let is = |variable: &str, name: &str, text: &str| {
            variable.strip_prefix(name).is_some_and(|value| value.contains(text))
        };
        if variables
            .clone()
            .any(|variable| is(&variable, "AWS_LAMBDA_FUNCTION_NAME=", function))
            && variables.any(|variable| is(&variable, "AWS_ENDPOINT_URL=", endpoint))
        {
            found.insert(id);
        }
    }
    Ok(found)
}
