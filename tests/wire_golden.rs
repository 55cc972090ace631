//! The codec agrees with `@deepstream/protobuf`, byte by byte and number by number.
//!
//! `tests/golden/generate.mjs` writes the fixtures from the package, and checks that they are
//! still what it produces.

#![cfg(not(target_arch = "wasm32"))]

use std::fmt::Write;

use deepstream_wasm::wire::*;

#[path = "golden/messages.rs"]
mod messages;

const FRAMES: &str = include_str!("golden/frames.txt");
const ACTIONS: &str = include_str!("golden/actions.txt");

#[test]
fn frames_decode_to_the_messages_they_were_made_of() {
    for (frame, (name, message)) in paired() {
        let frame = bytes(frame);
        let decoded: Vec<_> = decode(&frame).collect();
        assert_eq!(decoded, [Ok(message)], "{name}");
    }
}

#[test]
fn messages_encode_to_the_same_frames() {
    for (frame, (name, message)) in paired() {
        assert_eq!(hexadecimal(&message.encode()), frame, "{name}");
    }
}

/// Every line of the fixture beside the message of the same name.
fn paired() -> Vec<(&'static str, (&'static str, Message<'static>))> {
    let lines: Vec<_> = FRAMES.lines().map(|line| line.split_once(' ').expect("a name and a frame")).collect();
    let names: Vec<_> = lines.iter().map(|line| line.0).collect();
    let messages = messages::all();
    let literals: Vec<_> = messages.iter().map(|message| message.0).collect();
    assert_eq!(names, literals, "the fixture and the literals name the same messages");
    lines.iter().map(|line| line.1).zip(messages).collect()
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    (0..hexadecimal.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).expect("hexadecimal digits"))
        .collect()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes any text");
        text
    })
}

/// What one enumeration makes of a number: the number and name of its variant, if it has one.
type Lookup = fn(i32) -> Option<(i32, &'static str)>;

macro_rules! lookup {
    ($enumeration:ident) => {
        |number| $enumeration::from_number(number).map(|known| (known.number(), known.name()))
    };
}

const ENUMERATIONS: [(&str, Lookup); 8] = [
    ("TOPIC", lookup!(Topic)),
    ("PARSER", lookup!(ParserAction)),
    ("CONNECTION", lookup!(ConnectionAction)),
    ("AUTH", lookup!(AuthAction)),
    ("EVENT", lookup!(EventAction)),
    ("RECORD", lookup!(RecordAction)),
    ("RPC", lookup!(RpcAction)),
    ("PRESENCE", lookup!(PresenceAction)),
];

/// In the package's enumerations, but never in a message between a client and a server.
const FOREIGN: [&str; 6] =
    ["UNKNOWN", "TOPIC MONITORING", "TOPIC CLUSTER", "TOPIC LOCK", "TOPIC STATE_REGISTRY", "TOPIC ERROR"];

#[test]
fn topics_and_actions_have_the_numbers_and_names_of_the_package() {
    let mut expected = Vec::new();
    for line in ACTIONS.lines() {
        let (label, number) = line.rsplit_once(' ').expect("a name and a number");
        let (enumeration, name) = label.split_once(' ').expect("an enumeration and a name");
        if !FOREIGN.contains(&label) && !FOREIGN.contains(&name) {
            let number: i32 = number.parse().expect("a number");
            expected.push((enumeration, number, (number, name)));
        }
    }
    expected.sort_by_key(|entry| position(entry.0));

    // Far beyond every number in use, so that a variant of ours that the package lacks shows too.
    let known: Vec<_> = ENUMERATIONS
        .iter()
        .flat_map(|(enumeration, lookup)| (-1..1000).filter_map(|number| Some((*enumeration, number, lookup(number)?))))
        .collect();
    assert_eq!(known, expected);
}

fn position(enumeration: &str) -> usize {
    ENUMERATIONS
        .iter()
        .position(|known| known.0 == enumeration)
        .unwrap_or_else(|| panic!("{enumeration} has no counterpart here"))
}
