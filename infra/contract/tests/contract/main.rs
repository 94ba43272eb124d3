//! Checks the contract's files against the types, the template, the problem codes, and real values.
#![allow(clippy::unwrap_used, reason = "a panic fails the test and names the line")]

mod answers;
mod breaking;
mod client;
mod events;
mod files;
mod problems;
mod reference;
mod routes;
mod texts;
mod unions;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

/// The OpenAPI document as JSON.
fn document() -> Value {
    serde_json::to_value(contract::document()).unwrap()
}

/// A compiled JSON Schema. Compiling checks that it is valid.
struct Schema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Schema {
    /// The schema at `pointer` of a document.
    fn of(document: Value, pointer: &str) -> Self {
        let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
        compiler.add_resource("https://madang.test/schema", document).unwrap();
        let index = compiler.compile(&format!("https://madang.test/schema#{pointer}"), &mut schemas);
        let index = index.unwrap_or_else(|error| panic!("{pointer}: {error:#}"));
        Self { schemas, index }
    }

    /// The validation error of a value, if any.
    fn validation_error(&self, value: &Value) -> Option<String> {
        let outcome = self.schemas.validate(value, self.index);
        outcome.err().map(|error| format!("{error}"))
    }
}
