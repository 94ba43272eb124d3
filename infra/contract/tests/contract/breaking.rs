//! A difference to the last release is refused if it breaks a client, and is named. Small documents test the rules; a
//! changed copy of the real contract tests the whole.

use std::collections::BTreeSet;

use contract::breaking::{Contract, differences};
use contract::{released, schemas};
use yaml_serde::{Mapping, Value};

use crate::{document, routes};

/// An API with one operation, `POST /orders`, and one event. Each test changes one line.
const API: &str = r##"
openapi: 3.1.0
paths:
  /orders:
    post:
      operationId: place-order
      parameters:
      - { name: Idempotency-Key, in: header, required: true, schema: { type: string, maxLength: 255 } }
      - { name: dry_run, in: query, schema: { type: boolean } }
      requestBody:
        required: true
        content:
          application/json:
            schema: { $ref: '#/components/schemas/PlaceOrder' }
      responses:
        '201':
          headers:
            Location: { required: true, schema: { type: string } }
          content:
            application/json:
              schema: { $ref: '#/components/schemas/Order' }
        '409': { $ref: '#/components/responses/Conflict' }
        '503': { description: Retry }
      security: [{ token: [] }]
  /orders/{order_id}:
    parameters:
    - { name: order_id, in: path, required: true, schema: { type: string } }
    get:
      operationId: get-order
      responses:
        '200':
          content:
            application/json:
              schema: { $ref: '#/components/schemas/Order' }
components:
  responses:
    Conflict:
      content:
        application/problem+json:
          schema:
            oneOf: [{ $ref: '#/components/schemas/OutOfStock' }]
            discriminator: { propertyName: type }
  schemas:
    PlaceOrder:
      type: object
      required: [items]
      additionalProperties: false
      properties:
        items: { type: array, maxItems: 50, items: { $ref: '#/components/schemas/Item' } }
        note: { type: string, maxLength: 500 }
        channel: { type: string, enum: [WEB, APP] }
        payment:
          oneOf:
          - { type: object, required: [provider, key], properties: { provider: { const: toss }, key: { type: string } } }
          - { type: object, required: [provider], properties: { provider: { const: stripe } } }
          discriminator: { propertyName: provider }
    Item:
      type: object
      required: [sku, quantity]
      properties:
        sku: { type: string, pattern: '^[a-z]+$' }
        quantity: { type: integer, format: int64, minimum: 1, maximum: 999 }
    Order:
      type: object
      required: [order_id, status, total]
      properties:
        order_id: { type: string, format: uuid }
        status: { type: string, enum: [PENDING, PAID] }
        total: { allOf: [{ $ref: '#/components/schemas/Money' }], description: The sum }
        paid_at: { type: string, format: date-time }
        replaces: { $ref: '#/components/schemas/Order' }
    Money:
      type: object
      required: [amount, currency]
      properties:
        amount: { type: integer, format: int32 }
        currency: { type: string }
    OutOfStock:
      type: object
      required: [type, sku]
      properties:
        type: { type: string, const: 'urn:problem:out-of-stock' }
        sku: { type: string }
    TooMany:
      type: object
      properties:
        type: { type: string, const: 'urn:problem:too-many' }
"##;

const EVENTS: &str = r##"
OrderPlaced:
  x-amazon-events-source: shop.orders
  type: object
  required: [data]
  properties:
    data: { $ref: '#/$defs/Order' }
  $defs:
    Order:
      type: object
      required: [order_id]
      properties:
        order_id: { type: string }
        status: { type: string, enum: [PENDING, PAID] }
"##;

fn contract(api: &str, events: &str) -> Contract {
    let read = |text: &str| yaml_serde::from_str::<Value>(text).unwrap();
    Contract {
        api: read(api),
        events: read(events),
    }
}

