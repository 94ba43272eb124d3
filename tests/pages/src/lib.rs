//! A client of Chromium, over WebDriver (W3C) and chromedriver's commands of the DevTools protocol.
//!
//! WebDriver is JSON over HTTP, and the tests need ten of its commands. The crates for it bring eight to ten others and an
//! async client, and would still need the DevTools commands written out.

mod driver;

use std::env;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use local_cloud::Api;
use serde_json::{Value, json};

use driver::Driver;

/// Set by `.ci/run`: a missing browser is an error.
pub const REQUIRED: &str = "MADANG_BROWSER";

/// How long a page may take to reach a state.
const DEADLINE: Duration = Duration::from_secs(20);

/// The member of an element's reference (WebDriver, section 12).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Keys, as WebDriver writes them.
pub mod key {
    /// Enter.
    pub const ENTER: &str = "\u{e007}";
    /// Escape.
    pub const ESCAPE: &str = "\u{e00c}";
    /// The arrow down.
    pub const DOWN: &str = "\u{e015}";
    /// Tab.
    pub const TAB: &str = "\u{e004}";
}

/// A color scheme that the user prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Dark text on a light page.
    Light,
    /// Light text on a dark page.
    Dark,
}

/// A browser with one tab. Dropping it ends it.
pub struct Browser {
    api: Api,
    session: String,
    _driver: Driver,
    /// The browser's settings and caches, removed after it has ended.
    _profile: Profile,
}

impl Browser {
    /// Starts Chromium without a window. Without Chromium and chromedriver it says so and returns `None`.
    ///
    /// # Errors
    /// When the browser does not start, and when it is missing and [`REQUIRED`] is set.
    pub fn open() -> Result<Option<Self>> {
        for program in ["chromium", "chromedriver"] {
            if is_installed(program) {
                continue;
            }
            if env::var_os(REQUIRED).is_some() {
                bail!("{program} is missing and {REQUIRED} is set: install chromium and chromium-driver");
            }
            // Not `eprintln`, whose output the test runner hides when the test passes.
            writeln!(
                io::stderr(),
                "not tested: {program} is missing; install Debian's chromium and chromium-driver"
            )?;
            return Ok(None);
        }
        let profile = Profile::new()?;
        let driver = Driver::start()?;
        let api = Api::at(&driver.url);
        let profile_argument = format!("--user-data-dir={}", profile.0.display());
        let arguments = [
            "--headless",
            // Chromium's sandbox refuses to run as root, and the pages are our own.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-proxy-server",
            "--window-size=1400,900",
            profile_argument.as_str(),
        ];
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": { "args": arguments },
        } } });
        let session = api.call("POST", "/session").json(&capabilities).send()?.expect(200)?;
        let session = session["value"]["sessionId"]
            .as_str()
            .context("chromedriver names no session")?;
        Ok(Some(Self {
            session: format!("/session/{session}"),
            api,
            _driver: driver,
            _profile: profile,
        }))
    }

    /// Opens an address and waits until the page is loaded.
    ///
    /// # Errors
    /// When the page cannot be opened.
    pub fn go(&self, url: &str) -> Result<()> {
        self.post("url", &json!({ "url": url })).map(drop)
    }

    /// Runs `script`, the body of a JavaScript function, and returns its result.
    ///
    /// # Errors
    /// When the script throws.
    pub fn run(&self, script: &str) -> Result<Value> {
        self.post("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Waits until `script` returns true.
    ///
    /// # Errors
    /// When it does not within the deadline, or throws.
    pub fn wait_until(&self, script: &str) -> Result<()> {
        let deadline = Instant::now() + DEADLINE;
        while self.run(script)? != true {
            if Instant::now() > deadline {
                bail!("not within {DEADLINE:?}: {script}");
            }
        }
        Ok(())
    }

    /// Clicks the element of a CSS selector, as a mouse does: it must be visible.
    ///
    /// # Errors
    /// When there is none, or another element covers it.
    pub fn click(&self, selector: &str) -> Result<()> {
        self.post(&format!("element/{}/click", self.find(selector)?), &json!({}))
            .map(drop)
    }

    /// Replaces the text of an input, by typing.
    ///
    /// # Errors
    /// When there is no such input.
    pub fn fill(&self, selector: &str, text: &str) -> Result<()> {
        let element = self.find(selector)?;
        self.post(&format!("element/{element}/clear"), &json!({}))?;
        self.post(&format!("element/{element}/value"), &json!({ "text": text }))
            .map(drop)
    }

    /// Presses keys, one after the other, whatever has the focus.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub fn press(&self, keys: &str) -> Result<()> {
        let actions: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                [
                    json!({ "type": "keyDown", "value": key }),
                    json!({ "type": "keyUp", "value": key }),
                ]
            })
            .collect();
        let actions = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] });
        self.post("actions", &actions).map(drop)
    }

    /// Sets the size of the page, in CSS pixels. Below 600 it is a phone.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub fn resize(&self, width: u32, height: u32) -> Result<()> {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics)
    }

    /// Sets the preferred color scheme.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub fn prefer(&self, scheme: Scheme) -> Result<()> {
        let value = match scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.devtools("Emulation.setEmulatedMedia", &features)
    }

    /// The messages of the console since the last call, also those of refused resources and of the page's policy.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub fn console(&self) -> Result<Vec<String>> {
        let entries = self.post("se/log", &json!({ "type": "browser" }))?;
        let entries = entries.as_array().cloned().unwrap_or_default();
        Ok(entries
            .iter()
            .map(|entry| format!("{} {}", entry["level"], entry["message"]))
            .collect())
    }

    fn find(&self, selector: &str) -> Result<String> {
        let query = json!({ "using": "css selector", "value": selector });
        let element = self.post("element", &query)?;
        Ok(element[ELEMENT]
            .as_str()
            .with_context(|| format!("no element {selector}"))?
            .to_owned())
    }

    fn devtools(&self, command: &str, parameters: &Value) -> Result<()> {
        let command = json!({ "cmd": command, "params": parameters });
        self.post("goog/cdp/execute", &command).map(drop)
    }

    fn post(&self, command: &str, body: &Value) -> Result<Value> {
        let path = format!("{}/{command}", self.session);
        let mut answer = self.api.call("POST", &path).json(body).send()?.expect(200)?;
        Ok(answer["value"].take())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends the browser's processes. The driver ends after it.
        let _ = self.api.call("DELETE", &self.session).send();
    }
}

fn is_installed(program: &str) -> bool {
    let mut command = Command::new(program);
    let status = command
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// A folder for the browser's settings, new for each browser.
struct Profile(PathBuf);

impl Profile {
    fn new() -> Result<Self> {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("madang-browser-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
