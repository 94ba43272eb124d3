//! Rules for every function, queue, table and alarm of the templates.

use std::collections::{BTreeMap, BTreeSet};
use structure::{
    assert_none, repository,
    template::{self, Resource, Template, at, target, texts},
};

/// The functions with routes that require no token. Products, order books, pictures, shows, coupons and waiting rooms are public. Payment providers
/// and carriers sign their webhooks instead.
const PUBLIC_FUNCTIONS: [&str; 26] = [
    "get-categories",
    "get-product",
    "list-products",
    "get-order-book",
    "get-image",
    "get-venue",
    "list-venues",
    "get-plan",
    "list-plans",
    "get-section-tile",
    "get-ticket-keys",
    "get-performer",
    "list-performers",
    "get-performance",
    "list-performances",
    "list-performance-reviews",
    "get-showtime",
    "list-showtimes",
    "get-seat-map",
    "get-coupon",
    "get-waiting-room",
    "get-waiting-room-page",
    "receive-webhook",
    "receive-carrier-webhook",
    "search-documents",
    "suggest-searches",
];

/// The API's role. It may invoke every function with the stack's name as prefix.
const API_ROLE: &str = "ApiRole";
const FUNCTIONS_OF_THE_STACK: &str =
    "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${AWS::StackName}-*";

/// What reads a stream or a queue and invokes a function.
const MAPPING: &str = "AWS::Lambda::EventSourceMapping";

/// The integration timeout of an HTTP API, in seconds.
const API_TIMEOUT: u64 = 30;

/// The indexes of the search on an OpenSearch domain.
const INDEXES_OF_THE_STACK: &str = "${SearchArn}/${SearchBucket}-*";

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
                "{place}: `{action}` is a wildcard: list the actions that it uses"
            ));
        }
        let actions = statement.get("Action").map(texts).unwrap_or_default();
        let all_start_with = |service| !actions.is_empty() && actions.iter().all(|action| action.starts_with(service));
        // The objects of a bucket can only be named `bucket/*`, those of a folder `bucket/folder/*`.
        let objects = |arn: &str| {
            let folder = arn.strip_suffix("/*");
            all_start_with("s3:") && folder.is_some_and(|folder| !folder.contains('*'))
        };
        // Each rebuild makes an index of its own, whose name starts with the bucket's.
        let indexes = |arn: &str| all_start_with("es:ESHttp") && arn.starts_with(INDEXES_OF_THE_STACK);
        // In a key policy, `*` is the key (KMS developer guide, "Resource element in key policies").
        let is_key = template
            .resource(place)
            .is_some_and(|resource| resource.kind() == "AWS::KMS::Key");
        let invokes = place == API_ROLE && statement.get("Action").map(texts) == Some(vec!["lambda:InvokeFunction"]);
        for arn in wide("Resource") {
            let is_stack = invokes && arn == FUNCTIONS_OF_THE_STACK;
            if !(is_key || is_stack || indexes(arn) || objects(arn)) {
                problems.push(format!(
                    "{place}: `{arn}` is a wildcard: list the tables, indexes or queues"
                ));
            }
        }
        for key in ["NotAction", "NotResource", "NotPrincipal"] {
            if statement.get(key).is_some() {
                problems.push(format!(
                    "{place}: `{key}` allows everything that it does not list: list the allowed ones instead"
                ));
            }
        }
    }
    assert_none(&problems);
}

