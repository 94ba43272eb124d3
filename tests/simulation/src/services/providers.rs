//! The payment providers: the sandbox, called in process.

use futures::future::BoxFuture;
use harness::embedded::RawResponse;
use lambda_http::http::request::Parts;
use lambda_http::http::{Request as HttpRequest, Response};
use sandbox::{Entry, Outcome, Sandbox};
use serde_json::Value;
use shared::aws::transport::Transport;
use shared::core::error::Cause;

use super::{Request, Service};
use crate::mutant::Mutant;
use crate::net::{Net, Reply};

/// The transport of the functions' requests to the providers.
#[derive(Debug)]
pub struct Providers(pub Net);

impl Transport for Providers {
    fn send(&self, request: HttpRequest<Vec<u8>>) -> BoxFuture<'_, Result<Response<Vec<u8>>, Cause>> {
        let (head, body) = request.into_parts();
        let reply = self.0.send(Request::new(Service::Provider(Box::new(head)), body));
        Box::pin(async move {
            match reply.await {
                Reply::Lost => Err("the connection was closed".into()),
                Reply::Response(RawResponse { status, body, .. }) => {
                    let mut response = Response::new(body);
                    *response.status_mut() = status.try_into()?;
                    Ok(response)
                }
            }
        })
    }
}

/// Serves a request to a provider, with the response that a mutant reads; none if it never responds.
pub fn serve(sandbox: &Sandbox, head: &Parts, body: &[u8], mutant: Option<Mutant>) -> Option<Reply> {
    let request = HttpRequest::from_parts(head.clone(), body.to_vec());
    match sandbox.serve(request) {
        // Delays are drawn by the network instead.
        Outcome::Answered(answer) | Outcome::AnsweredLate(_, answer) => {
            let body = match mutant.filter(|mutant| mutant.needs_bank()) {
                Some(mutant) => as_read_by(mutant, sandbox, answer.body),
                None => answer.body,
            };
            Some(Reply::Response(RawResponse::new(answer.status, body)))
        }
        Outcome::ConnectionClosed => Some(Reply::Lost),
        Outcome::NeverAnswered => None,
    }
}

fn as_read_by(mutant: Mutant, sandbox: &Sandbox, body: Vec<u8>) -> Vec<u8> {
    let Ok(mut report) = serde_json::from_slice::<Value>(&body) else {
        return body;
    };
    let is_withdrawn = |entry: &Entry| entry.withdrawn > 0 && report["paymentKey"] == entry.reference;
    // A payment that waits for its first deposit looks like one whose deposit was withdrawn.
    if mutant == Mutant::WithdrawalIgnored && !sandbox.ledger().iter().any(is_withdrawn) {
        return body;
    }
    mutant.break_report(&mut report);
    report.to_string().into_bytes()
}
