//! The browser shell in a real browser, against a real deepstream server and one that misbehaves on request:
//! `npm run test:browser`. What the client itself decides is tested natively, in virtual time.
#![cfg(target_arch = "wasm32")]

mod arguments;
mod connecting;
mod events;
mod exceptions;
mod frames;
mod lifetime;
mod listeners;
mod listening;
mod locks;
mod login;
mod outbox;
mod presence;
mod records;
mod reentrancy;
mod rpc;
mod storage;
mod support;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
