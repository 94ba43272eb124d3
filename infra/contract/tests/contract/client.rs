//! The TypeScript client has every operation, and its types say what the document says.

use contract::client;
use structure::{assert_none, repository};
use yaml_serde::Value;

use crate::routes;

/// The client's source for the real contract.
fn source() -> String {
    client::source(&yaml_serde::to_value(contract::document()).unwrap()).unwrap()
}

/// The source for a document of one operation and these schemas. Both are YAML.
fn source_of(operation: &str, schemas: &str) -> anyhow::Result<String> {
    let indented = |text: &str, indent: usize| {
        let lines = text.lines().map(|line| format!("{:indent$}{line}\n", ""));
        lines.collect::<String>()
    };
    let document = format!(
        "paths:\n  /things/{{id}}:\n{}components:\n  schemas:\n{}",
        indented(operation, 4),
        indented(schemas, 4)
    );
    let document: Value = yaml_serde::from_str(&document).unwrap_or_else(|error| panic!("{error}: {document}"));
    client::source(&document)
}

fn assert_has(source: &str, part: &str) {
    assert!(source.contains(part), "{part}\nis not in\n{source}");
}

/// An operation that takes and returns a `Thing`.
const CHANGE: &str = "
patch:
  summary: Changes a thing
  operationId: change-thing
  parameters:
  - { name: id, in: path, required: true, schema: { type: string } }
  - { name: If-Match, in: header, required: true, description: The tag, schema: { type: string } }
  - { name: Idempotency-Key, in: header, required: true, description: New, schema: { type: string } }
  - { name: kind, in: query, required: false, schema: { $ref: '#/components/schemas/Kind' } }
  requestBody:
    required: true
    content: { application/merge-patch+json: { schema: { $ref: '#/components/schemas/Thing' } } }
  responses:
    '200':
      headers: { ETag: { schema: { type: string } }, Link: { schema: { type: string } } }
      content: { application/json: { schema: { $ref: '#/components/schemas/Thing' } } }
    '204': { description: Nothing }
    '409':
      content:
        application/problem+json:
          schema: { oneOf: [{ $ref: '#/components/schemas/OneProblem' }, { $ref: '#/components/schemas/OtherProblem' }] }
    '422': { content: { application/problem+json: { schema: { $ref: '#/components/schemas/OneProblem' } } } }
    '429': { content: { application/json: { schema: { $ref: '#/components/schemas/GatewayAnswer' } } } }
  security: [{ token: [] }]
";

const SCHEMAS: &str = "
Thing:
  description: A thing.
  type: object
  required: [kind, tags]
  properties:
    kind: { $ref: '#/components/schemas/Kind', description: Its kind. }
    tags: { type: array, items: { $ref: '#/components/schemas/Kind' } }
    note: { type: [string, 'null'] }
    more: { type: object, additionalProperties: { type: [integer, 'null'] } }
    'a-b': { type: array, items: { type: [boolean, string] } }
    way: { $ref: '#/components/schemas/Way' }
    both: { $ref: '#/components/schemas/Both' }
Kind: { type: string, enum: [BIG, SMALL], x-extensible-enum: true }
Way:
  oneOf: [{ $ref: '#/components/schemas/ByRoad' }, { $ref: '#/components/schemas/BySea' }]
  discriminator: { propertyName: by }
ByRoad: { type: object, required: [by], properties: { by: { type: string, enum: [ROAD] } } }
BySea: { type: object, required: [by], properties: { by: { const: SEA } } }
Both:
  allOf: [{ $ref: '#/components/schemas/Way' }, { type: object, properties: { by: { type: string }, size: { type: number } } }]
  oneOf: [{ type: string }, { type: 'null' }]
  required: [size]
  properties: { note: { type: string } }
Problem: { type: object, required: [type], properties: { type: { type: string } } }
OneProblem: { allOf: [{ $ref: '#/components/schemas/Problem' }, { type: object, properties: { type: { const: one } } }] }
OtherProblem: { allOf: [{ $ref: '#/components/schemas/Problem' }] }
GatewayAnswer: { type: object, properties: { message: { type: string } } }
Unused: { type: string }
";

#[test]
fn each_operation_is_a_method() {
    let source = source();
    let mut missing = Vec::new();
    for (route, operation) in routes::operations() {
        let id = operation["operationId"].as_str().unwrap();
        let (first, rest) = id.split_once('-').unwrap_or((id, ""));
        let words = rest.split('-').filter(|word| !word.is_empty());
        let name = words.fold(first.to_owned(), |name, word| {
            let (initial, rest) = word.split_at(1);
            name + &initial.to_uppercase() + rest
        });
        if !source.contains(&format!("\n  {name}(request")) {
            missing.push(format!("{route}: no method {name}"));
        }
    }
    assert_none(&missing);
}

