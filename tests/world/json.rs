//! JSON as the server's JavaScript knows it: what it parses, how it writes it down, and what it does at a path.

/// A JavaScript value that came from JSON, or a hole in an array.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    /// UTF-16, because surrogates may stand alone.
    Text(Vec<u16>),
    Array(Vec<Json>),
    /// In the order of insertion.
    Object(Vec<(Vec<u16>, Json)>),
}

/// What JavaScript would throw. The server catches none of it, so it ends the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thrown;

impl Json {
    pub const fn object() -> Self {
        Self::Object(Vec::new())
    }

    pub fn parse(text: &str) -> Result<Self, Thrown> {
        let units: Vec<u16> = text.encode_utf16().collect();
        let mut parser = Parser { units: &units };
        let value = parser.value()?;
        parser.skip_space();
        if parser.units.is_empty() { Ok(value) } else { Err(Thrown) }
    }

    /// As `JSON.stringify` writes it.
    pub fn stringify(&self) -> String {
        let mut out = Vec::new();
        self.write(&mut out);
        String::from_utf16(&out).expect("surrogates that stand alone are escaped")
    }

    /// Whether `if (value)` holds.
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Undefined | Self::Null => false,
            Self::Bool(value) => *value,
            Self::Number(value) => *value != 0.0 && !value.is_nan(),
            Self::Text(text) => !text.is_empty(),
            Self::Array(_) | Self::Object(_) => true,
        }
    }

    pub const fn is_container(&self) -> bool {
        matches!(self, Self::Array(_) | Self::Object(_))
    }

    /// A property of an object.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Object(entries) = self else { return None };
        entries.iter().find(|(known, _)| known.iter().copied().eq(key.encode_utf16())).map(|(_, value)| value)
    }

    pub fn as_text(&self) -> Option<String> {
        if let Self::Text(text) = self { String::from_utf16(text).ok() } else { None }
    }

    fn write(&self, out: &mut Vec<u16>) {
        match self {
            Self::Undefined | Self::Null => out.extend("null".encode_utf16()),
            Self::Bool(value) => out.extend(value.to_string().encode_utf16()),
            Self::Number(value) => out.extend(number_text(*value).encode_utf16()),
            Self::Text(text) => write_text(text, out),
            Self::Array(items) => {
                write_list(out, b"[]", items, |item, out| item.write(out));
            }
            Self::Object(entries) => {
                let mut ordered: Vec<_> = entries.iter().collect();
                // A stable sort: indexes first and in order, then the other keys as they were inserted.
                ordered.sort_by_key(|(key, _)| index(key).unwrap_or(usize::MAX));
                write_list(out, b"{}", ordered, |(key, value), out| {
                    write_text(key, out);
                    out.push(b':'.into());
                    value.write(out);
                });
            }
        }
    }
}

fn write_list<T>(
    out: &mut Vec<u16>,
    brackets: &[u8; 2],
    items: impl IntoIterator<Item = T>,
    write: impl Fn(T, &mut Vec<u16>),
) {
    out.push(brackets[0].into());
    for (position, item) in items.into_iter().enumerate() {
        if position > 0 {
            out.push(b','.into());
        }
        write(item, out);
    }
    out.push(brackets[1].into());
}

fn write_text(text: &[u16], out: &mut Vec<u16>) {
    out.push(b'"'.into());
    for decoded in char::decode_utf16(text.iter().copied()) {
        match decoded {
            Ok('"') => out.extend("\\\"".encode_utf16()),
            Ok('\\') => out.extend("\\\\".encode_utf16()),
            Ok('\u{8}') => out.extend("\\b".encode_utf16()),
            Ok('\u{c}') => out.extend("\\f".encode_utf16()),
            Ok('\n') => out.extend("\\n".encode_utf16()),
            Ok('\r') => out.extend("\\r".encode_utf16()),
            Ok('\t') => out.extend("\\t".encode_utf16()),
            Ok(control @ '\0'..'\u{20}') => out.extend(format!("\\u{:04x}", u32::from(control)).encode_utf16()),
            Ok(other) => out.extend_from_slice(other.encode_utf16(&mut [0; 2])),
            Err(lone) => out.extend(format!("\\u{:04x}", lone.unpaired_surrogate()).encode_utf16()),
        }
    }
    out.push(b'"'.into());
}

