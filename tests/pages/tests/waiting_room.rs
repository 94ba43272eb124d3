//! The page of waiting rooms in a browser: the place that it computes, a reload, and the way back to the shop.
#![allow(clippy::unwrap_used, reason = "a panic fails the test and names the line")]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use jiff::Timestamp;
use pages::Browser;
use serde_json::{Value, json};
use shared::core::identity::CustomerId;
use waiting_rooms::get_waiting_room_page::{POLICY, page};
use waiting_rooms::lottery::Seed;
use waiting_rooms::numbers::EARLY_BITS;

const ACCOUNT: &str = "7f3b0c5e-8d6a-4a57-9a43-0a4f1f2d7c11";

/// A room whose early comers are counted, and the shop behind it.
struct Room {
    opens_at: Timestamp,
    seed: Seed,
    is_fast: AtomicBool,
    /// Whether the customer came after the opening, and has no place yet.
    is_late: bool,
    /// Whether the access token is over.
    is_signed_out: AtomicBool,
    /// Whether a firewall refuses all requests of the API.
    is_blocked: AtomicBool,
    joins: AtomicU32,
}

impl Room {
    fn new(seed: [u8; 32]) -> Self {
        Self {
            opens_at: Timestamp::now() - jiff::SignedDuration::from_secs(60),
            seed: Seed(seed),
            is_fast: AtomicBool::new(false),
            is_late: false,
            is_signed_out: AtomicBool::new(false),
            is_blocked: AtomicBool::new(false),
            joins: AtomicU32::new(0),
        }
    }

    /// Thousands of early comers.
    fn early() -> Vec<u32> {
        (0..256).map(|part| 20 + part % 9).collect()
    }

    /// The place by the rules of the functions.
    fn place(&self) -> u64 {
        let draw = self.seed.draw(&CustomerId::new(ACCOUNT));
        let (early, part) = (Self::early(), draw.part(EARLY_BITS));
        let before: u32 = early[..part].iter().sum();
        1 + u64::from(before) + draw.share(EARLY_BITS, early[part])
    }

    fn status(&self) -> Value {
        let is_fast = self.is_fast.load(Ordering::SeqCst);
        let (rate, serving) = if is_fast { (600_000, 100_000) } else { (0, 0) };
        json!({
            "name": "Spring <tour>", "as_of": Timestamp::now(), "opens_at": self.opens_at, "is_paced": true,
            "segments": [{ "from": self.opens_at, "rate_per_minute": rate }], "serving_number": serving,
            "early": Self::early(), "seed": self.seed.reveal(), "seed_sha256": self.seed.hash(), "sold_out": false,
        })
    }

    /// The answer to a request: status, media type, body.
    fn answer(&self, method: &str, path: &str, has_token: bool) -> (u16, &'static str, String) {
        let json = |status: u16, body: Value| (status, "application/json", body.to_string());
        match (method, path.split('?').next().unwrap()) {
            ("GET", "/waiting-rooms/1/page") => (200, "text/html; charset=utf-8", page()),
            ("GET" | "POST", "/waiting-rooms/1" | "/waiting-rooms/1/joins")
                if self.is_blocked.load(Ordering::SeqCst) =>
            {
                (403, "text/html", "<h1>Request blocked</h1>".to_owned())
            }
            ("GET", "/waiting-rooms/1") => json(200, self.status()),
            ("POST", _) if !has_token || self.is_signed_out.load(Ordering::SeqCst) => {
                json(401, json!({ "message": "Unauthorized" }))
            }
            ("POST", "/waiting-rooms/1/joins") => {
                self.joins.fetch_add(1, Ordering::SeqCst);
                json(201, json!({ "customer_id": ACCOUNT, "is_early": !self.is_late }))
            }
            ("POST", "/waiting-rooms/1/enter") => {
                let token = "T".repeat(78);
                json(200, json!({ "token": token, "expires_at": "2100-01-01T00:00:00Z" }))
            }
            ("GET", "/shows/1") => (200, "text/html", "<title>Seats</title>".to_owned()),
            _ => json(404, json!({})),
        }
    }

    fn respond(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let first = lines.next().transpose()?.unwrap_or_default();
        let head: Vec<String> = lines
            .map_while(Result::ok)
            .take_while(|line| !line.is_empty())
            .collect();
        let has_token = head
            .iter()
            .any(|line| line.to_lowercase() == "authorization: bearer secret");
        let mut words = first.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (status, media_type, body) = self.answer(method, path, has_token);
        let length = body.len();
        write!(
            &stream,
            "HTTP/1.1 {status} -\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\
             Content-Security-Policy: {POLICY}\r\n\r\n{body}"
        )
    }