/// The differences after `before` was replaced by `after` in the document that contains it.
fn changed(before: &str, after: &str) -> Vec<String> {
    let places = API.matches(before).count() + EVENTS.matches(before).count();
    assert_eq!(places, 1, "`{before}` must be in the documents once");
    let new = contract(&API.replace(before, after), &EVENTS.replace(before, after));
    differences(&contract(API, EVENTS), &new)
}

/// Asserts that each change is refused with exactly this difference.
#[track_caller]
fn refused(changes: &[(&str, &str, &str)]) {
    for (before, after, difference) in changes {
        assert_eq!(changed(before, after), [*difference], "`{before}` became `{after}`");
    }
}

/// Asserts that the changes pass.
#[track_caller]
fn pass(changes: &[(&str, &str)]) {
    for (before, after) in changes {
        assert_eq!(changed(before, after), [""; 0], "`{before}` became `{after}`");
    }
}

#[test]
fn the_same_contract_breaks_nothing() {
    assert_eq!(differences(&contract(API, EVENTS), &contract(API, EVENTS)), [""; 0]);
}

#[test]
fn an_operation_may_not_go_away_move_or_change_its_id() {
    refused(&[
        (
            "  /orders/{order_id}:\n",
            "  /carts/{order_id}:\n",
            "GET /orders/{order_id}: it was moved to GET /carts/{order_id}",
        ),
        (
            "    get:\n      operationId: get-order",
            "    put:\n      operationId: put-order",
            "GET /orders/{order_id}: it was removed",
        ),
        (
            "operationId: get-order",
            "operationId: read-order",
            "GET /orders/{order_id}: its operationId was get-order, and is read-order",
        ),
    ]);
}

#[test]
fn an_operation_may_be_added() {
    pass(&[(
        "components:\n  responses:",
        "  /new:\n    get: { operationId: new, responses: { '200': {} } }\ncomponents:\n  responses:",
    )]);
}

#[test]
fn a_parameter_may_not_go_away_become_required_or_accept_less() {
    refused(&[
        (
            "name: dry_run, in",
            "name: trial, in",
            "POST /orders, query parameter `dry_run`: it was removed",
        ),
        (
            "{ name: dry_run, in: query,",
            "{ name: dry_run, in: query, required: true,",
            "POST /orders, query parameter `dry_run`: it is now required",
        ),
        (
            "schema: { type: boolean }",
            "schema: { type: integer }",
            "POST /orders, query parameter `dry_run`: its type was boolean, and is integer",
        ),
        (
            "maxLength: 255",
            "maxLength: 64",
            "POST /orders, header parameter `idempotency-key`: its maxLength was 255, and is 64",
        ),
        (
            "      requestBody:\n",
            "      - { name: shop, in: query, required: true }\n      requestBody:\n",
            "POST /orders, query parameter `shop`: it is new and required",
        ),
    ]);
}

#[test]
fn a_parameter_may_be_added_become_optional_or_accept_more() {
    pass(&[
        (
            "      requestBody:\n",
            "      - { name: shop, in: query }\n      requestBody:\n",
        ),
        ("in: header, required: true,", "in: header,"),
        ("name: Idempotency-Key", "name: idempotency-key"),
        ("maxLength: 255", "maxLength: 300"),
    ]);
}

#[test]
fn a_request_may_not_lose_a_member_or_need_another() {
    refused(&[
        (
            "        note: { type: string, maxLength: 500 }\n",
            "",
            "schema PlaceOrder in requests, `note`: it was removed",
        ),
        (
            "required: [items]",
            "required: [items, note]",
            "schema PlaceOrder in requests, `note`: it is now required",
        ),
        (
            "required: [sku, quantity]\n      properties:\n",
            "required: [sku, quantity, size]\n      properties:\n        size: { type: string }\n",
            "schema Item in requests, `size`: it is new and required",
        ),
        (
            "required: [sku, quantity]\n",
            "required: [sku, quantity]\n      additionalProperties: false\n",
            "schema Item in requests: it may no longer have other members",
        ),
    ]);
}

