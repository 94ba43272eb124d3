//! The HTTP API as an OpenAPI 3.1 document.

use std::collections::BTreeSet;

use anyhow::Result;
use serde::Serialize;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{AdditionalProperties, Object, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi as _, ToSchema};

use crate::problems::{Problems, Shared};
use crate::recordings::Examples;
use crate::unions::Unions;
use crate::{EventSchema, webhooks, yaml};

const COMMENT: &str = "# Written by `cargo contract` from the functions' Rust types. Change those, not this file.\n";

const JSON: &str = "application/json";

const DESCRIPTION: &str = "\
The HTTP API of a shop: catalog, orders, payments, shipments, subscriptions, shows with their seats, auctions of gift vouchers, images, and a search.

**Times** are RFC 3339 in UTC. **Money** is an integer in the currency's minor units. A field without a value is absent, never null.

**Text** that people see is trimmed and stored in Unicode Normalization Form C. It needs a visible character. Control characters, \
bidirectional controls, private-use characters, and invisible characters such as U+200B are rejected with 422. Joiners and variation selectors \
are accepted where a script or an emoji needs them (RFC 5892 appendix A, UTS #51). Only text of several lines may contain U+000A. \
Lengths count characters after normalization.

**Administrators** are users in the group `admin`. Paths under `/admin/` are theirs: a customer's token is answered with 403. All other \
paths are public or about what belongs to the caller.

**Retries.** A POST with a token that changes something, and a PATCH of a subscription, requires the header `Idempotency-Key`. Retry with the same key, path and body as often as needed: \
the request takes effect at most once, and the response to a retry has the header `Idempotency-Replayed: true` and the entity as it is now, \
even if the request would be refused by then. Use a new key for a new request: a key is remembered for at least 30 days. `\"a\"`, as draft-ietf-httpapi-idempotency-key-header \
writes it, is the same key as `a`.

**201 and 202** have the header `Location`: the path of the created entity, or of the one that will show the outcome.

**Errors** are RFC 9457 problem details. Use `type` in programs: `urn:madang:problem:` followed by one of the codes that the operation's \
responses list. Each code has a schema with its members. Ignore unknown members.

**Enums** in responses are open: a later version may answer with a value that is not listed. Treat it as unknown. \
They have `x-extensible-enum: true`.

**Lists** are answered in pages: `items`, and `next_cursor` unless it is the last page. The next page is the same request with \
`cursor`, as the header `Link` says. A filter is answered from at most 100 items a page, so a page may have fewer items than `limit`, even \
none; the list ends where `next_cursor` is absent.

**Caching.** The header `Cache-Control` says how long a response may be reused. It is `no-store` where an operation does not describe it.

**The id of a request** is in the header `Request-Id` of every response, and in `instance` of a problem. Report it with a question about \
the request.

**Bodies** are JSON objects with exactly the described members, each at most once. `null` is refused unless the member's schema has it. **Query parameters** are encoded as a form encodes them \
(`+` is a space), each at most once; unknown ones are ignored.

**Events.** What happened is published on the EventBridge bus; `webhooks` lists the events. Each schema is that of `detail`, and names \
`source` and `detail-type`. An event may arrive twice and in any order: `metadata.id` is the same for each delivery. `metadata.actor` says who caused it.

**The API gateway** answers some requests itself, as `application/json` with the single member `message`: 401 without a valid token, \
404 for an unknown route, 429 when requests are too frequent, 500 and 503 when the function did not respond. These have no \
`Request-Id`, but `apigw-requestid`.";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Madang", description = DESCRIPTION),
    servers((url = "{api_url}", variables(
        ("api_url" = (default = "https://api.example.com", description = "The stack's output `ApiUrl`")),
    ))),
    tags(
        (name = "catalog", description = "Products and their stock"),
        (name = "orders", description = "Orders of products"),
        (name = "payments", description = "Payments and refunds of orders, and webhooks of payment providers"),
        (name = "fulfillment", description = "Shipments of orders, webhooks of carriers, and returns"),
        (name = "billing", description = "Subscriptions: recurring deliveries and charges"),
        (name = "auctions", description = "Bids on gift vouchers, and the points that pay for them"),
        (name = "tickets", description = "Venues, performances, showtimes, their seats, and tickets"),
        (name = "coupons", description = "Coupons and the claims of customers"),
        (name = "waiting-rooms", description = "Waiting rooms, which admit the customers of a rush one after another"),
        (name = "images", description = "Images that customers upload"),
    ),
    components(schemas(GatewayAnswer)),
)]
struct Api;

