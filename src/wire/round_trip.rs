//! Whatever can be said in a message arrives as it was said.
//!
//! A failure prints its seed; to see it again: `ARBTEST_SEED=0x... cargo test --lib <test's name>`.

use arbtest::arbtest;

use super::{Message, decode};

#[test]
fn any_message_decodes_to_itself_from_its_frame() {
    arbtest(|chance| {
        let mut message: Message<'_> = chance.arbitrary()?;
        message.leave_what_is_sent();
        let frame = message.encode();
        let decoded: Vec<_> = decode(&frame).collect();
        assert_eq!(decoded, [Ok(message)]);
        Ok(())
    })
    .size_max(2048)
    .budget_ms(500);
}

#[test]
fn any_messages_decode_one_by_one_from_the_frame_they_share() {
    arbtest(|chance| {
        let mut messages: Vec<Message<'_>> = chance.arbitrary()?;
        messages.iter_mut().for_each(|message| message.leave_what_is_sent());
        let frame: Vec<u8> = messages.iter().flat_map(Message::encode).collect();
        if !frame.is_empty() {
            assert!(decode(&frame).eq(messages.into_iter().map(Ok)));
        }
        Ok(())
    })
    .size_max(2048)
    .budget_ms(500);
}