/// For such an event SAM attaches a managed policy of AWS to the function's role, whose resource is `*`.
#[test]
fn no_event_brings_a_permission_with_a_wildcard() {
    let template = Template::read();
    let mut problems = Vec::new();
    for function in template.functions() {
        for (name, kind, _) in function.events() {
            if matches!(kind, "DynamoDB" | "DocumentDB" | "Kinesis" | "MQ" | "MSK" | "SQS") {
                problems.push(format!(
                    "{}.Events.{name}: add an {MAPPING} instead, and the rights on its source to the function's policy",
                    function.id
                ));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn every_function_has_its_own_policy_statements() {
    let template = Template::read();
    let mut problems = Vec::new();
    for function in template.functions() {
        // A function that calls no service has none.
        let policies = function.property("Policies").map(|policies| policies.as_sequence());
        let is_list =
            |all: &yaml_serde::Sequence| !all.is_empty() && all.iter().all(|policy| policy.get("Statement").is_some());
        if policies.is_some_and(|policies| !policies.is_some_and(is_list)) {
            problems.push(format!(
                "{}: `Policies` must be a list of statements: managed policies and policy templates allow more than \
                 the function needs",
                function.id
            ));
        }
        if function.property("Role").is_some() {
            problems.push(format!(
                "{}: remove `Role`, so that the function has its own role",
                function.id
            ));
        }
    }
    assert_none(&problems);
}

#[test]
fn every_function_logs_to_its_domains_log_group_with_a_retention() {
    let template = Template::read();
    let mut problems = Vec::new();
    for domain in repository::domains() {
        let path = template::path_of(&domain);
        for (id, resource) in template::entries(&template::parse(&path), "Resources") {
            let Some(function) = template.functions().find(|function| function.id == id) else {
                continue;
            };
            let group = function
                .property("LoggingConfig.LogGroup")
                .and_then(target)
                .and_then(|id| template.resource(id))
                .filter(|group| group.kind() == "AWS::Logs::LogGroup" && group.property("RetentionInDays").is_some());
            if group.map(|group| group.id.to_lowercase()) != Some(format!("{}logs", domain.replace('-', "")))
                || at(&resource, "Properties.LoggingConfig.LogGroup").is_some()
            {
                problems.push(format!(
                    "{path}: {id} must log to the domain's log group: set it in `Globals`, with `RetentionInDays`"
                ));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn the_functions_of_all_domains_have_the_same_defaults() {
    let defaults: BTreeMap<String, _> = repository::domains()
        .into_iter()
        .map(|domain| {
            let path = template::path_of(&domain);
            let mut defaults = at(&template::parse(&path), "Globals.Function")
                .cloned()
                .unwrap_or_default();
            // Each domain has its own log group.
            if let Some(logging) = defaults
                .get_mut("LoggingConfig")
                .and_then(|logging| logging.as_mapping_mut())
            {
                logging.remove("LogGroup");
            }
            (path, defaults)
        })
        .collect();
    let mut problems = Vec::new();
    let first = defaults.values().next();
    for (path, found) in &defaults {
        if Some(found) != first {
            problems.push(format!("{path}: `Globals.Function` differs from the other domains"));
        }
    }
    assert_none(&problems);
}

#[test]
fn logical_ids_are_unique_across_all_templates() {
    let template = Template::read();
    let mut taken = BTreeSet::new();
    let mut problems = Vec::new();
    for resource in template.resources() {
        if !taken.insert(resource.id) {
            problems.push(format!("{}: another resource has the same logical id", resource.id));
        }
    }
    assert_none(&problems);
}

#[test]
fn two_alarms_count_the_errors_and_throttles_of_all_functions() {
    let template = Template::read();
    let mut problems = Vec::new();
    for metric in ["Errors", "Throttles"] {
        let counts_all = |alarm: Resource<'_>| {
            alarm.text("Namespace") == Some("AWS/Lambda")
                && alarm.text("MetricName") == Some(metric)
                && alarm.property("Dimensions").is_none()
                && has_action(alarm)
        };
        if !template.resources_of("AWS::CloudWatch::Alarm").any(counts_all) {
            problems.push(format!(
                "{}: add an alarm on AWS/Lambda {metric} without `Dimensions`, which counts all functions",
                template::ROOT
            ));
        }
    }
    assert_none(&problems);
}

#[test]
fn every_schedule_has_alarms_on_missing_invocations_and_failed_items() {
    let template = Template::read();
    let mut problems = Vec::new();
    for function in template.functions() {
        if !function.events().any(|(_, kind, _)| kind == "ScheduleV2") {
            continue;
        }
        if !has_alarm(&template, "AWS/Lambda", "Invocations", function) {
            problems.push(format!(
                "{0}: add an alarm {0}NotInvoked on the metric Invocations: a missing schedule causes no errors",
                function.id
            ));
        }
        let group = function.property("LoggingConfig.LogGroup").and_then(target);
        let counts_failures = |filter: Resource<'_>| {
            let transformation = filter.property("MetricTransformations").and_then(|all| all.get(0));
            let metric = transformation.and_then(|found| found.get("MetricName")?.as_str());
            filter.property("LogGroupName").and_then(target) == group
                && filter
                    .text("FilterPattern")
                    .is_some_and(|pattern| pattern.contains("$.Failed"))
                && template
                    .resources_of("AWS::CloudWatch::Alarm")
                    .any(|alarm| alarm.text("MetricName") == metric && has_action(alarm))
        };
        if !template.resources_of("AWS::Logs::MetricFilter").any(counts_failures) {
            problems.push(format!(
                "{}: add a metric filter on `$.Failed` of its log group, and an alarm on its metric",
                function.id
            ));
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
                if let Err(problem) = check_dead_letter_queue(&template, queue) {
                    problems.push(format!("{place}: {what} must name a queue of the template: {problem}"));
                }
            };
            match kind {
                "ScheduleV2" | "EventBridgeRule" => {
                    needs("`DeadLetterConfig.Arn`", at(properties, "DeadLetterConfig.Arn"));
                    needs(
                        "the function's `EventInvokeConfig.DestinationConfig.OnFailure`",
                        retried,
                    );
                }
                "S3" | "SNS" => needs(
                    "the function's `EventInvokeConfig.DestinationConfig.OnFailure`",
                    retried,
                ),
                _ => problems.push(format!(
                    "{place}: this test does not know the event type {kind}: add its failure destination"
                )),
            }
        }
    }
    for mapping in template.resources_of(MAPPING) {
        let queue = mapping
            .property("EventSourceArn")
            .and_then(target)
            .and_then(|id| template.resource(id))
            .filter(|source| source.kind() == "AWS::SQS::Queue");
        let destination = match queue {
            Some(queue) => queue.property("RedrivePolicy.deadLetterTargetArn"),
            None => mapping.property("DestinationConfig.OnFailure.Destination"),
        };
        if let Err(problem) = check_dead_letter_queue(&template, destination) {
            problems.push(format!(
                "{}: `DestinationConfig.OnFailure` of a stream, or the queue's `RedrivePolicy.deadLetterTargetArn`, must name \
                 a queue of the template: {problem}",
                mapping.id
            ));
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
            if !queue.is_some_and(|queue| allows_rules(&template, queue)) {
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
fn a_rule_may_send_to_its_queue_and_to_a_dead_letter_queue_with_an_alarm() {
    let template = Template::read();
    let mut problems = Vec::new();
    for rule in template.resources_of("AWS::Events::Rule") {
        let targets = rule.property("Targets").and_then(|targets| targets.as_sequence());
        for to in targets.into_iter().flatten() {
            let dead_letters = at(to, "DeadLetterConfig.Arn");
            if let Err(problem) = check_dead_letter_queue(&template, dead_letters) {
                problems.push(format!("{}: `DeadLetterConfig.Arn` of a target: {problem}", rule.id));
            }
            for queue in [to.get("Arn"), dead_letters].into_iter().flatten().filter_map(target) {
                if !allows_rules(&template, queue) {
                    problems.push(format!(
                        "{}: add an AWS::SQS::QueuePolicy that lets events.amazonaws.com send to {queue}",
                        rule.id
                    ));
                }
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn a_function_behind_the_api_times_out_before_the_api() {
    let template = Template::read();
    let mut problems = Vec::new();
    for (route, operation) in operations(&template) {
        let (domain, id) = function_of(&operation).unwrap_or_default();
        let path = template::path_of_application(&domain);
        let output = template::entries(&template::parse(&path), "Outputs");
        let output = output.iter().find(|(name, _)| *name == id);
        // The output is the ARN of the function or of its alias.
        let is_it = |text: &&str| text.starts_with(&format!("{id}."));
        let points_to_it = |(_, output): &(String, yaml_serde::Value)| {
            let named: Vec<&str> = texts(output).into_iter().filter(|text| text.contains('.')).collect();
            !named.is_empty() && named.iter().all(is_it)
        };
        let function = template.functions().find(|function| function.id == id);
        let Some(function) = function.filter(|_| output.is_some_and(points_to_it)) else {
            problems.push(format!(
                "{route}: {path} needs an output {id} that is the ARN of its function {id}"
            ));
            continue;
        };
        let seconds = function.property("Timeout").and_then(|value| value.as_u64());
        if seconds.is_none_or(|seconds| seconds >= API_TIMEOUT) {
            problems.push(format!(
                "{}: the API times out after {API_TIMEOUT} seconds: set a lower `Timeout`",
                function.id
            ));
        }
    }
    assert_none(&problems);
}

#[test]
fn every_function_is_behind_the_api_or_has_an_event() {
    let template = Template::read();
    let routed: BTreeSet<String> = operations(&template)
        .iter()
        .filter_map(|(_, operation)| Some(function_of(operation)?.1))
        .collect();
    let mut problems = Vec::new();
    for function in template.functions() {
        let is_routed = routed.contains(function.id);
        let is_fed = |mapping: Resource<'_>| mapping.property("FunctionName").and_then(target) == Some(function.id);
        let is_invoked = function.events().next().is_some() || template.resources_of(MAPPING).any(is_fed);
        if is_routed == is_invoked {
            problems.push(format!(
                "{}: a function needs either a route (`cargo contract` writes it) or `Events` or an {MAPPING}",
                function.id
            ));
        }
        if function.events().any(|(_, kind, _)| kind == "HttpApi") {
            problems.push(format!(
                "{}: remove the `HttpApi` event: routes are in the API's body",
                function.id
            ));
        }
    }
    assert_none(&problems);
}

#[test]
fn alarms_say_that_events_lists_and_searches_miss_changes() {
    let template = Template::read();
    let mut problems = Vec::new();
    for function in ["RelayEvents", "WatchProducts", "WatchShows"] {
        let watched = template.resource(function).expect("the function");
        if !has_alarm(&template, "AWS/Lambda", "IteratorAge", watched) {
            problems.push(format!("{function}: add an alarm on the metric IteratorAge"));
        }
    }
    let mut alarms = template.resources_of("AWS::CloudWatch::Alarm");
    if !alarms.any(|alarm| alarm.text("MetricName") == Some("DifferingDocuments") && has_action(alarm)) {
        problems.push("SweepIndex: add an alarm on the metric DifferingDocuments".to_owned());
    }
    assert_none(&problems);
}

#[test]
fn every_alarm_has_an_action() {
    let template = Template::read();
    let mut problems = Vec::new();
    for alarm in template.resources_of("AWS::CloudWatch::Alarm") {
        if !has_action(alarm) {
            problems.push(format!(
                "{}: add `AlarmActions: [!Ref Alarms]`, so that it notifies somebody",
                alarm.id
            ));
        }
        if alarm.property("TreatMissingData").is_none() {
            problems.push(format!("{}: add `TreatMissingData`", alarm.id));
        }
    }
    assert_none(&problems);
}

#[test]
fn only_the_listed_routes_are_public() {
    let template = Template::read();
    let mut problems = Vec::new();
    let operations = operations(&template);
    if operations.is_empty() {
        problems.push(format!("{}: the API has no routes", template::ROOT));
    }
    for (route, operation) in operations {
        let action = operation
            .get("operationId")
            .and_then(|id| id.as_str())
            .unwrap_or_default();
        // Without `security` a route has the default authorizer.
        if operation.get("security").is_some() && !PUBLIC_FUNCTIONS.contains(&action) {
            problems.push(format!(
                "{route}: the route requires no token: require one, or add {action} to PUBLIC_FUNCTIONS"
            ));
        }
    }
    for api in template.resources_of("AWS::Serverless::HttpApi") {
        if api.text("Auth.DefaultAuthorizer").is_none() {
            problems.push(format!(
                "{}: set `Auth.DefaultAuthorizer`, otherwise its routes are public",
                api.id
            ));
        }
    }
    assert_none(&problems);
}

#[test]
fn every_secret_is_retained_in_production() {
    let template = Template::read();
    let mut problems = Vec::new();
    for secret in template.resources_of("AWS::SecretsManager::Secret") {
        problems.extend(missing_retention(secret));
    }
    assert_none(&problems);
}

#[test]
fn every_table_is_encrypted_recoverable_and_retained_in_production() {
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
        problems.extend(missing_retention(table));
    }
    assert_none(&problems);
}

/// The routes of the API (`get /orders`), each with its OpenAPI operation.
fn operations(template: &Template) -> Vec<(String, yaml_serde::Value)> {
    let mut operations = Vec::new();
    for api in template.resources_of("AWS::Serverless::HttpApi") {
        let body = api.property("DefinitionBody").cloned().unwrap_or_default();
        for (path, methods) in template::entries(&body, "paths") {
            for (method, operation) in methods.as_mapping().into_iter().flatten() {
                let method = method.as_str().unwrap_or_default();
                operations.push((format!("{method} {path}"), operation.clone()));
            }
        }
    }
    operations
}

/// The application and the function that a route calls: `Orders` and `Checkout` of `!GetAtt Orders.Outputs.Checkout`.
fn function_of(operation: &yaml_serde::Value) -> Option<(String, String)> {
    let uri = at(operation, "x-amazon-apigateway-integration.uri")?;
    let (application, output) = texts(uri).into_iter().find_map(|text| text.split_once(".Outputs."))?;
    Some((application.to_owned(), output.to_owned()))
}

/// The missing policies for retaining a resource in production.
fn missing_retention(resource: Resource<'_>) -> Vec<String> {
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

/// Whether a queue policy allows EventBridge rules to send to a queue.
fn allows_rules(template: &Template, queue: &str) -> bool {
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

/// Checks that `arn` refers to a queue of the template with an alarm on its visible messages.
fn check_dead_letter_queue(template: &Template, arn: Option<&yaml_serde::Value>) -> Result<(), String> {
    let id = arn.and_then(target).ok_or("add one, with `!GetAtt`")?;
    let queue = template.resource(id).filter(|queue| queue.kind() == "AWS::SQS::Queue");
    let queue = queue.ok_or_else(|| format!("{id} is not a queue"))?;
    if has_alarm(template, "AWS/SQS", "ApproximateNumberOfMessagesVisible", queue) {
        Ok(())
    } else {
        Err(format!("add an alarm on the visible messages of {id}"))
    }
}

fn has_alarm(template: &Template, namespace: &str, metric: &str, watched: Resource<'_>) -> bool {
    let mut alarms = template.resources_of("AWS::CloudWatch::Alarm");
    alarms.any(|alarm| alarm.watches(namespace, metric, watched.id) && has_action(alarm))
}

fn has_action(alarm: Resource<'_>) -> bool {
    alarm
        .property("AlarmActions")
        .and_then(|actions| actions.as_sequence())
        .is_some_and(|actions| !actions.is_empty())
}
