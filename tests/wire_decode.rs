//! What the decoder makes of bytes that no well-behaved server sends.

#![cfg(not(target_arch = "wasm32"))]

use deepstream_wasm::wire::DecodeError::*;
use deepstream_wasm::wire::*;

/// -1 as protobuf writes an int32: sign-extended to 64 bits.
const MINUS_ONE: &str = "ffffffffffffffffff01";

/// Bytes in hexadecimal; blanks are for the reader.
fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digits: Vec<u8> = hexadecimal
        .chars()
        .filter(|character| !character.is_whitespace())
        .map(|digit| digit.to_digit(16).expect("a hexadecimal digit") as u8)
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// Bytes after their length, which has to fit one byte.
fn delimited(bytes: &[u8]) -> Vec<u8> {
    assert!(bytes.len() < 0x80);
    [&[bytes.len() as u8], bytes].concat()
}

/// A frame with a message of this topic, its body given in hexadecimal.
fn frame(topic: Topic, body: &str) -> Vec<u8> {
    let header = [0x10, topic.number() as u8, 0x1a];
    delimited(&[&header[..], &delimited(&bytes(body))].concat())
}

fn event(body: &str) -> Vec<u8> {
    frame(Topic::Event, body)
}

/// All that a frame decodes to.
fn decoded(frame: &[u8]) -> Vec<Result<Message<'_>, DecodeError>> {
    decode(frame).collect()
}

#[track_caller]
fn assert_fails(frame: &[u8], error: DecodeError) {
    assert_eq!(decoded(frame), [Err(error)]);
}

fn emit(name: &str) -> Message<'_> {
    Message { name: Some(name), ..Message::new(EventAction::Emit) }
}

fn pong() -> Message<'static> {
    Message::new(ConnectionAction::Pong)
}

#[test]
fn a_frame_without_a_message_is_truncated() {
    assert_fails(&[], Truncated);
}

#[test]
fn bytes_that_end_too_early_are_truncated() {
    assert_fails(&bytes("80"), Truncated); // inside the length
    assert_fails(&bytes("06 10 02 1a 02 08"), Truncated); // inside the message
    assert_fails(&bytes("ffffffff0f"), Truncated); // a length near 4 GiB
    assert_fails(&bytes("ffffffffffffffff7f"), Truncated); // a length of 63 bits
    assert_fails(&delimited(&bytes("10 02 1a 7f 08 03")), Truncated); // a body longer than its message
    assert_fails(&event("08"), Truncated); // a tag without a value
    assert_fails(&event("08 82"), Truncated); // a number without its end
    assert_fails(&event("08 02 32 05 61"), Truncated); // text longer than its body
    assert_fails(&event("08 02 32 ffffffff0f"), Truncated); // text near 4 GiB
    assert_fails(&event("08 02 f9 07 00000000"), Truncated); // half of eight bytes
    assert_fails(&event("08 02 fd 07 0000"), Truncated); // half of four bytes
    assert_fails(&frame(Topic::Record, "08 08 72 02 0a 05"), Truncated); // a key longer than its entry
}

#[test]
fn numbers_of_more_than_64_bits_are_malformed() {
    assert_fails(&bytes("ffffffffffffffffff02"), Malformed);
    assert_fails(&bytes("80808080808080808080 00"), Malformed);
    assert_fails(&event("08 ffffffffffffffffff02"), Malformed);
    assert_fails(&event("08 80808080808080808080 00"), Malformed);
}

#[test]
fn field_numbers_and_wire_types_that_do_not_exist_are_malformed() {
    assert_fails(&event("08 02 03"), Malformed); // field 0
    assert_fails(&event("08 02 8080808010 00"), Malformed); // field 2^29
    assert_fails(&event("08 02 fb07 fc07"), Malformed); // a group
    assert_fails(&event("08 02 fc07"), Malformed); // the end of a group
    assert_fails(&event("08 02 fe07 00"), Malformed); // wire type 6
    assert_fails(&event("08 02 ff07 00"), Malformed); // wire type 7
}

#[test]
fn text_that_is_not_utf_8_is_malformed() {
    assert_fails(&event("08 02 32 02 c328"), Malformed); // a name
    assert_fails(&event("08 02 32 03 eda080"), Malformed); // half of a surrogate pair
    assert_fails(&event("08 03 3a 01 ff"), Malformed); // one of many names
    assert_fails(&frame(Topic::Record, "08 08 72 03 0a 01 80"), Malformed); // a key
}