/// As JavaScript turns a number into text, which in JSON is null unless it is finite.
fn number_text(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        "null".into()
    } else if value == 0.0 {
        "0".into()
    } else if (1e-6..1e21).contains(&size) {
        value.to_string()
    } else {
        let text = format!("{value:e}");
        if text.contains("e-") { text } else { text.replace('e', "e+") }
    }
}

/// The index of an array that a key stands for.
fn index(key: &[u16]) -> Option<usize> {
    let text = String::from_utf16(key).ok()?;
    let number: u32 = text.parse().ok()?;
    (number.to_string() == text && number != u32::MAX).then_some(number as usize)
}

struct Parser<'a> {
    units: &'a [u16],
}

impl Parser<'_> {
    fn skip_space(&mut self) {
        while let [9 | 10 | 13 | 32, rest @ ..] = self.units {
            self.units = rest;
        }
    }

    fn take(&mut self, text: &str) -> bool {
        let expected: Vec<u16> = text.encode_utf16().collect();
        let Some(rest) = self.units.strip_prefix(expected.as_slice()) else { return false };
        self.units = rest;
        true
    }

    fn expect(&mut self, text: &str) -> Result<(), Thrown> {
        if self.take(text) { Ok(()) } else { Err(Thrown) }
    }

    fn value(&mut self) -> Result<Json, Thrown> {
        self.skip_space();
        if self.take("{") {
            return self.object();
        }
        if self.take("[") {
            let mut items = Vec::new();
            self.list("]", |parser| {
                items.push(parser.value()?);
                Ok(())
            })?;
            return Ok(Json::Array(items));
        }
        if self.take("\"") {
            return Ok(Json::Text(self.text()?));
        }
        for (word, value) in [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))] {
            if self.take(word) {
                return Ok(value);
            }
        }
        self.number()
    }

    fn object(&mut self) -> Result<Json, Thrown> {
        let mut entries = Vec::new();
        self.list("}", |parser| {
            parser.expect("\"")?;
            let key = parser.text()?;
            parser.skip_space();
            parser.expect(":")?;
            let value = parser.value()?;
            put(&mut entries, key, value);
            Ok(())
        })?;
        Ok(Json::Object(entries))
    }

    fn list(&mut self, end: &str, mut item: impl FnMut(&mut Self) -> Result<(), Thrown>) -> Result<(), Thrown> {
        self.skip_space();
        if self.take(end) {
            return Ok(());
        }
        loop {
            self.skip_space();
            item(self)?;
            self.skip_space();
            if self.take(end) {
                return Ok(());
            }
            self.expect(",")?;
        }
    }

    /// What follows an opening quote.
    fn text(&mut self) -> Result<Vec<u16>, Thrown> {
        let mut text = Vec::new();
        loop {
            let [unit, rest @ ..] = self.units else { return Err(Thrown) };
            self.units = rest;
            match *unit {
                0x22 => return Ok(text),
                0x5c => text.push(self.escape()?),
                0..0x20 => return Err(Thrown),
                other => text.push(other),
            }
        }
    }

    fn escape(&mut self) -> Result<u16, Thrown> {
        let [unit, rest @ ..] = self.units else { return Err(Thrown) };
        self.units = rest;
        match u8::try_from(*unit) {
            Ok(same @ (b'"' | b'\\' | b'/')) => Ok(same.into()),
            Ok(b'b') => Ok(8),
            Ok(b'f') => Ok(12),
            Ok(b'n') => Ok(10),
            Ok(b'r') => Ok(13),
            Ok(b't') => Ok(9),
            Ok(b'u') => {
                let digits = rest.get(..4).and_then(|digits| String::from_utf16(digits).ok()).ok_or(Thrown)?;
                self.units = &rest[4..];
                u16::from_str_radix(&digits, 16).map_err(|_| Thrown)
            }
            _ => Err(Thrown),
        }
    }

    fn number(&mut self) -> Result<Json, Thrown> {
        let belongs = |unit: &&u16| matches!(u8::try_from(**unit), Ok(b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
        let length = self.units.iter().take_while(belongs).count();
        let (digits, rest) = self.units.split_at(length);
        let text = String::from_utf16(digits).map_err(|_| Thrown)?;
        let unsigned = text.strip_prefix('-').unwrap_or(&text);
        let has_leading_zero =
            unsigned.starts_with('0') && unsigned[1..].starts_with(|next: char| next.is_ascii_digit());
        if has_leading_zero || !unsigned.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(Thrown);
        }
        self.units = rest;
        text.parse().map(Json::Number).map_err(|_| Thrown)
    }
}

