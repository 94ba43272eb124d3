//! Compares two schemas: what a request may contain, or what an answer may contain.

use std::collections::{BTreeSet, HashSet};
use std::fmt;

use yaml_serde::{Mapping, Value};

use crate::reading::{Document, Variant, name_of, reference, text};

/// Keywords that raise or lower a limit.
const LOWER_LIMITS: [&str; 5] = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];
const UPPER_LIMITS: [&str; 5] = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];
/// Keywords that narrow a request, whatever they say.
const CONDITIONS: [&str; 4] = ["pattern", "multipleOf", "contentEncoding", "contentMediaType"];
/// Keywords that are compared elsewhere.
const STRUCTURE: [&str; 12] = [
    "type",
    "enum",
    "format",
    "uniqueItems",
    "properties",
    "required",
    "additionalProperties",
    "propertyNames",
    "items",
    "oneOf",
    "anyOf",
    "$defs",
];
/// Keywords that only describe.
const ANNOTATIONS: [&str; 13] = [
    "title",
    "description",
    "summary",
    "examples",
    "example",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "discriminator",
    "externalDocs",
    "$comment",
    "xml",
];

/// Who reads the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Side {
    /// The API does: it may accept more, not less.
    Request,
    /// A client does: it may get more, not less.
    Answer,
    /// A client does, after its request was refused. It may be refused for fewer reasons.
    Refusal,
}

/// Where a difference is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    root: String,
    path: String,
}

impl Place {
    pub(super) fn new(root: String) -> Self {
        Self {
            root,
            path: String::new(),
        }
    }

    /// A part of an operation.
    pub(super) fn part(&self, name: &str) -> Self {
        Self::new(format!("{}, {name}", self.root))
    }

    /// A member of an object.
    fn member(&self, name: &str) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        self.extend(&format!("{dot}{name}"))
    }

    fn extend(&self, path: &str) -> Self {
        Self {
            root: self.root.clone(),
            path: format!("{}{path}", self.path),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.root)?;
        if !self.path.is_empty() {
            write!(formatter, ", `{}`", self.path)?;
        }
        Ok(())
    }
}