/// Generates the OpenAPI document, without its `webhooks`.
pub fn document() -> OpenApi {
    let domains = registry::DOMAINS.iter().filter_map(|domain| domain.api);
    let mut api = domains.fold(Api::openapi(), |api, domain| api.merge_from(domain()));
    api.paths.paths.sort_keys();
    let modifiers: [&dyn Modify; 12] = [
        &Token,
        &Problems,
        &Entry,
        &Lists,
        &Gateway,
        &ForClients,
        &OptionalBodies,
        &Closed,
        &Unions,
        &Examples,
        &OpenEnums,
        &Shared,
    ];
    for modifier in modifiers {
        modifier.modify(&mut api);
    }
    api
}

/// The content of the document's file, with the events as webhooks.
pub(crate) fn text(events: &[EventSchema]) -> Result<String> {
    let mut document = document();
    webhooks::add(&mut document, events)?;
    let document = yaml_serde::to_value(document)?;
    Ok(format!("{COMMENT}{}", yaml::text(&document)))
}

/// Declares the security scheme that the paths name.
struct Token;

impl Modify for Token {
    fn modify(&self, api: &mut OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(
                "An access or id token of the stack's user pool. Paths under `/admin/` require the group `admin`.",
            ))
            .build();
        let components = api.components.get_or_insert_with(Components::new);
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The header with the id of a request.
const REQUEST_ID: &str = "Request-Id";

/// Adds the header that the entry of every function adds: `Request-Id`.
struct Entry;

impl Modify for Entry {
    fn modify(&self, api: &mut OpenApi) {
        for operation in api.paths.paths.values_mut().flat_map(operations) {
            let responses = &mut operation.responses.responses;
            for response in responses.values_mut() {
                if let RefOr::T(response) = response {
                    let id = Ref::new(format!("#/components/headers/{REQUEST_ID}"));
                    response.headers.insert(REQUEST_ID.to_owned(), RefOr::Ref(id));
                }
            }
        }
        let id = HeaderBuilder::new().schema(Some(Object::with_type(Type::String)));
        let id = id.description(Some("The id of the request")).build();
        let components = api.components.get_or_insert_with(Components::new);
        components.headers.insert(REQUEST_ID.to_owned(), RefOr::T(id));
    }
}

/// The header that leads to the next page.
const LINK: &str = "Link";

/// Adds the header of the responses that have a next page: `Link`.
struct Lists;

impl Modify for Lists {
    fn modify(&self, api: &mut OpenApi) {
        for operation in api.paths.paths.values_mut().flat_map(operations) {
            let parameters = operation.parameters.iter().flatten();
            let is_list = parameters
                .into_iter()
                .any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.name == "cursor"));
            if is_list && let Some(RefOr::T(response)) = operation.responses.responses.get_mut("200") {
                let link = Ref::new(format!("#/components/headers/{LINK}"));
                response.headers.insert(LINK.to_owned(), RefOr::Ref(link));
            }
        }
        let link = HeaderBuilder::new().schema(Some(Object::with_type(Type::String)));
        let link = link.description(Some(
            "`<?…>; rel=\"next\"` (RFC 8288): the next page, relative to this one. Absent on the last page.",
        ));
        let components = api.components.get_or_insert_with(Components::new);
        components.headers.insert(LINK.to_owned(), RefOr::T(link.build()));
    }
}

/// An error response of the API gateway.
#[derive(Clone, Debug, ToSchema)]
pub struct GatewayAnswer {
    /// The error message.
    #[schema(examples("Unauthorized", "Too Many Requests"))]
    pub message: String,
}

/// The name of the response to too many requests.
const THROTTLED: &str = "TooManyRequests";

/// Adds the responses that the API gateway gives on every route.
struct Gateway;

impl Modify for Gateway {
    fn modify(&self, api: &mut OpenApi) {
        let answer = || {
            let schema = Ref::from_schema_name(GatewayAnswer::name());
            ContentBuilder::new().schema(Some(schema)).build()
        };
        for operation in api.paths.paths.values_mut().flat_map(operations) {
            let requires_token = operation.security.is_some();
            let responses = &mut operation.responses.responses;
            if requires_token && let Some(RefOr::T(unauthenticated)) = responses.get_mut("401") {
                unauthenticated.content.insert(JSON.to_owned(), answer().into());
            }
            responses.insert("429".to_owned(), Ref::from_response_name(THROTTLED).into());
        }
        let throttled = ResponseBuilder::new()
            .description("Too many requests. Wait, then retry.")
            .content(JSON, answer())
            .build();
        let components = api.components.get_or_insert_with(Components::new);
        components.responses.insert(THROTTLED.to_owned(), throttled.into());
    }
}

