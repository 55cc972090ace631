//! Writes to records that are not open, and deletions of them. They wait here as events do; the records part sends them, in a
//! session, and the outbox keeps them until the server has answered.

use super::Outbox;
use crate::{
    client::{
        context::Context,
        error::{ClientError, DropReason},
        flight::Item,
        io::{Delivery, Entry, OutboxNews, Output, Progress},
        records::{Forced, Records},
    },
    names::NameMap,
};

impl Outbox {
    /// The records that they are for.
    pub fn forced_names(&self) -> NameMap<()> {
        let mut names = NameMap::new();
        for entry in &self.forced {
            names.get_or_insert_with(&entry.name, || ());
        }
        names
    }

    /// Sends what waits, in order.
    pub(super) fn force(&mut self, context: &mut Context<'_>, records: &mut Records) {
        if !std::mem::take(&mut self.is_forced_due) {
            return;
        }
        let mut too_long = Vec::new();
        for entry in self.forced.iter_mut().filter(|entry| entry.progress == Progress::Waiting) {
            if !context.flight.has_room_for(&Item::of(entry)) {
                break;
            }
            if records.is_deleting(&entry.name) {
                // What was asked for first is done first.
                self.is_forced_due = true;
                continue;
            }
            let text = entry.data.as_deref().unwrap_or_default();
            let Entry { number, was_sent: is_repeated, .. } = *entry;
            if records.force(context, Forced { number, name: &entry.name, text, is_repeated }) {
                entry.progress = Progress::Made;
                entry.was_sent = true;
            } else {
                too_long.push(number);
            }
        }
        for number in too_long {
            self.give_up(context, number);
        }
    }

    pub(super) fn on_forced_settled(&mut self, context: &mut Context<'_>, number: u64, error: Option<ClientError>) {
        let Some(mut entry) = self.take_numbered(context, number) else { return };
        let outcome = error.clone().map_or(Ok(None), Err);
        let is_told = !entry.receipts.is_empty();
        context.settle_all(&mut entry.receipts, &outcome);
        let entries = vec![entry];
        let news = match error {
            None => OutboxNews::Sent(entries),
            Some(error) => {
                if !is_told {
                    context.report(error);
                }
                OutboxNews::Dropped { why: DropReason::Denied, entries }
            }
        };
        context.out.push_back(Output::Outbox(news));
    }

    /// The session is over: what the server has not answered is sent again.
    pub(super) fn on_forced_lost(&mut self, context: &mut Context<'_>) {
        let mut never_again = Vec::new();
        for entry in self.forced.iter_mut().filter(|entry| entry.progress == Progress::Made) {
            entry.progress = Progress::Waiting;
            if entry.delivery == Delivery::Drop {
                never_again.push(entry.number);
            }
        }
        let dropped = never_again.into_iter().filter_map(|number| self.take_numbered(context, number)).collect();
        self.drop_entries(context, dropped, DropReason::NotNow);
    }
}
