//! Strings and numbers that are written differently and mean the same.

use std::{borrow::Cow, str::Bytes};

/// The characters of a string as it is written in JSON, without quotes: in UTF-8, escapes resolved. A lone surrogate, which
/// has no UTF-8, comes as the three bytes that the same scheme gives it, so that it equals itself alone.
pub(super) fn characters(written: &str) -> Cow<'_, [u8]> {
    if !written.as_bytes().contains(&b'\\') {
        return Cow::Borrowed(written.as_bytes());
    }
    let mut characters = Vec::with_capacity(written.len());
    let mut bytes = written.bytes();
    while let Some(byte) = bytes.next() {
        let escaped = if byte == b'\\' { bytes.next() } else { None };
        characters.push(match escaped {
            None => byte,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                push_code_point(&mut characters, code_point(&mut bytes));
                continue;
            }
            Some(character) => character,
        });
    }
    Cow::Owned(characters)
}

/// What stands after `\u`: with the low surrogate after a high one, if that follows.
fn code_point(bytes: &mut Bytes<'_>) -> u32 {
    let unit = unit(bytes);
    let mut behind = bytes.clone();
    if unit & 0xfc00 == 0xd800 && behind.next() == Some(b'\\') && behind.next() == Some(b'u') {
        let low = self::unit(&mut behind);
        if low & 0xfc00 == 0xdc00 {
            *bytes = behind;
            return 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff);
        }
    }
    unit
}

/// The four digits of `\u`.
fn unit(bytes: &mut Bytes<'_>) -> u32 {
    let mut unit = 0;
    for digit in bytes.take(4) {
        unit = unit << 4 | char::from(digit).to_digit(16).unwrap_or_default();
    }
    unit
}

fn push_code_point(characters: &mut Vec<u8>, code_point: u32) {
    let (lead, rest) = match code_point {
        0..0x80 => (0, 0),
        0x80..0x800 => (0xc0, 1),
        0x800..0x10000 => (0xe0, 2),
        _ => (0xf0, 3),
    };
    characters.push(lead | (code_point >> (6 * rest)) as u8);
    for at in (0..rest).rev() {
        characters.push(0x80 | (code_point >> (6 * at) & 0x3f) as u8);
    }
}

/// A hash (FNV-1a) of characters in UTF-8.
pub(super) fn hash(characters: &[u8]) -> u32 {
    let mut hash = 0x811c_9dc5;
    for byte in characters {
        hash = (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    }
    hash
}

/// Whether two strings as they are written, without quotes, have the same characters.
pub(super) fn same_string(left: &str, right: &str) -> bool {
    left == right || characters(left) == characters(right)
}

/// Whether a string as it is written, without quotes, has the characters of a name.
pub(super) fn is_name(written: &str, name: &str) -> bool {
    *characters(written) == *name.as_bytes()
}

/// The characters of a string as it is written, without quotes; `None` with a lone surrogate.
pub(super) fn unescaped(written: &str) -> Option<String> {
    String::from_utf8(characters(written).into_owned()).ok()
}

/// Writes a name as a string in the way of `JSON.stringify`, with its quotes.
pub fn push_string(out: &mut String, name: &str) {
    out.push('"');
    for character in name.chars() {
        let short = match character {
            '"' | '\\' => character,
            '\u{8}' => 'b',
            '\u{c}' => 'f',
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            '\0'..'\u{20}' => {
                out.push_str("\\u00");
                let code = character as u32;
                out.push(if code < 0x10 { '0' } else { '1' });
                out.push(char::from_digit(code & 0xf, 16).unwrap_or('0'));
                continue;
            }
            _ => {
                out.push(character);
                continue;
            }
        };
        out.push('\\');
        out.push(short);
    }
    out.push('"');
}

/// Whether two numbers as they are written are the same decimal number.
///
/// `1e21` is `1e+21`, `10` and `1.0E1` are the same, and so are `0` and `-0`. Numbers that differ only beyond the
/// precision of JavaScript count as different.
pub(super) fn same_number(left: &str, right: &str) -> bool {
    left == right || {
        let (left, right) = (Decimal::of(left), Decimal::of(right));
        let is_digit = |byte: &&u8| **byte != b'.';
        let digits = left.mantissa.iter().filter(is_digit).eq(right.mantissa.iter().filter(is_digit));
        digits && left.is_negative == right.is_negative && left.exponent == right.exponent
    }
}

/// A number as 0.digits times ten to the power of the exponent.
#[derive(Default)]
struct Decimal<'a> {
    is_negative: bool,
    /// Digits and at most one point, from the first digit to the last one that is not 0.
    mantissa: &'a [u8],
    exponent: i64,
}

