//! What stands in for the records in a build without them: a part that holds none.

use super::{
    context::{Context, Visit},
    error::ClientError,
    flight::Item,
    io::{Entry, Kind},
    time::{Instant, Wake},
};
use crate::wire::{Message, RecordAction, Topic};

/// No records.
#[derive(Debug)]
pub struct Records;

impl Records {
    pub const fn new() -> Self {
        Self
    }

    pub const fn on_session(&mut self, _: &mut Context) {}

    pub const fn write_waiting(&mut self) {}

    pub const fn follow(&mut self, _: &mut Context) -> bool {
        false
    }

    pub const fn start_writing(&mut self, _: &mut Context) {}

    pub const fn on_lost(&mut self, _: &mut Context, _: Option<&Item>) {}

    pub const fn on_rest(&mut self, _: &mut Context, _: &ClientError) {}

    pub const fn on_closed(&mut self, _: &mut Context, _: &ClientError) {}

    pub const fn resubscribe(&mut self, _: &mut Context) {}

    pub const fn awaits_data(&self) -> bool {
        false
    }

    pub const fn deadline(&self) -> Option<(Instant, Wake)> {
        None
    }

    pub const fn on_tick(&mut self, _: &mut Context) {}

    pub fn on_message(&mut self, context: &mut Context, action: RecordAction, _: &Message<'_>) {
        let (topic, action) = (Topic::Record, action.name());
        context.report(ClientError::unsolicited(topic, action, "nothing: this build has no records"));
    }

    pub fn for_each_entry(&mut self, _: &mut Context, _: &mut Visit<'_>) {}

    pub fn adopt(&mut self, _: &mut Context, _: Vec<Entry>) {}

    pub fn take_out(&mut self, _: &mut Context) -> Vec<Entry> {
        Vec::new()
    }

    pub fn oldest_waiting(&self) -> Option<&Entry> {
        None
    }

    pub fn keep_bases(&mut self, _: &mut Context) {}

    pub fn is_readable(&self, kind: Kind, _: Option<&str>) -> bool {
        !kind.is_of_record()
    }

    pub fn read_base(&self, _: &str) -> Option<(u64, Box<str>)> {
        None
    }
}
