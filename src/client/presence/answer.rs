//! The JSON of presence: objects that say of each user whether they are logged in, and lists of users.

use crate::client::record::{Value, push_string};

/// Reads `{"ann":true,"bob":false}`; `None` for anything else.
pub fn parse(text: &str) -> Option<Vec<(Box<str>, bool)>> {
    let mut statuses = Vec::new();
    for (user, online) in Value::parse(text).ok()?.members()? {
        match &*online.text() {
            "true" => statuses.push((user, true)),
            "false" => statuses.push((user, false)),
            _ => return None,
        }
    }
    Some(statuses)
}

/// Writes `{"ann":true,"bob":false}`.
pub fn object(statuses: &[(Box<str>, bool)]) -> Box<str> {
    let mut text = String::from("{");
    for (user, online) in statuses {
        push_user(&mut text, user);
        text.push_str(if *online { ":true" } else { ":false" });
    }
    text.push('}');
    text.into()
}

/// Writes `["ann","bob"]`.
pub fn list(users: &[&str]) -> Box<str> {
    let mut text = String::from("[");
    for user in users {
        push_user(&mut text, user);
    }
    text.push(']');
    text.into()
}

/// Adds a user, after a comma but for the first.
fn push_user(text: &mut String, user: &str) {
    if text.len() > 1 {
        text.push(',');
    }
    push_string(text, user);
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
        let escaped = r#"{"\"\\\/\b\f\n\r\t\u00e4\uD83D\uDE00x":true,"\ud800":true}"#;
        assert_eq!(read(escaped), Some(vec![("\"\\/\u{8}\u{c}\n\r\tä😀x".into(), true)]));
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
        assert_eq!(&*list(&["a", "\"\n"]), r#"["a","\"\n"]"#);
        assert_eq!(&*list(&[]), "[]");
    }
}
