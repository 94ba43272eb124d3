//! `cargo up`: starts the system, starts two subscriptions, places a bid, places, pays, ships and partly returns an order,
//! uploads a photo, trades a voucher, sells two seats, and serves until Ctrl-C.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::cloud::{LocalCloud, Options};
use crate::interrupt::{self, Interrupted};
use crate::pages::Pages;
use crate::progress::Progress;
use crate::sandbox::Sandbox;
use crate::stack::Stack;
use crate::tap::Tap;
use crate::{auction, coupons, fulfillment, listing, pictures, process, search, seed, subscription, tickets};

/// Tokens expire after an hour.
const TOKEN_REFRESH: Duration = Duration::from_secs(45 * 60);
const LOG_INTERVAL: Duration = Duration::from_secs(2);
pub(crate) const EVENT_TIMEOUT: Duration = Duration::from_secs(30);
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(30);

/// Command-line arguments.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// Exit after the first steps.
    pub once: bool,
    /// The port to listen on, or 0 for a free one. Fails if it cannot be used.
    pub port: Option<u16>,
}

/// Runs the command.
///
/// # Errors
/// When a step fails. Ctrl-C while serving is not an error.
pub fn run(arguments: &Arguments, progress: &Progress) -> Result<()> {
    let progress = *progress;
    let began = Instant::now();
    let options = Options {
        name: "up".into(),
        port: arguments.port,
        usual_port: true,
        // Whoever subscribes here does not want to wait 10 minutes, the default, for the invoice.
        parameters: vec![("BillingSchedule", "rate(1 minute)")],
        progress,
    };
    let mut cloud = LocalCloud::start(&options)?;
    let tokens = match first_steps(&cloud, progress) {
        Err(error) if !error.is::<Interrupted>() => {
            bail!("the first steps failed: {error:#}\n{}", cloud.log_tail())
        }
        other => other?,
    };
    println!("\n  ready in {:.1} s", began.elapsed().as_secs_f64());
    if arguments.once {
        return Ok(());
    }
    tokens.write(cloud.folder())?;
    let sandbox = cloud.stack().sandbox()?;
    let pages = cloud.pages()?;
    print!("{}", guide(cloud.stack(), sandbox, &pages, &tokens, cloud.folder())?);
    match serve(&mut cloud) {
        Err(error) if error.is::<Interrupted>() => {
            println!("\n  stopping …");
            drop(cloud);
            println!("  stopped; no process is left running");
            Ok(())
        }
        other => other,
    }
}

/// Creates users and a catalog, then runs subscriptions, an auction, an order with its payment, delivery and return, a
/// photo, tickets, coupons, lists and searches. A step that a schedule has to end begins first, and the other steps run
/// meanwhile.
fn first_steps(cloud: &LocalCloud, progress: Progress) -> Result<Tokens> {
    let stack = cloud.stack();
    let api = stack.api();

    let step = progress.step("signing up a customer and an admin");
    let tokens = Tokens::sign_up(stack)?;
    step.done("a customer and an admin signed up");

    let step = progress.step("filling the catalog");
    let products = seed::seed(&api, &tokens.admin)?;
    step.done(format!("{products} products in the catalog, with stock"));

    interrupt::check()?;
    let tap = stack.tap()?;
    let subscriptions = subscription::start(stack, &tokens, progress)?;
    auction::buy_points(stack, &tokens, &tap, progress)?;
    let bid = auction::place_expiring_bid(stack, &tokens, &tap, progress)?;

    interrupt::check()?;
    let step = progress.step("placing a first order");
    let items = json!({
        "items": [{ "sku": "tea", "quantity": 2 }, { "sku": "gift-card", "quantity": 1 }],
        "contact": { "name": "Kim Minji", "email": "minji@example.com" },
        "shipping_address": address(),
    });
    let call = api
        .call("POST", "/orders")
        .token(&tokens.customer)
        .key("first-order")
        .json(&items);
    let order = call.send()?.expect(201).context("the first order was rejected")?;
    let id = order["order_id"]
        .as_str()
        .context("the order has no order_id")?
        .to_owned();
    step.done(format!(
        "order {} ({id}): {} with {} delivery and {} tax, {}",
        text(&order["number"]),
        money(&order["totals"]["total"]),
        money(&order["totals"]["shipping"]),
        money(&order["totals"]["included_tax"]),
        order["status"].as_str().unwrap_or("?")
    ));

    let step = progress.step("waiting for its OrderPlaced event");
    let event = tap.wait_for(
        "OrderPlaced",
        |event| event.detail["data"]["order_id"] == id.as_str(),
        EVENT_TIMEOUT,
    )?;
    step.done(format!(
        "OrderPlaced came over the bus, event {}",
        text(&event.detail["metadata"]["id"])
    ));
    pay_order(stack, &tokens, &tap, &order, progress)?;
    fulfillment::deliver(stack, &tokens, &tap, &order, progress)?;
    fulfillment::return_one(stack, &tokens, &tap, &order, progress)?;
    upload_photo(stack, &tokens, progress)?;
    auction::trade(stack, &tokens, &tap, progress)?;
    auction::wait_for_expiry(&tap, &bid, progress)?;
    tickets::race(stack, &tokens, progress)?;
    coupons::race(stack, &tokens, progress)?;
    listing::list(stack, &tokens, progress)?;
    search::find(stack, progress)?;
    subscription::wait_for_invoices(stack, &tokens, &tap, &subscriptions, progress)?;
    Ok(tokens)
}