#[test]
fn an_operation_has_its_parameters_answers_and_problems() {
    let source = source_of(CHANGE, SCHEMAS).unwrap();
    assert_has(
        &source,
        "export interface ChangeThingOperation {
  request: {
    id: string;
    /** The tag */
    ifMatch: string;
    /**
     * New
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    kind?: Kind;
    body: ThingInput;
  };
  answer:
    | runtime.Answer<200, Thing, {
        etag: string;
        link?: string;
      }>
    | runtime.Answer<204, undefined, {}>;
  problem:
    | OneProblem
    | OtherProblem;
}
",
    );
    assert_has(
        &source,
        "  /**
   * Changes a thing
   *
   * `PATCH /things/{id}`
   */
  changeThing(request: ChangeThingOperation[\"request\"], options?: runtime.Options): Promise<runtime.Result<ChangeThingOperation>> {
    return this.call<ChangeThingOperation>({ method: \"PATCH\", path: \"/things/{id}\", query: [\"kind\"], \
         headers: [\"If-Match\", \"Idempotency-Key\"], body: \"application/merge-patch+json\", token: true }, request, options);
  }
",
    );
}

#[test]
fn a_response_is_open_and_a_request_is_closed() {
    let source = source_of(CHANGE, SCHEMAS).unwrap();
    assert_has(
        &source,
        "/** A thing. */
export interface Thing {
  /** Its kind. */
  kind: runtime.Open<Kind>;
  tags: runtime.Open<Kind>[];
  note?: string | null;
  more?: { [name: string]: number | null };
  \"a-b\"?: Array<boolean | string>;
  way?: Way;
  both?: Both;
}

/** A thing. */
export interface ThingInput {
  /** Its kind. */
  kind: Kind;
  tags: Kind[];
",
    );
    assert_has(&source, "  way?: WayInput;\n  both?: BothInput;\n}\n");
    assert_has(&source, "export type Kind = \"BIG\" | \"SMALL\";\n");
    assert_has(
        &source,
        "export type Way = ByRoad | BySea | { by: runtime.Unlisted };\n",
    );
    assert_has(&source, "export type WayInput = ByRoad | BySea;\n");
    assert_has(&source, "  by: \"SEA\";\n");
    assert_has(&source, "export type OneProblem = Problem & {\n  type: \"one\";\n};\n");
    for unused in ["Unused", "GatewayAnswer", "KindInput", "ByRoadInput"] {
        assert!(!source.contains(unused), "{unused}");
    }
}

#[test]
fn all_parts_of_a_schema_are_in_its_type() {
    let source = source_of(CHANGE, SCHEMAS).unwrap();
    assert_has(
        &source,
        "export type Both = Way & {
  by?: string;
  size: number;
} & (string | null) & {
  note?: string;
};
",
    );
}

#[test]
fn a_list_can_be_read_page_by_page() {
    let list = "
get:
  operationId: list-things
  parameters:
  - { name: cursor, in: query, schema: { type: string } }
  responses: { '200': { content: { application/json: { schema: { $ref: '#/components/schemas/Things' } } } } }
";
    let things = |members: &str| format!("Things: {{ type: object, properties: {{ {members} }} }}");
    let source = source_of(list, &things("items: { type: array }, next_cursor: { type: string }")).unwrap();
    assert_has(
        &source,
        "  listThings(request?: ListThingsOperation[\"request\"], options?: runtime.Options): ",
    );
    assert_has(
        &source,
        "runtime.List<ListThingsOperation> {\n    return this.list<ListThingsOperation>(",
    );
    let source = source_of(list, &things("items: { type: array }")).unwrap();
    assert!(!source.contains("runtime.List"), "{source}");
}

#[test]
fn one_name_for_two_things_is_an_error() {
    let two = CHANGE.replace("name: kind, in: query", "name: body, in: query");
    let error = format!("{:#}", source_of(&two, SCHEMAS).unwrap_err());
    assert!(error.contains("change-thing") && error.contains("body"), "{error}");
    for schema in ["ThingInput", "ChangeThingOperation"] {
        let schemas = format!("{SCHEMAS}{schema}: {{ type: string }}\n");
        let error = format!("{:#}", source_of(CHANGE, &schemas).unwrap_err());
        assert!(error.contains(schema), "{error}");
    }
}

#[test]
fn no_schema_has_the_name_of_a_part_of_the_runtime() {
    let runtime = repository::read("infra/client/src/runtime.ts");
    let source = source();
    let names = runtime.lines().filter_map(|line| {
        let declared = line.strip_prefix("export ")?.split_once(' ')?.1;
        declared.split(|char: char| !char.is_alphanumeric()).next()
    });
    let names: Vec<&str> = names.collect();
    assert!(names.contains(&"Answer"), "{names:?}");
    let both = names.into_iter().filter(|name| {
        ["interface", "type"]
            .iter()
            .any(|kind| source.contains(&format!("export {kind} {name} ")))
    });
    assert_none(
        &both
            .map(|name| format!("{name}: rename the one in runtime.ts"))
            .collect::<Vec<_>>(),
    );
}
