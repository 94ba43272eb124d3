//! The reference page shows every operation, event, schema and problem, and needs nothing but itself.

use std::collections::{BTreeMap, BTreeSet};

use contract::{EventSchema, reference, schemas};
use serde_json::Value as Json;
use yaml_serde::Value;

use crate::{document, routes};

/// The most that an operation adds to the page, with its schemas and examples. The page stays quick to open.
const MAX_BYTES: usize = 16_000;

/// The page of the real contract.
fn page() -> String {
    let api = yaml_serde::to_value(contract::document()).unwrap();
    reference::page(&api, &schemas().unwrap()).unwrap()
}

/// The values of an attribute, in the order of the page. Markup only: the script is cut off.
fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let markup = page.split_once("<script>").unwrap().0;
    let pattern = format!(" {name}=\"");
    let mut values = Vec::new();
    let mut rest = markup;
    while let Some((_, after)) = rest.split_once(pattern.as_str()) {
        let (value, after) = after.split_once('"').unwrap();
        values.push(value);
        rest = after;
    }
    values
}

#[test]
fn the_page_has_a_section_for_each_operation_event_and_schema() {
    let page = page();
    let ids: BTreeSet<&str> = attributes(&page, "id").into_iter().collect();
    let operations = routes::operations();
    let operations = operations
        .iter()
        .map(|(_, operation)| operation["operationId"].as_str().unwrap().to_owned());
    let events = schemas().unwrap();
    let events = events.iter().map(|event| format!("event-{}", event.detail_type));
    let mut expected: Vec<String> = operations.chain(events).collect();
    let document = document();
    let problems = problem_schemas(&document);
    let schemas = document["components"]["schemas"].as_object().unwrap().keys();
    // Problems have a section by their code.
    expected.extend(
        schemas
            .filter(|name| !problems.contains(*name))
            .map(|name| format!("schema-{name}")),
    );
    let missing: Vec<_> = expected.iter().filter(|id| !ids.contains(id.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The schemas of the bodies of refusals, and the variants of those that are unions.
fn problem_schemas(document: &Json) -> BTreeSet<String> {
    fn collect(document: &Json, schema: &Json, names: &mut BTreeSet<String>) {
        let name = schema["$ref"]
            .as_str()
            .and_then(|name| name.strip_prefix("#/components/schemas/"));
        if let Some(name) = name
            && names.insert(name.to_owned())
        {
            collect(document, &document["components"]["schemas"][name], names);
        }
        for variant in schema["oneOf"].as_array().into_iter().flatten() {
            collect(document, variant, names);
        }
    }
    let mut names = BTreeSet::new();
    let operations = routes::operations();
    let responses = operations
        .iter()
        .flat_map(|(_, operation)| operation["responses"].as_object().unwrap().values());
    let shared = document["components"]["responses"].as_object();
    for response in responses.chain(shared.into_iter().flat_map(|responses| responses.values())) {
        collect(
            document,
            &response["content"]["application/problem+json"]["schema"],
            &mut names,
        );
    }
    names
}

#[test]
fn anchors_are_unique_and_each_link_and_copied_schema_has_one() {
    let page = page();
    let mut ids = BTreeMap::new();
    for id in attributes(&page, "id") {
        *ids.entry(id).or_insert(0) += 1;
    }
    assert!(ids.values().all(|count| *count == 1), "{ids:?}");
    let links = attributes(&page, "href")
        .into_iter()
        .filter_map(|link| link.strip_prefix('#'));
    let targets = links.chain(attributes(&page, "data-fields"));
    let broken: BTreeSet<&str> = targets.filter(|target| !ids.contains_key(target)).collect();
    assert!(broken.is_empty(), "{broken:?}");
}

#[test]
fn the_page_loads_nothing_and_its_policy_allows_nothing_else() {
    let page = page();
    assert!(attributes(&page, "src").is_empty());
    for link in attributes(&page, "href") {
        assert!(
            ["#", "data:image/svg+xml,", "https://"]
                .iter()
                .any(|start| link.starts_with(start)),
            "{link}"
        );
    }
    for handler in ["onclick", "onload", "onerror", "style"] {
        assert!(attributes(&page, handler).is_empty(), "{handler}");
    }
    let policy = attributes(&page, "content")[0];
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(!page.contains("{{"), "a part of the template was not replaced");
}

#[test]
fn the_page_stays_small() {
    let most = routes::operations().len() * MAX_BYTES;
    assert!(page().len() < most, "{} bytes of {most}", page().len());
}

/// A document with everything that the real one has or may have.
const API: &str = r##"
info: { title: Shop, version: '1', description: 'Hello **you**' }
tags: [{ name: orders, description: Orders }]
paths:
  /orders/{order_id}:
    parameters:
    - { $ref: '#/components/parameters/OrderId' }
    post:
      operationId: pay-order
      summary: Pays <an> order
      tags: [orders]
      security: [{ token: [staff] }]
      requestBody:
        content:
          application/json:
            schema: { $ref: '#/components/schemas/Pay' }
            examples:
              card: { summary: With a card, value: { by: card } }
              cash: { summary: With cash, value: { by: cash } }
      responses:
        '201': { description: Paid, content: { application/json: { schema: { $ref: '#/components/schemas/Order' }, example: { order_id: o-1 } } } }
        '409': { $ref: '#/components/responses/Conflict' }
        '503': { $ref: '#/components/responses/Unavailable' }
  /orders:
    get:
      operationId: list-orders
      tags: [orders]
      responses:
        '200': { description: Orders }
        '409': { description: Another state }
        '503': { $ref: '#/components/responses/Unavailable' }
components:
  parameters:
    OrderId: { name: order_id, in: path, required: true, schema: { type: string }, example: o-1 }
  responses:
    Conflict:
      description: '`already-paid`, `expired`'
      content:
        application/problem+json:
          schema:
            oneOf: [{ $ref: '#/components/schemas/AlreadyPaid' }, { $ref: '#/components/schemas/Expired' }]
            discriminator: { propertyName: type }
    Unavailable:
      description: Retry
      content: { application/problem+json: { schema: { $ref: '#/components/schemas/Down' } } }
  schemas:
    Pay:
      oneOf: [{ $ref: '#/components/schemas/Card' }, { type: object, properties: { by: { const: cash } } }]
      discriminator: { propertyName: by }
    Card: { type: object, properties: { by: { const: card }, number: { type: string } } }
    Order: { type: object, properties: { order_id: { type: string }, parent: { $ref: '#/components/schemas/Order' } } }
    AlreadyPaid: { type: object, description: It was paid, properties: { type: { const: 'urn:p:already-paid' }, title: { const: Already paid }, paid_at: { type: string } } }
    Problem: { type: object, description: Any problem, properties: { type: { type: string } } }
    Down:
      allOf: [{ $ref: '#/components/schemas/Problem' }, { type: object, properties: { type: { const: 'urn:p:down' } } }]
    Expired: { type: object, properties: { type: { const: 'urn:p:expired' } } }
"##;

const EVENT: &str = r##"{
    "description": "Paid", "properties": { "data": { "$ref": "#/$defs/Order" } },
    "$defs": { "Order": { "type": "object", "properties": { "order_id": { "type": "integer" } } } }
}"##;

fn small_page() -> String {
    let event = EventSchema {
        detail_type: "OrderPaid".to_owned(),
        source: "shop.orders",
        text: EVENT.to_owned(),
    };
    reference::page(&yaml_serde::from_str::<Value>(API).unwrap(), &[event]).unwrap()
}

/// The section with this anchor.
fn section<'a>(page: &'a str, id: &str) -> &'a str {
    let start = page.find(&format!(" id=\"{id}\"")).unwrap_or_else(|| panic!("no {id}"));
    page[start..].split_once("</section>").unwrap().0
}