/// The address of the customer.
pub(crate) fn address() -> Value {
    json!({
        "recipient": "Kim Minji",
        "line1": "110, Sejong-daero",
        "city": "Seoul",
        "postal_code": "04524",
        "country": "KR",
    })
}

/// Uploads a photo as a seller's page does. Prints its variants.
fn upload_photo(stack: &Stack, tokens: &Tokens, progress: Progress) -> Result<()> {
    interrupt::check()?;
    let api = stack.api();
    let step = progress.step("uploading a photo");
    let photo = pictures::landscape(2400, 1800)?;
    let signed = pictures::announce(&api, &tokens.customer, "first-photo", &photo, &json!({}))?.expect(201)?;
    pictures::upload(&api, &signed, &photo)?.send()?.expect(200)?;
    let path = format!("/images/{}", text(&signed["image_id"]));
    let deadline = Instant::now() + EVENT_TIMEOUT;
    let image = loop {
        let image = api.call("GET", &path).send()?.expect(200)?;
        if image["status"] == "READY" {
            break image;
        }
        if Instant::now() > deadline {
            bail!("the photo is not READY after {EVENT_TIMEOUT:?}: {image}");
        }
        interrupt::check()?;
        std::thread::sleep(process::POLL);
    };
    let variants = image["variants"].as_array().cloned().unwrap_or_default();
    let bytes = |value: &Value| value["bytes"].as_u64().unwrap_or_default();
    let served: u64 = variants.iter().map(bytes).sum();
    let uploaded = bytes(&image["source"]);
    step.done(format!(
        "photo {}, 2400 x 1800, {} KB: {} variants, {} KB in total, {:.0} % smaller than the photo",
        text(&image["image_id"]),
        uploaded / 1000,
        variants.len(),
        served / 1000,
        100.0 - 100.0 * served as f64 / uploaded.max(1) as f64
    ));
    for variant in &variants {
        println!(
            "      {:>4} x {:<4} {:>7} bytes  {}",
            variant["width"].to_string(),
            variant["height"].to_string(),
            bytes(variant),
            text(&variant["url"])
        );
    }
    Ok(())
}

/// Pays `order` through Toss, as the buyer's page does.
fn pay_order(stack: &Stack, tokens: &Tokens, tap: &Tap, order: &Value, progress: Progress) -> Result<()> {
    interrupt::check()?;
    let (api, sandbox) = (stack.api(), stack.sandbox()?);
    let id = text(&order["order_id"]);
    let step = progress.step("paying it through Toss");
    let (payment, key) = pay_through_toss(stack, &tokens.customer, "first-payment", order)?;
    let call = api.call("GET", &format!("/orders/{id}")).token(&tokens.customer);
    let order = call.send()?.expect(200)?;
    if order["status"] != "PAID" {
        bail!(
            "the order is {} after the payment, expected PAID: {payment}",
            order["status"]
        );
    }
    step.done(format!(
        "payment {}: the order is {}",
        text(&payment["payment_id"]),
        text(&order["status"])
    ));

    let step = progress.step("waiting for Toss's webhook");
    wait_for_webhook(sandbox, &key)?;
    step.done("Toss sent its webhook, answered 200");

    let step = progress.step("waiting for its OrderPaid event");
    let event = tap.wait_for(
        "OrderPaid",
        |event| event.detail["data"]["order_id"] == id,
        EVENT_TIMEOUT,
    )?;
    step.done(format!(
        "OrderPaid came over the bus, event {}",
        text(&event.detail["metadata"]["id"])
    ));
    Ok(())
}

/// Pays as the buyer's page does. Returns the payment and its payment key at Toss.
pub(crate) fn pay_through_toss(stack: &Stack, token: &str, key: &str, order: &Value) -> Result<(Value, String)> {
    let (id, total) = (text(&order["order_id"]), &order["totals"]["total"]);
    let amount = total["amount"].as_i64().context("the total has no amount")?;
    let payment_key = stack
        .sandbox()?
        .toss_authenticate(id, amount, text(&total["currency"]))?;
    let body = json!({ "provider": "TOSS", "amount": total, "payment_key": payment_key });
    let path = format!("/orders/{id}/payments/confirm");
    let call = stack.api().call("POST", &path).token(token).key(key);
    let payment = call
        .json(&body)
        .send()?
        .expect(200)
        .context("the payment was rejected")?;
    Ok((payment, payment_key))
}

