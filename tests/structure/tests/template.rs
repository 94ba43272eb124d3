//! What the template must say of each function, queue and table, so that none is forgotten.

use std::collections::BTreeSet;
use structure::{
    assert_none,
    template::{Resource, Template, at, target, texts},
};

/// The routes that want no token: anybody may see a product, what is bid on it and a picture, and a payment provider has
/// a signature instead.
const OPEN_TO_EVERYBODY: [&str; 4] = ["GetProduct", "GetOrderBook", "GetImage", "PaymentWebhook"];

/// How long an HTTP API waits for a function, in seconds.
const API_WAITS: u64 = 30;

#[test]
fn no_permission_has_a_wildcard() {
    let template = Template::read();
    let mut problems = Vec::new();
    for (place, statement) in template.statements() {
        let wide = |key| -> Vec<&str> {
            let named = statement.get(key).map(texts).unwrap_or_default();
            named.into_iter().filter(|text| text.contains('*')).collect()
        };
        for action in wide("Action") {
            problems.push(format!(
                "{place}: `{action}` is a wildcard: name the actions that it uses"
            ));
        }
        // A bucket's objects have no other name than `bucket/*`.
        let objects = statement.get("Action").map(texts).unwrap_or_default();
        let objects = !objects.is_empty() && objects.iter().all(|action| action.starts_with("s3:"));
        // And in a key's own policy `*` is the key (KMS developer guide, "Resource element in key policies").
        let is_key = template
            .resource(place)
            .is_some_and(|resource| resource.kind() == "AWS::KMS::Key");
        for arn in wide("Resource") {
            if !(is_key || objects && arn.ends_with("}/*")) {
                problems.push(format!(
                    "{place}: `{arn}` is a wildcard: name the tables, indexes or queues"
                ));
            }
        }
        for key in ["NotAction", "NotResource", "NotPrincipal"] {
            if statement.get(key).is_some() {
                problems.push(format!(
                    "{place}: `{key}` allows whatever it does not name: say what is allowed"
                ));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn a_function_states_its_permissions_itself() {
    let template = Template::read();
    let mut problems = Vec::new();
    for function in template.functions() {
        let policies = function
            .property("Policies")
            .and_then(|policies| policies.as_sequence());
        if policies.is_none_or(|all| all.is_empty() || all.iter().any(|policy| policy.get("Statement").is_none())) {
            problems.push(format!(
                "{}: `Policies` must be a list of statements: managed policies and policy templates allow more than \
                 one function uses",
                function.id
            ));
        }
        if function.property("Role").is_some() {
            problems.push(format!(
                "{}: leave `Role` out, so that the function has a role of its own",
                function.id
            ));
        }
    }
    assert_none(&problems);
}

#[test]
fn every_function_has_a_log_group_of_its_own_that_forgets() {
    let template = Template::read();
    let mut problems = Vec::new();
    let mut taken = BTreeSet::new();
    for function in template.functions() {
        let group = function
            .property("LoggingConfig.LogGroup")
            .and_then(target)
            .and_then(|id| template.resource(id));
        match group {
            Some(group) if group.kind() == "AWS::Logs::LogGroup" && group.property("RetentionInDays").is_some() => {
                if !taken.insert(group.id) {
                    problems.push(format!("{}: another function logs to {} too: give each its own", function.id, group.id));
                }
            }
            _ => problems.push(format!(
                "{0}: add an AWS::Logs::LogGroup {0}Logs with `RetentionInDays`, and point `LoggingConfig.LogGroup` to it",
                function.id
            )),
        }
    }
    assert_none(&problems);
}

#[test]
fn every_function_has_an_alarm_on_errors_and_one_on_throttles() {
    let template = Template::read();
    let mut problems = Vec::new();
    for function in template.functions() {
        for metric in ["Errors", "Throttles"] {
            if !is_watched(&template, "AWS/Lambda", metric, function) {
                problems.push(format!(
                    "{0}: add an alarm {0}{metric} on the metric {metric} with `AlarmActions`, as the other functions have",
                    function.id
                ));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn every_asynchronous_invocation_has_a_dead_letter_queue_with_an_alarm() {
    let template = Template::read();
    let mut problems = Vec::new();
    for function in template.functions() {
        let retried = function.property("EventInvokeConfig.DestinationConfig.OnFailure.Destination");
        for (name, kind, properties) in function.events() {
            let place = format!("{}.Events.{name}", function.id);
            let mut needs = |what: &str, queue| {
                if let Err(problem) = watched_queue(&template, queue) {
                    problems.push(format!("{place}: {what} must name a queue of the template: {problem}"));
                }
            };
            match kind {
                "HttpApi" => {}
                "ScheduleV2" | "EventBridgeRule" => {
                    needs("`DeadLetterConfig.Arn`", at(properties, "DeadLetterConfig.Arn"));
                    needs(
                        "the function's `EventInvokeConfig.DestinationConfig.OnFailure`",
                        retried,
                    );
                }
                "DynamoDB" | "Kinesis" => {
                    needs(
                        "`DestinationConfig.OnFailure`",
                        at(properties, "DestinationConfig.OnFailure.Destination"),
                    );
                }
                "SQS" => {
                    let source = at(properties, "Queue")
                        .and_then(target)
                        .and_then(|id| template.resource(id));
                    let redrive = source.and_then(|queue| queue.property("RedrivePolicy.deadLetterTargetArn"));
                    needs("the source queue's `RedrivePolicy.deadLetterTargetArn`", redrive);
                }
                "S3" | "SNS" => needs(
                    "the function's `EventInvokeConfig.DestinationConfig.OnFailure`",
                    retried,
                ),
                _ => problems.push(format!(
                    "{place}: teach this test where an event of type {kind} goes when it fails"
                )),
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn a_rule_of_the_bus_may_send_to_its_dead_letter_queue() {
    let template = Template::read();
    let mut problems = Vec::new();
    for function in template.functions() {
        let rules = function.events().filter(|(_, kind, _)| *kind == "EventBridgeRule");
        for (name, _, properties) in rules {
            let queue = at(properties, "DeadLetterConfig.Arn").and_then(target);
            if !queue.is_some_and(|queue| is_open_to_rules(&template, queue)) {
                problems.push(format!(
                    "{}.Events.{name}: a rule has no role, unlike a schedule: add an AWS::SQS::QueuePolicy that lets \
                     events.amazonaws.com send to the dead-letter queue",
                    function.id
                ));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn a_function_behind_the_api_ends_before_the_api_stops_waiting() {
    let template = Template::read();
    let mut problems = Vec::new();
    for function in template.functions() {
        let seconds = function.property("Timeout").and_then(|value| value.as_u64());
        let is_asked = function.events().any(|(_, kind, _)| kind == "HttpApi");
        if is_asked && seconds.is_some_and(|seconds| seconds >= API_WAITS) {
            problems.push(format!(
                "{}: the API waits for {API_WAITS} seconds: set a lower `Timeout`",
                function.id
            ));
        }
    }
    assert_none(&problems);
}

#[test]
fn every_alarm_is_heard() {
    let template = Template::read();
    let mut problems = Vec::new();
    for alarm in template.resources_of("AWS::CloudWatch::Alarm") {
        if !is_heard(alarm) {
            problems.push(format!(
                "{}: add `AlarmActions: [!Ref Alarms]`, else nobody hears it",
                alarm.id
            ));
        }
        if alarm.property("TreatMissingData").is_none() {
            problems.push(format!("{}: say what silence means: add `TreatMissingData`", alarm.id));
        }
    }
    assert_none(&problems);
}

#[test]
fn only_the_routes_named_here_are_open_to_everybody() {
    let template = Template::read();
    let mut problems = Vec::new();
    for function in template.functions() {
        for (name, kind, properties) in function.events() {
            let authorizer = at(properties, "Auth.Authorizer").and_then(|value| value.as_str());
            if kind == "HttpApi" && authorizer == Some("NONE") && !OPEN_TO_EVERYBODY.contains(&function.id) {
                problems.push(format!(
                    "{}.Events.{name}: the route wants no token: take `Auth` out, or name the function in this test",
                    function.id
                ));
            }
        }
    }
    for api in template.resources_of("AWS::Serverless::HttpApi") {
        if api.text("Auth.DefaultAuthorizer").is_none() {
            problems.push(format!(
                "{}: set `Auth.DefaultAuthorizer`, else its routes are open",
                api.id
            ));
        }
    }
    assert_none(&problems);
}

#[test]
fn every_secret_is_kept_in_production() {
    let template = Template::read();
    let mut problems = Vec::new();
    for secret in template.resources_of("AWS::SecretsManager::Secret") {
        problems.extend(not_kept(secret));
    }
    assert_none(&problems);
}

#[test]
fn every_table_is_encrypted_recoverable_and_kept_in_production() {
    let template = Template::read();
    let mut problems = Vec::new();
    for table in template.resources_of("AWS::DynamoDB::Table") {
        let on = |path| table.property(path).and_then(|value| value.as_bool()) == Some(true);
        if !on("SSESpecification.SSEEnabled") {
            problems.push(format!("{}: set `SSESpecification: {{ SSEEnabled: true }}`", table.id));
        }
        if !on("PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled") {
            problems.push(format!("{}: set `PointInTimeRecoverySpecification`", table.id));
        }
        if table.property("DeletionProtectionEnabled").is_none() {
            problems.push(format!(
                "{}: set `DeletionProtectionEnabled: !If [IsProduction, true, false]`",
                table.id
            ));
        }
        problems.extend(not_kept(table));
    }
    assert_none(&problems);
}

/// What is missing for a resource to outlive its stack in production.
fn not_kept(resource: Resource<'_>) -> Vec<String> {
    let is_retained = |policy| {
        let value = resource.attribute(policy);
        value.is_some_and(|value| texts(value).contains(&"Retain"))
    };
    let missing = ["DeletionPolicy", "UpdateReplacePolicy"]
        .into_iter()
        .filter(|policy| !is_retained(policy));
    missing
        .map(|policy| format!("{}: set `{policy}: !If [IsProduction, Retain, Delete]`", resource.id))
        .collect()
}

/// Whether a policy lets the bus's rules send to a queue.
fn is_open_to_rules(template: &Template, queue: &str) -> bool {
    let named = |value: &yaml_serde::Value, id: &str| {
        let all = value.as_sequence();
        all.is_some_and(|all| all.iter().any(|one| target(one) == Some(id)))
    };
    template.resources_of("AWS::SQS::QueuePolicy").any(|policy| {
        policy.property("Queues").is_some_and(|queues| named(queues, queue))
            && policy
                .property("PolicyDocument")
                .is_some_and(|document| texts(document).contains(&"events.amazonaws.com"))
    })
}

/// Whether a queue is there, and an alarm tells when a message waits in it.
fn watched_queue(template: &Template, arn: Option<&yaml_serde::Value>) -> Result<(), String> {
    let id = arn.and_then(target).ok_or("add one, with `!GetAtt`")?;
    let queue = template.resource(id).filter(|queue| queue.kind() == "AWS::SQS::Queue");
    let queue = queue.ok_or_else(|| format!("{id} is none"))?;
    if is_watched(template, "AWS/SQS", "ApproximateNumberOfMessagesVisible", queue) {
        Ok(())
    } else {
        Err(format!("add an alarm on the messages that wait in {id}"))
    }
}

fn is_watched(template: &Template, namespace: &str, metric: &str, watched: Resource<'_>) -> bool {
    let mut alarms = template.resources_of("AWS::CloudWatch::Alarm");
    alarms.any(|alarm| alarm.watches(namespace, metric, watched.id) && is_heard(alarm))
}

fn is_heard(alarm: Resource<'_>) -> bool {
    alarm
        .property("AlarmActions")
        .and_then(|actions| actions.as_sequence())
        .is_some_and(|actions| !actions.is_empty())
}
