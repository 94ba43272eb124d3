//! Places, computed from what the room publishes alone.

use anyhow::{Context, Result, ensure};
use ring::hmac;
use serde_json::Value;

/// The place of an early comer, from a status.
pub fn early(status: &Value, account: &str) -> Result<u64> {
    place(&status["seed"], &status["early"], 8, 0, account)
}

/// The place of a customer who joined after the opening, from the lottery of the second.
pub fn later(lottery: &Value, account: &str) -> Result<u64> {
    let before = lottery["before"].as_u64().context("no number of those before")?;
    place(&lottery["key"], &lottery["people"], 4, before, account)
}

fn place(key: &Value, people: &Value, bits: u32, before: u64, account: &str) -> Result<u64> {
    let key = bytes(key.as_str().context("no key")?)?;
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), account.as_bytes());
    let draw = u64::from_be_bytes(*tag.as_ref().first_chunk().context("a short tag")?);
    let people: Vec<u64> = serde_json::from_value(people.clone())?;
    let part = usize::try_from(draw >> (64 - bits))?;
    let own = people.get(part).copied().unwrap_or_default();
    let share = (u128::from(draw << bits) * u128::from(own)) >> 64;
    Ok(1 + before + people.iter().take(part).sum::<u64>() + u64::try_from(share)?)
}

fn bytes(hex: &str) -> Result<Vec<u8>> {
    ensure!(hex.is_ascii() && hex.len() == 64, "not a key: {hex}");
    let pair = |at: usize| Ok(u8::from_str_radix(&hex[at..at + 2], 16)?);
    (0..hex.len()).step_by(2).map(pair).collect()
}