/// A comparison of the schemas of two documents.
pub(super) struct Comparison<'a> {
    pub(super) old: Document<'a>,
    pub(super) new: Document<'a>,
    side: Side,
    /// Named schemas that were compared: each is reported once, however many operations use it.
    compared: HashSet<(String, String)>,
    /// The schemas that are being compared. One that contains itself is not compared again.
    open: Vec<(Value, Value)>,
    /// The differences.
    pub(super) found: Vec<String>,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(old: Document<'a>, new: Document<'a>, side: Side) -> Self {
        Self {
            old,
            new,
            side,
            compared: HashSet::new(),
            open: Vec::new(),
            found: Vec::new(),
        }
    }

    pub(super) fn report(&mut self, place: &Place, what: &str) {
        self.found.push(format!("{place}: {what}"));
    }

    fn is_request(&self) -> bool {
        self.side == Side::Request
    }

    /// Whether a request with the new schema can say something that it could not with the old one.
    pub(super) fn grew(&self, old: &Value, new: &Value) -> bool {
        // The values of the new schema that the old one does not accept: the opposite comparison.
        let mut opposite = Comparison::new(self.new, self.old, Side::Request);
        opposite.schema(&Place::new(String::new()), new, old);
        !opposite.found.is_empty()
    }

    /// Whether they differ in a way that breaks. Reports nothing.
    fn breaks(&self, old: &Mapping, new: &Mapping) -> bool {
        let mut trial = Comparison::new(self.old, self.new, self.side);
        trial.open.clone_from(&self.open);
        trial.keywords(&Place::new(String::new()), old, new);
        !trial.found.is_empty()
    }

    /// Compares two schemas as they are written.
    pub(super) fn schema(&mut self, place: &Place, old: &Value, new: &Value) {
        let mut place = place.clone();
        if let (Some(was), Some(is)) = (reference(old), reference(new)) {
            if !self.compared.insert((was.to_owned(), is.to_owned())) {
                return;
            }
            if was == is {
                let side = match self.side {
                    Side::Request => "in requests",
                    Side::Answer => "in responses",
                    Side::Refusal => "in refusals",
                };
                place = match place.root.split_once(' ') {
                    Some(("event", _)) => Place::new(format!("{}, schema {}", first_part(&place.root), name_of(was))),
                    _ => Place::new(format!("schema {} {side}", name_of(was))),
                };
            }
        }
        let pair = (old.clone(), new.clone());
        if self.open.contains(&pair) {
            return;
        }
        self.open.push(pair);
        self.keywords(&place, &self.old.flatten(old), &self.new.flatten(new));
        self.open.pop();
    }

    fn keywords(&mut self, place: &Place, old: &Mapping, new: &Mapping) {
        match (self.old.variants(old), self.new.variants(new)) {
            (None, None) => {}
            // The members that the variants share are compared below.
            (Some(old), Some(new)) => self.unions(place, &old, &new),
            (Some(old), None) => return self.variants_gone(place, &old, new),
            (None, Some(new)) => return self.variants_come(place, old, &new),
        }
        if !self.types(place, old, new) {
            return;
        }
        self.values(place, old, new);
        self.limits(place, old, new);
        self.members(place, old, new);
        self.nested(place, old, new);
        self.others(place, old, new);
    }

    fn unions(&mut self, place: &Place, old: &[Variant], new: &[Variant]) {
        for was in old {
            let place = place.extend(&format!("({})", was.key));
            match new.iter().find(|is| is.key == was.key) {
                Some(is) => self.schema(&place, &was.schema, &is.schema),
                None if self.side == Side::Refusal => {}
                None if self.is_request() && new.iter().any(|is| !self.breaks(&was.merged, &is.merged)) => {}
                None => self.report(&place, "this variant was removed"),
            }
        }
    }

    fn variants_gone(&mut self, place: &Place, old: &[Variant], new: &Mapping) {
        if self.is_request() {
            for was in old {
                self.keywords(&place.extend(&format!("({})", was.key)), &was.merged, new);
            }
        } else if old.iter().all(|was| self.breaks(&was.merged, new)) {
            self.report(place, "it is none of the variants that it was");
        }
    }

    fn variants_come(&mut self, place: &Place, old: &Mapping, new: &[Variant]) {
        if self.is_request() {
            if new.iter().all(|is| self.breaks(old, &is.merged)) {
                self.report(place, "none of its variants accepts what was accepted");
            }
        } else if self.side == Side::Answer {
            for is in new {
                self.keywords(&place.extend(&format!("({})", is.key)), old, &is.merged);
            }
        } else if new.iter().all(|is| self.breaks(old, &is.merged)) {
            self.report(place, "none of its variants is what it was");
        }
    }

    /// Returns whether the types agree.
    fn types(&mut self, place: &Place, old: &Mapping, new: &Mapping) -> bool {
        let (were, are) = (types(old), types(new));
        // The reader must know each type that is written. Every integer is a number.
        let (written, read) = if self.is_request() {
            (&were, &are)
        } else {
            (&are, &were)
        };
        let is_read = |kind: &String| read.contains(kind) || (kind == "integer" && read.contains("number"));
        if read.is_empty() || (!written.is_empty() && written.iter().all(is_read)) {
            return true;
        }
        self.report(place, &format!("its type was {}, and is {}", list(&were), list(&are)));
        false
    }

    fn values(&mut self, place: &Place, old: &Mapping, new: &Mapping) {
        match (sequence(old, "enum"), sequence(new, "enum")) {
            (Some(old), Some(new)) => {
                for value in old.iter().filter(|value| !new.contains(value)) {
                    self.report(place, &format!("the value {} was removed", text(value)));
                }
            }
            (None, Some(new)) if self.is_request() => {
                let values: BTreeSet<String> = new.iter().map(text).collect();
                self.report(place, &format!("it may now only be {}", list(&values)));
            }
            _ => {}
        }
    }

    fn limits(&mut self, place: &Place, old: &Mapping, new: &Mapping) {
        self.format(place, old, new);
        if !self.is_request() {
            return;
        }
        let limits = LOWER_LIMITS.map(|name| (name, true)).into_iter();
        for (name, is_lower) in limits.chain(UPPER_LIMITS.map(|name| (name, false))) {
            let number = |keywords: &Mapping| keywords.get(name).and_then(Value::as_f64);
            let Some(is) = number(new) else { continue };
            match number(old) {
                Some(was) if (is_lower && is > was) || (!is_lower && is < was) => {
                    self.report(place, &format!("its {name} was {was}, and is {is}"));
                }
                // Lengths and counts are never negative.
                None if !(is_lower && name.starts_with("min") && name != "minimum" && is == 0.0) => {
                    self.report(place, &format!("it has a new {name}, {is}"));
                }
                _ => {}
            }
        }
        for name in CONDITIONS {
            match (old.get(name), new.get(name)) {
                (Some(was), Some(is)) if was != is => {
                    self.report(place, &format!("its {name} was {}, and is {}", text(was), text(is)));
                }
                (None, Some(is)) => self.report(place, &format!("it has a new {name}, {}", text(is))),
                _ => {}
            }
        }
        let is_unique = |keywords: &Mapping| keywords.get("uniqueItems").and_then(Value::as_bool) == Some(true);
        if is_unique(new) && !is_unique(old) {
            self.report(place, "its items must now be distinct");
        }
    }

    /// A format narrows what is written. Who reads `int64` also reads `int32`.
    fn format(&mut self, place: &Place, old: &Mapping, new: &Mapping) {
        let of = |keywords: &Mapping| keywords.get("format").map(text);
        let (was, is) = (of(old), of(new));
        let (written, read) = if self.is_request() { (&was, &is) } else { (&is, &was) };
        let is_read = match (written.as_deref(), read.as_deref()) {
            (_, None) | (Some("int32"), Some("int64")) | (Some("float"), Some("double")) => true,
            (written, read) => written == read,
        };
        if !is_read {
            let name = |format: Option<String>| format.unwrap_or_else(|| "any".to_owned());
            self.report(place, &format!("its format was {}, and is {}", name(was), name(is)));
        }
    }

    fn members(&mut self, place: &Place, old: &Mapping, new: &Mapping) {
        let empty = Mapping::new();
        let of = |keywords: &'_ Mapping| keywords.get("properties").and_then(Value::as_mapping).cloned();
        let (were, are) = (of(old).unwrap_or_default(), of(new).unwrap_or_else(|| empty.clone()));
        for (name, was) in &were {
            let place = place.member(&text(name));
            match are.get(name) {
                Some(is) => self.schema(&place, was, is),
                None => self.report(&place, "it was removed"),
            }
        }
        let required = |keywords: &Mapping| -> BTreeSet<String> {
            sequence(keywords, "required").into_iter().flatten().map(text).collect()
        };
        let (required_before, required_now) = (required(old), required(new));
        if self.is_request() {
            for name in required_now.difference(&required_before) {
                let is_new = !were.contains_key(name.as_str());
                let what = if is_new {
                    "it is new and required"
                } else {
                    "it is now required"
                };
                self.report(&place.member(name), what);
            }
        } else {
            for name in required_before
                .difference(&required_now)
                .filter(|name| are.contains_key(name.as_str()))
            {
                self.report(&place.member(name), "it is now optional");
            }
        }
    }

    /// The items of a list, and the values and names of a map.
    fn nested(&mut self, place: &Place, old: &Mapping, new: &Mapping) {
        let anything = Value::Bool(true);
        for (keyword, path) in [
            ("items", "[]"),
            ("additionalProperties", "{}"),
            ("propertyNames", "{name}"),
        ] {
            let (was, is) = (old.get(keyword), new.get(keyword));
            let is_closed = |schema: Option<&Value>| schema.and_then(Value::as_bool) == Some(false);
            if is_closed(was) || (was.is_none() && is.is_none()) {
                continue;
            }
            if is_closed(is) {
                // Other members of an answer are not described, so their absence breaks nothing.
                if self.is_request() || was.is_some_and(Value::is_mapping) {
                    self.report(place, "it may no longer have other members");
                }
                continue;
            }
            let (was, is) = (was.unwrap_or(&anything), is.unwrap_or(&anything));
            self.schema(&place.extend(path), was, is);
        }
    }

    /// Keywords that are not understood may not change.
    fn others(&mut self, place: &Place, old: &Mapping, new: &Mapping) {
        let known = [&LOWER_LIMITS[..], &UPPER_LIMITS, &CONDITIONS, &STRUCTURE, &ANNOTATIONS].concat();
        let names: BTreeSet<String> = old.keys().chain(new.keys()).map(text).collect();
        for name in names {
            let is_known =
                known.contains(&name.as_str()) || name.starts_with("x-") || ["$schema", "$id"].contains(&name.as_str());
            if !is_known && old.get(name.as_str()) != new.get(name.as_str()) {
                self.report(place, &format!("its `{name}` changed, which cannot be judged"));
            }
        }
    }
}

/// The place of an event, without the schema in it.
fn first_part(root: &str) -> &str {
    root.split(',').next().unwrap_or(root)
}

/// The types that a schema allows. Empty: all.
fn types(keywords: &Mapping) -> BTreeSet<String> {
    match keywords.get("type") {
        Some(Value::Sequence(types)) => types.iter().map(text).collect(),
        Some(one) => [text(one)].into(),
        None => BTreeSet::new(),
    }
}

fn sequence<'a>(keywords: &'a Mapping, name: &str) -> Option<&'a Vec<Value>> {
    keywords.get(name)?.as_sequence()
}

fn list(names: &BTreeSet<String>) -> String {
    if names.is_empty() {
        return "any".to_owned();
    }
    names.iter().map(String::as_str).collect::<Vec<_>>().join(" or ")
}
