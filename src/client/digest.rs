//! A number that stands for a text.

/// A number as a prefix and sixteen hexadecimal digits.
pub fn hex(prefix: &str, number: u64) -> Box<str> {
    let mut text = String::from(prefix);
    for position in (0..16).rev() {
        let digit = (number >> (4 * position)) as u32 & 0xF;
        text.push(char::from_digit(digit, 16).unwrap_or('0'));
    }
    text.into()
}

/// The last four of these digits: sixteen bits, enough to recognise what they stand for, too few to say what that is.
pub fn last_digits(digits: &str) -> &str {
    digits.get(digits.len().saturating_sub(4)..).unwrap_or_default()
}

/// FNV-1a, mixed so that every bit of the result depends on every byte.
pub fn digest(text: &str) -> u64 {
    let hash = text
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9FB2_1C65_1E98_DF25);
    mixed ^ (mixed >> 28)
}
