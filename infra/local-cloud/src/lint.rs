//! `cargo lint`: what SAM and CloudFormation's linter say about the templates.

use anyhow::{Context, Result};

use crate::process;
use crate::progress::Progress;
use crate::python::Tools;
use crate::workspace::Workspace;

/// Runs both linters.
///
/// # Errors
/// When one of them finds something; the message shows what.
pub fn run(progress: &Progress) -> Result<()> {
    let progress = *progress;
    let workspace = Workspace::find()?;
    let run = workspace.claim("lint")?;
    let tools = Tools::ready(&workspace, progress)?;
    let templates = workspace.templates()?;

    for template in &templates {
        let step = progress.step("sam validate --lint");
        let mut sam = tools.sam(&workspace);
        sam.args(["validate", "--lint", "--region", "us-east-1", "--template-file"])
            .arg(workspace.root.join(template));
        process::run(&mut sam, &run.log("sam"), || ())
            .with_context(|| format!("SAM finds fault with {}", template.display()))?;
        step.done(format!("sam validate --lint {}", template.display()));
    }

    let step = progress.step("cfn-lint");
    let mut cfn = tools.program("import sys; from cfnlint.runner import main; sys.exit(main())");
    cfn.arg("--").args(&templates).current_dir(&workspace.root);
    process::run(&mut cfn, &run.log("cfn-lint"), || ()).context("cfn-lint finds fault with a template")?;
    step.done(format!("cfn-lint: {} templates", templates.len()));
    Ok(())
}