#[test]
fn a_request_may_not_be_narrowed() {
    refused(&[
        (
            "maxItems: 50",
            "maxItems: 20",
            "schema PlaceOrder in requests, `items`: its maxItems was 50, and is 20",
        ),
        (
            "maxItems: 50",
            "maxItems: 50, minItems: 1",
            "schema PlaceOrder in requests, `items`: it has a new minItems, 1",
        ),
        (
            "minimum: 1,",
            "minimum: 2,",
            "schema Item in requests, `quantity`: its minimum was 1, and is 2",
        ),
        (
            "maximum: 999",
            "maximum: 99",
            "schema Item in requests, `quantity`: its maximum was 999, and is 99",
        ),
        (
            "maximum: 999",
            "maximum: 999, multipleOf: 2",
            "schema Item in requests, `quantity`: it has a new multipleOf, 2",
        ),
        (
            "maxLength: 500",
            "maxLength: 400",
            "schema PlaceOrder in requests, `note`: its maxLength was 500, and is 400",
        ),
        (
            "maxLength: 500",
            "maxLength: 500, pattern: '^a'",
            "schema PlaceOrder in requests, `note`: it has a new pattern, ^a",
        ),
        (
            "pattern: '^[a-z]+$'",
            "pattern: '^[A-Z]+$'",
            "schema Item in requests, `sku`: its pattern was ^[a-z]+$, and is ^[A-Z]+$",
        ),
        (
            "type: integer, format: int64",
            "type: integer, format: int32",
            "schema Item in requests, `quantity`: its format was int64, and is int32",
        ),
        (
            "type: integer, format: int64",
            "type: string, format: int64",
            "schema Item in requests, `quantity`: its type was integer, and is string",
        ),
        (
            "enum: [WEB, APP]",
            "enum: [WEB]",
            "schema PlaceOrder in requests, `channel`: the value APP was removed",
        ),
        (
            "note: { type: string,",
            "note: { type: string, enum: [A],",
            "schema PlaceOrder in requests, `note`: it may now only be A",
        ),
        (
            "maxItems: 50",
            "maxItems: 50, uniqueItems: true",
            "schema PlaceOrder in requests, `items`: its items must now be distinct",
        ),
        (
            "note: { type: string,",
            "note: { type: string, not: { const: a },",
            "schema PlaceOrder in requests, `note`: its `not` changed, which cannot be judged",
        ),
    ]);
}

#[test]
fn a_request_may_accept_more() {
    pass(&[
        ("maxItems: 50", "maxItems: 100"),
        ("minimum: 1, ", ""),
        ("maxLength: 500", "maxLength: 500, minLength: 0"),
        ("maxLength: 500", "maxLength: 500, description: What the courier reads"),
        ("pattern: '^[a-z]+$'", "minLength: 0"),
        ("type: integer, format: int64", "type: number"),
        ("enum: [WEB, APP]", "enum: [WEB, APP, PHONE]"),
        ("enum: [WEB, APP]", "oneOf: [{ const: WEB }, { const: APP }]"),
        ("required: [items]", "required: []"),
        ("        note: {", "        gift: { type: boolean }\n        note: {"),
    ]);
}

#[test]
fn a_variant_of_a_request_may_not_go_away_or_be_narrowed() {
    let stripe = "          - { type: object, required: [provider], properties: { provider: { const: stripe } } }\n";
    refused(&[
        (
            stripe,
            "",
            "schema PlaceOrder in requests, `payment(stripe)`: this variant was removed",
        ),
        (
            "key: { type: string } }",
            "key: { type: integer } }",
            "schema PlaceOrder in requests, `payment(toss).key`: its type was string, and is integer",
        ),
    ]);
    let three = format!("{stripe}          - {{ type: object, properties: {{ provider: {{ const: kakaopay }} }} }}\n");
    pass(&[(stripe, &three)]);
}

