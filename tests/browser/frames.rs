//! What arrives is taken apart, whatever it is.

use deepstream_wasm::wire::{EventAction, MAX_FRAME_BYTES, Message};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{Page, TestClient, memory_bytes, property, servers, until};

/// A frame of one event.
fn event(name: &str, data: &str) -> Vec<u8> {
    Message { name: Some(name), data: Some(data), ..Message::new(EventAction::Emit) }.encode()
}

/// A script that sends these frames after the login, and every event back.
fn frames(frames: &[Vec<u8>]) -> String {
    let in_hex = |frame: &Vec<u8>| frame.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let frames: Vec<String> = frames.iter().map(in_hex).collect();
    servers::scripted(&format!("frames/{}", frames.join("/")))
}

#[wasm_bindgen_test]
async fn every_message_of_a_frame_is_delivered_in_order() {
    let page = Page::watch();
    let together = [event("news", "1"), event("other", "2"), event("news", "3")].concat();
    let client = TestClient::new(&frames(&[together, event("news", "4")]));
    let (news, other) = (client.hears("news"), client.hears("other"));
    client.logs_in().await;
    until("the last one", || news.count() == 3).await;
    assert_eq!((news.texts(), other.texts()), (["1", "3", "4"].map(String::from).to_vec(), vec!["2".into()]));
    assert_eq!(client.errors.count(), 0);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn each_bad_frame_is_one_error_and_the_connection_goes_on() {
    let page = Page::watch();
    let good = event("news", "1");
    let truncated = good[..good.len() - 3].to_vec();
    let not_json = event("news", "{ not json");
    let unknown_topic = vec![0x02, 0x10, 0x63];
    let garbage = vec![0x05, 0xff, 0xff, 0xff, 0xff, 0xff];
    let client = TestClient::new(&frames(&[garbage, truncated, vec![], unknown_topic, not_json, good]));
    let news = client.hears("news");
    client.logs_in().await;
    until("the good one", || news.count() == 1).await;
    let errors: Vec<_> = client
        .errors
        .calls()
        .iter()
        .map(|[error, code, topic]| {
            assert_eq!(property(error, "name"), "DeepstreamError");
            assert_eq!(property(error, "code"), code.as_string().unwrap());
            assert_eq!(property(error, "topic"), topic.as_string().unwrap());
            (code.as_string().unwrap(), topic.as_string().unwrap())
        })
        .collect();
    let expected = [
        ("MESSAGE_PARSE_ERROR", "PARSER"),
        ("MESSAGE_PARSE_ERROR", "PARSER"),
        ("MESSAGE_PARSE_ERROR", "PARSER"),
        ("UNKNOWN_TOPIC", "PARSER"),
        ("INVALID_MESSAGE_DATA", "EVENT"),
    ];
    assert_eq!(errors, expected.map(|(code, topic)| (code.into(), topic.into())));
    assert_eq!(news.texts(), ["1"]);
    client.gets_an_echo().await;
    assert_eq!(client.states.texts().last().unwrap(), "OPEN");
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_text_frame_is_one_error() {
    let page = Page::watch();
    one_error(&servers::scripted("text"), "INVALID_MESSAGE").await;
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_huge_frame_is_one_error_and_leaves_no_memory_behind() {
    let page = Page::watch();
    let before = memory_bytes();
    one_error(&servers::scripted(&format!("zeros/{}", MAX_FRAME_BYTES + 1)), "MAXIMUM_MESSAGE_SIZE_EXCEEDED").await;
    assert!(memory_bytes() - before < MAX_FRAME_BYTES, "the frame was copied");
    page.was_quiet().await;
}

async fn one_error(url: &str, code: &str) {
    let client = TestClient::open(url).await;
    until("the error", || client.errors.count() > 0).await;
    client.gets_an_echo().await;
    assert_eq!(client.errors.second_texts(), [code]);
    assert_eq!(client.client.state(), "OPEN");
}
