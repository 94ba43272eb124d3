//! Starts a local cloud: tools, build, payment sandbox, emulator, deployment.

use std::path::PathBuf;

use anyhow::Result;

use crate::aws::{Account, Aws};
use crate::cloudformation::Deployed;
use crate::deploy::{self, STACK};
use crate::emulator::{Emulator, REGION};
use crate::logs::Logs;
use crate::pages::Pages;
use crate::port::Port;
use crate::progress::Progress;
use crate::python::Tools;
use crate::stack::{Parts, Stack};
use crate::workspace::{Run, Workspace};
use crate::{functions, process, sandbox};

/// Options of a local cloud.
#[derive(Clone, Debug)]
pub struct Options {
    /// Names the folder of its state and logs, `target/local-cloud/<name>`. Clouds with different names can run at the
    /// same time; starting a second one with the same name fails.
    pub name: String,
    /// The port to listen on, or 0 for a free one. Fails if it cannot be used.
    pub port: Option<u16>,
    /// Without `port`: use 4566 if it is free. Otherwise any free port is used.
    pub usual_port: bool,
    /// Template parameters that override the defaults: name and value.
    pub parameters: Vec<(&'static str, &'static str)>,
    /// How the steps are printed.
    pub progress: Progress,
}

impl Options {
    /// Options for tests: any free port, plain lines.
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

/// A running emulator with the deployed stack, and the payment sandbox. Dropping it ends all of its processes.
pub struct LocalCloud {
    stack: Stack,
    logs: Logs,
    emulator: Emulator,
    _sandbox: sandbox::Process,
    /// The checkout.
    root: PathBuf,
    // Declared after `emulator`, so that the folder's lock is released after the last write.
    run: Run,
}

impl LocalCloud {
    /// Builds the functions and deploys `template.yaml` to a new emulator.
    ///
    /// # Errors
    /// When a step fails. The message has the last lines of the log.
    pub fn start(options: &Options) -> Result<Self> {
        let progress = options.progress;
        let workspace = Workspace::find()?;
        let run = workspace.claim(&options.name)?;
        let port = Port::reserve(options.port, options.usual_port)?;
        let tools = Tools::ready(&workspace, progress)?;
        // The emulator starts while the functions are built.
        let mut emulator = Emulator::start(&tools, &run, port)?;
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
        // Not every system resolves subdomains of `localhost`, so the API is addressed by path.
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
            root: workspace.root,
            run,
        })
    }

    /// The deployed stack.
    #[must_use]
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Serves the API reference, on the port after the API's if it is free.
    pub(crate) fn pages(&self) -> Result<Pages> {
        Pages::after(self.emulator.port, &self.root)
    }

    /// Checks that the emulator is running.
    ///
    /// # Errors
    /// When it has exited. The message has the last lines of its log.
    pub fn check(&mut self) -> Result<()> {
        self.emulator.check()
    }

    /// Appends the functions' new log lines to `logs/functions.log`.
    ///
    /// # Errors
    /// When the emulator does not return the logs, or the file cannot be written.
    pub fn gather_logs(&mut self) -> Result<()> {
        self.logs.gather()
    }

    /// The last lines of the functions' log, or of the emulator's log if the functions wrote none.
    #[must_use]
    pub fn log_tail(&mut self) -> String {
        let gathered = self.gather_logs();
        if gathered.is_ok() && self.logs.file.exists() {
            process::tail(&self.logs.file)
        } else {
            self.emulator.log_tail()
        }
    }

    /// The folder of its state and logs.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        &self.run.folder
    }
}
