//! The contract of the last release, in `infra/released.json`. The present one may not break it.

use std::fs;
use std::io::ErrorKind;

use anyhow::{Context, Result, bail};
use yaml_serde::{Mapping, Value};

use crate::breaking::{self, Contract};
use crate::{File, openapi, root, schemas};

/// The file, which exists from the first release on.
pub const PATH: &str = "infra/released.json";

/// Keywords that may change with any release.
const DESCRIPTIONS: [&str; 7] = [
    "description",
    "summary",
    "title",
    "examples",
    "example",
    "externalDocs",
    "$comment",
];

/// Members whose members have names of their own, which may be `description` or `examples`.
const NAMES: [&str; 12] = [
    "properties",
    "patternProperties",
    "$defs",
    "schemas",
    "responses",
    "headers",
    "paths",
    "content",
    "securitySchemes",
    "requestBodies",
    "mapping",
    "events",
];

/// Members with values, not with schemas.
const VALUES: [&str; 3] = ["enum", "const", "default"];

/// The present contract.
///
/// # Errors
/// Those of [`schemas`].
pub fn present() -> Result<Contract> {
    let events = schemas()?;
    let events = events
        .iter()
        .map(|event| Ok((Value::from(event.detail_type.as_str()), event.json()?)));
    Ok(Contract {
        api: yaml_serde::to_value(openapi::document())?,
        events: Value::Mapping(events.collect::<Result<_>>()?),
    })
}

/// The contract of the last release, or `None` before the first one.
///
/// # Errors
/// When the file cannot be read.
pub fn released() -> Result<Option<Contract>> {
    let text = match fs::read_to_string(root().join(PATH)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        text => text.with_context(|| format!("read {PATH}"))?,
    };
    parse(&text).map(Some).with_context(|| format!("read {PATH}"))
}

/// Breaking differences of the present contract to the last release. Empty before the first release.
///
/// # Errors
/// Those of [`present`] and [`released`].
pub fn differences() -> Result<Vec<String>> {
    match released()? {
        Some(released) => Ok(breaking::differences(&released, &present()?)),
        None => Ok(Vec::new()),
    }
}

/// Writes the present contract as the released one.
///
/// # Errors
/// When it breaks the last release and `may_break` is false, and when the file cannot be written.
pub fn release(may_break: bool) -> Result<Vec<String>> {
    let differences = differences()?;
    if !differences.is_empty() && !may_break {
        bail!("{}", refusal(&differences));
    }
    let file = file(&present()?)?;
    fs::write(root().join(&file.path), file.text).with_context(|| format!("write {PATH}"))?;
    Ok(differences)
}

/// The message for differences that break the last release.
pub fn refusal(differences: &[String]) -> String {
    let lines: String = differences
        .iter()
        .map(|difference| format!("\n  {difference}"))
        .collect();
    format!("the contract breaks the last release ({PATH}):{lines}\nKeep what was released, beside what is new.")
}

/// The file of a contract, without descriptions: one line for each operation, schema and event.
///
/// # Errors
/// When a value is not JSON.
pub fn file(contract: &Contract) -> Result<File> {
    let mut api = contract.api.clone();
    if let Some(api) = api.as_mapping_mut() {
        // The events are compared by their schemas.
        for part in ["webhooks", "tags", "servers"] {
            api.shift_remove(part);
        }
    }
    let both = [("api".into(), api), ("events".into(), contract.events.clone())];
    let text = lines(&strip(&Value::Mapping(both.into_iter().collect()), false), 0)?;
    Ok(File {
        path: PATH.to_owned(),
        text: text + "\n",
    })
}

/// Reads a contract's file.
///
/// # Errors
/// When the text is not a contract.
pub fn parse(text: &str) -> Result<Contract> {
    let value: Value = serde_json::from_str(text)?;
    let part = |name: &str| value.get(name).cloned().with_context(|| format!("it has no `{name}`"));
    Ok(Contract {
        api: part("api")?,
        events: part("events")?,
    })
}

/// Removes descriptions. `are_names`: the members' names are not keywords.
fn strip(value: &Value, are_names: bool) -> Value {
    match value {
        Value::Mapping(members) => {
            let kept = members
                .iter()
                .filter(|(name, _)| are_names || !name.as_str().is_some_and(|name| DESCRIPTIONS.contains(&name)));
            let stripped = kept.map(|(name, value)| {
                let keyword = name.as_str().filter(|_| !are_names).unwrap_or_default();
                let value = if VALUES.contains(&keyword) {
                    value.clone()
                } else {
                    strip(value, NAMES.contains(&keyword))
                };
                (name.clone(), value)
            });
            Value::Mapping(stripped.collect::<Mapping>())
        }
        Value::Sequence(values) => Value::Sequence(values.iter().map(|value| strip(value, false)).collect()),
        other => other.clone(),
    }
}

/// JSON with the members of the first three levels on lines of their own, so that a difference between two releases is
/// readable.
fn lines(value: &Value, level: usize) -> Result<String> {
    const LEVELS: usize = 4;
    match value {
        Value::Mapping(members) if level < LEVELS && !members.is_empty() => {
            let indent = " ".repeat(level + 1);
            let members = members.iter().map(|(name, value)| {
                let name = serde_json::to_string(name)?;
                Ok(format!("\n{indent}{name}: {}", lines(value, level + 1)?))
            });
            let members = members.collect::<Result<Vec<_>>>()?.join(",");
            Ok(format!("{{{members}\n{}}}", " ".repeat(level)))
        }
        other => Ok(serde_json::to_string(other)?),
    }
}
