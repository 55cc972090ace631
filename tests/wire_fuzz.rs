//! The decoder survives whatever arrives.

#![cfg(not(target_arch = "wasm32"))]

use std::env;

use arbtest::arbitrary::{Result, Unstructured};
use arbtest::arbtest;
use deepstream_wasm::wire::{MAX_FRAME_BYTES, decode};

#[path = "golden/messages.rs"]
mod messages;

/// How long to look for a failure when DEEPSTREAM_FUZZ_MS does not say, in milliseconds.
const DEFAULT_BUDGET: u64 = 2000;

/// Bytes of chance per case: enough for several frames and all that befalls them.
const MOST_CHANCE: u32 = 4096;

/// No bytes make the decoder panic, and what it decodes means the same once encoded again.
///
/// Longer: `DEEPSTREAM_FUZZ_MS=600000 cargo test --release --test wire_fuzz`.
/// A failure prints its seed; to see it again: `ARBTEST_SEED=0x... cargo test --test wire_fuzz`.
#[test]
fn any_bytes_decode_to_messages_that_can_be_sent_on_or_to_errors() {
    let frames: Vec<_> = messages::all().iter().map(|(_, message)| message.encode()).collect();
    let mut decoded = 0_u64;
    let mut refused = 0_u64;
    arbtest(|chance| {
        let bytes = hostile_bytes(&frames, chance)?;
        for result in decode(&bytes) {
            let Ok(message) = result else {
                refused += 1;
                continue;
            };
            decoded += 1;
            let frame = message.encode();
            assert!(decode(&frame).eq([Ok(message)]), "{bytes:02x?} became {frame:02x?}");
        }
        Ok(())
    })
    .size_max(MOST_CHANCE)
    .budget_ms(budget())
    .run();

    let searched = env::var_os("ARBTEST_SEED").is_none();
    assert!(!searched || decoded > 0 && refused > 0, "{decoded} decoded, {refused} refused");
}

fn budget() -> u64 {
    match env::var("DEEPSTREAM_FUZZ_MS") {
        Ok(text) => text.parse().expect("DEEPSTREAM_FUZZ_MS is a number of milliseconds"),
        Err(_) => DEFAULT_BUDGET,
    }
}

/// Random bytes, or good frames to which something happened.
fn hostile_bytes(frames: &[Vec<u8>], chance: &mut Unstructured) -> Result<Vec<u8>> {
    if chance.ratio(1, 8)? {
        return chance.arbitrary();
    }
    let mut bytes = Vec::new();
    for _ in 0..chance.int_in_range(1..=4)? {
        let mut frame = chance.choose(frames)?.clone();
        if chance.arbitrary()? {
            frame = with_damaged_body(&frame, chance)?;
        }
        bytes.extend(frame);
    }
    for _ in 0..chance.int_in_range(0..=3)? {
        damage(&mut bytes, chance)?;
    }
    assert!(bytes.len() < MAX_FRAME_BYTES);
    Ok(bytes)
}

/// Damages a message's body and not the lengths around it, so that the damage is what is read.
fn with_damaged_body(frame: &[u8], chance: &mut Unstructured) -> Result<Vec<u8>> {
    let (_, message) = split_length(frame);
    let (header, delimited) = message.split_at(3);
    let mut body = split_length(delimited).1.to_vec();
    for _ in 0..chance.int_in_range(1..=4)? {
        damage(&mut body, chance)?;
    }
    let mut message = header.to_vec();
    message.extend(length(body.len()));
    message.extend(body);
    let mut frame = length(message.len());
    frame.extend(message);
    Ok(frame)
}

fn damage(bytes: &mut Vec<u8>, chance: &mut Unstructured) -> Result<()> {
    let at = chance.int_in_range(0..=bytes.len())?;
    match chance.int_in_range(0..=4)? {
        0 => bytes.truncate(at),
        1 => {
            let length = chance.int_in_range(1..=12)?.min(chance.len());
            bytes.splice(at..at, chance.bytes(length)?.iter().copied());
        }
        2 => {
            let end = chance.int_in_range(at..=bytes.len())?;
            bytes.drain(at..end);
        }
        3 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << chance.int_in_range(0..=7)?;
            }
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = *chance.choose(&[0x00, 0x01, 0x7f, 0x80, 0xff])?;
            }
        }
    }
    Ok(())
}

fn split_length(bytes: &[u8]) -> (&[u8], &[u8]) {
    let last = bytes.iter().position(|byte| *byte < 0x80).expect("a length that ends");
    bytes.split_at(last + 1)
}

fn length(mut bytes: usize) -> Vec<u8> {
    let mut written = Vec::new();
    while bytes >= 0x80 {
        written.push(bytes as u8 | 0x80);
        bytes >>= 7;
    }
    written.push(bytes as u8);
    written
}
