//! Keys of a secret by their numbers: `{"1": "<random text>"}`.

/// The shortest text of a key, in bytes. A text of 32 letters and digits has 190 random bits.
const MIN_TEXT: usize = 32;

/// The number that the name of a key stands for, from 1.
///
/// # Errors
/// A description of the name.
pub fn number(name: &str) -> Result<u8, &'static str> {
    let number = name.parse().ok();
    let number = number.filter(|number: &u8| *number > 0 && number.to_string() == name);
    number.ok_or("a key's number is 1 to 255")
}

/// Checks that the text of a key is long enough.
///
/// # Errors
/// A description of the text, without it.
pub const fn check_text(text: &str) -> Result<(), &'static str> {
    if text.len() < MIN_TEXT {
        return Err("a key is too short");
    }
    Ok(())
}
