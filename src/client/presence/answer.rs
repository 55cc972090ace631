//! The JSON of presence: objects that say of each user whether they are logged in, and lists of users.

/// Reads `{"ann":true,"bob":false}`; `None` for anything else.
pub fn parse(text: &str) -> Option<Vec<(Box<str>, bool)>> {
    let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
    let mut statuses = Vec::new();
    while !rest.is_empty() {
        let (user, after) = parse_string(rest)?;
        let value = after.trim_start().strip_prefix(':')?.trim_start();
        let (online, after) = match value.strip_prefix("true") {
            Some(after) => (true, after),
            None => (false, value.strip_prefix("false")?),
        };
        statuses.push((user.into(), online));
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(after) => Some(after.trim_start()).filter(|after| !after.is_empty())?,
            None if after.is_empty() => after,
            None => return None,
        };
    }
    Some(statuses)
}

/// Reads a JSON string at the beginning of `text`. Returns it, and what follows.
fn parse_string(text: &str) -> Option<(String, &str)> {
    let mut string = String::new();
    let mut characters = text.strip_prefix('"')?.chars();
    loop {
        match characters.next()? {
            '"' => return Some((string, characters.as_str())),
            '\\' => string.push(match characters.next()? {
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let (character, after) = parse_code_unit(characters.as_str())?;
                    characters = after.chars();
                    character
                }
                other @ ('"' | '\\' | '/') => other,
                _ => return None,
            }),
            character => string.push(character),
        }
    }
}

/// Reads what follows `\u`: one UTF-16 code unit, or a pair of surrogates. Half a pair becomes U+FFFD.
fn parse_code_unit(text: &str) -> Option<(char, &str)> {
    let hexadecimal = |text: &str| u32::from_str_radix(text.get(..4)?, 16).ok();
    let (unit, after) = (hexadecimal(text)?, text.get(4..)?);
    if let Some(character) = char::from_u32(unit) {
        return Some((character, after));
    }
    let low = after.strip_prefix("\\u").and_then(hexadecimal).filter(|low| (0xDC00..0xE000).contains(low));
    match low {
        Some(low) if unit < 0xDC00 => {
            let character = char::from_u32(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))?;
            Some((character, after.get(6..)?))
        }
        _ => Some((char::REPLACEMENT_CHARACTER, after)),
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
