//! From nothing to a stack that answers: tools, build, payment sandbox, emulator, deployment.

use anyhow::Result;

use crate::aws::{Account, Aws};
use crate::cloudformation::Deployed;
use crate::deploy::{self, STACK};
use crate::emulator::{Emulator, REGION};
use crate::logs::Logs;
use crate::progress::Progress;
use crate::python::Tools;
use crate::stack::{Parts, Stack};
use crate::workspace::{Run, Workspace};
use crate::{functions, process, sandbox};

/// How to bring a local cloud up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its state and logs lie in `target/local-cloud/<name>`. Clouds of different names run side
    /// by side; a second one of the same name is refused.
    pub name: String,
    /// The port to insist on.
    pub port: Option<u16>,
    /// Without `port`: take the usual 4566 when it is free. Otherwise any free one.
    pub usual_port: bool,
    /// Parameters of the template that are to differ from their defaults: name and value.
    pub parameters: Vec<(&'static str, &'static str)>,
    /// Where the steps are shown.
    pub progress: Progress,
}

impl Options {
    /// A local cloud for tests: any free port, plain lines.
    #[must_use]
    pub fn test(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            port: None,
            usual_port: false,
            parameters: vec![],
            progress: Progress::plain(),
        }
    }
}

/// A running emulator with the stack deployed on it, and the payment sandbox. Dropping it ends every process of it.
pub struct LocalCloud {
    stack: Stack,
    logs: Logs,
    emulator: Emulator,
    _sandbox: sandbox::Process,
    // After `emulator`: its folder is given up when nothing writes there any more.
    run: Run,
}

impl LocalCloud {
    /// Brings everything up: builds what has changed, deploys `template.yaml` to a fresh emulator.
    ///
    /// # Errors
    /// When a step fails; the message says what to do and shows the end of the log.
    pub fn start(options: &Options) -> Result<Self> {
        let progress = options.progress;
        let workspace = Workspace::find()?;
        let run = workspace.claim(&options.name)?;
        let tools = Tools::ready(&workspace, progress)?;
        // It gets ready while the functions are built.
        let mut emulator = Emulator::start(&tools, &run, options.port, options.usual_port)?;
        let built = functions::build(&workspace, &run, &tools, progress)?;

        let step = progress.step("starting the payment sandbox");
        let sandbox = sandbox::Process::start(&built.sandbox, &run)?;
        let url = &sandbox.sandbox.url;
        step.done(format!("payment sandbox (Toss, Stripe, KakaoPay) at {url}"));

        let step = progress.step("starting the emulated AWS");
        emulator.wait_until_ready()?;
        step.done(format!("emulated AWS on port {}, IAM enforced", emulator.port));

        let account = Account {
            endpoint: Some(emulator.endpoint()),
            region: REGION.to_owned(),
            credentials: Emulator::credentials(),
        };
        let aws = Aws::start(&tools, &account, &run.log("aws"))?;
        let step = progress.step("sam deploy");
        let chosen = options.parameters.iter().map(|&(name, value)| (name, value.to_owned()));
        let parameters: Vec<_> = chosen.chain(sandbox.sandbox.parameters()).collect();
        deploy::deploy(&workspace, &run, &tools, &built.template, &parameters, &account, &aws)?;
        let deployed = Deployed::read(&aws.service("cloudformation"), STACK)?;
        step.done(format!(
            "template.yaml deployed: {} resources",
            deployed.resources.len()
        ));

        let api = &deployed.only("AWS::ApiGatewayV2::Api")?.id;
        // Names below `localhost` are not resolved everywhere: so the API is told by the path.
        let url = format!("{}/_aws/execute-api/{api}", emulator.endpoint());
        let logs = Logs::of(&deployed, aws.service("logs"), run.log("functions"));
        let stack = Stack::of(
            &deployed,
            Parts {
                account,
                aws,
                api_url: url,
                tools,
                sandbox: Some(sandbox.sandbox.clone()),
            },
        )?;
        Ok(Self {
            stack,
            logs,
            emulator,
            _sandbox: sandbox,
            run,
        })
    }

    /// What is deployed.
    #[must_use]
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Fails when the emulator has ended.
    ///
    /// # Errors
    /// With the end of its log.
    pub fn check(&mut self) -> Result<()> {
        self.emulator.check()
    }

    /// Appends what the functions have written since the last time to `logs/functions.log`.
    ///
    /// # Errors
    /// When the emulator does not tell, or the file cannot be written.
    pub fn gather_logs(&mut self) -> Result<()> {
        self.logs.gather()
    }

    /// The end of what the functions wrote, or of the emulator's log when they wrote nothing.
    #[must_use]
    pub fn last_words(&mut self) -> String {
        let gathered = self.gather_logs();
        if gathered.is_ok() && self.logs.file.exists() {
            process::tail(&self.logs.file)
        } else {
            self.emulator.last_words()
        }
    }

    /// Where its state and logs lie.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        &self.run.folder
    }
}
