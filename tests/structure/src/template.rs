//! `template.yaml`, with its anchors and merges written out.

use crate::repository;
use yaml_serde::Value;

/// The template.
#[derive(Debug)]
pub struct Template {
    root: Value,
}

/// A named resource of the template.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    /// Its logical id.
    pub id: &'a str,
    value: &'a Value,
}

impl Template {
    /// Reads the template.
    ///
    /// # Panics
    /// When it is missing or not YAML.
    #[must_use]
    pub fn read() -> Self {
        let parsed = yaml_serde::from_str(&repository::read("template.yaml"));
        let mut root: Value = parsed.unwrap_or_else(|error| panic!("template.yaml must be YAML: {error}"));
        // What is merged may itself merge: once for each level.
        let mut before = Value::Null;
        while root != before {
            before = root.clone();
            root.apply_merge()
                .unwrap_or_else(|error| panic!("a `<<` in template.yaml must name a mapping: {error}"));
        }
        Self { root }
    }

    /// The resources of a type, in the template's order.
    pub fn resources_of(&self, kind: &str) -> impl Iterator<Item = Resource<'_>> {
        self.resources().filter(move |resource| resource.kind() == kind)
    }

    /// The Lambda functions.
    pub fn functions(&self) -> impl Iterator<Item = Resource<'_>> {
        self.resources_of("AWS::Serverless::Function")
    }

    /// The resource with this logical id.
    #[must_use]
    pub fn resource(&self, id: &str) -> Option<Resource<'_>> {
        self.resources().find(|resource| resource.id == id)
    }

    /// Each statement of a permission, wherever it stands, with the resource that states it.
    #[must_use]
    pub fn statements(&self) -> Vec<(&str, &Value)> {
        let mut found = Vec::new();
        for resource in self.resources() {
            collect(resource.id, resource.value, &mut found);
        }
        found
    }

    fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        let resources = self
            .root
            .get("Resources")
            .and_then(Value::as_mapping)
            .into_iter()
            .flatten();
        resources.filter_map(|(id, value)| {
            Some(Resource {
                id: id.as_str()?,
                value,
            })
        })
    }
}

impl<'a> Resource<'a> {
    /// Its type, such as `AWS::SQS::Queue`.
    #[must_use]
    pub fn kind(self) -> &'a str {
        self.value.get("Type").and_then(Value::as_str).unwrap_or_default()
    }

    /// An attribute beside its properties, such as `DeletionPolicy`.
    #[must_use]
    pub fn attribute(self, name: &str) -> Option<&'a Value> {
        self.value.get(name)
    }

    /// A property, by its path: `LoggingConfig.LogGroup`.
    #[must_use]
    pub fn property(self, path: &str) -> Option<&'a Value> {
        at(self.value.get("Properties")?, path)
    }

    /// A property that is plain text.
    #[must_use]
    pub fn text(self, path: &str) -> Option<&'a str> {
        self.property(path)?.as_str()
    }

    /// What invokes it: the event's name, its type and its properties.
    pub fn events(self) -> impl Iterator<Item = (&'a str, &'a str, &'a Value)> {
        let events = self
            .property("Events")
            .and_then(Value::as_mapping)
            .into_iter()
            .flatten();
        events
            .filter_map(|(name, event)| Some((name.as_str()?, event.get("Type")?.as_str()?, event.get("Properties")?)))
    }

    /// For an alarm on one metric: whether it watches this one of this resource.
    #[must_use]
    pub fn watches(self, namespace: &str, metric: &str, watched: &str) -> bool {
        let of_it = |dimension: &Value| dimension.get("Value").and_then(target) == Some(watched);
        self.kind() == "AWS::CloudWatch::Alarm"
            && self.text("Namespace") == Some(namespace)
            && self.text("MetricName") == Some(metric)
            && self
                .property("Dimensions")
                .and_then(Value::as_sequence)
                .is_some_and(|all| all.iter().any(of_it))
    }
}

/// The value at a path of keys.
#[must_use]
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, key| value.get(key))
}

/// The logical id that `!Ref Id` or `!GetAtt Id.Attribute` points to.
#[must_use]
pub fn target(value: &Value) -> Option<&str> {
    let Value::Tagged(tagged) = value else { return None };
    let text = tagged.value.as_str()?;
    if tagged.tag == "Ref" {
        Some(text)
    } else if tagged.tag == "GetAtt" {
        text.split('.').next()
    } else {
        None
    }
}

/// All plain texts within a value, those within `!Sub` and its like included.
#[must_use]
pub fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Sequence(values) => values.iter().flat_map(texts).collect(),
        Value::Mapping(entries) => entries.values().flat_map(texts).collect(),
        Value::Tagged(tagged) => texts(&tagged.value),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// A statement is what has an effect: an `Action` elsewhere is not a permission.
fn collect<'a>(place: &'a str, value: &'a Value, found: &mut Vec<(&'a str, &'a Value)>) {
    match value {
        Value::Mapping(entries) if entries.contains_key("Effect") => found.push((place, value)),
        Value::Mapping(entries) => entries.values().for_each(|value| collect(place, value, found)),
        Value::Sequence(values) => values.iter().for_each(|value| collect(place, value, found)),
        Value::Tagged(tagged) => collect(place, &tagged.value, found),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