/// Waits until the shop answers Toss's webhook about a payment with 200.
fn wait_for_webhook(sandbox: &Sandbox, payment_key: &str) -> Result<()> {
    let deadline = Instant::now() + WEBHOOK_TIMEOUT;
    loop {
        let deliveries = sandbox.deliveries()?.into_iter();
        let statuses: Vec<_> = deliveries
            .filter(|delivery| delivery.path == "/webhooks/toss" && delivery.body.contains(payment_key))
            .map(|delivery| delivery.status)
            .collect();
        if statuses.contains(&Some(200)) {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("no webhook was answered 200 within {WEBHOOK_TIMEOUT:?}; the answers were {statuses:?}");
        }
        interrupt::check()?;
        std::thread::sleep(process::POLL);
    }
}

/// Collects logs and renews tokens until Ctrl-C.
fn serve(cloud: &mut LocalCloud) -> Result<()> {
    let mut signed_in = Instant::now();
    let mut logs_gathered = Instant::now();
    loop {
        interrupt::check()?;
        cloud.check()?;
        if logs_gathered.elapsed() > LOG_INTERVAL {
            // If the emulator has exited, the next check reports it with its log.
            let _ = cloud.gather_logs();
            logs_gathered = Instant::now();
        }
        if signed_in.elapsed() > TOKEN_REFRESH {
            Tokens::sign_up(cloud.stack())?.write(cloud.folder())?;
            signed_in = Instant::now();
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

pub(crate) struct Tokens {
    pub(crate) customer: String,
    pub(crate) admin: String,
}

impl Tokens {
    fn sign_up(stack: &Stack) -> Result<Self> {
        Ok(Self {
            customer: stack.sign_up("customer", &[])?,
            admin: stack.sign_up("admin", &["admin"])?,
        })
    }

    /// Writes header files for `curl -H @file`. The printed commands keep working when the tokens are renewed.
    fn write(&self, folder: &Path) -> Result<()> {
        for (name, token) in [("customer", &self.customer), ("admin", &self.admin)] {
            let path = folder.join(name);
            fs::write(&path, format!("authorization: Bearer {token}\n"))
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

fn guide(stack: &Stack, sandbox: &Sandbox, pages: &Pages, tokens: &Tokens, folder: &Path) -> Result<String> {
    let (url, customer, admin) = (&stack.api_url, folder.join("customer"), folder.join("admin"));
    let quote = stack.api().call("POST", "/quotes").token(&tokens.customer);
    let quote = quote.json(&json!({ "items": [{ "sku": "tea", "quantity": 1 }] }));
    let price = quote.send()?.expect(200)?["totals"]["total"]["amount"].clone();
    let (control, address) = (format!("{}/control", sandbox.url), address());
    let (customer, admin) = (in_quotes(&customer), in_quotes(&admin));
    Ok(format!(
        "
  API             {url}
  API reference   {}
  customer token  {}

  admin token     {}

  Get a product, order it, pay for it through Toss, and receive new stock:

curl -s '{url}/products/tea'
order=$(curl -s '{url}/orders' -H '@{customer}' -H \"idempotency-key: $(date +%s)\" -H 'content-type: application/json' -d '{{\"items\":[{{\"sku\":\"tea\",\"quantity\":1}}],\"shipping_address\":{address}}}' | tee /dev/stderr | grep -o 'order_id\":\"[^\"]*' | cut -d'\"' -f3)
key=$(curl -s '{control}/toss_authenticate' -d '{{\"order_id\":\"'$order'\",\"amount\":{price},\"currency\":\"KRW\"}}' | cut -d'\"' -f4); curl -s \"{url}/orders/$order/payments/confirm\" -H '@{customer}' -H \"idempotency-key: $(date +%s)\" -H 'content-type: application/json' -d '{{\"provider\":\"TOSS\",\"amount\":{{\"amount\":{price},\"currency\":\"KRW\"}},\"payment_key\":\"'$key'\"}}'
curl -s '{url}/admin/products/tea/stock-movements' -H '@{admin}' -H \"idempotency-key: $(date +%s)\" -H 'content-type: application/json' -d '{{\"kind\":\"RECEIPT\",\"quantity\":10}}'

  payment sandbox {control}/ledger (charges and refunds), {control}/deliveries (its webhooks)
  logs in {} (functions.log: the functions' output)
  serving until Ctrl-C
",
        pages.reference(),
        tokens.customer,
        tokens.admin,
        folder.join("logs").display(),
    ))
}

/// A path for use between single quotes in a shell.
fn in_quotes(path: &Path) -> String {
    path.display().to_string().replace('\'', r"'\''")
}

pub(crate) fn money(value: &Value) -> String {
    format!("{} {}", value["amount"], text(&value["currency"]))
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}
