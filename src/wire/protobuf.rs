//! The part of protobuf that deepstream's messages use: numbers, and bytes after their length.
//!
//! Reading never looks past its slice, whatever lengths the bytes claim, and allocates nothing but
//! the lists a message asks for. Small enough to be written out: quick-protobuf, which borrows from
//! the frame as well, cuts overlong lengths to 32 bits in silence and writes into a `Vec` only by
//! way of `std::io`.

use super::DecodeError;

/// Field numbers have 29 bits, and 0 is not one of them.
const FIELD_NUMBERS: core::ops::RangeInclusive<u64> = 1..=0x1fff_ffff;

const VARINT: u32 = 0;
const FIXED_64: u32 = 1;
const DELIMITED: u32 = 2;
const FIXED_32: u32 = 5;

/// The value of one field as it arrived.
pub(super) enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Reads from the front of a slice.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next field of a message, `None` at its end. One of a kind that deepstream does not use has number 0, which is
    /// no field's.
    pub(super) fn field(&mut self) -> Result<Option<(u32, Value<'a>)>, DecodeError> {
        if self.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let number = tag >> 3;
        if !FIELD_NUMBERS.contains(&number) {
            return Err(DecodeError::Malformed);
        }
        let unused = match tag as u32 & 7 {
            VARINT => return Ok(Some((number as u32, Value::Number(self.varint()?)))),
            DELIMITED => return Ok(Some((number as u32, Value::Bytes(self.delimited()?)))),
            FIXED_64 => 8,
            FIXED_32 => 4,
            _ => return Err(DecodeError::Malformed),
        };
        Ok(Some((0, Value::Bytes(self.take(unused)?))))
    }

    /// The bytes after a length.
    pub(super) fn delimited(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.varint()?;
        self.take(length)
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = usize::try_from(length)
            .ok()
            .and_then(|length| self.rest.split_at_checked(length))
            .ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn varint(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or(DecodeError::Truncated)?;
            self.rest = rest;
            // The tenth byte has room for a single bit, and none may follow it.
            if shift == 63 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(DecodeError::Malformed)
    }
}

/// A kind of field: how its value is read and written.
pub(super) trait Field<'a> {
    /// Takes in one occurrence of the field. One of another wire type counts as an unknown field,
    /// and is ignored.
    fn read(&mut self, value: Value<'a>) -> Result<(), DecodeError>;

    /// Appends the field, unless it is absent.
    fn write(&self, number: u32, out: &mut Vec<u8>);
}

impl<'a> Field<'a> for Option<&'a str> {
    fn read(&mut self, value: Value<'a>) -> Result<(), DecodeError> {
        if let Value::Bytes(bytes) = value {
            *self = Some(text(bytes)?);
        }
        Ok(())
    }

    fn write(&self, number: u32, out: &mut Vec<u8>) {
        if let Some(text) = self {
            write_bytes(number, text.as_bytes(), out);
        }
    }
}

impl<'a> Field<'a> for Option<i32> {
    fn read(&mut self, value: Value<'a>) -> Result<(), DecodeError> {
        if let Value::Number(number) = value {
            // An int32 is sent as 64 bits, of which the upper half repeats the sign.
            *self = Some(number as i32);
        }
        Ok(())
    }

    fn write(&self, number: u32, out: &mut Vec<u8>) {
        if let Some(value) = self {
            write_number(number, *value, out);
        }
    }
}

impl<'a> Field<'a> for bool {
    fn read(&mut self, value: Value<'a>) -> Result<(), DecodeError> {
        if let Value::Number(number) = value {
            *self = number != 0;
        }
        Ok(())
    }

    fn write(&self, number: u32, out: &mut Vec<u8>) {
        if *self {
            write_number(number, 1, out);
        }
    }
}

impl<'a> Field<'a> for Vec<&'a str> {
    fn read(&mut self, value: Value<'a>) -> Result<(), DecodeError> {
        if let Value::Bytes(bytes) = value {
            self.push(text(bytes)?);
        }
        Ok(())
    }

    fn write(&self, number: u32, out: &mut Vec<u8>) {
        for text in self {
            write_bytes(number, text.as_bytes(), out);
        }
    }
}

/// A map is a list of messages with the key as field 1 and the value as field 2.
impl<'a> Field<'a> for Vec<(&'a str, i32)> {
    fn read(&mut self, value: Value<'a>) -> Result<(), DecodeError> {
        if let Value::Bytes(bytes) = value {
            let mut entry = Reader::new(bytes);
            let (mut key, mut number) = ("", 0);
            while let Some(field) = entry.field()? {
                match field {
                    (1, Value::Bytes(bytes)) => key = text(bytes)?,
                    (2, Value::Number(value)) => number = value as i32,
                    _ => {}
                }
            }
            self.push((key, number));
        }
        Ok(())
    }

    fn write(&self, number: u32, out: &mut Vec<u8>) {
        for (key, value) in self {
            let mut entry = Vec::new();
            write_bytes(1, key.as_bytes(), &mut entry);
            write_number(2, *value, &mut entry);
            write_bytes(number, &entry, out);
        }
    }
}

fn text(bytes: &[u8]) -> Result<&str, DecodeError> {
    core::str::from_utf8(bytes).map_err(|_| DecodeError::Malformed)
}

pub(super) fn write_number(number: u32, value: i32, out: &mut Vec<u8>) {
    write_tag(number, VARINT, out);
    write_varint(i64::from(value) as u64, out);
}

pub(super) fn write_bytes(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    write_tag(number, DELIMITED, out);
    write_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn write_tag(number: u32, wire_type: u32, out: &mut Vec<u8>) {
    write_varint(u64::from(number << 3 | wire_type), out);
}

pub(super) fn write_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
