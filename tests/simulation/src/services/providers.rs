//! The payment providers: the sandbox, called in process.

use futures::future::BoxFuture;
use harness::embedded::Said;
use lambda_http::http::request::Parts;
use lambda_http::http::{Request as HttpRequest, Response};
use sandbox::{Fate, Sandbox};
use shared::aws::transport::Transport;
use shared::core::error::Cause;

use super::{Request, Service};
use crate::net::{Net, Reply};

/// What carries the functions' requests to the providers.
#[derive(Debug)]
pub struct Providers(pub Net);

impl Transport for Providers {
    fn send(&self, request: HttpRequest<Vec<u8>>) -> BoxFuture<'_, Result<Response<Vec<u8>>, Cause>> {
        let (head, body) = request.into_parts();
        let reply = self.0.ask(Request::new(Service::Provider(Box::new(head)), body));
        Box::pin(async move {
            match reply.await {
                Reply::Lost => Err("the connection broke".into()),
                Reply::Said(Said { status, body }) => {
                    let mut response = Response::new(body);
                    *response.status_mut() = status.try_into()?;
                    Ok(response)
                }
            }
        })
    }
}

/// What the providers make of a request; nothing when they never answer it.
pub fn serve(sandbox: &Sandbox, head: &Parts, body: &[u8]) -> Option<Reply> {
    let request = HttpRequest::from_parts(head.clone(), body.to_vec());
    match sandbox.serve(request) {
        // How late is the network's to say.
        Fate::Answered(answer) | Fate::AnsweredLate(_, answer) => Some(Reply::Said(Said {
            status: answer.status,
            body: answer.body,
        })),
        Fate::HungUp => Some(Reply::Lost),
        Fate::NeverAnswered => None,
    }
}
