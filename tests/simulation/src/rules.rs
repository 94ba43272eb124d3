//! What invokes each function, read from the templates: event patterns, schedules, timeouts and retries.

use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;
use structure::template::{Resource, Template, target};

/// The trigger of a function that an event or a schedule invokes.
#[derive(Debug)]
pub struct Rule {
    /// The function's name, in kebab-case.
    pub function: &'static str,
    /// The event pattern; none for a schedule.
    pattern: Option<Value>,
    /// The function's timeout.
    pub limit: Duration,
    /// How often Lambda retries.
    pub retries: u64,
    /// The minutes of a schedule's period; 1 for an event.
    pub minutes: u64,
}

/// A rule that sends events of the bus to a queue.
#[derive(Debug)]
pub struct QueueRule {
    /// The queue's logical id.
    pub queue: String,
    /// The event pattern.
    pattern: Value,
}

impl QueueRule {
    /// Returns the rules of the event bus.
    pub fn of_bus() -> &'static [Self] {
        static RULES: OnceLock<Vec<QueueRule>> = OnceLock::new();
        RULES.get_or_init(|| {
            let template = Template::read();
            let rules = template.resources_of("AWS::Events::Rule");
            let of_bus = rules.filter(|rule| rule.property("EventBusName").is_some());
            of_bus.flat_map(Self::of).collect()
        })
    }

    /// Whether the rule's pattern matches an entry of the bus.
    pub fn is_for(&self, event: &Value) -> bool {
        matches(&self.pattern, event)
    }

    fn of(rule: Resource<'_>) -> Vec<Self> {
        let targets = rule.property("Targets").and_then(|targets| targets.as_sequence());
        let queues = targets
            .into_iter()
            .flatten()
            .filter_map(|one| one.get("Arn").and_then(target));
        let pattern = plain(rule.property("EventPattern").expect("a pattern"));
        let to = |queue: &str| Self {
            queue: queue.to_owned(),
            pattern: pattern.clone(),
        };
        queues.map(to).collect()
    }
}

/// Timeout of the API's functions.
pub const API_LIMIT: Duration = Duration::from_secs(10);

impl Rule {
    /// Returns the rules of the event bus.
    pub fn of_bus() -> &'static [Self] {
        static RULES: OnceLock<Vec<Rule>> = OnceLock::new();
        RULES.get_or_init(|| rules("EventBridgeRule", comes_from_bus))
    }

    /// Returns the rules of uploads.
    pub fn of_uploads() -> &'static [Self] {
        static RULES: OnceLock<Vec<Rule>> = OnceLock::new();
        RULES.get_or_init(|| rules("EventBridgeRule", |properties| comes_from(properties, "aws.s3")))
    }

    /// Returns the rules of alarms.
    pub fn of_alarms() -> &'static [Self] {
        static RULES: OnceLock<Vec<Rule>> = OnceLock::new();
        RULES.get_or_init(|| rules("EventBridgeRule", |properties| comes_from(properties, "aws.cloudwatch")))
    }

    /// Returns the rules of the schedules, which run every minute, every hour or every day.
    pub fn of_schedule() -> &'static [Self] {
        static RULES: OnceLock<Vec<Rule>> = OnceLock::new();
        RULES.get_or_init(|| rules("ScheduleV2", |_| true))
    }

    /// Whether the rule's pattern matches an entry of the bus.
    pub fn is_for(&self, event: &Value) -> bool {
        self.pattern.as_ref().is_some_and(|pattern| matches(pattern, event))
    }
}

/// The events of AWS services come from the default bus.
fn comes_from(properties: &Value, source: &str) -> bool {
    properties["Pattern"]["source"] == serde_json::json!([source])
}

fn comes_from_bus(properties: &Value) -> bool {
    properties.get("EventBusName").is_some()
}

fn rules(kind: &str, wanted: impl Fn(&Value) -> bool) -> Vec<Rule> {
    let template = Template::read();
    let mut rules = vec![];
    for function in template.functions() {
        for (_, _, event) in function.events().filter(|(_, each, _)| *each == kind) {
            let event: Value = plain(event);
            if wanted(&event) {
                rules.push(Rule {
                    minutes: match event["ScheduleExpression"].as_str() {
                        Some("rate(1 day)") => 24 * 60,
                        Some("rate(1 hour)") => 60,
                        _ => 1,
                    },
                    function: Box::leak(kebab(function.id).into_boxed_str()),
                    pattern: event.get("Pattern").cloned(),
                    limit: limit(function),
                    retries: number(function, "EventInvokeConfig.MaximumRetryAttempts").unwrap_or(2),
                });
            }
        }
    }
    rules
}

fn limit(function: Resource<'_>) -> Duration {
    number(function, "Timeout").map_or(API_LIMIT, Duration::from_secs)
}

fn number(function: Resource<'_>, path: &str) -> Option<u64> {
    function.property(path)?.as_u64()
}

/// Replaces the template's tags (`!Ref`), which are not needed here.
fn plain(value: &yaml_serde::Value) -> Value {
    use yaml_serde::Value as Yaml;
    match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => (*flag).into(),
        Yaml::Number(number) => number.as_i64().map_or(Value::Null, Value::from),
        Yaml::String(text) => text.as_str().into(),
        Yaml::Sequence(values) => values.iter().map(plain).collect(),
        Yaml::Mapping(entries) => entries
            .iter()
            .map(|(name, value)| (name.as_str().unwrap_or_default().to_owned(), plain(value)))
            .collect(),
        Yaml::Tagged(tagged) => plain(&tagged.value),
    }
}

/// Converts `RefundPayment` to `refund-payment`.
fn kebab(id: &str) -> String {
    let mut name = String::new();
    for letter in id.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

/// Whether an event matches a pattern: each field has one of the listed values (EventBridge user guide, "Event
/// patterns"), as far as the template uses patterns.
fn matches(pattern: &Value, event: &Value) -> bool {
    match pattern {
        Value::Object(_) if event.is_array() => event.as_array().into_iter().flatten().any(|one| matches(pattern, one)),
        Value::Object(fields) => fields.iter().all(|(name, wanted)| matches(wanted, &event[name])),
        Value::Array(choices) => choices.iter().any(|choice| match choice.get("exists") {
            Some(exists) => *exists == !event.is_null(),
            None => choice == event,
        }),
        other => panic!("unsupported pattern {other}"),
    }
}
