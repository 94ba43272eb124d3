//! A web server for the pages of this repository, for this machine only. The pages are read again for each request, so a
//! page that `cargo contract` wrote anew needs only to be reloaded.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::port::Port;

/// The served paths, each with its file.
const PAGES: [(&str, &str); 1] = [("/reference", "infra/reference.html")];

/// How long a browser may take to send its request or to read the response.
const TIMEOUT: Duration = Duration::from_secs(10);

const MAX_REQUEST: usize = 16 * 1024;

/// The running server. Dropping it ends it.
pub struct Pages {
    port: u16,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Pages {
    /// Serves the pages below `root` on a free port.
    ///
    /// # Errors
    /// When no port is free.
    pub fn serve(root: &Path) -> Result<Self> {
        Self::on(Port::reserve(None, false)?, root)
    }

    /// Serves the pages on the port after `port`, or on a free one.
    pub(crate) fn after(port: u16, root: &Path) -> Result<Self> {
        Self::on(Port::after(port)?, root)
    }

    fn on(port: Port, root: &Path) -> Result<Self> {
        let (port, listener) = (port.number, port.into_listener());
        let stopped = Arc::new(AtomicBool::new(false));
        let (root, stop) = (root.to_path_buf(), stopped.clone());
        let serve = move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let root = root.clone();
                // A browser opens connections that it may never use, so each has a thread.
                thread::spawn(move || stream.and_then(|stream| answer(stream, &root)));
            }
        };
        let thread = thread::Builder::new().name("pages".to_owned()).spawn(serve);
        Ok(Self {
            port,
            stopped,
            thread: Some(thread.context("cannot start the web server")?),
        })
    }

    /// The address of the API reference.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("http://localhost:{}/reference", self.port)
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // The server waits for a connection.
        if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

/// Reads a request and writes the response.
fn answer(mut stream: TcpStream, root: &Path) -> io::Result<()> {
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let request = request(&mut stream)?;
    let mut words = request.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = path.split('?').next().unwrap_or_default();
    let (status, kind, body) = match (method, file(root, path)) {
        ("GET" | "HEAD", Some(file)) => match fs::read(&file) {
            Ok(page) => ("200 OK", "text/html; charset=utf-8", page),
            Err(error) => {
                let text = format!("cannot read {}: {error}\n", file.display());
                (
                    "500 Internal Server Error",
                    "text/plain; charset=utf-8",
                    text.into_bytes(),
                )
            }
        },
        ("GET" | "HEAD", None) => {
            let pages = PAGES.map(|(path, _)| path).join(", ");
            let text = format!("not found; the pages are {pages}\n");
            ("404 Not Found", "text/plain; charset=utf-8", text.into_bytes())
        }
        _ => ("405 Method Not Allowed", "text/plain; charset=utf-8", Vec::new()),
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\ncache-control: no-cache\r\n\
         x-content-type-options: nosniff\r\nconnection: close\r\n\r\n"
    )?;
    if method != "HEAD" {
        stream.write_all(&body)?;
    }
    stream.flush()
}

/// The first line of a request. Its headers are read and not needed.
fn request(stream: &mut TcpStream) -> io::Result<String> {
    let (mut request, mut buffer) = (Vec::new(), [0; 1024]);
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut buffer)?;
        if read == 0 || request.len() > MAX_REQUEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        request.extend_from_slice(buffer.get(..read).unwrap_or_default());
    }
    let text = String::from_utf8_lossy(&request);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn file(root: &Path, path: &str) -> Option<PathBuf> {
    let (_, file) = PAGES.iter().find(|(page, _)| *page == path)?;
    Some(root.join(file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Answer, Api};

    /// A folder with a page.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str, page: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("pages {name} {}", std::process::id()));
            fs::create_dir_all(folder.join("infra")).unwrap();
            fs::write(folder.join("infra/reference.html"), page).unwrap();
            Self(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn call(pages: &Pages, method: &str, path: &str) -> Answer {
        let api = Api::at(&format!("http://localhost:{}", pages.port));
        api.call(method, path).send().unwrap()
    }

    #[test]
    fn a_page_is_served_as_it_is_now_and_nothing_else_is() {
        let folder = Folder::new("served", "<p>old");
        let pages = Pages::serve(&folder.0).unwrap();
        assert_eq!(call(&pages, "GET", "/reference").body, "<p>old");
        fs::write(folder.0.join("infra/reference.html"), "<p>new").unwrap();
        let answer = call(&pages, "GET", "/reference?x");
        assert_eq!((answer.status, answer.body.as_str()), (200, Some("<p>new")));
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        let others = [
            "/",
            "/infra/reference.html",
            "/reference/../infra/reference.html",
            "/reference/",
        ];
        for path in others {
            assert_eq!(call(&pages, "GET", path).status, 404, "{path}");
        }
        assert_eq!(call(&pages, "POST", "/reference").status, 405);
    }

    #[test]
    fn the_port_after_the_apis_is_used_if_it_is_free() {
        let folder = Folder::new("port", "");
        let api = Port::reserve(None, false).unwrap();
        let first = Pages::after(api.number, &folder.0).unwrap();
        let second = Pages::after(api.number, &folder.0).unwrap();
        assert_ne!(first.port, second.port);
        assert_ne!(second.port, api.number + 1, "it is in use");
    }

    #[test]
    fn a_connection_without_a_request_does_not_hold_up_the_others() {
        let folder = Folder::new("idle", "<p>");
        let pages = Pages::serve(&folder.0).unwrap();
        let _idle = TcpStream::connect((Ipv4Addr::LOCALHOST, pages.port)).unwrap();
        assert_eq!(call(&pages, "GET", "/reference").status, 200);
    }

    #[test]
    fn the_port_is_free_again_after_the_server_ended() {
        let folder = Folder::new("ended", "");
        let pages = Pages::serve(&folder.0).unwrap();
        let port = pages.port;
        drop(pages);
        assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
    }
}
