//! Reads schemas of a document as clients do: follows `$ref`, merges `allOf`, and tells the variants of a union apart.
//!
//! Works on `yaml_serde::Value`, which keeps the order of members. `serde_json::Value` may sort them.

use yaml_serde::{Mapping, Value};

/// The members of a path that are operations.
pub(crate) const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

/// The deepest chain of references that is followed. Only a chain that refers to itself is longer.
const MAX_DEPTH: usize = 32;

/// A document whose parts refer to each other: the API description, or the schema of an event.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a>(pub &'a Value);

/// One variant of a union.
#[derive(Clone, Debug)]
pub struct Variant {
    /// The mark that tells it apart: the value of its discriminator, its constant, its only member, or the name of its schema.
    pub key: String,
    /// The member that has the key as its value, if any.
    pub tag: Option<String>,
    /// The schema as written, which may be a reference.
    pub schema: Value,
    /// The schema with the members that all variants share.
    pub merged: Mapping,
}

impl<'a> Document<'a> {
    /// The value that `reference`, such as `#/components/schemas/Order`, points to.
    pub fn at(self, reference: &str) -> Option<&'a Value> {
        let mut value = self.0;
        for part in reference.strip_prefix("#/")?.split('/') {
            value = value.get(part.replace("~1", "/").replace("~0", "~").as_str())?;
        }
        Some(value)
    }

    /// Follows `$ref`, for what is replaced by what it refers to: parameters, responses, headers.
    pub fn resolve<'b>(self, value: &'b Value) -> &'b Value
    where
        'a: 'b,
    {
        let mut value = value;
        for _ in 0..MAX_DEPTH {
            match reference(value).and_then(|reference| self.at(reference)) {
                Some(target) => value = target,
                None => break,
            }
        }
        value
    }

    /// The keywords of a schema, of what it refers to, and of the parts of its `allOf`. `const` becomes an `enum` of one
    /// value, and a union of constants an `enum`.
    pub fn flatten(self, schema: &Value) -> Mapping {
        let mut keywords = self.merge(schema, 0);
        as_enum(&mut keywords);
        let constants = self.variants(&keywords).and_then(|variants| {
            let values = variants.iter().map(|variant| {
                let values = variant.merged.get("enum")?.as_sequence()?;
                Some(values.clone())
            });
            values.collect::<Option<Vec<_>>>()
        });
        if let Some(values) = constants {
            keywords.retain(|name, _| !["oneOf", "anyOf"].iter().any(|union| name.as_str() == Some(union)));
            keywords.insert("enum".into(), Value::Sequence(values.concat()));
        }
        keywords
    }

    fn merge(self, schema: &Value, depth: usize) -> Mapping {
        let Some(own) = schema.as_mapping() else {
            // `true` accepts everything, `false` nothing.
            let nothing = (schema.as_bool() == Some(false)).then(|| ("not".into(), Value::Mapping(Mapping::new())));
            return nothing.into_iter().collect();
        };
        let mut keywords = own.clone();
        let referred = keywords.shift_remove("$ref");
        let parts = keywords.shift_remove("allOf");
        if depth == MAX_DEPTH {
            return keywords;
        }
        let referred = referred.as_ref().and_then(Value::as_str).and_then(|name| self.at(name));
        let parts = parts.iter().filter_map(Value::as_sequence).flatten();
        for part in referred.into_iter().chain(parts) {
            add(&mut keywords, self.merge(part, depth + 1));
        }
        keywords
    }

    /// The variants of a flattened schema, if it is a union.
    pub fn variants(self, keywords: &Mapping) -> Option<Vec<Variant>> {
        let union = keywords.get("oneOf").or_else(|| keywords.get("anyOf"))?.as_sequence()?;
        let mut shared = keywords.clone();
        for keyword in [
            "oneOf",
            "anyOf",
            "discriminator",
            "description",
            "title",
            "examples",
            "example",
        ] {
            shared.shift_remove(keyword);
        }
        let discriminator = keywords.get("discriminator");
        let tag = discriminator
            .and_then(|found| found.get("propertyName"))
            .and_then(Value::as_str);
        let names = discriminator
            .and_then(|found| found.get("mapping"))
            .and_then(Value::as_mapping);
        let variants = union.iter().enumerate().map(|(index, schema)| {
            let mut merged = self.merge(schema, 0);
            add(&mut merged, shared.clone());
            as_enum(&mut merged);
            let tagged = self.tag(tag, &merged);
            let mapped = names.into_iter().flatten().find(|(_, target)| {
                reference(schema).is_some_and(|found| target.as_str().is_some_and(|target| is_same(found, target)))
            });
            let key = match (mapped, &tagged) {
                (Some((name, _)), _) => text(name),
                (None, Some((_, value))) => value.clone(),
                (None, None) => self
                    .name(schema, &merged)
                    .unwrap_or_else(|| format!("variant {}", index + 1)),
            };
            let tag = tag.map(str::to_owned).or_else(|| tagged.map(|(member, _)| member));
            Variant {
                key,
                tag,
                schema: schema.clone(),
                merged,
            }
        });
        Some(variants.collect())
    }

    /// The member with a constant value, and the value: the member `wanted`, or else the first one.
    fn tag(self, wanted: Option<&str>, keywords: &Mapping) -> Option<(String, String)> {
        let members = keywords.get("properties")?.as_mapping()?;
        members.iter().find_map(|(name, schema)| {
            let name = name.as_str()?;
            if wanted.is_some_and(|wanted| wanted != name) {
                return None;
            }
            let value = self.flatten(schema);
            let [value] = value.get("enum")?.as_sequence()?.as_slice() else {
                return None;
            };
            Some((name.to_owned(), text(value)))
        })
    }

    /// A name for a variant without a constant member.
    fn name(self, schema: &Value, keywords: &Mapping) -> Option<String> {
        if let Some([value]) = keywords.get("enum").and_then(Value::as_sequence).map(Vec::as_slice) {
            return Some(text(value));
        }
        if let Some(name) = reference(schema) {
            return Some(name_of(name).to_owned());
        }
        let members = keywords.get("properties").and_then(Value::as_mapping);
        if let Some((name, _)) = members
            .filter(|members| members.len() == 1)
            .and_then(|members| members.iter().next())
        {
            return Some(text(name));
        }
        keywords.get("type").filter(|_| members.is_none()).map(text)
    }
}

