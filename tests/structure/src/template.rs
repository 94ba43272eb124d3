//! Reads the root template and the domains' templates as one template.
//!
//! YAML merges are resolved. In a domain's template, parameters are replaced by the values that the root passes, also by
//! outputs of other domains, and `Globals` are applied to the functions. So a logical id refers to the same resource everywhere.

use crate::repository;
use yaml_serde::{Mapping, Value};

/// The path of the root template.
pub const ROOT: &str = "template.yaml";

/// The merged templates.
#[derive(Debug)]
pub struct Template {
    resources: Vec<(String, Value)>,
}

/// A resource of a template.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    /// The logical id.
    pub id: &'a str,
    value: &'a Value,
}

impl Template {
    /// Reads all templates.
    ///
    /// # Panics
    /// When one is missing or not YAML.
    #[must_use]
    pub fn read() -> Self {
        let root = parse(ROOT);
        let mut resources = entries(&root, "Resources");
        for domain in repository::domains() {
            let path = path_of(&domain);
            let template = parse(&path);
            let passed = resources.iter().find_map(|(_, resource)| {
                let is_it = at(resource, "Properties.Location").and_then(Value::as_str) == Some(path.as_str());
                is_it.then(|| at(resource, "Properties.Parameters").cloned().unwrap_or_default())
            });
            let passed = passed.unwrap_or_else(|| panic!("{ROOT} must have an application with `Location: {path}`"));
            let passed = resolve_outputs(passed);
            for (id, mut resource) in entries(&template, "Resources") {
                if resource.get("Type").and_then(Value::as_str) == Some(FUNCTION) {
                    resource = apply_globals(&template, resource);
                }
                resources.push((id, resolve_parameters(resource, &passed)));
            }
        }
        Self { resources }
    }

    /// The resources of a type, in the templates' order.
    pub fn resources_of(&self, kind: &str) -> impl Iterator<Item = Resource<'_>> {
        self.resources().filter(move |resource| resource.kind() == kind)
    }

    /// The Lambda functions.
    pub fn functions(&self) -> impl Iterator<Item = Resource<'_>> {
        self.resources_of(FUNCTION)
    }

    /// The resource with this logical id.
    #[must_use]
    pub fn resource(&self, id: &str) -> Option<Resource<'_>> {
        self.resources().find(|resource| resource.id == id)
    }

    /// All policy statements, each with the logical id of its resource.
    #[must_use]
    pub fn statements(&self) -> Vec<(&str, &Value)> {
        let mut found = Vec::new();
        for resource in self.resources() {
            collect_statements(resource.id, resource.value, &mut found);
        }
        found
    }

    /// All resources, the root's first.
    pub fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        self.resources.iter().map(|(id, value)| Resource { id, value })
    }
}

impl<'a> Resource<'a> {
    /// The type, such as `AWS::SQS::Queue`.
    #[must_use]
    pub fn kind(self) -> &'a str {
        self.value.get("Type").and_then(Value::as_str).unwrap_or_default()
    }

    /// A resource attribute, such as `DeletionPolicy`.
    #[must_use]
    pub fn attribute(self, name: &str) -> Option<&'a Value> {
        self.value.get(name)
    }

    /// Whether the resource exists only under a condition.
    #[must_use]
    pub fn is_conditional(self) -> bool {
        self.attribute("Condition").is_some()
    }

    /// The property at a path such as `LoggingConfig.LogGroup`.
    #[must_use]
    pub fn property(self, path: &str) -> Option<&'a Value> {
        at(self.value.get("Properties")?, path)
    }

    /// A string property.
    #[must_use]
    pub fn text(self, path: &str) -> Option<&'a str> {
        self.property(path)?.as_str()
    }

    /// The function's event sources: name, type and properties of each.
    pub fn events(self) -> impl Iterator<Item = (&'a str, &'a str, &'a Value)> {
        let events = self
            .property("Events")
            .and_then(Value::as_mapping)
            .into_iter()
            .flatten();
        events
            .filter_map(|(name, event)| Some((name.as_str()?, event.get("Type")?.as_str()?, event.get("Properties")?)))
    }

    /// Whether it is an alarm on this metric of the resource `watched`.
    #[must_use]
    pub fn watches(self, namespace: &str, metric: &str, watched: &str) -> bool {
        let is_watched = |dimension: &Value| dimension.get("Value").and_then(target) == Some(watched);
        self.kind() == "AWS::CloudWatch::Alarm"
            && self.text("Namespace") == Some(namespace)
            && self.text("MetricName") == Some(metric)
            && self
                .property("Dimensions")
                .and_then(Value::as_sequence)
                .is_some_and(|all| all.iter().any(is_watched))
    }
}

const FUNCTION: &str = "AWS::Serverless::Function";

