//! Events that arrive twice, because their sender could not know that they had arrived.

use super::{
    digest::digest,
    io::CHOSEN_KEY,
    limits::{REMEMBERED_KEYS, REMEMBERED_SENDERS},
};
use crate::names::NameMap;

/// What was received of late.
///
/// The keys of one client are its name and a number. Its events are sent in order, so what arrived of them are a few
/// unbroken runs of numbers. What an application has chosen as a key says nothing of that kind.
#[derive(Debug, Default)]
pub struct Deduplication {
    senders: NameMap<Sender>,
    clock: u64,
    /// Digests of keys that applications have chosen, with the names of the events; oldest first.
    chosen: Vec<u64>,
}

#[derive(Debug)]
struct Sender {
    /// First and last numbers of the runs that arrived, in order.
    runs: Vec<(u64, u64)>,
    last_used: u64,
}

impl Deduplication {
    /// Takes note of the key of an event; says whether it is new. Remembers at least `window` events of each sender; none
    /// if that is 0.
    pub fn is_first(&mut self, name: &str, key: &str, window: usize) -> bool {
        if window == 0 {
            return true;
        }
        if key.starts_with(CHOSEN_KEY) {
            return self.is_first_chosen(name, key);
        }
        let Some((sender, number)) = parts(key) else { return true };
        self.clock += 1;
        let sender = self.senders.get_or_insert_with(sender, || Sender { runs: Vec::new(), last_used: 0 });
        sender.last_used = self.clock;
        let is_first = sender.is_first(number, window);
        if self.senders.len() > REMEMBERED_SENDERS {
            self.forget_oldest();
        }
        is_first
    }

    /// The same key for another event is another key.
    fn is_first_chosen(&mut self, name: &str, key: &str) -> bool {
        let digest = digest(&[key, "\0", name].concat());
        if self.chosen.contains(&digest) {
            return false;
        }
        if self.chosen.len() == REMEMBERED_KEYS {
            self.chosen.remove(0);
        }
        self.chosen.push(digest);
        true
    }

    /// Forgets the sender not heard of for longest.
    fn forget_oldest(&mut self) {
        let mut oldest = (u64::MAX, Box::<str>::default());
        self.senders.for_each(|name, sender| {
            if sender.last_used < oldest.0 {
                oldest = (sender.last_used, name.into());
            }
        });
        self.senders.remove(&oldest.1);
    }
}

impl Sender {
    fn is_first(&mut self, number: u64, window: usize) -> bool {
        // Most numbers continue the last run, so the search begins at the end.
        let after = self.runs.iter().rposition(|(first, _)| *first <= number).map_or(0, |before| before + 1);
        let before = after.wrapping_sub(1);
        let run = match self.runs.get_mut(before) {
            Some((_, last)) if number <= *last => return false,
            Some((_, last)) if *last + 1 == number => {
                *last = number;
                before
            }
            _ => {
                self.runs.insert(after, (number, number));
                after
            }
        };
        if let [(_, last), (first, end), ..] = &mut self.runs[run..]
            && number + 1 == *first
        {
            *last = *end;
            self.runs.remove(run + 1);
        }
        if self.runs.len() > window {
            self.runs.remove(0);
        }
        true
    }
}

/// The sender and the number in a key that a client of this package has made.
fn parts(key: &str) -> Option<(&str, u64)> {
    let (sender, number) = key.split_at_checked(16)?;
    let number = number.strip_prefix('-')?.parse().ok()?;
    // The last one has no successor, which saves every sum above from overflowing.
    (number < u64::MAX).then_some((sender, number))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use std::collections::BTreeSet;

    use arbtest::arbtest;

    use super::*;

    fn key(sender: u8, number: u64) -> String {
        format!("{sender:016x}-{number}")
    }

    /// What must be told of numbers that arrive, for as long as nothing is forgotten.
    fn check(numbers: impl IntoIterator<Item = (u8, u64)>) {
        let (mut seen, mut model) = (Deduplication::default(), BTreeSet::new());
        for (sender, number) in numbers {
            let first = seen.is_first("name", &key(sender, number), 2_048);
            assert_eq!(first, model.insert((sender, number)), "{sender}-{number}");
        }
    }

    #[test]
    fn each_event_is_new_once_in_whatever_order_they_come() {
        check([(1, 5), (1, 5), (1, 7), (1, 6), (1, 6), (2, 6), (1, 4), (1, 3), (1, 9), (1, 8), (1, 0), (1, 9)]);
        arbtest(|bytes| {
            let mut numbers = Vec::new();
            for _ in 0..bytes.arbitrary_len::<u8>()?.min(200) {
                numbers.push((bytes.int_in_range(0..=2)?, bytes.int_in_range(0..=20)?));
            }
            check(numbers);
            Ok(())
        });
    }

    #[test]
    fn what_is_sent_again_is_recognised_with_and_without_gaps_and_through_replays_out_of_order() {
        for step in [1, 2, 1_000] {
            let sent = || (0..1_024).map(move |index| index * step);
            check(sent().chain(sent()).chain(sent().rev()).map(|number| (1, number)));
        }
    }

    #[test]
    fn what_is_forgotten_is_taken_for_new_and_memory_stays_bounded() {
        let mut seen = Deduplication::default();
        for number in (0..10_000).step_by(2) {
            assert!(seen.is_first("name", &key(1, number), 100));
        }
        assert_eq!(seen.senders.get("0000000000000001").map(|sender| sender.runs.len()), Some(100));
        assert!(!seen.is_first("name", &key(1, 9_802), 100));
        assert!(seen.is_first("name", &key(1, 9_798), 100), "better twice than never");
        assert!(seen.is_first("name", &key(1, u64::MAX), 100) && seen.is_first("name", &key(1, u64::MAX), 100));

        for sender in 0..2_000_u32 {
            assert!(seen.is_first("name", &format!("{sender:016}-0"), 100));
        }
        assert_eq!(seen.senders.len(), REMEMBERED_SENDERS);
        assert!(!seen.is_first("name", "0000000000001999-0", 100));
    }

    #[test]
    fn chosen_keys_count_for_one_event_name_and_do_not_push_senders_out() {
        let mut seen = Deduplication::default();
        assert!(seen.is_first("name", &key(1, 0), 1));
        let keys: Vec<_> = (0..REMEMBERED_KEYS).map(|number| format!("{CHOSEN_KEY}order {number}")).collect();
        for first in [true, false] {
            for key in &keys {
                assert_eq!(seen.is_first("name", key, 1), first, "{key}");
            }
        }
        assert!(!seen.is_first("name", &key(1, 0), 1));
        assert!(seen.is_first("another", &keys[0], 1));
        assert!(seen.is_first("name", &keys[0], 1), "the oldest was forgotten");
        assert_eq!(seen.chosen.len(), REMEMBERED_KEYS);
    }

    #[test]
    fn without_a_window_and_without_a_key_of_this_package_everything_is_new() {
        let mut seen = Deduplication::default();
        for _ in 0..2 {
            assert!(seen.is_first("name", &key(1, 0), 0));
            for foreign in ["", "-", "1", "short-1", "0123456789abcdef-", "0123456789abcdef-x", "0123456789abcdefü-1"]
            {
                assert!(seen.is_first("name", foreign, 10), "{foreign:?}");
            }
        }
    }
}