/// The `$ref` of a value.
pub fn reference(value: &Value) -> Option<&str> {
    value.get("$ref")?.as_str()
}

/// The last part of a reference: `Order` of `#/components/schemas/Order`.
pub fn name_of(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

/// A scalar as text, without quotes.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

/// Whether a reference is what a discriminator's mapping names: a reference, or a schema's name.
fn is_same(reference: &str, target: &str) -> bool {
    reference == target || name_of(reference) == target
}

fn as_enum(keywords: &mut Mapping) {
    if let Some(value) = keywords.shift_remove("const") {
        keywords.insert("enum".into(), Value::Sequence(vec![value]));
    }
}

/// Adds keywords that hold too. The existing ones win where both have a keyword that cannot be merged.
fn add(keywords: &mut Mapping, others: Mapping) {
    for (name, value) in others {
        let Some(existing) = keywords.get_mut(&name) else {
            keywords.insert(name, value);
            continue;
        };
        match (name.as_str(), existing, value) {
            (Some("properties"), Value::Mapping(members), Value::Mapping(others)) => {
                for (member, schema) in others {
                    let both = match members.get(&member) {
                        Some(existing) if *existing != schema => {
                            let parts = Value::Sequence(vec![existing.clone(), schema]);
                            Value::Mapping([("allOf".into(), parts)].into_iter().collect())
                        }
                        _ => schema,
                    };
                    members.insert(member, both);
                }
            }
            (Some("required"), Value::Sequence(names), Value::Sequence(others)) => {
                names.extend(
                    others
                        .into_iter()
                        .filter(|name| !names.contains(name))
                        .collect::<Vec<_>>(),
                );
            }
            _ => {}
        }
    }
}
