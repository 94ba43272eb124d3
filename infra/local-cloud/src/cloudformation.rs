//! What CloudFormation knows of a deployed stack.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use roxmltree::{Document, Node};
use serde_json::Value;

use crate::aws::Account;

const VERSION: &str = "2010-05-15";

/// A stack as it stands.
#[derive(Debug)]
pub(crate) struct Deployed {
    /// `arn:aws:cloudformation:<region>:<account>:stack/…`
    pub(crate) arn: String,
    pub(crate) outputs: BTreeMap<String, String>,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) resources: BTreeMap<String, Resource>,
}

/// A resource of a stack.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    /// `AWS::Lambda::Function`
    pub(crate) kind: String,
    /// What `Ref` gives.
    pub(crate) id: String,
}

impl Deployed {
    /// Reads the stack called `name`.
    pub(crate) fn read(account: &Account, name: &str) -> Result<Self> {
        let cloudformation = account.service("cloudformation");
        let stack = cloudformation.query("DescribeStacks", VERSION, &[("StackName", name)])?;
        let resources = cloudformation.query("DescribeStackResources", VERSION, &[("StackName", name)])?;
        Self::parse(&stack, &resources)
    }

    fn parse(stack: &str, resources: &str) -> Result<Self> {
        let stack = Document::parse(stack).context("DescribeStacks answered with something else than XML")?;
        let pairs = |list: &str, key: &str, value: &str| {
            members(stack.root(), list)
                .filter_map(|pair| Some((child(pair, key)?, child(pair, value)?)))
                .collect()
        };
        let arn = stack
            .descendants()
            .find_map(|node| child(node, "StackId"))
            .context("DescribeStacks answered without a stack")?;
        let resources = Document::parse(resources).context("DescribeStackResources answered without XML")?;
        let resources = members(resources.root(), "StackResources")
            .filter_map(|node| {
                let resource = Resource {
                    kind: child(node, "ResourceType")?,
                    id: child(node, "PhysicalResourceId")?,
                };
                Some((child(node, "LogicalResourceId")?, resource))
            })
            .collect();
        Ok(Self {
            arn,
            outputs: pairs("Outputs", "OutputKey", "OutputValue"),
            parameters: pairs("Parameters", "ParameterKey", "ParameterValue"),
            resources,
        })
    }

    pub(crate) fn output(&self, key: &str) -> Result<String> {
        self.outputs
            .get(key)
            .cloned()
            .with_context(|| format!("template.yaml has no output called {key}"))
    }

    /// The logical and physical id of the one resource of a kind.
    pub(crate) fn only(&self, kind: &str) -> Result<(&str, &str)> {
        let mut found = self.resources.iter().filter(|(_, resource)| resource.kind == kind);
        match (found.next(), found.next()) {
            (Some((logical, resource)), None) => Ok((logical, &resource.id)),
            (None, _) => bail!("template.yaml has no {kind}"),
            (Some(_), Some(_)) => bail!("template.yaml has more than one {kind}"),
        }
    }
}

/// The template as SAM's transform left it.
pub(crate) fn processed_template(account: &Account, name: &str) -> Result<Value> {
    let parameters = [("StackName", name), ("TemplateStage", "Processed")];
    let answer = account
        .service("cloudformation")
        .query("GetTemplate", VERSION, &parameters)?;
    let document = Document::parse(&answer).context("GetTemplate answered with something else than XML")?;
    let body = document
        .descendants()
        .find_map(|node| child(node, "TemplateBody"))
        .context("GetTemplate answered without a template")?;
    serde_json::from_str(&body).context("the processed template is not JSON")
}

fn members<'a, 'input>(root: Node<'a, 'input>, list: &str) -> impl Iterator<Item = Node<'a, 'input>> {
    root.descendants()
        .find(|node| node.has_tag_name_of(list))
        .into_iter()
        .flat_map(|node| node.children().filter(Node::is_element))
}

fn child(node: Node<'_, '_>, name: &str) -> Option<String> {
    let found = node.children().find(|node| node.has_tag_name_of(name))?;
    // A text may come in pieces.
    Some(found.children().filter_map(|piece| piece.text()).collect())
}

/// Names whatever their namespace: the emulator and AWS differ in it.
trait Named {
    fn has_tag_name_of(&self, name: &str) -> bool;
}

impl Named for Node<'_, '_> {
    fn has_tag_name_of(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STACK: &str = "\
<DescribeStacksResponse xmlns='http://cloudformation.amazonaws.com/doc/2010-05-15/'><DescribeStacksResult><Stacks><member>
<StackName>madang</StackName><StackId>arn:aws:cloudformation:us-east-1:000000000000:stack/madang/1</StackId>
<Parameters><member><ParameterKey>Stage</ParameterKey><ParameterValue>development</ParameterValue></member></Parameters>
<Outputs><member><OutputKey>BusName</OutputKey><OutputValue>madang</OutputValue></member></Outputs>
</member></Stacks></DescribeStacksResult></DescribeStacksResponse>";
    const RESOURCES: &str = "\
<R><StackResources><member><LogicalResourceId>Api</LogicalResourceId><ResourceType>AWS::ApiGatewayV2::Api</ResourceType>
<PhysicalResourceId>53c24e1f</PhysicalResourceId></member></StackResources></R>";

    #[test]
    fn a_stack_is_read_from_its_description() {
        let deployed = Deployed::parse(STACK, RESOURCES).unwrap();
        assert_eq!(
            deployed.arn,
            "arn:aws:cloudformation:us-east-1:000000000000:stack/madang/1"
        );
        assert_eq!(deployed.output("BusName").unwrap(), "madang");
        assert_eq!(deployed.parameters["Stage"], "development");
        assert_eq!(deployed.only("AWS::ApiGatewayV2::Api").unwrap(), ("Api", "53c24e1f"));
        assert!(deployed.only("AWS::Events::EventBus").is_err());
    }
}