/// The path of a domain's template.
#[must_use]
pub fn path_of(domain: &str) -> String {
    format!("functions/{domain}/template.yaml")
}

/// The path of the template of a domain's application in the root, whose id is the domain's name in UpperCamelCase.
#[must_use]
pub fn path_of_application(id: &str) -> String {
    let mut domain = String::new();
    for letter in id.chars() {
        if letter.is_ascii_uppercase() && !domain.is_empty() {
            domain.push('-');
        }
        domain.push(letter.to_ascii_lowercase());
    }
    path_of(&domain)
}

/// Parses one template and resolves its merges.
///
/// # Panics
/// When it is missing or not YAML.
#[must_use]
pub fn parse(path: &str) -> Value {
    let parsed = yaml_serde::from_str(&repository::read(path));
    let mut template: Value = parsed.unwrap_or_else(|error| panic!("{path} must be YAML: {error}"));
    // A merged mapping may contain merges, so repeat until nothing changes.
    let mut before = Value::Null;
    while template != before {
        before = template.clone();
        let merged = template.apply_merge();
        merged.unwrap_or_else(|error| panic!("a `<<` in {path} must name a mapping: {error}"));
    }
    template
}

/// The entries of a section, such as `Resources`.
#[must_use]
pub fn entries(template: &Value, section: &str) -> Vec<(String, Value)> {
    let found = template.get(section).and_then(Value::as_mapping).into_iter().flatten();
    found
        .filter_map(|(id, value)| Some((id.as_str()?.to_owned(), value.clone())))
        .collect()
}

/// Applies `Globals` to a function.
fn apply_globals(template: &Value, mut function: Value) -> Value {
    if let (Some(defaults), Some(properties)) = (at(template, "Globals.Function"), function.get_mut("Properties")) {
        let own = std::mem::take(properties);
        *properties = merge(defaults.clone(), own);
    }
    function
}

/// Merges mappings and replaces all other values, as SAM does.
fn merge(base: Value, by: Value) -> Value {
    match (base, by) {
        (Value::Mapping(mut base), Value::Mapping(by)) => {
            for (key, value) in by {
                let value = match base.remove(&key) {
                    Some(before) => merge(before, value),
                    None => value,
                };
                base.insert(key, value);
            }
            Value::Mapping(base)
        }
        (_, by) => by,
    }
}

/// Replaces each parameter that is an output of another application with the output's value.
fn resolve_outputs(mut passed: Value) -> Value {
    for (_, value) in passed.as_mapping_mut().into_iter().flatten() {
        let Value::Tagged(tagged) = &*value else { continue };
        let named = tagged.value.as_str().and_then(|text| text.split_once(".Outputs."));
        if let Some((application, output)) = named {
            let template = parse(&path_of_application(application));
            let found = at(&template, &format!("Outputs.{output}.Value")).cloned();
            *value = found.unwrap_or_else(|| panic!("{ROOT} passes {application}'s output {output}, which is missing"));
        }
    }
    passed
}

/// Replaces each `!Ref` of a parameter with the passed value.
fn resolve_parameters(value: Value, passed: &Value) -> Value {
    match value {
        Value::Tagged(tagged) => {
            let named = tagged.value.as_str().filter(|_| tagged.tag == "Ref");
            match named.and_then(|name| passed.get(name)) {
                Some(value) => value.clone(),
                None => {
                    let mut tagged = tagged;
                    tagged.value = resolve_parameters(std::mem::take(&mut tagged.value), passed);
                    Value::Tagged(tagged)
                }
            }
        }
        Value::Sequence(values) => values
            .into_iter()
            .map(|value| resolve_parameters(value, passed))
            .collect(),
        Value::Mapping(fields) => {
            let fields = fields
                .into_iter()
                .map(|(key, value)| (key, resolve_parameters(value, passed)));
            Value::Mapping(fields.collect::<Mapping>())
        }
        plain => plain,
    }
}

/// The value at a path of keys.
#[must_use]
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, key| value.get(key))
}

/// The logical id in `!Ref Id` or `!GetAtt Id.Attribute`.
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

/// All strings in a value, including those in `!Sub` and other functions.
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

/// Collects the policy statements in a value. `Effect` identifies a statement; `Action` also occurs elsewhere.
fn collect_statements<'a>(place: &'a str, value: &'a Value, found: &mut Vec<(&'a str, &'a Value)>) {
    match value {
        Value::Mapping(entries) if entries.contains_key("Effect") => found.push((place, value)),
        Value::Mapping(entries) => entries
            .values()
            .for_each(|value| collect_statements(place, value, found)),
        Value::Sequence(values) => values.iter().for_each(|value| collect_statements(place, value, found)),
        Value::Tagged(tagged) => collect_statements(place, &tagged.value, found),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
