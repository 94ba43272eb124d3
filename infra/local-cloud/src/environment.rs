//! The environment of the local programs: emulator, functions, payment sandbox, SAM and boto3.
//!
//! They get [`PASSED`] of the user's variables and no others, as functions on AWS do. So a proxy, an AWS profile or
//! endpoint, the settings of another emulator and `PYTHONPATH` cannot reach them: no request leaves this machine.
//! `cargo` and `pip` download packages and keep the user's environment.

use std::env;
use std::ffi::OsString;
use std::net::IpAddr;
use std::path::Path;
use std::process::Command;

use ureq::http::Uri;

const PASSED: [&str; 7] = [
    "PATH",
    "USER",
    "TZ",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "RUST_BACKTRACE",
];

/// How this machine reaches the internet: proxies, and the certificates that it trusts.
const NETWORK: [&str; 12] = [
    "ALL_PROXY",
    "all_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "NO_PROXY",
    "no_proxy",
    "AWS_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// Gives `command` a clean environment with `home` as its home folder, so that no configuration file of the user is
/// read and nothing has to be written there.
pub(crate) fn isolate<'a>(command: &'a mut Command, home: &Path) -> &'a mut Command {
    command.env_clear().envs(set(&PASSED)).env("HOME", home)
}

/// The user's variables for requests to the internet.
pub(crate) fn network() -> Vec<(&'static str, OsString)> {
    set(&NETWORK)
}

fn set(names: &[&'static str]) -> Vec<(&'static str, OsString)> {
    let value = |&name| Some((name, env::var_os(name)?));
    names.iter().filter_map(value).collect()
}

/// Whether `url` names this machine, which is never reached through a proxy.
pub(crate) fn is_local(url: &str) -> bool {
    let uri: Option<Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Variables that must not reach a local program. Nothing listens on port 1.
    const FOREIGN: [(&str, &str); 22] = [
        ("ALL_PROXY", "http://127.0.0.1:1"),
        ("all_proxy", "http://127.0.0.1:1"),
        ("HTTPS_PROXY", "http://127.0.0.1:1"),
        ("https_proxy", "http://127.0.0.1:1"),
        ("HTTP_PROXY", "http://127.0.0.1:1"),
        ("http_proxy", "http://127.0.0.1:1"),
        ("NO_PROXY", "intranet.example"),
        ("no_proxy", "intranet.example"),
        ("AWS_PROFILE", "production"),
        ("AWS_DEFAULT_PROFILE", "production"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1"),
        ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1"),
        ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"),
        ("AWS_CONFIG_FILE", "/nowhere/config"),
        ("AWS_CA_BUNDLE", "/nowhere/bundle.pem"),
        ("AWS_SESSION_TOKEN", "of-the-user"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token"),
        ("USE_SSL", "1"),
        ("SERVICES", "s3"),
        ("PYTHONPATH", "/nowhere"),
        ("PYTHONHOME", "/nowhere"),
    ];

    /// Whether this process has the variables. If not, runs the test called `name` again in a process that has them:
    /// setting them here would change the other tests.
    pub(crate) fn has_foreign_variables(name: &str) -> bool {
        const MARK: &str = "MADANG_FOREIGN_VARIABLES";
        if env::var_os(MARK).is_some() {
            return true;
        }
        let mut test = Command::new(env::current_exe().unwrap());
        test.args(["--exact", name, "--nocapture"]).env(MARK, "1").envs(FOREIGN);
        let output = test.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.contains("1 passed"), "{text}\n{errors}");
        false
    }

    #[test]
    fn a_local_program_gets_none_of_the_users_settings() {
        if !has_foreign_variables("environment::tests::a_local_program_gets_none_of_the_users_settings") {
            return;
        }
        let output = isolate(&mut Command::new("env"), Path::new("/home-of-tests"))
            .output()
            .unwrap();
        let output = String::from_utf8(output.stdout).unwrap();
        for (name, _) in FOREIGN {
            let begins = format!("{name}=");
            assert!(!output.lines().any(|line| line.starts_with(&begins)), "{output}");
        }
        assert!(
            output.contains("HOME=/home-of-tests") && output.contains("PATH="),
            "{output}"
        );
        let network = network();
        assert!(
            network.contains(&("NO_PROXY", "intranet.example".into())),
            "{network:?}"
        );
    }

    #[test]
    fn this_machine_has_many_names() {
        for local in [
            "http://localhost:4566/x",
            "http://bucket.s3.localhost:4566",
            "http://127.0.0.1:9",
            "http://[::1]:9/",
        ] {
            assert!(is_local(local), "{local}");
        }
        for remote in [
            "https://api.example.com",
            "http://localhost.example.com",
            "http://10.0.0.1",
            "not a url",
        ] {
            assert!(!is_local(remote), "{remote}");
        }
    }
}