#[test]
fn what_the_variants_of_a_union_share_may_not_be_narrowed() {
    let with_union = |shared: &str| {
        let union = format!("oneOf: [{{ $ref: '#/components/schemas/Money' }}], {shared}");
        let api = API.replace(
            "note: { type: string, maxLength: 500 }",
            &format!("note: {{ {union} }}"),
        );
        contract(&api, EVENTS)
    };
    let (old, new) = (
        with_union("properties: { tip: { type: integer } }"),
        with_union("required: [tip], properties: { tip: { type: string } }"),
    );
    assert_eq!(
        differences(&old, &new),
        [
            "schema PlaceOrder in requests, `note.tip`: its type was integer, and is string",
            "schema PlaceOrder in requests, `note.tip`: it is now required"
        ]
    );
}

#[test]
fn schemas_that_contain_themselves_are_compared_once() {
    let deep = |kind: &str| {
        let tree = format!(
            "    Tree: {{ type: object, properties: {{ name: {{ type: {kind} }}, left: {{ allOf: [{{ $ref: '#/components/schemas/Tree' }}] }} }} }}\n"
        );
        let api = API.replace("    Money:\n", &format!("{tree}    Money:\n"));
        let api = api.replace(
            "paid_at: { type: string, format: date-time }",
            "tree: { $ref: '#/components/schemas/Tree' }",
        );
        contract(&api, EVENTS)
    };
    let found = differences(&deep("string"), &deep("integer"));
    assert!(
        found.contains(&"schema Tree in responses, `name`: its type was string, and is integer".to_owned()),
        "{found:?}"
    );
    assert!(found.len() < 4, "{found:?}");
}

#[test]
fn a_schema_that_becomes_a_union_must_accept_what_it_accepted() {
    refused(&[(
        "note: { type: string, maxLength: 500 }",
        "note: { oneOf: [{ type: object }, { type: integer }] }",
        "schema PlaceOrder in requests, `note`: none of its variants accepts what was accepted",
    )]);
    pass(&[(
        "note: { type: string, maxLength: 500 }",
        "note: { oneOf: [{ type: object }, { type: string }] }",
    )]);
}

#[test]
fn an_answer_may_not_lose_a_member_or_change_its_type() {
    refused(&[
        (
            "        paid_at: { type: string, format: date-time }\n",
            "",
            "schema Order in responses, `paid_at`: it was removed",
        ),
        (
            "required: [order_id, status, total]",
            "required: [order_id, total]",
            "schema Order in responses, `status`: it is now optional",
        ),
        (
            "type: integer, format: int32",
            "type: string, format: int32",
            "schema Order in responses, `total.amount`: its type was integer, and is string",
        ),
        (
            "type: integer, format: int32",
            "type: integer, format: int64",
            "schema Order in responses, `total.amount`: its format was int32, and is int64",
        ),
        (
            "format: date-time",
            "format: date",
            "schema Order in responses, `paid_at`: its format was date-time, and is date",
        ),
        (
            "status: { type: string, enum: [PENDING, PAID] }\n        total",
            "status: { type: string, enum: [PENDING] }\n        total",
            "schema Order in responses, `status`: the value PAID was removed",
        ),
        (
            "currency: { type: string }",
            "currency: { oneOf: [{ type: string }, { type: object }] }",
            "schema Order in responses, `total.currency(object)`: its type was string, and is object",
        ),
    ]);
}

#[test]
fn an_answer_may_say_more() {
    pass(&[
        (
            "status: { type: string, enum: [PENDING, PAID] }\n        total",
            "status: { type: string, enum: [PENDING, PAID, REFUNDED] }\n        total",
        ),
        ("        paid_at:", "        number: { type: string }\n        paid_at:"),
        (
            "required: [order_id, status, total]",
            "required: [order_id, status, total, paid_at]",
        ),
        ("currency: { type: string }", "currency: { type: string, maxLength: 3 }"),
        (
            "total: { allOf: [{ $ref: '#/components/schemas/Money' }], description: The sum }",
            "total: { $ref: '#/components/schemas/Money' }",
        ),
    ]);
}

