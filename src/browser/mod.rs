//! The thin shell around the [client](crate::client): everything that belongs to the browser, and no policy.
//!
//! Works wherever `WebSocket` and timers are found on `globalThis`: pages, workers, Node 22.

mod api;
mod driver;
mod locks;
mod page;
mod promises;
mod sink;
mod socket;
mod storage;
mod timer;

pub use api::DeepstreamClient;
