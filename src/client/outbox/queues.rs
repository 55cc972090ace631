//! What the features keep for the server: calls, and writes to records.

use super::Visit;
use crate::client::{
    context::Context,
    io::{Entry, Kind},
    log::Log,
};

/// The queues of the features, as the outbox needs to know them.
pub trait Queues {
    /// All calls that are to survive the page, and all that is unsent of records, that of each after that of another.
    fn entries<'a>(&'a self, log: &'a Log) -> Box<dyn Iterator<Item = &'a Entry> + 'a>;

    /// Calls `visit` for all of that, for what writes were made to, and for calls that are kept in memory alone.
    fn for_each_entry(&mut self, context: &mut Context<'_>, visit: &mut Visit<'_>);

    /// Takes in what earlier pages have left, or users who have logged in again. It has its entries already.
    fn adopt(&mut self, context: &mut Context<'_>, entries: Vec<Entry>);

    /// Takes out all that is meant, and what it was made to if nothing else was. All of it [leaves](Context::leave) with that;
    /// what is seen of records is as if it had not been made.
    fn take_out(&mut self, context: &mut Context<'_>, is_meant: &dyn Fn(&Entry) -> bool) -> Vec<Entry>;

    /// Takes out those that are meant of what others can send as well: calls, and writes to records that are not open.
    fn take_portable(&mut self, is_meant: &dyn Fn(&Entry) -> bool) -> Vec<Entry>;

    /// The call, or the write to a record that is not open, that has waited longest.
    fn oldest_waiting(&self) -> Option<&Entry>;

    /// Storage has all that is unsent: sees to it that it has what it was made to.
    fn keep_bases(&mut self, context: &mut Context<'_>);

    /// Whether what stands in storage for a record is of this package.
    fn is_readable(&self, kind: Kind, data: Option<&str>) -> bool;

    /// What writes were made to, as it stands in storage: those with lower numbers than the first are part of it. Returns that
    /// number, and the same with no writes being part of it.
    fn read_base(&self, data: &str) -> Option<(u64, Box<str>)>;
}
