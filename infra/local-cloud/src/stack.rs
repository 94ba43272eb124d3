//! A deployed stack, on this machine or on AWS, as tests and `cargo up` use it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use crate::api::Api;
use crate::aws::{Account, Aws, Credentials, Service};
use crate::cloudformation::Deployed;
use crate::process;
use crate::progress::Progress;
use crate::python::Tools;
use crate::sandbox::Sandbox;
use crate::tap::Tap;
use crate::users;
use crate::workspace::Workspace;

/// A deployed stack: its addresses and names.
#[derive(Clone, Debug)]
pub struct Stack {
    /// The URL of the HTTP API, without a trailing slash.
    pub api_url: String,
    /// The Cognito user pool.
    pub user_pool_id: String,
    /// The app client of the user pool.
    pub client_id: String,
    /// The event bus.
    pub bus: String,
    /// The outputs of the template, such as `OrdersTableName`.
    pub outputs: BTreeMap<String, String>,
    /// The names of the schedules by logical id.
    pub(crate) schedules: BTreeMap<String, String>,
    account: Account,
    aws: Aws,
    tools: Tools,
    sandbox: Option<Sandbox>,
}

/// Everything that [`Stack::of`] needs and CloudFormation does not return.
pub(crate) struct Parts {
    pub(crate) account: Account,
    pub(crate) aws: Aws,
    pub(crate) api_url: String,
    pub(crate) tools: Tools,
    pub(crate) sandbox: Option<Sandbox>,
}

impl Stack {
    /// Opens the stack called `name`. Takes the account from `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
    /// `AWS_SESSION_TOKEN` and `AWS_REGION`, and the endpoint from `AWS_ENDPOINT_URL` if it is set.
    ///
    /// The end-to-end tests use it if `MADANG_STACK` is set. `MADANG_SANDBOX_URL` is then the URL of the stack's
    /// payment sandbox. It has not been run against AWS.
    ///
    /// # Errors
    /// When a variable is missing or the stack cannot be read.
    pub fn from_deployed(name: &str) -> Result<Self> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let required = |name: &str| variable(name).with_context(|| format!("set {name}: a stack on AWS requires it"));
        let credentials = Credentials {
            access_key: required("AWS_ACCESS_KEY_ID")?,
            secret_key: required("AWS_SECRET_ACCESS_KEY")?,
            session_token: variable("AWS_SESSION_TOKEN"),
        };
        let region = variable("AWS_REGION").map_or_else(|| required("AWS_DEFAULT_REGION"), Ok)?;
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

    /// Creates the stack. Connects its payment sandbox, if there is one.
    pub(crate) fn of(deployed: &Deployed, parts: Parts) -> Result<Self> {
        let stack = Self {
            api_url: parts.api_url.trim_end_matches('/').to_owned(),
            user_pool_id: deployed.output("UserPoolId")?,
            client_id: deployed.output("UserPoolClientId")?,
            bus: deployed.output("BusName")?,
            outputs: deployed.outputs.clone(),
            schedules: deployed
                .all("AWS::Scheduler::Schedule")
                .map(|schedule| (schedule.name.clone(), schedule.id.clone()))
                .collect(),
            account: parts.account,
            aws: parts.aws,
            tools: parts.tools,
            sandbox: parts.sandbox,
        };
        if let Some(sandbox) = &stack.sandbox {
            sandbox.check_parameters(&deployed.parameters)?;
            sandbox
                .connect(&stack)
                .context("cannot connect the stack to the payment sandbox")?;
        }
        Ok(stack)
    }

    /// The payment sandbox of the stack.
    ///
    /// # Errors
    /// When the stack has none.
    pub fn sandbox(&self) -> Result<&Sandbox> {
        self.sandbox.as_ref().context(
            "no payment sandbox: run `cargo run -p sandbox` where the sandbox and the stack can reach each other, \
             deploy the stack with the sandbox's URLs as TossUrl, StripeUrl and KakaoPayUrl, and set \
             MADANG_SANDBOX_URL",
        )
    }

    /// Runs a Python `program` with `arguments` and `input`, in the stack's account. Returns its output.
    ///
    /// # Errors
    /// When it fails. The message has its standard error.
    pub fn python(&self, program: &str, arguments: &[&str], input: &[u8]) -> Result<String> {
        let mut command = self.tools.program(program);
        process::pipe(self.account.select(&mut command).args(arguments), input)
    }

    /// The endpoint of all AWS services, if the stack is emulated.
    pub fn endpoint(&self) -> Option<&str> {
        self.account.endpoint.as_deref()
    }

    /// The HTTP API.
    #[must_use]
    pub fn api(&self) -> Api {
        Api::at(&self.api_url)
    }

    /// Creates the user `name` as a member of `groups`, or uses the existing one. Returns an access token, valid for an
    /// hour.
    ///
    /// # Errors
    /// When the user pool returns an error.
    pub fn sign_up(&self, name: &str, groups: &[&str]) -> Result<String> {
        users::sign_up(self, name, groups).with_context(|| format!("cannot sign up {name}"))
    }

    /// Opens a tap on the event bus. It receives the events from now on.
    ///
    /// # Errors
    /// When the rule or its queue cannot be created.
    pub fn tap(&self) -> Result<Tap> {
        Tap::open(self).context("cannot open a tap on the event bus")
    }

    /// A client of an AWS service in the stack's account, such as `dynamodb`, `sqs` or `lambda`.
    #[must_use]
    pub fn aws(&self, service: &str) -> Service {
        self.aws.service(service)
    }
}

/// 32 random hexadecimal digits.
pub(crate) fn unique() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("cannot get random bytes: {error}"))?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}
