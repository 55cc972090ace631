//! What decoding costs in memory.

#![cfg(not(target_arch = "wasm32"))]

use deepstream_wasm::wire::{EventAction, Message, decode};

#[test]
fn decoding_an_event_allocates_nothing() {
    let frame = Message {
        name: Some("greeting"),
        data: Some(r#"{"text":"hello"}"#),
        correlation_id: Some("k3f9-1"),
        ..Message::new(EventAction::Emit)
    }
    .encode();

    let allocations = allocation_counter::measure(|| {
        assert!(decode(&frame).all(|message| message.is_ok()));
    });
    assert_eq!(allocations.count_total, 0);
}