impl<'a> Decimal<'a> {
    fn of(written: &'a str) -> Self {
        let bytes = written.as_bytes();
        let end = bytes.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(bytes.len());
        let (mantissa, power_of_ten) = bytes.split_at_checked(end).unwrap_or_default();
        let is_significant = |byte: &u8| matches!(byte, b'1'..=b'9');
        let (first, last) = (mantissa.iter().position(is_significant), mantissa.iter().rposition(is_significant));
        let (Some(first), Some(last)) = (first, last) else { return Self::default() };
        let (mut power, mut sign) = (0, 1);
        for byte in power_of_ten {
            match byte {
                b'-' => sign = -1,
                // Beyond this all is zero or infinite anyway.
                b'0'..=b'9' if power < i64::MAX / 100 => power = power * 10 + i64::from(byte - b'0'),
                _ => {}
            }
        }
        let point = mantissa.iter().position(|byte| *byte == b'.').unwrap_or(end);
        let exponent = sign * power + point as i64 - first as i64 + i64::from(point < first);
        let mantissa = mantissa.get(first..=last).unwrap_or_default();
        Self { is_negative: written.starts_with('-'), mantissa, exponent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_by_value() {
        for (left, right) in [
            ("1e21", "1e+21"),
            ("1E5", "100000"),
            ("1.0", "1"),
            ("-0", "0"),
            ("0.0e9", "-0"),
            ("0.001", "1e-3"),
            ("120", "1.2e2"),
            ("100.50", "1005e-1"),
            ("0.00120", "12e-4"),
            ("-15", "-1.5e1"),
        ] {
            assert!(same_number(left, right), "{left} {right}");
            assert!(same_number(right, left), "{right} {left}");
        }
        for (left, right) in [
            ("1", "-1"),
            ("1", "2"),
            ("1", "10"),
            ("1", "0"),
            ("0.1", "0.01"),
            ("1e21", "1e-21"),
            ("101", "11"),
            ("12", "1.2"),
            ("10", "1"),
            ("0", "0.1"),
            ("1", "1.0000000000000000000001"),
            ("1e99999999999999999999", "1e-99999999999999999999"),
        ] {
            assert!(!same_number(left, right), "{left} {right}");
            assert!(!same_number(right, left), "{right} {left}");
        }
    }

    #[test]
    fn strings_are_compared_by_their_characters() {
        for (left, right) in [
            ("a", r"\u0061"),
            ("ä", r"\u00E4"),
            ("漢", r"\u6f22"),
            ("🦀", r"\ud83e\udd80"),
            (r"\/", "/"),
            (r"\n", r"\u000a"),
            (r"\ud800", r"\uD800"),
            (r"x\ud800\ud800\udc00", "x\\ud800\u{10000}"),
        ] {
            assert!(same_string(left, right), "{left} {right}");
        }
        for (left, right) in [
            ("a", "b"),
            ("a", "ab"),
            (r"\ud800", r"\ud801"),
            (r"\ud83e\udd80", r"\udd80\ud83e"),
            (r"\ud800", "\u{fffd}"),
        ] {
            assert!(!same_string(left, right), "{left} {right}");
        }
        assert!(is_name(r"\\u0061", r"\u0061"));
        assert!(!is_name(r"\u0061", r"\u0061"));
        assert_eq!(hash(&characters(r"\u0061\ud83e\udd80")), hash("a🦀".as_bytes()));
    }

    #[test]
    fn names_are_written_as_javascript_does() {
        let mut out = String::new();
        push_string(&mut out, "a\"\\/\u{8}\u{c}\n\r\t\0\u{1f}\u{7f}ä🦀");
        assert_eq!(out, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u{7f}ä🦀\"");
    }
}
