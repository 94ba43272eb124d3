//! A deployed stack, on this machine or on AWS: what tests and `cargo up` talk to.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use crate::api::Api;
use crate::aws::{Account, Aws, Credentials, Service};
use crate::cloudformation::Deployed;
use crate::progress::Progress;
use crate::python::Tools;
use crate::sandbox::Sandbox;
use crate::tap::Tap;
use crate::users;
use crate::workspace::Workspace;

/// Addresses and names of one deployed stack.
#[derive(Clone, Debug)]
pub struct Stack {
    /// Where the HTTP API answers, without a slash at the end.
    pub api_url: String,
    /// The Cognito user pool.
    pub user_pool_id: String,
    /// Its app client.
    pub client_id: String,
    /// The event bus.
    pub bus: String,
    /// Every output of the template (`OrdersTableName` …).
    pub outputs: BTreeMap<String, String>,
    account: Account,
    aws: Aws,
    tools: Tools,
    sandbox: Option<Sandbox>,
}

/// What a stack is reached by, beside what CloudFormation knows of it.
pub(crate) struct Parts {
    pub(crate) account: Account,
    pub(crate) aws: Aws,
    pub(crate) api_url: String,
    pub(crate) tools: Tools,
    pub(crate) sandbox: Option<Sandbox>,
}

impl Stack {
    /// The stack called `name` in the AWS account that `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`
    /// (`AWS_SESSION_TOKEN`) and `AWS_REGION` give, or wherever `AWS_ENDPOINT_URL` points.
    ///
    /// The end-to-end tests use it when `MADANG_STACK` names a stack; `MADANG_SANDBOX_URL` then says where the payment
    /// sandbox serves that the stack pays at. This project's own checks have no AWS account, so against AWS itself it
    /// has not been run.
    ///
    /// # Errors
    /// When a variable is missing or the stack cannot be read.
    pub fn from_deployed(name: &str) -> Result<Self> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let needed = |name: &str| variable(name).with_context(|| format!("{name} is not set; a stack on AWS needs it"));
        let credentials = Credentials {
            access_key: needed("AWS_ACCESS_KEY_ID")?,
            secret_key: needed("AWS_SECRET_ACCESS_KEY")?,
            session_token: variable("AWS_SESSION_TOKEN"),
        };
        let region = variable("AWS_REGION").map_or_else(|| needed("AWS_DEFAULT_REGION"), Ok)?;
        let account = Account {
            endpoint: variable("AWS_ENDPOINT_URL"),
            region,
            credentials,
        };
        let workspace = Workspace::find()?;
        let tools = Tools::ready(&workspace, Progress::plain())?;
        let aws = Aws::start(&tools, &account, &workspace.base.join("aws.log"))?;
        let deployed = Deployed::read(&aws.service("cloudformation"), name)
            .with_context(|| format!("cannot read the stack {name}"))?;
        let parts = Parts {
            account,
            aws,
            api_url: deployed.output("ApiUrl")?,
            tools,
            sandbox: variable("MADANG_SANDBOX_URL").map(|url| Sandbox::at(&url)),
        };
        Self::of(&deployed, parts)
    }

    /// The stack; its sandbox, if there is one, serves it from now on.
    pub(crate) fn of(deployed: &Deployed, parts: Parts) -> Result<Self> {
        let stack = Self {
            api_url: parts.api_url.trim_end_matches('/').to_owned(),
            user_pool_id: deployed.output("UserPoolId")?,
            client_id: deployed.output("UserPoolClientId")?,
            bus: deployed.output("BusName")?,
            outputs: deployed.outputs.clone(),
            account: parts.account,
            aws: parts.aws,
            tools: parts.tools,
            sandbox: parts.sandbox,
        };
        if let Some(sandbox) = &stack.sandbox {
            sandbox.require(&deployed.parameters)?;
            sandbox.serve(&stack).context("cannot join stack and payment sandbox")?;
        }
        Ok(stack)
    }

    /// The payment sandbox that the stack pays at.
    ///
    /// # Errors
    /// When it pays elsewhere.
    pub fn sandbox(&self) -> Result<&Sandbox> {
        self.sandbox.as_ref().context(
            "no payment sandbox: run `cargo run -p sandbox` where the stack can reach it and it the stack, deploy the \
             stack with its URLs as TossUrl, StripeUrl and KakaoPayUrl, and set MADANG_SANDBOX_URL",
        )
    }

    /// What `program` prints, run by the tools' Python with `arguments` and `input`.
    ///
    /// # Errors
    /// When it fails, with what it said.
    pub fn python(&self, program: &str, arguments: &[&str], input: &[u8]) -> Result<String> {
        self.tools.ask(program, arguments, input)
    }

    /// The HTTP API.
    #[must_use]
    pub fn api(&self) -> Api {
        Api::at(&self.api_url)
    }

    /// Makes the user `name` (or takes the one there), a member of `groups`, and returns its
    /// access token, good for an hour.
    ///
    /// # Errors
    /// When the user pool refuses.
    pub fn sign_up(&self, name: &str, groups: &[&str]) -> Result<String> {
        users::sign_up(self, name, groups).with_context(|| format!("cannot sign {name} up"))
    }

    /// A tap on the event bus, which hears what comes from now on.
    ///
    /// # Errors
    /// When the rule or its queue cannot be made.
    pub fn tap(&self) -> Result<Tap> {
        Tap::open(self).context("cannot listen to the bus")
    }

    /// Any AWS service of the stack's account, such as `dynamodb`, `sqs`, `lambda`.
    #[must_use]
    pub fn aws(&self, service: &str) -> Service {
        self.aws.service(service)
    }

    /// The emulator's address; none when the stack is on AWS.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        self.account.endpoint.as_deref()
    }

    /// The stack's region.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.account.region
    }

    /// The credentials that all calls here are signed with.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.account.credentials
    }
}

/// 32 random hexadecimal digits.
pub(crate) fn unique() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("the system gives no random bytes: {error}"))?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}
