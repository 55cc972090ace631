//! Strings and numbers that are written differently and mean the same.

/// The characters of a string in UTF-8, escapes resolved. A lone surrogate, which has no UTF-8, comes as the three bytes
/// that the same scheme gives it, so that it equals itself alone.
pub(super) struct Characters<'a> {
    bytes: &'a [u8],
    /// What is left of the character that an escape stood for, the last byte first.
    pending: [u8; 4],
    pending_length: usize,
}

impl<'a> Characters<'a> {
    /// Of a string as it is written in JSON, without its quotes.
    pub(super) const fn of(written: &'a str) -> Self {
        Self { bytes: written.as_bytes(), pending: [0; 4], pending_length: 0 }
    }

    fn escaped(&mut self) -> Option<u8> {
        Some(match self.take()? {
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let unit = self.unit()?;
                let code_point = if unit & 0xfc00 == 0xd800 { self.with_low_surrogate(unit) } else { unit };
                return Some(self.encode(code_point));
            }
            character => character,
        })
    }

    /// The four digits of `\u`.
    fn unit(&mut self) -> Option<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit << 4 | char::from(self.take()?).to_digit(16)?;
        }
        Some(unit)
    }

    /// The character of a pair, or the high surrogate alone if no low one follows.
    fn with_low_surrogate(&mut self, high: u32) -> u32 {
        let before = self.bytes;
        if self.take() == Some(b'\\')
            && self.take() == Some(b'u')
            && let Some(low) = self.unit()
            && low & 0xfc00 == 0xdc00
        {
            return 0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff);
        }
        self.bytes = before;
        high
    }

    /// The first byte; the others are pending.
    fn encode(&mut self, code_point: u32) -> u8 {
        let (lead, length) = match code_point {
            0..0x80 => (0, 0),
            0x80..0x800 => (0xc0, 1),
            0x800..0x10000 => (0xe0, 2),
            _ => (0xf0, 3),
        };
        let mut rest = code_point;
        for byte in self.pending.iter_mut().take(length) {
            *byte = 0x80 | (rest & 0x3f) as u8;
            rest >>= 6;
        }
        self.pending_length = length;
        lead | rest as u8
    }

    fn take(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }
}

impl Iterator for Characters<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        if self.pending_length > 0 {
            self.pending_length -= 1;
            return self.pending.get(self.pending_length).copied();
        }
        match self.take()? {
            b'\\' => self.escaped(),
            byte => Some(byte),
        }
    }
}

/// A hash (FNV-1a) of characters in UTF-8.
pub(super) fn hash(characters: impl Iterator<Item = u8>) -> u32 {
    characters.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Whether two strings as they are written, without quotes, have the same characters.
pub(super) fn same_string(left: &str, right: &str) -> bool {
    left == right || ((has_escape(left) || has_escape(right)) && Characters::of(left).eq(Characters::of(right)))
}

/// Whether a string as it is written, without quotes, has the characters of a name.
pub(super) fn is_name(written: &str, name: &str) -> bool {
    if has_escape(written) { unescaped(written).is_some_and(|its| its == name) } else { written == name }
}

/// The characters of a string as it is written, without quotes; `None` with a lone surrogate.
pub(super) fn unescaped(written: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(written.len());
    for byte in Characters::of(written) {
        bytes.push(byte);
    }
    String::from_utf8(bytes).ok()
}

fn has_escape(written: &str) -> bool {
    written.as_bytes().contains(&b'\\')
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
        assert_eq!(hash(Characters::of(r"\u0061\ud83e\udd80")), hash("a🦀".bytes()));
    }

    #[test]
    fn names_are_written_as_javascript_does() {
        let mut out = String::new();
        push_string(&mut out, "a\"\\/\u{8}\u{c}\n\r\t\0\u{1f}\u{7f}ä🦀");
        assert_eq!(out, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u{7f}ä🦀\"");
    }
}
