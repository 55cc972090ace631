//! The JSON of presence: objects that say of each user whether they are logged in, and lists of users.

/// Reads `{"ann":true,"bob":false}`; `None` for anything else.
pub fn parse(text: &str) -> Option<Vec<(Box<str>, bool)>> {
    let mut reader = Reader { rest: text.as_bytes() };
    let mut statuses = Vec::new();
    let mut is_over = reader.take(b"{")?.take(b"}").is_some();
    while !is_over {
        let user = reader.string()?;
        reader.take(b":")?;
        let online = reader.take(b"true").is_some();
        if !online {
            reader.take(b"false")?;
        }
        statuses.push((user, online));
        is_over = reader.take(b"}").is_some();
        if !is_over {
            reader.take(b",")?;
        }
    }
    reader.skip_space();
    reader.rest.is_empty().then_some(statuses)
}

/// What is left of a JSON text. Byte by byte, because all that `str` can do for text is kilobytes of WebAssembly.
struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn skip_space(&mut self) {
        while let Some((b' ' | b'\t' | b'\n' | b'\r', after)) = self.rest.split_first() {
            self.rest = after;
        }
    }

    /// Takes a token, and white space before it.
    fn take(&mut self, token: &[u8]) -> Option<&mut Self> {
        self.skip_space();
        self.rest = self.rest.strip_prefix(token)?;
        Some(self)
    }

    fn next(&mut self) -> Option<u8> {
        let (first, after) = self.rest.split_first()?;
        self.rest = after;
        Some(*first)
    }

    fn string(&mut self) -> Option<Box<str>> {
        self.take(b"\"")?;
        let mut string = Vec::new();
        loop {
            let byte = match self.next()? {
                b'"' => return String::from_utf8(string).ok().map(Into::into),
                b'\\' => match self.next()? {
                    b'b' => 8,
                    b'f' => 12,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'u' => {
                        let character = self.escaped_character()?;
                        string.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                        continue;
                    }
                    other @ (b'"' | b'\\' | b'/') => other,
                    _ => return None,
                },
                byte => byte,
            };
            string.push(byte);
        }
    }

    /// Takes what follows `\u`: one UTF-16 code unit, or a pair of surrogates. Half a pair becomes U+FFFD.
    fn escaped_character(&mut self) -> Option<char> {
        let unit = self.code_unit()?;
        if !(0xD800..0xE000).contains(&unit) {
            return char::from_u32(unit);
        }
        let mut after = Reader { rest: self.rest };
        let low = after.rest.strip_prefix(b"\\u").and_then(|rest| {
            after.rest = rest;
            after.code_unit()
        });
        match low {
            Some(low @ 0xDC00..0xE000) if unit < 0xDC00 => {
                self.rest = after.rest;
                char::from_u32(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
            }
            _ => Some(char::REPLACEMENT_CHARACTER),
        }
    }

    fn code_unit(&mut self) -> Option<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit << 4 | char::from(self.next()?).to_digit(16)?;
        }
        Some(unit)
    }
}

/// Writes `{"ann":true,"bob":false}`.
pub fn object(statuses: &[(Box<str>, bool)]) -> Box<str> {
    let mut text = String::from("{");
    for (index, (user, online)) in statuses.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        push_string(&mut text, user);
        text.push_str(if *online { ":true" } else { ":false" });
    }
    text.push('}');
    text.into()
}

/// Writes `["ann","bob"]`.
pub fn list(users: &[&str]) -> Box<str> {
    let mut text = String::from("[");
    for (index, user) in users.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        push_string(&mut text, user);
    }
    text.push(']');
    text.into()
}

fn push_string(text: &mut String, string: &str) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            '\0'..='\u{1f}' => {
                let digit = |value: u32| char::from_digit(value, 16).unwrap_or('0');
                let code = u32::from(character);
                text.push_str("\\u00");
                text.extend([digit(code >> 4), digit(code & 15)]);
            }
            _ => text.push(character),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<(String, bool)>> {
        Some(parse(text)?.into_iter().map(|(user, online)| (user.into(), online)).collect())
    }

    #[test]
    fn objects_of_booleans_are_read() {
        assert_eq!(read("{}"), Some(vec![]));
        assert_eq!(read(" { \"a\" : true , \"b\":false } "), Some(vec![("a".into(), true), ("b".into(), false)]));
        let escaped = r#"{"\"\\\/\b\f\n\r\t\u00e4\uD83D\uDE00\ud800x":true}"#;
        assert_eq!(read(escaped), Some(vec![("\"\\/\u{8}\u{c}\n\r\tä😀\u{fffd}x".into(), true)]));
    }

    #[test]
    fn anything_else_is_not() {
        let wrong = [
            "",
            "{",
            "}",
            "[]",
            "null",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1}",
            "{\"a\":true,}",
            "{,}",
            "{a:true}",
            "{\"a\":true \"b\":true}",
            "{\"a\":truefalse}",
            "{\"a:true}",
            "{\"\\x\":true}",
            "{\"\\u12\":true}",
            "{\"\\uzzzz\":true}",
            "{\"\\u00ä\":true}",
            "{\"\\",
            "{\"\\}",
            "{\"\\ud800\\u\":true",
        ];
        for text in wrong {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        let names = ["", "a", "\"\\\u{0}\u{1f}\n", "ä😀\u{2028}"];
        let statuses: Vec<(Box<str>, bool)> = names.iter().map(|name| ((*name).into(), name.len() > 1)).collect();
        assert_eq!(parse(&object(&statuses)), Some(statuses));
        assert_eq!(&*list(&["a", "\"\n"]), r#"["a","\"\u000a"]"#);
        assert_eq!(&*list(&[]), "[]");
    }
}
