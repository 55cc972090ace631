//! The classes that JavaScript sees.

mod arguments;
mod client;
pub mod errors;
mod event;
mod options;

pub use client::DeepstreamClient;
pub use event::EventHandler;