#[test]
fn a_success_keeps_its_status_headers_and_media_type() {
    assert_eq!(
        changed("'200':", "'202':"),
        [
            "GET /orders/{order_id}: it no longer succeeds with 200",
            "GET /orders/{order_id}: it may now succeed with 202"
        ]
    );
    let body = "          content:\n            application/json:\n              schema: { $ref: '#/components/schemas/Order' }\n        '409'";
    refused(&[
        (
            "            Location: {",
            "            Other: {",
            "POST /orders, response 201, header `Location`: it was removed",
        ),
        (
            "Location: { required: true,",
            "Location: {",
            "POST /orders, response 201, header `Location`: it is now optional",
        ),
        (
            body,
            &body.replace("application/json", "text/plain"),
            "POST /orders, response 201: application/json was removed",
        ),
    ]);
}

#[test]
fn what_was_accepted_may_not_be_refused_for_a_new_reason() {
    let typed = "oneOf: [{ $ref: '#/components/schemas/OutOfStock' }]";
    let two = "oneOf: [{ $ref: '#/components/schemas/OutOfStock' }, { $ref: '#/components/schemas/TooMany' }]";
    refused(&[
        (
            typed,
            two,
            "POST /orders: it may now refuse with 409 `urn:problem:too-many`",
        ),
        (
            "'503': { description: Retry }",
            "'422': {}",
            "POST /orders: it may now refuse with 422",
        ),
        (
            "        '409': { $ref",
            "        '422': { $ref",
            "POST /orders: `urn:problem:out-of-stock` has status 422, and had 409",
        ),
    ]);
}

#[test]
fn a_new_member_of_a_request_may_bring_a_new_refusal() {
    let typed = "oneOf: [{ $ref: '#/components/schemas/OutOfStock' }]";
    let two = "oneOf: [{ $ref: '#/components/schemas/OutOfStock' }, { $ref: '#/components/schemas/TooMany' }]";
    let grown = API
        .replace(typed, two)
        .replace("        note: {", "        coupon: { type: string }\n        note: {");
    assert_eq!(differences(&contract(API, EVENTS), &contract(&grown, EVENTS)), [""; 0]);
}

#[test]
fn a_refusal_may_go_away_but_its_members_may_not() {
    pass(&[("        '409': { $ref: '#/components/responses/Conflict' }\n", "")]);
    pass(&[(
        "        '503': { description: Retry }\n",
        "        '500': { description: Failed }\n",
    )]);
    refused(&[(
        "        sku: { type: string }\n    TooMany",
        "    TooMany",
        "schema OutOfStock in refusals, `sku`: it was removed",
    )]);
}

#[test]
fn a_public_operation_may_not_require_a_token_nor_a_token_another_scope() {
    refused(&[
        (
            "operationId: get-order\n",
            "operationId: get-order\n      security: [{ token: [] }]\n",
            "GET /orders/{order_id}: it now requires token",
        ),
        (
            "security: [{ token: [] }]",
            "security: [{ token: [staff] }]",
            "POST /orders: it now requires token with staff",
        ),
    ]);
    pass(&[
        ("security: [{ token: [] }]", "security: []"),
        ("security: [{ token: [] }]", "security: [{ token: [] }, { key: [] }]"),
    ]);
}