#[test]
fn a_problem_is_described_once_and_linked_from_its_operations() {
    let page = small_page();
    let operation = section(&page, "pay-order");
    assert!(
        operation.contains("<a href=\"#problem-already-paid\"><code>already-paid</code></a>"),
        "{operation}"
    );
    assert!(operation.contains("#problem-expired"), "{operation}");
    let names = operation.matches("already-paid").count();
    assert_eq!(names, 2, "a description that only names codes is left out: {operation}");
    let problem = section(&page, "problem-already-paid");
    for part in ["409", "Already paid", "It was paid", "paid_at", "#pay-order"] {
        assert!(problem.contains(part), "{part}: {problem}");
    }
    assert!(
        !page.contains("id=\"schema-AlreadyPaid\""),
        "a problem is not a schema too"
    );
}

#[test]
fn a_response_of_every_operation_is_described_once() {
    let page = small_page();
    assert!(section(&page, "problems").contains("<code>down</code></a><br>Retry"));
    let down = section(&page, "problem-down");
    assert!(
        down.contains("Any operation") && !down.contains("Any problem"),
        "{down}"
    );
    assert!(!section(&page, "list-orders").contains("Retry"));
    assert!(
        section(&page, "list-orders").contains("Another state"),
        "not every operation has it"
    );
}

#[test]
fn each_described_example_is_shown_and_the_first_one_is_open() {
    let page = small_page();
    let operation = section(&page, "pay-order");
    assert!(
        operation.contains("<details open><summary>With a card</summary>"),
        "{operation}"
    );
    assert!(
        operation.contains("<details><summary>With cash</summary>"),
        "{operation}"
    );
    assert!(operation.contains("$API/orders/o-1"), "{operation}");
    assert!(operation.contains("<i>&quot;o-1&quot;</i>"), "{operation}");
}

#[test]
fn scopes_parameters_of_paths_and_variants_are_shown_and_text_is_escaped() {
    let page = small_page();
    let operation = section(&page, "pay-order");
    for part in [
        "Needs a token <code>staff</code>",
        "Pays &lt;an&gt; order",
        "<code class=\"name\">order_id</code>",
        "<code>by</code> is <code>card</code>",
        "<code>by</code> is <code>cash</code>",
    ] {
        assert!(operation.contains(part), "{part}: {operation}");
    }
}

#[test]
fn a_schema_of_an_event_that_differs_from_the_apis_has_a_section_of_its_own() {
    let page = small_page();
    assert!(section(&page, "schema-Order").contains(">string</span>"));
    assert!(section(&page, "schema-OrderPaid.Order").contains(">integer</span>"));
    assert!(section(&page, "event-OrderPaid").contains("#schema-OrderPaid.Order"));
}
