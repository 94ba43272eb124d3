//! `cargo lint`: what SAM and CloudFormation's linter say of `template.yaml`.

use std::path::Path;

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
    let template = workspace.template();

    let step = progress.step("sam validate --lint");
    let mut sam = tools.sam(&workspace);
    sam.args(["validate", "--lint", "--region", "us-east-1", "--template-file"])
        .arg(&template);
    process::run(&mut sam, &run.log("sam"), || ()).context("SAM finds fault with template.yaml")?;
    step.done("sam validate --lint");

    let step = progress.step("cfn-lint");
    let mut cfn = tools.program("import sys; from cfnlint.runner import main; sys.exit(main())");
    cfn.args([Path::new("--template"), &template])
        .current_dir(&workspace.root);
    process::run(&mut cfn, &run.log("cfn-lint"), || ()).context("cfn-lint finds fault with template.yaml")?;
    step.done("cfn-lint");
    Ok(())
}
