//! The HTTP API as an OpenAPI 3.1 document.

use anyhow::Result;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{AdditionalProperties, Schema};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi as _, ToSchema};

const COMMENT: &str = "# Written by `cargo contract` from the functions' Rust types: change those, not this file.\n";

const JSON: &str = "application/json";

const DESCRIPTION: &str = "\
The HTTP API of a shop: its catalog, its orders and their payments, subscriptions, its pictures, and the auctions of gift vouchers.

**Times** are RFC 3339 in UTC. **Money** is an integer of the currency's minor units. A field without a value is absent, never null.

**Retries.** A POST with a token takes the header `Idempotency-Key`: send the same key with the same body as often as needed and it happens once; \
a later answer carries `Idempotency-Replayed: true`. Another body needs another key.

**Problems** are RFC 9457 problem details. Programs compare `type`, which is `urn:madang:problem:` and one of the codes that each \
response lists. Ignore members that you do not know.

**The gateway in front** answers some requests itself, as `application/json` with the one member `message`: 401 without a valid token, \
404 for an unknown route, 429 when requests come too fast, 500 and 503 when the function could not answer.";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Madang", description = DESCRIPTION),
    servers((url = "{api_url}", variables(
        ("api_url" = (default = "https://api.example.com", description = "The stack's output `ApiUrl`")),
    ))),
    tags(
        (name = "catalog", description = "Products and their stock"),
        (name = "orders", description = "A customer's orders"),
        (name = "payments", description = "The money for them, and what payment providers tell"),
        (name = "billing", description = "Subscriptions: what is delivered and charged again and again"),
        (name = "auctions", description = "Bids on gift vouchers, and the points that pay for them"),
        (name = "images", description = "Pictures that customers upload"),
    ),
    components(schemas(GatewayAnswer)),
)]
struct Api;

/// The document.
pub fn document() -> OpenApi {
    let domains = registry::DOMAINS.iter().filter_map(|domain| domain.api);
    let mut api = domains.fold(Api::openapi(), |api, domain| api.merge_from(domain()));
    api.paths.paths.sort_keys();
    let modifiers: [&dyn Modify; 4] = [&Token, &Gateway, &ForClients, &Closed];
    for modifier in modifiers {
        modifier.modify(&mut api);
    }
    api
}

/// The document as it stands in its file.
pub(crate) fn text() -> Result<String> {
    let yaml = yaml_serde::to_string(&document())?;
    Ok(format!("{COMMENT}{}\n", yaml.trim_end()))
}

/// Declares the security scheme that the paths name.
struct Token;

impl Modify for Token {
    fn modify(&self, api: &mut OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(
                "An access or id token of the stack's user pool; some routes want its group `admin`.",
            ))
            .build();
        let components = api.components.get_or_insert_with(Components::new);
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// What the gateway in front answers by itself.
#[derive(Clone, Debug, ToSchema)]
pub struct GatewayAnswer {
    /// Why, in words.
    #[schema(examples("Unauthorized", "Too Many Requests"))]
    pub message: String,
}

/// Adds what the gateway answers on every route, before a function is asked.
struct Gateway;

impl Modify for Gateway {
    fn modify(&self, api: &mut OpenApi) {
        let answer = || {
            let schema = Ref::from_schema_name(GatewayAnswer::name());
            ContentBuilder::new().schema(Some(schema)).build()
        };
        for operation in api.paths.paths.values_mut().flat_map(operations) {
            let asks_for_a_token = operation.security.is_some();
            let responses = &mut operation.responses.responses;
            if asks_for_a_token && let Some(RefOr::T(unauthenticated)) = responses.get_mut("401") {
                unauthenticated.content.insert(JSON.to_owned(), answer().into());
            }
            let throttled = ResponseBuilder::new()
                .description("Requests come too fast: wait, then try again.")
                .content(JSON, answer())
                .build();
            responses.insert("429".to_owned(), throttled.into());
        }
    }
}

/// Leaves out what comments say to readers of the code alone: rustdoc's sections, such as `# Errors`.
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

/// Says of each kind of a request that comes in several that it takes no other fields: the derive macro says it of
/// those alone that come in one.
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

/// The name of the schema of an operation's body.
fn body_of(operation: &Operation) -> Option<String> {
    if let RefOr::T(body) = operation.request_body.as_ref()?
        && let RefOr::T(content) = body.content.get(JSON)?
        && let RefOr::Ref(named) = content.schema.as_ref()?
    {
        return named.ref_location.rsplit('/').next().map(str::to_owned);
    }
    None
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
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
