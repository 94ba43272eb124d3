//! The problems: one schema a code, and the error responses of each operation.
//!
//! An operation answers with the reasons that its action lists in `REFUSALS`, and with those that follow from its request:
//! a body can be malformed, a token can be missing. So no action describes them again.

use std::collections::BTreeMap;

use shared::aws::lambda::access::ADMIN;
use shared::aws::lambda::problem::{INTERNAL, MEDIA_TYPE, Problem, UNAVAILABLE, status_of};
use shared::core::error::{self, MemberSchema, Reason};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::schema::{AllOfBuilder, Discriminator, Object, OneOfBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Components, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, PartialSchema, ToSchema};

use crate::openapi::operations;
use crate::routes::upper_camel_case;

/// A type of problem.
struct ProblemType {
    code: &'static str,
    title: &'static str,
    status: u16,
    description: &'static str,
    members: Option<MemberSchema>,
}

/// All types: the reasons of the core and of the domains, and the faults.
fn types() -> impl Iterator<Item = ProblemType> {
    let reasons = registry::definitions().map(|definition| ProblemType {
        code: definition.reason.code,
        title: definition.reason.title,
        status: status_of(definition.reason.kind).as_u16(),
        description: definition.description,
        members: definition.members,
    });
    let faults = [INTERNAL, UNAVAILABLE].map(|fault| ProblemType {
        code: fault.code,
        title: fault.title,
        status: fault.status.as_u16(),
        description: fault.detail,
        members: None,
    });
    reasons.chain(faults)
}

impl ProblemType {
    /// The schema: a [`Problem`] with this type, status and title, and with the members of the code.
    fn schema(&self) -> Schema {
        let mut own = match self.members.map(|members| (members.schema)()) {
            Some(RefOr::T(Schema::Object(members))) => members,
            _ => Object::with_type(Type::Object),
        };
        own.description = None;
        let constants = [
            ("type", constant(Problem::type_of(self.code))),
            ("status", constant(self.status)),
            ("title", constant(self.title)),
        ];
        for (name, constant) in constants {
            own.properties.insert(name.to_owned(), constant.into());
        }
        let lines: Vec<&str> = self.description.lines().map(str::trim).collect();
        let description = Some(lines.join(" ")).filter(|text| !text.is_empty());
        let schema = AllOfBuilder::new().description(description);
        let schema = schema.item(Ref::from_schema_name(Problem::name())).item(own);
        Schema::AllOf(schema.build())
    }
}

/// A schema that only `value` matches.
fn constant(value: impl Into<serde_json::Value>) -> Object {
    let mut schema = Object::with_type(SchemaType::AnyValue);
    schema.extensions = Some(Extensions::from_iter([("const", value.into())]));
    schema
}

/// The name of a code's schema.
fn schema_name(code: &str) -> String {
    format!("{}Problem", upper_camel_case(code))
}

/// Adds the schema of each code, and each operation's error responses.
pub(crate) struct Problems;

impl Modify for Problems {
    fn modify(&self, api: &mut OpenApi) {
        let statuses: BTreeMap<&str, u16> = types().map(|kind| (kind.code, kind.status)).collect();
        for (path, item) in &mut api.paths.paths {
            for operation in operations(item) {
                let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
                for code in codes(path, operation) {
                    by_status.entry(statuses[code]).or_default().push(code);
                }
                for (status, codes) in by_status {
                    let response = response(&codes);
                    operation
                        .responses
                        .responses
                        .insert(status.to_string(), response.into());
                }
            }
        }
        let components = api.components.get_or_insert_with(Components::new);
        for kind in types() {
            let mut referenced = vec![];
            if let Some(members) = kind.members {
                (members.referenced)(&mut referenced);
            }
            components.schemas.extend(referenced);
            components.schemas.insert(schema_name(kind.code), kind.schema().into());
        }
        components
            .schemas
            .insert(Problem::name().into_owned(), Problem::schema());
    }
}

/// The codes that an operation answers with, in the order of its checks.
fn codes(path: &str, operation: &Operation) -> Vec<&'static str> {
    let action = registry::actions().find(|action| Some(action.name) == operation.operation_id.as_deref());
    let refusals = action.map_or(&[][..], |action| action.refusals);
    let codes = implied(path, operation).into_iter().chain(refusals.iter().copied());
    codes
        .map(|reason| reason.code)
        .chain([INTERNAL.code, UNAVAILABLE.code])
        .collect()
}