#[test]
fn an_event_may_not_go_away_lose_a_member_or_change_its_source() {
    refused(&[
        ("OrderPlaced:", "OrderCreated:", "event OrderPlaced: it was removed"),
        ("shop.orders", "shop.sales", "event OrderPlaced: its source changed"),
        (
            "order_id: { type: string }",
            "id: { type: string }",
            "event OrderPlaced, schema Order, `order_id`: it was removed",
        ),
        (
            "order_id: { type: string }",
            "order_id: { type: integer }",
            "event OrderPlaced, schema Order, `order_id`: its type was string, and is integer",
        ),
        (
            "required: [order_id]",
            "required: []",
            "event OrderPlaced, schema Order, `order_id`: it is now optional",
        ),
    ]);
    pass(&[
        (
            "      required: [order_id]\n      properties:\n",
            "      required: [order_id]\n      properties:\n        number: { type: string }\n",
        ),
        ("OrderPlaced:", "OrderPaid: {}\nOrderPlaced:"),
    ]);
}

#[test]
fn a_released_contract_is_read_as_it_was_written_but_without_descriptions() {
    let real = released::present().unwrap();
    let file = released::file(&real).unwrap();
    let read = released::parse(&file.text).unwrap();
    assert_eq!(differences(&read, &real), [""; 0]);
    assert_eq!(differences(&real, &read), [""; 0]);
    assert_eq!(released::file(&read).unwrap(), file);
    assert!(!file.text.contains("\"description\":\""), "descriptions may change");
    let described = contract(&API.replace("note: {", "description: {"), EVENTS);
    let read = released::parse(&released::file(&described).unwrap().text).unwrap();
    assert_eq!(
        differences(&read, &contract(API, EVENTS)),
        ["schema PlaceOrder in requests, `description`: it was removed"]
    );
}

#[test]
fn the_contract_breaks_nothing_that_was_released() {
    assert_eq!(
        released::differences().unwrap(),
        [""; 0],
        "keep what was released, beside what is new"
    );
}

#[test]
fn a_breaking_change_of_the_real_contract_is_refused_and_named() {
    let real = released::present().unwrap();
    let differences_of = |change: &dyn Fn(&mut Contract)| {
        let mut trial = real.clone();
        change(&mut trial);
        differences(&real, &trial)
    };

    let found = differences_of(&|trial| trial.api["paths"] = Value::Mapping(Mapping::new()));
    let operations: Vec<_> = routes::operations().into_iter().map(|(route, _)| route).collect();
    assert_eq!(found.len(), operations.len());
    for route in operations {
        assert!(found.contains(&format!("{route}: it was removed")), "{route}");
    }

    let found = differences_of(&|trial| trial.events = Value::Mapping(Mapping::new()));
    let events = schemas().unwrap();
    let missing = events
        .iter()
        .map(|event| format!("event {}: it was removed", event.detail_type));
    assert_eq!(found, missing.collect::<Vec<_>>());

    let found = differences_of(&|trial| {
        for name in answered() {
            let schema = &mut trial.api["components"]["schemas"][name.as_str()];
            if let Some(members) = schema.get_mut("properties").and_then(Value::as_mapping_mut) {
                let (last, member) = members
                    .iter()
                    .last()
                    .map(|(name, schema)| (name.clone(), schema.clone()))
                    .unwrap();
                members.shift_remove(&last);
                members.insert(format!("{}_renamed", last.as_str().unwrap()).into(), member);
            }
        }
    });
    for name in answered() {
        let place = format!("schema {name} in responses, `");
        assert!(
            found
                .iter()
                .any(|line| line.starts_with(&place) && line.ends_with("`: it was removed")),
            "{name}"
        );
    }
}

/// The schemas of objects that are the body of a successful response.
fn answered() -> BTreeSet<String> {
    let real = document();
    let mut names = BTreeSet::new();
    for (_, operation) in routes::operations() {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let name = response
                .pointer("/content/application~1json/schema/$ref")
                .and_then(|name| name.as_str());
            let name = name.and_then(|name| name.strip_prefix("#/components/schemas/"));
            if let Some(name) = name.filter(|name| {
                status.starts_with('2') && real["components"]["schemas"][name].get("properties").is_some()
            }) {
                names.insert(name.to_owned());
            }
        }
    }
    assert!(!names.is_empty());
    names
}
