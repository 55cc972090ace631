//! JSON text: where a value ends, and what is in it.

/// Text that is not one JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidJson {
    /// Where it stops being JSON, in bytes from its beginning.
    pub at: usize,
}

/// The value without the white space around it.
///
/// Checks all of the text, however deep its nesting, without recursion.
///
/// # Errors
/// Everything that `JSON.parse` refuses.
pub(super) fn trimmed(text: &str) -> Result<&str, InvalidJson> {
    let mut scanner = Scanner::new(text, 0);
    scanner.space();
    let start = scanner.at;
    let complete = scanner.value().is_some();
    let end = scanner.at;
    scanner.space();
    match text.get(start..end) {
        Some(value) if complete && scanner.at == text.len() => Ok(value),
        _ => Err(InvalidJson { at: scanner.at }),
    }
}

/// The members of an object, or the elements of an array. Ends early in text that is not JSON.
pub(super) struct Parts<'a> {
    scanner: Scanner<'a>,
    pub(super) is_array: bool,
}

impl<'a> Parts<'a> {
    /// Of the text of an object or array; `None` for any other.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let is_array = match text.as_bytes().first()? {
            b'[' => true,
            b'{' => false,
            _ => return None,
        };
        Some(Self { scanner: Scanner::new(text, 1), is_array })
    }
}

impl<'a> Iterator for Parts<'a> {
    /// The key as it is written, without quotes (empty in an array), and the text of the value.
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        Some((self.scanner.next_key(self.is_array)?, self.scanner.next_value()?))
    }
}

/// Goes through JSON text.
pub(super) struct Scanner<'a> {
    text: &'a str,
    /// Where it is.
    pub(super) at: usize,
    /// The brackets that are to come. Not the call stack: the server decides how deep they nest.
    closing: Vec<u8>,
}

impl<'a> Scanner<'a> {
    /// At a place of a text.
    pub(super) const fn new(text: &'a str, at: usize) -> Self {
        Self { text, at, closing: Vec::new() }
    }

    /// The next byte.
    #[inline(always)]
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// Goes past the byte, if it is the next one.
    #[inline(always)]
    pub(super) fn skip(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.skip(byte).then_some(())
    }

