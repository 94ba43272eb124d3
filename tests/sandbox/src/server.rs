//! The HTTP server: serves calls and applies their outcomes to the connections.

use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::http::{Answer, Call};
use crate::serve::{Outcome, serve};
use crate::state::Shared;

/// Serves until it is dropped; its connections end with it.
pub async fn run(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(connection(stream, shared.clone()));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Waits.
pub async fn pause(time: Duration) {
    // A future that never completes, with a timeout.
    let _ = tokio::time::timeout(time, pending::<()>()).await;
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(shared.clone(), request));
    // An error means that a fault or the caller closed the connection.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, ConnectionClosed> {
    let call = read(request).await.ok_or(ConnectionClosed)?;
    match shared.with(|state| serve(state, &call)) {
        Outcome::Answered(answer) => Ok(response(answer)),
        Outcome::AnsweredLate(time, answer) => {
            pause(time).await;
            Ok(response(answer))
        }
        Outcome::NeverAnswered => pending().await,
        Outcome::ConnectionClosed => Err(ConnectionClosed),
    }
}

async fn read(request: Request<Incoming>) -> Option<Call> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.ok()?.to_bytes().to_vec();
    Some(Call::of(Request::from_parts(head, body)))
}

fn response(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response
        .body(Full::from(answer.body))
        .expect("valid status and headers")
}

/// The error that closes a connection without a response.
#[derive(Debug)]
struct ConnectionClosed;

impl fmt::Display for ConnectionClosed {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("hung up")
    }
}

impl std::error::Error for ConnectionClosed {}
