//! The command line: help, and rejected options.

use std::process::{Command, Output};

fn local_cloud(arguments: &[&str]) -> std::io::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_local-cloud")).args(arguments).output()
}

#[test]
fn help_lists_the_commands() {
    let output = local_cloud(&["--help"]).unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success());
    assert!(
        text.contains("cargo up --once") && text.contains("cargo lint"),
        "{text}"
    );
}

#[test]
fn an_unknown_option_is_rejected_with_the_help() {
    let output = local_cloud(&["up", "--twice"]).unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(text.contains("--twice") && text.contains("cargo up --once"), "{text}");
}
