//! The browser client for [deepstream.io](https://deepstream.io) that always comes back.
//!
//! A pure state machine in a thin browser shell:
//!
//! - [`wire`] turns bytes into messages and back. No state, no policy.
//! - [`client`] is the whole client: connection, events, records, RPC, presence, and the outbox that keeps what was entrusted
//!   to it. It has no clock, no socket and no randomness of its own, so it runs natively in virtual time. Its run-loop
//!   contract is in [the module's documentation](client).
//! - [`names`] keeps values by name.
//! - `browser` (wasm32 only) owns `WebSocket`, the one timer, the callbacks of the application, and the classes that
//!   JavaScript sees. It knows no protocol and decides no retry.
//!
//! The npm package that applications install is made from this crate and `src/browser/js` by `npm run build`.

// Some of what features share is used by one of them alone.
#![cfg_attr(not(feature = "records"), allow(dead_code))]

#[cfg(target_arch = "wasm32")]
pub mod browser;
pub mod client;
pub mod names;
mod queue;
mod slots;
mod text;
pub mod wire;

/// Three kilobytes of gzipped WebAssembly less than the standard allocator.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
