//! The receipt as a page: self-contained, without scripts, for a screen, a phone and a printer.

use std::fmt::Write;

use jiff::Timestamp;
use lambda_http::Body;
use lambda_http::http::{HeaderName, HeaderValue, header};
use shared::Error;
use shared::aws::lambda::http::Response;
use shared::core::calendar::Timezone;
use shared::core::money::Money;
use shared::orders::TaxRate;

use super::Receipt;

const STYLE: &str = include_str!("page.css");

/// Nothing is loaded and nothing runs; the only style is the one with this hash.
const POLICY: &str = "default-src 'none'; style-src 'sha256-7QwA7UJTWrM7f6Ml5F8O+UwGwBAUlrqamRso818UlWk='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Responds with the page of `receipt`, with its times in `zone`.
///
/// # Errors
/// [`Error::Internal`] when it cannot be written.
pub fn respond(receipt: &Receipt, zone: &Timezone) -> Result<Response, Error> {
    let text = page(receipt, zone).map_err(|error| Error::internal("write a receipt", error))?;
    let mut response = Response::new(Body::Text(text));
    let headers: [(HeaderName, &str); 4] = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

fn page(receipt: &Receipt, zone: &Timezone) -> Result<String, std::fmt::Error> {
    let mut page = String::new();
    // As people read it: `2026-01-05 13:12 KST`.
    let time = |at: Timestamp| zone.local(at).strftime("%Y-%m-%d %H:%M %Z").to_string();
    let number = receipt.number;
    write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Receipt {number}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>Receipt</h1>\n"
    )?;
    writeln!(page, "<p>Order {number}, placed on {}</p>", time(receipt.placed_at))?;
    writeln!(page, "<p>Paid on {}</p>", time(receipt.paid_at))?;
    if let Some(at) = receipt.cancelled_at {
        writeln!(page, "<p>Cancelled on {}</p>", time(at))?;
    }
    seller(&mut page, receipt)?;
    lines(&mut page, receipt)?;
    taxes(&mut page, receipt)?;
    payment(&mut page, receipt)?;
    page.push_str("</body>\n</html>\n");
    Ok(page)
}

fn seller(page: &mut String, receipt: &Receipt) -> std::fmt::Result {
    let seller = &receipt.seller;
    let facts = [
        ("", &seller.name),
        ("Registration number: ", &seller.registration_number),
        ("", &seller.address),
        ("Representative: ", &seller.representative),
        ("Contact: ", &seller.contact),
    ];
    let facts: Vec<_> = facts
        .into_iter()
        .filter_map(|(name, text)| Some((name, text.as_ref()?)))
        .collect();
    if !facts.is_empty() {
        page.push_str("<h2>Seller</h2>\n");
    }
    for (name, text) in facts {
        writeln!(page, "<p>{name}{}</p>", escaped(text))?;
    }
    Ok(())
}

fn lines(page: &mut String, receipt: &Receipt) -> std::fmt::Result {
    table(page, "What was sold", ["Product", "Unit price", "Quantity", "Price"])?;
    for line in &receipt.lines {
        let price = line.unit_price.times(line.quantity).map_err(|_| std::fmt::Error)?;
        let (unit, units) = (amount(line.unit_price), line.quantity.to_string());
        row(page, "", [&escaped(&line.name), &unit, &units, &amount(price)])?;
    }
    let totals = &receipt.totals;
    let delivery = receipt.shipping.as_ref().map(|shipping| escaped(&shipping.name));
    let parts = [
        ("Subtotal", Some(totals.subtotal)),
        ("Discount", taken_off(totals.discount)),
        (
            delivery.as_deref().unwrap_or_default(),
            delivery.is_some().then_some(totals.shipping),
        ),
        ("Tax", taken_off(totals.tax)),
    ];
    for (name, part) in parts {
        let sign = if name == "Discount" { "−" } else { "" };
        if let Some(part) = part {
            row(page, "", [name, "", "", &format!("{sign}{}", amount(part))])?;
        }
    }
    row(page, "total", ["Total", "", "", &amount(totals.total)])?;
    page.push_str("</table>\n");
    Ok(())
}

