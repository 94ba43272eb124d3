//! A minimal Lambda Runtime API: sends one invocation at a time to one function and measures each response time.
//!
//! One thread serves it and drives the benchmark, so no time is lost between threads.

use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::timeout;

/// Timeout of an invocation, which the function is given.
const TIME: Duration = Duration::from_secs(10);

const NEXT: &str = "/2018-06-01/runtime/invocation/next";
const INIT_ERROR: &str = "/2018-06-01/runtime/init/error";

/// The Runtime API of one function process. It stops when it is dropped.
#[derive(Debug)]
pub struct RuntimeApi {
    /// The value of AWS_LAMBDA_RUNTIME_API.
    pub address: SocketAddr,
    arrivals: mpsc::UnboundedReceiver<Result<Arrival>>,
    /// The function's pending request for an invocation.
    waiting: Option<oneshot::Sender<Vec<u8>>>,
    server: JoinHandle<()>,
    invocations: usize,
}

/// A request of the function.
#[derive(Debug)]
struct Arrival {
    at: Instant,
    path: String,
    body: Vec<u8>,
    answer: oneshot::Sender<Vec<u8>>,
}

impl RuntimeApi {
    /// Starts to listen, within a [`tokio::task::LocalSet`].
    ///
    /// # Errors
    /// If no port is free.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (sender, arrivals) = mpsc::unbounded_channel();
        let server = spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sender = sender.clone();
                spawn_local(async move {
                    if let Err(error) = serve(stream, &sender).await {
                        let _ = sender.send(Err(error));
                    }
                });
            }
        });
        Ok(Self {
            address,
            arrivals,
            waiting: None,
            server,
            invocations: 0,
        })
    }

    /// Waits for the function's first request for an invocation and returns its time.
    ///
    /// # Errors
    /// If the function does not start within ten seconds.
    pub async fn started(&mut self) -> Result<Instant> {
        let arrival = self.arrival().await.context("the function did not start")?;
        ensure!(
            arrival.path == NEXT,
            "the function did not start: {} {}",
            arrival.path,
            arrival.text()
        );
        self.waiting = Some(arrival.answer);
        Ok(arrival.at)
    }

    /// Invokes the function with `event`, and returns its response and duration.
    ///
    /// # Errors
    /// If it fails or does not respond within ten seconds.
    pub async fn invoke(&mut self, event: &Value) -> Result<(Value, Duration)> {
        if self.waiting.is_none() {
            self.started().await?;
        }
        self.invocations += 1;
        let id = format!("8476a536-e9f4-11e8-9739-{:012x}", self.invocations);
        let event = invocation(&id, event)?;
        let waiting = self
            .waiting
            .take()
            .context("the function does not wait for an invocation")?;
        let begun = Instant::now();
        ensure!(waiting.send(event).is_ok(), "the function closed the connection");
        let arrival = self.arrival().await.context("the function did not respond")?;
        let time = arrival.at - begun;
        ensure!(
            arrival.path == format!("/2018-06-01/runtime/invocation/{id}/response"),
            "the function failed: {} {}",
            arrival.path,
            arrival.text()
        );
        let answer = serde_json::from_slice(&arrival.body).context("the function's response is not JSON")?;
        let _ = arrival.answer.send(response("202 Accepted", "", b"{}"));
        Ok((answer, time))
    }

    async fn arrival(&mut self) -> Result<Arrival> {
        let arrival = timeout(TIME, self.arrivals.recv()).await;
        arrival
            .context("no request for ten seconds")?
            .context("the driver has ended")?
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Arrival {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Serves one connection: passes requests to the driver and its responses back, until the function closes it.
async fn serve(stream: TcpStream, driver: &mpsc::UnboundedSender<Result<Arrival>>) -> Result<()> {
    stream.set_nodelay(true)?;
    let (input, mut output) = stream.into_split();
    let mut input = BufReader::new(input);
    while let Some((path, body)) = request(&mut input).await? {
        let (answer, answered) = oneshot::channel();
        let at = Instant::now();
        let arrival = Arrival { at, path, body, answer };
        if driver.send(Ok(arrival)).is_err() {
            break;
        }
        let Ok(bytes) = answered.await else { break };
        output.write_all(&bytes).await?;
    }
    Ok(())
}

/// Reads the next request's path and body; none if the function closed the connection.
async fn request(input: &mut BufReader<OwnedReadHalf>) -> Result<Option<(String, Vec<u8>)>> {
    let mut line = String::new();
    // A killed function closes the connection without notice.
    if !matches!(input.read_line(&mut line).await, Ok(1..)) {
        return Ok(None);
    }
    let mut words = line.split(' ');
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        bail!("invalid request {line:?}");
    };
    let (method, path) = (method.to_owned(), path.to_owned());
    ensure!(
        matches!((method.as_str(), path.as_str()), ("GET", NEXT) | ("POST", INIT_ERROR))
            || method == "POST" && path.starts_with("/2018-06-01/runtime/invocation/"),
        "the Runtime API has no {method} {path}"
    );
    let mut length = None;
    loop {
        line.clear();
        input.read_line(&mut line).await?;
        let header = line.trim_end();
        if header.is_empty() {
            break;
        }
        match header.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = Some(value.trim().parse()?),
            Some((name, _)) if name.eq_ignore_ascii_case("transfer-encoding") => {
                bail!("streamed responses are not supported")
            }
            _ => {}
        }
    }
    let mut body = vec![0; length.unwrap_or(0)];
    input.read_exact(&mut body).await?;
    Ok(Some((path, body)))
}

/// Formats an invocation as the Runtime API sends it.
fn invocation(id: &str, event: &Value) -> Result<Vec<u8>> {
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH)? + TIME;
    let headers = format!(
        "Lambda-Runtime-Aws-Request-Id: {id}\r\n\
         Lambda-Runtime-Deadline-Ms: {}\r\n\
         Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:bench\r\n\
         Lambda-Runtime-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1\r\n",
        deadline.as_millis()
    );
    Ok(response("200 OK", &headers, event.to_string().as_bytes()))
}

fn response(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}
