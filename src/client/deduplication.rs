//! Events that arrive twice, because their sender could not know that they had arrived.

use super::{limits::REMEMBERED_SENDERS, outbox::CHOSEN_KEY};
use crate::names::NameMap;

/// What was received of late, by sender.
///
/// The keys of one client are its name and a number. Numbers mostly grow, but what took different ways through a cluster may
/// arrive in another order, so which of the last ones arrived is remembered one by one.
#[derive(Debug, Default)]
pub struct Deduplication {
    senders: NameMap<Sender>,
    clock: u64,
}

#[derive(Debug)]
struct Sender {
    highest: u32,
    /// Which numbers arrived, as bits; the number decides the place, modulo the size of the window.
    arrived: Vec<u64>,
    last_used: u64,
}

impl Deduplication {
    /// Takes note of a key; says whether it is new. Remembers `window` numbers for each sender; none if that is 0.
    pub fn is_first(&mut self, key: &str, window: usize) -> bool {
        let Some((sender, number)) = parts(key).filter(|_| window > 0) else { return true };
        self.clock += 1;
        if !self.senders.contains(sender) {
            self.make_room();
        }
        let sender = self.senders.get_or_insert_with(sender, || Sender {
            highest: number,
            arrived: vec![0; if key.starts_with(CHOSEN_KEY) { 1 } else { window.div_ceil(64) }],
            last_used: 0,
        });
        sender.last_used = self.clock;
        sender.is_first(number)
    }

    /// Forgets the sender not heard of for longest, if there are too many.
    fn make_room(&mut self) {
        if self.senders.len() < REMEMBERED_SENDERS {
            return;
        }
        let mut oldest: Option<(u64, Box<str>)> = None;
        self.senders.for_each(|name, sender| {
            if oldest.as_ref().is_none_or(|(last_used, _)| sender.last_used < *last_used) {
                oldest = Some((sender.last_used, name.into()));
            }
        });
        if let Some((_, name)) = oldest {
            self.senders.remove(&name);
        }
    }
}

impl Sender {
    fn is_first(&mut self, number: u32) -> bool {
        let window = self.arrived.len() as u32 * 64;
        if number > self.highest {
            // The places of the numbers in between were those of numbers that are too old now.
            for skipped in (self.highest + 1..=number).take(window as usize) {
                self.set(skipped, false);
            }
            if number - self.highest > window {
                self.arrived.fill(0);
            }
            self.highest = number;
        } else if self.highest - number >= window {
            return true;
        }
        !self.set(number, true)
    }

    /// Notes whether a number arrived; says what was noted before.
    fn set(&mut self, number: u32, arrived: bool) -> bool {
        let place = number as usize % (self.arrived.len() * 64);
        let Some(bits) = self.arrived.get_mut(place / 64) else { return false };
        let bit = 1 << (place % 64);
        let before = *bits & bit != 0;
        *bits = if arrived { *bits | bit } else { *bits & !bit };
        before
    }
}

/// The sender and the number in a key that a client of this package has made. What an application has chosen as a key
/// counts as a sender with a single event.
fn parts(key: &str) -> Option<(&str, u32)> {
    if key.starts_with(CHOSEN_KEY) {
        return Some((key, 0));
    }
    let (sender, number) = key.rsplit_once('-')?;
    (sender.len() == 16).then_some(())?;
    Some((sender, number.parse().ok()?))
}