#[test]
fn topics_of_servers_and_of_nobody_are_unknown() {
    for (number, written) in [(0, "00"), (8, "08"), (11, "0b"), (100, "64"), (-1, MINUS_ONE)] {
        let message = bytes(&format!("10 {written} 1a 02 08 02"));
        assert_fails(&delimited(&message), UnknownTopic(number));
    }
    assert_fails(&delimited(&[]), UnknownTopic(0));
    assert_fails(&delimited(&bytes("1a 02 08 02")), UnknownTopic(0));
}

#[test]
fn actions_that_the_topic_lacks_are_unknown() {
    for (topic, action, body) in [
        (Topic::Rpc, 3, "08 03"),
        (Topic::Event, 13, "08 0d"),
        (Topic::Presence, 0, "08 00"),
        (Topic::Auth, 0, ""),
        (Topic::Connection, -1, &format!("08 {MINUS_ONE}")),
    ] {
        assert_fails(&frame(topic, body), UnknownAction { topic, action });
    }
    // The body itself may be missing as well.
    let topic = Topic::Connection;
    assert_fails(&delimited(&bytes("10 02")), UnknownAction { topic, action: 0 });
}

#[test]
fn a_frame_over_the_limit_is_refused_unread() {
    let limit = MAX_FRAME_BYTES;
    let bytes = 17 * 1024 * 1024;
    assert_fails(&vec![0; bytes], Oversized { bytes, limit });
}

#[test]
fn the_limit_itself_is_accepted_and_one_byte_more_is_not() {
    let limit = MAX_FRAME_BYTES;
    let emit_long = |data: &str| {
        let data = Some(data);
        Message { data, ..Message::new(EventAction::Emit) }.encode()
    };
    let around = emit_long(&"x".repeat(limit - 100)).len() - (limit - 100);
    let mut data = "x".repeat(limit - around);
    let longest = emit_long(&data);
    assert_eq!(longest.len(), limit);
    assert!(decode(&longest).all(|message| message.is_ok()));

    data.push('x');
    assert_fails(&emit_long(&data), Oversized { bytes: limit + 1, limit });
}

#[test]
fn every_message_of_a_frame_is_decoded() {
    let frame = [emit("a").encode(), pong().encode(), emit("b").encode()].concat();
    assert_eq!(decoded(&frame), [Ok(emit("a")), Ok(pong()), Ok(emit("b"))]);
}

#[test]
fn messages_before_a_broken_length_are_delivered() {
    let garbage = bytes("ffffffffffffffffffff 00 06 10 02");
    let frame = [emit("a").encode(), garbage].concat();
    assert_eq!(decoded(&frame), [Ok(emit("a")), Err(Malformed)]);

    let cut = pong().encode();
    let frame = [emit("a").encode(), cut[..cut.len() - 1].to_vec()].concat();
    assert_eq!(decoded(&frame), [Ok(emit("a")), Err(Truncated)]);
}

#[test]
fn messages_after_a_broken_one_are_delivered() {
    let unknown = delimited(&bytes("10 63"));
    let frame = [event("08 02 32 05 61"), emit("a").encode(), event("08 ff"), unknown, pong().encode()].concat();
    assert_eq!(decoded(&frame), [Err(Truncated), Ok(emit("a")), Err(Truncated), Err(UnknownTopic(99)), Ok(pong())]);
}

#[test]
fn an_ended_iterator_stays_ended() {
    for frame in [vec![], bytes("80"), bytes("05 10"), pong().encode()] {
        let mut messages = decode(&frame);
        assert!(messages.next().is_some());
        assert!(messages.next().is_none());
        assert!(messages.next().is_none());
    }
}

#[test]
fn unknown_fields_of_every_wire_type_are_skipped() {
    let unknown = [
        "f807 8001",             // a number
        "f907 0102030405060708", // eight bytes
        "fa07 03 ffffff",        // bytes
        "fd07 01020304",         // four bytes
        "f8ffffff0f 00",         // the highest field number
    ]
    .concat();
    let body = format!("{unknown} 08 02 {unknown} 32 01 61 {unknown}");
    assert_eq!(decoded(&event(&body)), [Ok(emit("a"))]);

    let envelope = bytes(&format!("{unknown} 10 04 {unknown} 1a 05 08 02 32 01 61"));
    assert_eq!(decoded(&delimited(&envelope)), [Ok(emit("a"))]);
}