/// The reasons that follow from an operation's request.
fn implied(path: &str, operation: &Operation) -> Vec<&'static Reason> {
    let parameters = operation
        .parameters
        .iter()
        .flatten()
        .filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(parameter),
            RefOr::Ref(_) => None,
        });
    let has_query = parameters
        .clone()
        .any(|parameter| parameter.parameter_in == ParameterIn::Query);
    let has_key = parameters.clone().any(|parameter| parameter.name == "Idempotency-Key");
    let has_condition = parameters.clone().any(|parameter| parameter.name == "If-Match");
    let has_body = operation.request_body.is_some();
    let has_token = operation.security.is_some();
    let rules: [(bool, &[&Reason]); 7] = [
        (true, &[&error::MALFORMED_REQUEST]),
        (has_body, &[&error::MALFORMED_BODY, &error::BODY_TOO_LARGE]),
        (
            has_key,
            &[&error::INVALID_IDEMPOTENCY_KEY, &error::IDEMPOTENCY_KEY_REUSED],
        ),
        (
            has_condition,
            &[&error::PRECONDITION_REQUIRED, &error::PRECONDITION_FAILED],
        ),
        (has_query, &[&error::INVALID_PARAMETER]),
        (has_token, &[&error::UNAUTHENTICATED]),
        (path.starts_with(ADMIN), &[&error::FORBIDDEN]),
    ];
    let applying = rules.into_iter().filter(|(applies, _)| *applies);
    applying.flat_map(|(_, reasons)| reasons.iter().copied()).collect()
}

/// The response with one of `codes`, which have the same status.
fn response(codes: &[&str]) -> Response {
    let schemas = codes.iter().map(|code| Ref::from_schema_name(schema_name(code)));
    let schema: RefOr<Schema> = match &schemas.clone().collect::<Vec<_>>()[..] {
        [only] => RefOr::Ref(only.clone()),
        _ => {
            let mapping = codes.iter().zip(schemas.clone());
            let mapping = mapping.map(|(code, schema)| (Problem::type_of(code), schema.ref_location));
            let one = schemas.fold(OneOfBuilder::new(), OneOfBuilder::item);
            let one = one.discriminator(Some(Discriminator::with_mapping("type", mapping)));
            Schema::OneOf(one.build()).into()
        }
    };
    let listed: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
    let response = ResponseBuilder::new().description(listed.join(", "));
    let response = response.content(MEDIA_TYPE, ContentBuilder::new().schema(Some(schema)).build());
    if codes.contains(&UNAVAILABLE.code) {
        let seconds = HeaderBuilder::new().schema(Some(Object::with_type(Type::Integer)));
        let seconds = seconds.description(Some("Seconds after which to retry")).build();
        return response.header("Retry-After", seconds).build();
    }
    response.build()
}

/// Moves the error responses that several operations have to the components. Each is named by its codes.
pub(crate) struct Shared;

impl Modify for Shared {
    fn modify(&self, api: &mut OpenApi) {
        let mut uses: BTreeMap<String, usize> = BTreeMap::new();
        for operation in api.paths.paths.values_mut().flat_map(operations) {
            for response in operation.responses.responses.values() {
                if let Some(name) = response_name(response) {
                    *uses.entry(name).or_default() += 1;
                }
            }
        }
        let components = api.components.get_or_insert_with(Components::new);
        for operation in api.paths.paths.values_mut().flat_map(operations) {
            for response in operation.responses.responses.values_mut() {
                if let Some(name) = response_name(response).filter(|name| uses[name] > 1) {
                    let reference = Ref::from_response_name(&name);
                    components
                        .responses
                        .insert(name, std::mem::replace(response, reference.into()));
                }
            }
        }
    }
}

/// The name of a response with a problem, such as `InvalidParameterOrMalformedBody`.
fn response_name(response: &RefOr<Response>) -> Option<String> {
    let RefOr::T(response) = response else { return None };
    let RefOr::T(content) = response.content.get(MEDIA_TYPE)? else {
        return None;
    };
    let names = match content.schema.as_ref()? {
        RefOr::Ref(only) => vec![only.ref_location.as_str()],
        RefOr::T(Schema::OneOf(one)) => {
            let refs = one.items.iter().filter_map(|item| match item {
                RefOr::Ref(item) => Some(item.ref_location.as_str()),
                RefOr::T(_) => None,
            });
            refs.collect()
        }
        RefOr::T(_) => return None,
    };
    let names = names
        .into_iter()
        .filter_map(|name| name.rsplit('/').next()?.strip_suffix("Problem"));
    Some(names.collect::<Vec<_>>().join("Or"))
}
