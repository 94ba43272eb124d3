//! A shop's server that accepts or refuses webhooks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The server; it responds with the given statuses, then always with the last one.
#[derive(Clone, Debug)]
pub struct Shop {
    pub url: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Shop {
    pub async fn start(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(vec![]));
        let shop = Self {
            url,
            seen: seen.clone(),
        };
        let mut statuses: VecDeque<u16> = statuses.iter().copied().collect();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let status = match statuses.len() {
                    1 => statuses[0],
                    _ => statuses.pop_front().unwrap(),
                };
                let request = serve(stream, status).await;
                seen.lock().unwrap().push(request);
            }
        });
        shop
    }

    /// Returns the raw requests received.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, status: u16) -> String {
    let (mut request, mut buffer) = (String::new(), [0; 4096]);
    while !is_whole(&request) {
        let length = stream.read(&mut buffer).await.unwrap();
        assert_ne!(length, 0, "the request is incomplete: {request}");
        request.push_str(std::str::from_utf8(&buffer[..length]).unwrap_or_default());
    }
    let answer = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.unwrap();
    request
}

fn is_whole(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.unwrap().parse() == Ok(body.len())
}
