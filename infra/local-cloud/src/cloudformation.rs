//! Reads a deployed stack and its nested stacks from CloudFormation.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::aws::Service;

/// The resource type of a nested stack.
const NESTED: &str = "AWS::CloudFormation::Stack";

/// A deployed stack.
#[derive(Debug)]
pub(crate) struct Deployed {
    pub(crate) outputs: BTreeMap<String, String>,
    pub(crate) parameters: BTreeMap<String, String>,
    /// The resources of the stack and of its nested stacks, without the nested stacks themselves.
    pub(crate) resources: Vec<Resource>,
}

/// A resource of a stack.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    /// The logical id.
    pub(crate) name: String,
    /// The type, such as `AWS::Lambda::Function`.
    pub(crate) kind: String,
    /// The physical id.
    pub(crate) id: String,
}

impl Deployed {
    /// Reads the stack called `name`.
    pub(crate) fn read(cloudformation: &Service, name: &str) -> Result<Self> {
        let answer = cloudformation.call("DescribeStacks", &json!({ "StackName": name }))?;
        let stack = answer["Stacks"].get(0).context("DescribeStacks returned no stack")?;
        let pairs = |list: &str, key: &str, value: &str| {
            let all = stack[list].as_array().into_iter().flatten();
            all.map(|pair| (text(pair, key), text(pair, value))).collect()
        };
        Ok(Self {
            outputs: pairs("Outputs", "OutputKey", "OutputValue"),
            parameters: pairs("Parameters", "ParameterKey", "ParameterValue"),
            resources: resources(cloudformation, name)?,
        })
    }

    pub(crate) fn output(&self, key: &str) -> Result<String> {
        self.outputs
            .get(key)
            .cloned()
            .with_context(|| format!("template.yaml has no output called {key}"))
    }

    /// The resources of a type.
    pub(crate) fn all(&self, kind: &str) -> impl Iterator<Item = &Resource> {
        self.resources.iter().filter(move |resource| resource.kind == kind)
    }

    /// The only resource of a type.
    pub(crate) fn only(&self, kind: &str) -> Result<&Resource> {
        let mut found = self.all(kind);
        match (found.next(), found.next()) {
            (Some(resource), None) => Ok(resource),
            (None, _) => bail!("template.yaml has no {kind}"),
            (Some(_), Some(_)) => bail!("template.yaml has more than one {kind}"),
        }
    }
}

fn resources(cloudformation: &Service, stack: &str) -> Result<Vec<Resource>> {
    let mut found = Vec::new();
    let mut stacks = vec![stack.to_owned()];
    while let Some(stack) = stacks.pop() {
        let answer = cloudformation.call("DescribeStackResources", &json!({ "StackName": stack }))?;
        for resource in answer["StackResources"].as_array().into_iter().flatten() {
            let resource = Resource {
                name: text(resource, "LogicalResourceId"),
                kind: text(resource, "ResourceType"),
                id: text(resource, "PhysicalResourceId"),
            };
            if resource.kind == NESTED {
                stacks.push(resource.id);
            } else {
                found.push(resource);
            }
        }
    }
    Ok(found)
}

/// The failed resources of the stack called `name` and of its nested stacks. SAM reports only the nested stack.
pub(crate) fn failures(cloudformation: &Service, name: &str) -> Result<Vec<String>> {
    let answer = cloudformation.call("DescribeStacks", &json!({}))?;
    let stacks = answer["Stacks"].as_array().into_iter().flatten();
    // The name of a nested stack begins with that of its parent.
    let in_stack = |stack: &&Value| {
        let rest = stack["StackName"].as_str().and_then(|found| found.strip_prefix(name));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let mut failures = Vec::new();
    for stack in stacks.filter(in_stack) {
        let answer = cloudformation.call("DescribeStackEvents", &json!({ "StackName": stack["StackId"] }))?;
        let events = answer["StackEvents"].as_array().into_iter().flatten();
        failures.extend(
            events
                .filter_map(failure)
                .map(|failure| format!("{}: {failure}", text(stack, "StackName"))),
        );
    }
    Ok(failures)
}

/// The failure that an event reports. `None` if it only follows from another failure.
fn failure(event: &Value) -> Option<String> {
    let reason = event["ResourceStatusReason"].as_str()?;
    let failed = text(event, "ResourceStatus").ends_with("_FAILED");
    let consequence = event["ResourceType"] == NESTED || reason.contains("cancelled");
    (failed && !consequence).then(|| {
        format!(
            "{} ({}): {reason}",
            text(event, "LogicalResourceId"),
            text(event, "ResourceType")
        )
    })
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_resource_that_failed_first_is_reported() {
        let event = |kind: &str, status: &str, reason: &str| {
            json!({
                "LogicalResourceId": "Checkout",
                "ResourceType": kind,
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
            })
        };
        let function = "AWS::Lambda::Function";
        assert_eq!(
            failure(&event(function, "CREATE_FAILED", "no such role")).unwrap(),
            "Checkout (AWS::Lambda::Function): no such role"
        );
        assert_eq!(failure(&event(function, "CREATE_COMPLETE", "")), None);
        assert_eq!(
            failure(&event(function, "CREATE_FAILED", "Resource creation cancelled")),
            None
        );
        assert_eq!(failure(&event(NESTED, "CREATE_FAILED", "Embedded stack failed")), None);
    }
}
