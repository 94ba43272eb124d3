//! The TypeScript client's generated part: the types of the schemas and operations, and a method for each operation.
//!
//! It is read from the generated document alone. What does not depend on the contract is written by hand in
//! `infra/client/src/runtime.ts`.

mod operations;
mod text;
mod types;

use anyhow::Result;
use yaml_serde::Value;

use crate::operations::operations;
use crate::reading::Document;
use types::Types;

/// The client's generated file.
pub const PATH: &str = "infra/client/src/api.ts";

/// The source of the client for an API description.
///
/// # Errors
/// When two parts of the description would have the same name in TypeScript.
pub fn source(api: &Value) -> Result<String> {
    let document = Document(api);
    let operations = operations(document);
    let types = Types::collect(document, &operations)?;
    let interfaces = operations
        .iter()
        .map(|operation| operations::interface(document, &types, operation))
        .collect::<Result<String>>()?;
    let methods: Vec<String> = operations
        .iter()
        .map(|operation| operations::method(document, &types, operation))
        .collect();
    Ok(format!(
        "// Written by `cargo contract` from the functions' Rust types. Change those, not this file.\n\
         import * as runtime from \"./runtime.js\";\n\n\
         {}{interfaces}\
         /** A client of the API. Each operation is a method. */\n\
         export class Madang extends runtime.Client {{\n{}}}\n",
        types.declarations(),
        methods.join("\n")
    ))
}