    #[inline(always)]
    pub(super) fn skip_while(&mut self, is_skipped: impl Fn(u8) -> bool) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(|byte| !is_skipped(*byte)).unwrap_or(rest.len());
    }

    /// Goes past white space.
    #[inline(always)]
    pub(super) fn space(&mut self) {
        if matches!(self.peek(), Some(..=b' ')) {
            self.skip_space();
        }
    }

    /// Apart, because it is seldom there.
    #[inline(never)]
    fn skip_space(&mut self) {
        self.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    }

    /// Goes to the value of the next member of an object or element of an array, from behind the one before. Returns the key
    /// as it is written, without quotes, which is empty in an array; `None` at the end.
    pub(super) fn next_key(&mut self, is_array: bool) -> Option<&'a str> {
        self.space();
        if self.skip(b',') {
            self.space();
        }
        if is_array {
            return (self.peek()? != b']').then_some("");
        }
        let start = self.at + 1;
        self.string()?;
        let key = self.text.get(start..self.at - 1);
        self.colon()?;
        key
    }

    /// Goes past a value, and returns its text.
    pub(super) fn next_value(&mut self) -> Option<&'a str> {
        let start = self.at;
        self.value()?;
        self.text.get(start..self.at)
    }

    /// Goes past an object, array or string in both texts, if the next value is one and is written alike in both.
    pub(super) fn goes_past_the_same(&mut self, other: &mut Scanner<'_>) -> bool {
        let start = self.at;
        if matches!(self.peek(), Some(b'{' | b'[' | b'"'))
            && let Some(own) = self.next_value()
            && other.text.get(other.at..).is_some_and(|rest| rest.starts_with(own))
        {
            other.at += own.len();
            return true;
        }
        self.at = start;
        false
    }

    /// Goes to the end of a value, or stays at the first byte that cannot be part of one.
    fn value(&mut self) -> Option<()> {
        self.closing.clear();
        loop {
            let opened = match self.peek()? {
                b'{' => Some(b'}'),
                b'[' => Some(b']'),
                _ => None,
            };
            if let Some(close) = opened {
                self.at += 1;
                self.space();
                if !self.skip(close) {
                    self.closing.push(close);
                    self.before_value(close)?;
                    continue;
                }
            } else {
                self.scalar()?;
            }
            loop {
                let Some(close) = self.closing.last().copied() else { return Some(()) };
                self.space();
                if !self.skip(close) {
                    self.expect(b',')?;
                    self.space();
                    self.before_value(close)?;
                    break;
                }
                self.closing.pop();
            }
        }
    }

    fn before_value(&mut self, close: u8) -> Option<()> {
        if close == b'}' {
            self.string()?;
            self.colon()?;
        }
        Some(())
    }

    /// What is between a key and its value.
    fn colon(&mut self) -> Option<()> {
        self.space();
        self.expect(b':')?;
        self.space();
        Some(())
    }

    /// Goes to the end of anything but an object or array.
    pub(super) fn scalar(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => self.string(),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        for byte in word {
            self.expect(*byte)?;
        }
        Some(())
    }

    /// Goes to the end of a string, from the quote before it.
    pub(super) fn string(&mut self) -> Option<()> {
        self.expect(b'"')?;
        loop {
            self.skip_while(|byte| !matches!(byte, b'"' | b'\\' | ..0x20));
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => {
                    self.at += 1;
                    match self.take()? {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                        b'u' => {
                            for _ in 0..4 {
                                self.take().filter(u8::is_ascii_hexdigit)?;
                            }
                        }
                        _ => return None,
                    }
                }
                _ => return None,
            }
        }
    }

    /// Goes to the end of a number.
    fn number(&mut self) -> Option<()> {
        self.skip(b'-');
        if !self.skip(b'0') {
            self.digits()?;
        }
        if self.skip(b'.') {
            self.digits()?;
        }
        if self.skip(b'e') || self.skip(b'E') {
            let _ = self.skip(b'+') || self.skip(b'-');
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        self.skip_while(|byte| byte.is_ascii_digit());
        (self.at > start).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_parse_takes_is_taken() {
        for text in [
            "null",
            "true",
            "false",
            "0",
            "-0",
            "10",
            "-1.50e+3",
            "1E-7",
            r#""""#,
            r#""\"\\\/\b\f\n\r\t\u00e4\uD800""#,
            "\"ä🦀\u{7f}\"",
            "[]",
            "{}",
            "[ ]",
            "[[],{}]",
            r#"{"a":1,"":[null]}"#,
            "\t{ \"a\" : [ 1 , 2 ] , \"b\" : { } }\r\n",
        ] {
            assert_eq!(trimmed(text), Ok(text.trim_ascii()), "{text}");
        }
    }

    #[test]
    fn what_json_parse_refuses_is_refused() {
        for text in [
            "",
            " ",
            "nul",
            "nulls",
            "True",
            "01",
            "-",
            "+1",
            "1.",
            ".5",
            "1e",
            "1e+",
            "NaN",
            "'a'",
            "\"",
            "\"\\",
            r#""\x""#,
            r#""\u00g0""#,
            r#""\u00"#,
            "\"\n\"",
            "\"\0\"",
            "[",
            "[1",
            "[1,",
            "[1,]",
            "[,]",
            "[,1]",
            "[1 2]",
            "[1}",
            "{",
            "{a:1}",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{,}"#,
            r#"{"a":1]"#,
            r#"{"a" 1}"#,
            "]",
            "}",
            "1 2",
            "{}{}",
            "\u{a0}1",
            "\u{feff}1",
        ] {
            assert!(trimmed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_error_says_where() {
        assert_eq!(trimmed(r#"{"a":1,"b":tru}"#), Err(InvalidJson { at: 14 }));
        assert_eq!(trimmed("[1] 2"), Err(InvalidJson { at: 4 }));
    }

    #[test]
    fn nesting_is_bounded_by_the_text_alone() {
        let depth = 1_000_000;
        let mut text = "[".repeat(depth);
        assert!(trimmed(&text).is_err());
        text.push_str(&"]".repeat(depth));
        assert_eq!(trimmed(&text).map(str::len), Ok(2 * depth));
    }

    #[test]
    fn parts_are_found_as_they_are_written() {
        let parts = Parts::of(r#"{ "a" : 1 ,"q\"}": {"x":[1,2]}, "":""}"#).map(Iterator::collect::<Vec<_>>);
        assert_eq!(parts.as_deref(), Some(&[("a", "1"), (r#"q\"}"#, r#"{"x":[1,2]}"#), ("", r#""""#)][..]));
        let parts = Parts::of("[ 1 , [2] , \"]\" ]").map(Iterator::collect::<Vec<_>>);
        assert_eq!(parts.as_deref(), Some(&[("", "1"), ("", "[2]"), ("", "\"]\"")][..]));
        assert!(Parts::of("1").is_none());
    }
}