#[test]
fn a_known_field_of_another_wire_type_is_skipped() {
    // The action as bytes, the name as a number, and both again as they should be.
    let body = "0a 01 03 30 07 08 02 32 01 61 0a 00 30 00";
    assert_eq!(decoded(&event(body)), [Ok(emit("a"))]);
    // The topic as bytes, the body as a number.
    let envelope = bytes("12 01 05 10 04 1a 05 08 02 32 01 61 18 00");
    assert_eq!(decoded(&delimited(&envelope)), [Ok(emit("a"))]);
}

#[test]
fn fields_may_come_in_any_order() {
    assert_eq!(decoded(&event("32 01 61 08 02")), [Ok(emit("a"))]);
    let body_before_topic = bytes("1a 05 32 01 61 08 02 10 04");
    assert_eq!(decoded(&delimited(&body_before_topic)), [Ok(emit("a"))]);
}

#[test]
fn of_a_repeated_field_the_last_one_counts() {
    assert_eq!(decoded(&event("08 63 32 01 7a 08 02 32 01 61")), [Ok(emit("a"))]);
    assert_eq!(decoded(&event("08 02 20 01 32 01 61 20 00")), [Ok(emit("a"))]);
}

#[test]
fn a_flag_is_any_number_but_zero() {
    for (written, is_ack) in [("00", false), ("01", true), ("02", true), ("808001", true)] {
        let expected = Message { is_ack, ..Message::new(EventAction::Subscribe) };
        let frame = event(&format!("08 03 28 {written}"));
        assert_eq!(decoded(&frame), [Ok(expected)]);
    }
}

#[test]
fn a_number_is_the_lower_32_bits_of_what_was_sent() {
    for (written, version) in [
        (MINUS_ONE, -1),
        ("ffffffff0f", -1), // without the sign extension
        ("80808080f8ffffffff01", i32::MIN),
        ("ffffffff07", i32::MAX),
        ("8580808010", 5), // 2^32 + 5
        ("858000", 5),     // longer than it needs to be
    ] {
        let version = Some(version);
        let expected = Message { version, ..Message::new(RecordAction::Update) };
        let frame = frame(Topic::Record, &format!("08 12 68 {written}"));
        assert_eq!(decoded(&frame), [Ok(expected)]);
    }
}

#[test]
fn entries_of_a_map_may_lack_a_part_or_have_more() {
    let entries = [
        "72 00",                      // neither key nor value
        "72 03 0a 01 61",             // a key
        "72 02 10 07",                // a value
        "72 07 10 09 0a 01 62 18 01", // turned around, and with an unknown field
    ]
    .concat();
    let versions = vec![("", 0), ("a", 0), ("", 7), ("b", 9)];
    let expected = Message { versions, ..Message::new(RecordAction::HeadResponseBulk) };
    let frame = frame(Topic::Record, &format!("08 08 {entries}"));
    assert_eq!(decoded(&frame), [Ok(expected)]);
}

#[test]
fn original_topics_and_actions_are_kept_though_unknown() {
    let expected =
        Message { original_topic: Some(99), original_action: Some(-1), ..Message::new(ParserAction::UnknownTopic) };
    let frame = frame(Topic::Parser, &format!("08 01 40 63 48 {MINUS_ONE}"));
    assert_eq!(decoded(&frame), [Ok(expected)]);
}

#[test]
fn errors_have_the_names_of_deepstreams_parser_actions() {
    let topic = Topic::Rpc;
    for (error, name) in [
        (Truncated, "MESSAGE_PARSE_ERROR"),
        (Malformed, "MESSAGE_PARSE_ERROR"),
        (UnknownTopic(8), "UNKNOWN_TOPIC"),
        (UnknownAction { topic, action: 3 }, "UNKNOWN_ACTION"),
        (Oversized { bytes: 2, limit: 1 }, "MAXIMUM_MESSAGE_SIZE_EXCEEDED"),
        (NotBinary, "INVALID_MESSAGE"),
    ] {
        assert_eq!(error.name(), name);
        assert_eq!(error.to_string(), error.sentence());
    }
}
