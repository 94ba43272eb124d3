//! Holds the contract's files against the types, the template, the problems that exist, and real values.
#![allow(
    clippy::unwrap_used,
    reason = "tests: what fails here fails the test, and says where"
)]

mod answers;
mod events;
mod files;
mod problems;
mod routes;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

/// The OpenAPI document as a client reads it.
fn document() -> Value {
    serde_json::to_value(contract::document()).unwrap()
}

/// A JSON Schema, ready to hold values against; that it is a schema at all is checked on the way.
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

    /// Why the schema refuses a value, if it does.
    fn refusal(&self, value: &Value) -> Option<String> {
        let outcome = self.schemas.validate(value, self.index);
        outcome.err().map(|error| format!("{error}"))
    }
}
