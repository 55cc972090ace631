//! What a client does, told as stories in virtual time.
//!
//! While a story goes on, `world/watch.rs` checks after every step what must hold whatever happens.

#![cfg(not(target_arch = "wasm32"))]

#[path = "../world/mod.rs"]
mod world;

mod errors;
mod events;
mod explanations;
mod handshake;
mod heartbeat;
mod listen;
mod login;
mod outages;
mod outbox;
mod outbox_calls;
mod outbox_groups;
mod outbox_leases;
mod outbox_pages;
mod outbox_sending;
mod outbox_vanished;
mod page;
mod pause_resume_close;
mod phases;
mod presence;
mod reconnection;
mod record_entries;
mod record_pages;
mod record_races;
mod record_support;
mod records;
mod records_kept;
mod records_offline;
mod reentrancy;
mod restarts;
mod rpc;
mod slow_links;
mod undeliverable;
