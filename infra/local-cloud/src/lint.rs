//! `cargo lint`: checks the templates with SAM, cfn-lint and checkov, and counts their resources.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::progress::Progress;
use crate::python::Tools;
use crate::workspace::Workspace;

/// Applies SAM's transform to the templates, and counts their resources.
const TRANSFORM: &str = include_str!("transform.py");

/// Half of CloudFormation's limit for a stack.
const MAX_RESOURCES: usize = 250;

/// Runs all linters.
///
/// # Errors
/// When a linter reports a problem. The message has its output.
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
            .with_context(|| format!("SAM reports a problem in {}", template.display()))?;
        step.done(format!("sam validate --lint {}", template.display()));
    }

    let step = progress.step("cfn-lint");
    let mut cfn = tools.program("import sys; from cfnlint.runner import main; sys.exit(main())");
    cfn.arg("--").args(&templates).current_dir(&workspace.root);
    process::run(&mut cfn, &run.log("cfn-lint"), || ()).context("cfn-lint reports a problem")?;
    step.done("cfn-lint");

    // checkov reads CloudFormation templates only.
    let step = progress.step("SAM's transform");
    let processed = run.temporary();
    let mut transform = tools.program(TRANSFORM);
    transform.arg(&processed).args(&templates).current_dir(&workspace.root);
    process::run(&mut transform, &run.log("transform"), || ()).context("SAM cannot transform a template")?;
    let counts = counts(&fs::read_to_string(run.log("transform"))?);
    if let Some((count, template)) = counts.iter().find(|(count, _)| *count > MAX_RESOURCES) {
        bail!("{template} has {count} resources, the limit is {MAX_RESOURCES}: move some to a nested template");
    }
    step.done("resources after SAM's transform:");
    for (count, template) in counts {
        println!("      {count:>4} {template}");
    }

    let tools = Tools::checkov(&workspace, progress)?;
    let step = progress.step("checkov");
    let mut checkov = tools.program("import sys; from checkov.main import Checkov; sys.exit(Checkov().run())");
    checkov
        .arg("--config-file")
        .arg(workspace.root.join("infra/local-cloud/checkov/checkov.yaml"))
        .arg("--directory")
        .arg(&processed);
    process::run(&mut checkov, &run.log("checkov"), || ()).context("checkov reports a problem")?;
    step.done("checkov");
    Ok(())
}

/// Parses lines such as `34 template.yaml` in the output of the transform. Skips other lines.
fn counts(output: &str) -> Vec<(usize, String)> {
    let count = |line: &str| {
        let (count, template) = line.split_once(' ')?;
        Some((count.parse().ok()?, template.to_owned()))
    };
    output.lines().filter_map(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_parsed_among_other_lines() {
        let output = "There are 2 unpublished metrics.\n34 template.yaml\n";
        assert_eq!(counts(output), [(34, "template.yaml".to_owned())]);
    }
}