/// Removes rustdoc sections, such as `# Errors`, from descriptions: they are for readers of the code.
struct ForClients;

impl Modify for ForClients {
    fn modify(&self, api: &mut OpenApi) {
        for operation in api.paths.paths.values_mut().flat_map(operations) {
            if let Some(description) = &operation.description {
                let before = description.lines().take_while(|line| !line.starts_with("# "));
                let kept = before.collect::<Vec<_>>().join("\n").trim_end().to_owned();
                operation.description = (!kept.is_empty()).then_some(kept);
            }
        }
    }
}

/// Describes a body that may be missing by its own schema. The derive macro would allow `null` too.
struct OptionalBodies;

impl Modify for OptionalBodies {
    fn modify(&self, api: &mut OpenApi) {
        let bodies = api.paths.paths.values_mut().flat_map(operations);
        for body in bodies.filter_map(|operation| operation.request_body.as_mut()) {
            let RefOr::T(body) = body else { continue };
            for content in body.content.values_mut() {
                if let RefOr::T(content) = content
                    && let Some(RefOr::T(Schema::OneOf(kinds))) = &content.schema
                    && let Some(named) = kinds.items.iter().find(|kind| matches!(kind, RefOr::Ref(_)))
                {
                    content.schema = Some(named.clone());
                }
            }
        }
    }
}

/// Forbids unknown fields in the variants of request enums. The derive macro does so only for structs.
struct Closed;

impl Modify for Closed {
    fn modify(&self, api: &mut OpenApi) {
        let bodies: Vec<String> = api
            .paths
            .paths
            .values_mut()
            .flat_map(operations)
            .filter_map(|operation| body_of(operation))
            .collect();
        let schemas = api.components.iter_mut().flat_map(|components| &mut components.schemas);
        for (_, schema) in schemas.filter(|(name, _)| bodies.contains(name)) {
            let RefOr::T(Schema::OneOf(kinds)) = schema else {
                continue;
            };
            for kind in &mut kinds.items {
                if let RefOr::T(Schema::Object(kind)) = kind {
                    kind.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
                }
            }
        }
    }
}

/// The extension of an enum whose values grow.
const OPEN: &str = "x-extensible-enum";

/// Marks the enums in responses as open: a later version may answer with another value.
struct OpenEnums;

impl Modify for OpenEnums {
    fn modify(&self, api: &mut OpenApi) {
        let mut answered = BTreeSet::new();
        for operation in api.paths.paths.values_mut().flat_map(operations) {
            references(&operation.responses, &mut answered);
        }
        let Some(components) = &mut api.components else {
            return;
        };
        let mut known = 0;
        while known < answered.len() {
            known = answered.len();
            for (name, schema) in &components.schemas {
                if answered.contains(name) {
                    references(schema, &mut answered);
                }
            }
        }
        for (name, schema) in &mut components.schemas {
            if let RefOr::T(Schema::Object(schema)) = schema
                && schema.enum_values.is_some()
                && answered.contains(name)
            {
                let open = Extensions::from_iter([(OPEN, true)]);
                schema.extensions.get_or_insert_with(Extensions::default).merge(open);
            }
        }
    }
}

/// Adds the names of the schemas that `part` of the document refers to.
fn references(part: &impl Serialize, names: &mut BTreeSet<String>) {
    const PREFIX: &str = "\"#/components/schemas/";
    let text = serde_json::to_string(part).unwrap_or_default();
    let found = text.split(PREFIX).skip(1).filter_map(|rest| rest.split('"').next());
    names.extend(found.map(str::to_owned));
}

/// The name of the schema of an operation's request body.
fn body_of(operation: &Operation) -> Option<String> {
    if let RefOr::T(body) = operation.request_body.as_ref()?
        && let RefOr::T(content) = body.content.get(JSON)?
        && let RefOr::Ref(named) = content.schema.as_ref()?
    {
        return named.ref_location.rsplit('/').next().map(str::to_owned);
    }
    None
}

pub(crate) fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut path.get,
        &mut path.put,
        &mut path.post,
        &mut path.delete,
        &mut path.patch,
    ]
    .into_iter()
    .flatten()
}
