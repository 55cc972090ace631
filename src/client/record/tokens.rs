//! JSON text read piece by piece.

use super::scan::{Parts, Scanner};

/// A piece of JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// The beginning of an object.
    Object,
    /// The beginning of an array.
    Array,
    /// The end of either.
    End,
    /// A key as it is written, without quotes. What it is the key of follows.
    Key(&'a str),
    /// Any other value.
    Value(&'a str),
}

/// The pieces of an object or array, in order. Ends early in text that is not JSON.
pub(super) struct Tokens<'a> {
    text: &'a str,
    scanner: Scanner<'a>,
    most_open: usize,
    is_after_key: bool,
}

impl<'a> Tokens<'a> {
    /// Of a text. So many objects and arrays are taken apart inside each other; what is in those comes as one value.
    pub(super) const fn of(text: &'a str, most_open: usize) -> Self {
        Self { text, scanner: Scanner::new(text, 0), most_open, is_after_key: false }
    }

    /// How many objects and arrays are open.
    pub(super) const fn depth(&self) -> usize {
        self.scanner.closing.len()
    }

    /// The members that are left of an object, from the one whose key came last; then its end comes.
    pub(super) fn rest(&mut self, key: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
        let mut members = Vec::new();
        members.push((key, self.value()?));
        let mut parts = Parts::rest(self.text, self.scanner.at);
        members.extend(&mut parts);
        self.scanner.at = parts.at();
        self.is_after_key = false;
        Some(members)
    }

    /// All of the value that is next.
    fn value(&mut self) -> Option<&'a str> {
        let start = self.scanner.at;
        let mut scanner = Scanner::new(self.text, start);
        scanner.value()?;
        self.scanner.at = scanner.at;
        self.text.get(start..scanner.at)
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let scanner = &mut self.scanner;
        scanner.space();
        if scanner.skip(b',') {
            scanner.space();
        }
        let is_after_key = std::mem::take(&mut self.is_after_key);
        if let Some(close) = scanner.closing.last().copied() {
            if scanner.skip(close) {
                scanner.closing.pop();
                return Some(Token::End);
            }
            if close == b'}' && !is_after_key {
                let start = scanner.at + 1;
                scanner.string()?;
                let key = self.text.get(start..scanner.at - 1)?;
                scanner.colon()?;
                self.is_after_key = true;
                return Some(Token::Key(key));
            }
        }
        let (close, token) = match scanner.peek()? {
            b'{' => (b'}', Token::Object),
            b'[' => (b']', Token::Array),
            _ => return self.value().map(Token::Value),
        };
        if scanner.closing.len() >= self.most_open {
            return self.value().map(Token::Value);
        }
        scanner.at += 1;
        scanner.closing.push(close);
        Some(token)
    }
}