/// Sets a property; one that is there keeps its place.
fn put(entries: &mut Vec<(Vec<u16>, Json)>, key: Vec<u16>, value: Json) {
    match entries.iter_mut().find(|entry| entry.0 == key) {
        Some(entry) => entry.1 = value,
        None => entries.push((key, value)),
    }
}

// ---- paths ----

/// One step of a path.
#[derive(Clone, Debug)]
enum Token {
    Key(String),
    Number(f64),
}

impl Token {
    /// The name of the property that it stands for.
    fn key(&self) -> Vec<u16> {
        match self {
            Self::Key(key) => key.encode_utf16().collect(),
            Self::Number(number) if number.is_nan() => "NaN".encode_utf16().collect(),
            Self::Number(number) => number_text(*number).encode_utf16().collect(),
        }
    }
}

/// Splits a path as the server does: `.` separates keys, and what stands between brackets after a key is a number.
fn tokens(path: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for part in path.split('.').map(str::trim).filter(|part| !part.is_empty()) {
        let mut pieces = part.split(['[', ']']);
        tokens.push(Token::Key(pieces.next().unwrap_or_default().into()));
        let numbers = pieces.filter(|piece| !piece.is_empty()).map(|piece| Token::Number(to_number(piece)));
        tokens.extend(numbers);
    }
    tokens
}

/// As `Number(text)` does, for decimal numbers.
fn to_number(text: &str) -> f64 {
    let text = text.trim();
    let is_decimal = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    match text {
        "" => 0.0,
        _ if is_decimal => text.parse().unwrap_or(f64::NAN),
        _ => f64::NAN,
    }
}

/// Sets what is at a path, or deletes it. What is missing on the way is made: an array before a number, else an object;
/// and so is what is neither. A null on the way is taken for an object, which throws.
pub fn set_at(root: &mut Json, path: &str, value: Option<Json>) -> Result<(), Thrown> {
    let mut tokens = tokens(path);
    let last = tokens.pop().unwrap_or_else(|| Token::Key("undefined".into()));
    let mut node = root;
    for (position, token) in tokens.iter().enumerate() {
        let next = tokens.get(position + 1).unwrap_or(&last);
        let Some(child) = property(node, &token.key())? else { return Ok(()) };
        if !child.is_container() && *child != Json::Null {
            *child = if matches!(next, Token::Number(_)) { Json::Array(Vec::new()) } else { Json::object() };
        }
        node = child;
    }
    match (value, node) {
        (Some(value), Json::Array(items)) if is_length(&last.key()) => resize(items, &value),
        (Some(value), node) => {
            if let Some(place) = property(node, &last.key())? {
                *place = value;
            }
            Ok(())
        }
        (None, Json::Object(entries)) => {
            entries.retain(|(key, _)| *key != last.key());
            Ok(())
        }
        (None, Json::Array(items)) => {
            if let Some(item) = index(&last.key()).and_then(|index| items.get_mut(index)) {
                *item = Json::Undefined;
            }
            if is_length(&last.key()) { Err(Thrown) } else { Ok(()) }
        }
        (None, _) => Err(Thrown),
    }
}

/// The place of a property, made if there is none; `None` for the properties of an array that JSON does not show.
fn property<'a>(node: &'a mut Json, key: &[u16]) -> Result<Option<&'a mut Json>, Thrown> {
    match node {
        Json::Object(entries) => {
            if !entries.iter().any(|(known, _)| known == key) {
                entries.push((key.to_vec(), Json::Undefined));
            }
            Ok(entries.iter_mut().find(|(known, _)| known == key).map(|(_, value)| value))
        }
        Json::Array(items) => {
            let Some(index) = index(key) else { return Ok(None) };
            if index >= items.len() {
                reserve(items, index + 1)?;
            }
            Ok(items.get_mut(index))
        }
        _ => Err(Thrown),
    }
}

fn is_length(key: &[u16]) -> bool {
    key.iter().copied().eq("length".encode_utf16())
}

fn resize(items: &mut Vec<Json>, length: &Json) -> Result<(), Thrown> {
    match length {
        Json::Number(length) if *length >= 0.0 && length.fract() == 0.0 => reserve(items, *length as usize),
        _ => Err(Thrown),
    }
}

/// An array too long to be written down in the server's memory counts as its end.
fn reserve(items: &mut Vec<Json>, length: usize) -> Result<(), Thrown> {
    if length > 1_000_000 {
        return Err(Thrown);
    }
    items.resize(length, Json::Undefined);
    Ok(())
}
