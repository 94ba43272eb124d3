//! The command line: help, rejected options, and what is missing on this machine.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

fn local_cloud(arguments: &[&str]) -> std::io::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_local-cloud")).args(arguments).output()
}

#[test]
fn help_lists_the_commands() {
    for arguments in [&["--help"][..], &["up", "--help"], &["up", "-h"]] {
        let output = local_cloud(arguments).unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success());
        for part in ["cargo up --once", "cargo up --port N", "cargo lint"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}

#[test]
fn an_unknown_option_is_rejected_with_the_help() {
    let output = local_cloud(&["up", "--twice"]).unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(text.contains("--twice") && text.contains("cargo up --once"), "{text}");
}

#[test]
fn a_port_is_a_number_up_to_65535() {
    for port in ["65536", "-1", "4566x", "", "http"] {
        let output = local_cloud(&["up", &format!("--port={port}")]).unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success());
        assert!(text.contains("expected a number from 0 to 65535"), "{port}: {text}");
    }
    let text = local_cloud(&["up", "--port"]).unwrap().stderr;
    assert!(String::from_utf8_lossy(&text).contains("--port"));
}

/// A machine with nothing below the target folder, where each Python is a shell script.
struct Machine(PathBuf);

impl Machine {
    /// `python3` runs `script`. No other Python works.
    fn with_python(name: &str, script: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("local cloud {name} {}", std::process::id()));
        let programs = folder.join("bin");
        fs::create_dir_all(&programs).unwrap();
        for minor in 10..=14 {
            write_program(&programs.join(format!("python3.{minor}")), "exit 127");
        }
        write_program(&programs.join("python"), "exit 127");
        write_program(&programs.join("python3"), script);
        Self(folder)
    }

    fn up(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_local-cloud"));
        let path = std::env::var("PATH").unwrap();
        command.arg("up").args(arguments).stdin(Stdio::null());
        command.env("PATH", format!("{}:{path}", self.0.join("bin").display()));
        command.env("CARGO_TARGET_DIR", self.0.join("target"));
        command
    }

    /// The error of `cargo up`.
    fn error(&self, arguments: &[&str]) -> String {
        let output = self.up(arguments).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Starts `cargo up` with a `python3` that writes its process id to a file, and never creates an environment.
    /// Returns it and the process id.
    fn installing(&self) -> (Child, Pid) {
        let file = self.0.join("id");
        let script = format!(
            "case $* in *bool*venv*) echo cpython 3.12 True;; *) echo $$ > '{}'; exec sleep 600;; esac",
            file.display()
        );
        write_program(&self.0.join("bin/python3"), &script);
        let mut up = self.up(&["--port", "0"]);
        let child = up.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut id = None;
        eventually("Python starts", || {
            let text = fs::read_to_string(&file).unwrap_or_default();
            id = text.trim().parse().ok().and_then(Pid::from_raw);
            id.is_some()
        });
        (child, id.unwrap())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn write_program(path: &Path, script: &str) {
    fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn a_missing_or_unsuitable_python_is_reported_with_the_versions_that_work() {
    let machine = Machine::with_python("none", "exit 127");
    let error = machine.error(&["--port", "0"]);
    assert!(
        error.contains("no Python was found") && error.contains("3.10 to 3."),
        "{error}"
    );
    write_program(&machine.0.join("bin/python3"), "echo cpython 3.9 True");
    let error = machine.error(&["--port", "0"]);
    assert!(error.contains("python3 is 3.9"), "{error}");
    write_program(&machine.0.join("bin/python3"), "echo cpython 3.12 False");
    let error = machine.error(&["--port", "0"]);
    assert!(error.contains("apt install python3 python3.12-venv"), "{error}");
}

#[test]
fn a_port_in_use_is_reported_before_anything_is_installed() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let machine = Machine::with_python("port", "exit 127");
    let error = machine.error(&["--port", &port.to_string()]);
    assert!(error.contains(&format!("port {port} is in use")), "{error}");
}

#[test]
fn ctrl_c_during_the_installation_ends_its_processes() {
    let machine = Machine::with_python("interrupted", "exit 127");
    let (mut up, python) = machine.installing();
    kill_process(Pid::from_child(&up), Signal::INT).unwrap();
    assert_eq!(up.wait().unwrap().code(), Some(130));
    assert!(test_kill_process(python).is_err(), "Python still runs");
    assert!(!machine.0.join("target/local-cloud/venv").exists());
}

#[test]
fn an_installation_that_outlives_its_killed_parent_keeps_its_lock() {
    let machine = Machine::with_python("killed", "exit 127");
    let (mut up, python) = machine.installing();
    up.kill().unwrap();
    up.wait().unwrap();
    let lock = fs::File::open(machine.0.join("target/local-cloud/venv.lock")).unwrap();
    assert!(lock.try_lock().is_err(), "another local cloud could install too");
    kill_process(python, Signal::KILL).unwrap();
    eventually("the lock is released", || lock.try_lock().is_ok());
}
