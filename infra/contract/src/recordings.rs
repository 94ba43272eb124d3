//! The examples of the operations. A test of the functions sends their requests, and `cargo examples` records them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::Modify;
use utoipa::openapi::path::{Operation, ParameterBuilder};
use utoipa::openapi::{Content, OpenApi, RefOr};

use crate::openapi::operations;

/// The file with the recordings.
pub const FILE: &str = "infra/examples.json";

/// A request to an operation, and the response.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// The path parameters.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
    /// The body of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Value>,
    /// The status of the response.
    pub status: u16,
    /// The body of the response.
    pub response: Value,
}

/// The recordings by operation.
pub fn recordings() -> BTreeMap<String, Recording> {
    // A test demands an example for each operation, so a file that cannot be read is noticed.
    serde_json::from_str(include_str!("../../examples.json")).unwrap_or_default()
}

/// Adds the examples to the operations.
pub(crate) struct Examples;

impl Modify for Examples {
    fn modify(&self, api: &mut OpenApi) {
        let mut recordings = recordings();
        for operation in api.paths.paths.values_mut().flat_map(operations) {
            let id = operation.operation_id.clone().unwrap_or_default();
            if let Some(recording) = recordings.remove(&id) {
                add(operation, recording);
            }
        }
    }
}

fn add(operation: &mut Operation, recording: Recording) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter {
            let example = recording.parameters.get(&parameter.name).cloned();
            *parameter = ParameterBuilder::from(parameter.clone()).example(example).build();
        }
    }
    let body = operation.request_body.as_mut();
    if let (Some(RefOr::T(body)), Some(example)) = (body, recording.request) {
        set(body.content.values_mut(), example);
    }
    let response = operation.responses.responses.get_mut(&recording.status.to_string());
    if let Some(RefOr::T(response)) = response {
        set(response.content.values_mut(), recording.response);
    }
}

/// Sets the example of the first content.
fn set<'a>(mut contents: impl Iterator<Item = &'a mut RefOr<Content>>, example: Value) {
    if let Some(RefOr::T(content)) = contents.next() {
        content.example = Some(example);
    }
}