    /// Serves on a free port until the process ends, and returns the URL.
    fn serve(self: &Arc<Self>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let room = Arc::clone(self);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let room = Arc::clone(&room);
                std::thread::spawn(move || room.respond(stream));
            }
        });
        url
    }
}

#[test]
fn the_page_shows_the_place_that_the_functions_compute_keeps_it_over_a_reload_and_goes_on_at_the_turn() {
    let room = Arc::new(Room::new(*b"0123456789abcdef0123456789abcdef"));
    let url = room.serve();
    let Some(browser) = Browser::open().unwrap() else {
        return;
    };
    let page = format!("{url}/waiting-rooms/1/page?return_to=/shows/1?day=2");
    browser.go(&format!("{page}#access_token=secret")).unwrap();
    let shown = format!(
        "return document.querySelector('#place').textContent.replace(/\\D/g, '') === '{}'",
        room.place()
    );
    browser.wait_until(&shown).unwrap();
    let address = browser.run("return location.href").unwrap();
    assert!(
        !address.as_str().unwrap().contains("secret"),
        "the access token leaves the address: {address}"
    );
    assert_eq!(
        browser
            .run("return document.querySelector('#name').textContent")
            .unwrap(),
        "Spring <tour>"
    );
    browser.go(&page).unwrap();
    browser.wait_until(&shown).unwrap();
    assert_eq!(room.joins.load(Ordering::SeqCst), 2);
    room.is_fast.store(true, Ordering::SeqCst);
    browser.wait_until("return location.pathname === '/shows/1'").unwrap();
    let address = browser.run("return location.search + location.hash").unwrap();
    let expected = format!("?day=2#waiting_room_token={}&expires_at=", "T".repeat(78));
    assert!(address.as_str().unwrap().starts_with(&expected), "{address}");
    assert_eq!(browser.console().unwrap(), [""; 0]);
}

/// A script that tells whether the page says this.
fn says(words: &str) -> String {
    format!("return document.querySelector('#state')?.textContent.includes('{words}') === true")
}

#[test]
fn a_customer_whose_token_ends_before_the_place_is_known_is_asked_to_sign_in() {
    let room = Arc::new(Room {
        is_late: true,
        ..Room::new([7; 32])
    });
    let url = room.serve();
    let Some(browser) = Browser::open().unwrap() else {
        return;
    };
    browser
        .go(&format!("{url}/waiting-rooms/1/page#access_token=secret"))
        .unwrap();
    browser.wait_until(&says("Your place is being computed")).unwrap();
    room.is_signed_out.store(true, Ordering::SeqCst);
    browser.wait_until(&says("sign in at the shop again")).unwrap();
}

#[test]
fn a_page_that_a_firewall_refuses_says_so_and_goes_on_when_that_is_over() {
    let room = Arc::new(Room {
        is_blocked: AtomicBool::new(true),
        ..Room::new([7; 32])
    });
    let url = room.serve();
    let Some(browser) = Browser::open().unwrap() else {
        return;
    };
    browser
        .go(&format!("{url}/waiting-rooms/1/page#access_token=secret"))
        .unwrap();
    browser.wait_until(&says("refuses this page (403)")).unwrap();
    room.is_blocked.store(false, Ordering::SeqCst);
    browser.wait_until(&says("You are in line")).unwrap();
    room.is_blocked.store(true, Ordering::SeqCst);
    browser.wait_until(&says("refuses this page (403)")).unwrap();
    room.is_blocked.store(false, Ordering::SeqCst);
    browser.wait_until(&says("You are in line")).unwrap();
}

#[test]
fn the_page_sends_nobody_to_another_site() {
    let room = Arc::new(Room {
        is_fast: AtomicBool::new(true),
        ..Room::new([7; 32])
    });
    let url = room.serve();
    let Some(browser) = Browser::open().unwrap() else {
        return;
    };
    for other in [
        "//127.0.0.1:9/",
        "/\\127.0.0.1:9/",
        "http://127.0.0.1:9/",
        "javascript:alert(1)",
    ] {
        let page = format!(
            "{url}/waiting-rooms/1/page?return_to={}",
            other.replace(':', "%3A").replace('/', "%2F")
        );
        browser.go(&format!("{page}#access_token=secret")).unwrap();
        browser.wait_until("return location.pathname === '/'").unwrap();
        let address = browser.run("return location.href").unwrap();
        assert!(
            address
                .as_str()
                .unwrap()
                .starts_with(&format!("{url}/#waiting_room_token=")),
            "{other}: {address}"
        );
        // So that the next address is another page.
        browser.go("about:blank").unwrap();
    }
}