fn taxes(page: &mut String, receipt: &Receipt) -> std::fmt::Result {
    let rate = |rate: Option<TaxRate>| rate.map_or("Not taxed".to_owned(), |rate| format!("{rate} %"));
    let has_refunds = receipt.taxes.iter().any(|of_rate| of_rate.refunded.is_some());
    if has_refunds {
        table(page, "Tax", ["Rate", "Net", "Tax", "Refunded"])?;
    } else {
        table(page, "Tax", ["Rate", "Net", "Tax"])?;
    }
    for of_rate in &receipt.taxes {
        let (rate, net, tax) = (rate(of_rate.tax_rate), amount(of_rate.net), amount(of_rate.tax));
        if has_refunds {
            let refunded = of_rate
                .refunded
                .map_or(String::new(), |sum| format!("−{}", amount(sum)));
            row(page, "", [&rate, &net, &tax, &refunded])?;
        } else {
            row(page, "", [&rate, &net, &tax])?;
        }
    }
    page.push_str("</table>\n");
    Ok(())
}

fn payment(page: &mut String, receipt: &Receipt) -> std::fmt::Result {
    let Some(payment) = receipt.payment else {
        return Ok(());
    };
    table(page, "Payment", ["By", "Amount"])?;
    row(page, "", [payment.provider.name(), &amount(payment.amount)])?;
    for line in &receipt.lines {
        if let Some(fee) = line.cancellation_fee {
            row(
                page,
                "",
                [&format!("Fee kept for {}", escaped(&line.name)), &amount(fee)],
            )?;
        }
    }
    if let Some(refunded) = taken_off(payment.refunded) {
        row(page, "", ["Refunded", &format!("−{}", amount(refunded))])?;
    }
    page.push_str("</table>\n");
    Ok(())
}

fn table<const COLUMNS: usize>(page: &mut String, caption: &str, names: [&str; COLUMNS]) -> std::fmt::Result {
    write!(page, "<table>\n<caption>{caption}</caption>\n<tr>")?;
    for name in names {
        write!(page, "<th scope=\"col\">{name}</th>")?;
    }
    page.push_str("</tr>\n");
    Ok(())
}

/// A row of escaped cells.
fn row<const COLUMNS: usize>(page: &mut String, class: &str, cells: [&str; COLUMNS]) -> std::fmt::Result {
    page.push_str(if class.is_empty() {
        "<tr>"
    } else {
        "<tr class=\"total\">"
    });
    for cell in cells {
        write!(page, "<td>{cell}</td>")?;
    }
    page.push_str("</tr>\n");
    Ok(())
}

/// An amount that is not 0.
fn taken_off(amount: Money) -> Option<Money> {
    (amount.amount() > 0).then_some(amount)
}

/// An amount as people read it: `12,900 KRW`, `37.39 USD`.
fn amount(money: Money) -> String {
    let decimals = usize::from(money.currency().exponent().unwrap_or_default());
    let digits = format!("{:0>1$}", money.amount(), decimals + 1);
    let (whole, rest) = digits.split_at(digits.len() - decimals);
    let mut grouped = String::new();
    for (at, digit) in whole.char_indices() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let point = if decimals > 0 { "." } else { "" };
    format!("{grouped}{point}{rest} {}", money.currency().code())
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use iso_currency::Currency;
    use sha2::{Digest, Sha256};

    #[test]
    fn the_policy_allows_exactly_the_pages_style() {
        let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
        assert!(POLICY.contains(&format!("'sha256-{hash}'")), "{hash}");
    }

    #[test]
    fn an_amount_has_the_decimals_of_its_currency() {
        for (minor, currency, text) in [
            (12_900, Currency::KRW, "12,900 KRW"),
            (1_234_567, Currency::JPY, "1,234,567 JPY"),
            (3739, Currency::USD, "37.39 USD"),
            (100_000, Currency::USD, "1,000.00 USD"),
            (5, Currency::USD, "0.05 USD"),
            (0, Currency::KRW, "0 KRW"),
            (1_234_567, Currency::KWD, "1,234.567 KWD"),
        ] {
            assert_eq!(amount(Money::new(minor, currency).unwrap()), text);
        }
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(
            escaped("<b>\"A\" & 'B'</b>"),
            "&lt;b&gt;&quot;A&quot; &amp; &#39;B&#39;&lt;/b&gt;"
        );
    }
}
