//! What was asked of the server and is not answered yet.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::time::Instant;
use crate::{names::count_visits, slots::Slots};

/// Questions, each with a number and perhaps a deadline. What is done with one of them costs the same however many there
/// are, and so does asking for the next deadline.
#[derive(Debug)]
pub struct Asked<What> {
    order: Order,
    whats: Slots<What>,
}

/// All but what was asked, so that it is compiled once.
#[derive(Debug, Default)]
struct Order {
    next_id: u32,
    /// In the order of their ids. Those that are answered stay until they are half of all.
    lines: Vec<Line>,
    answered: usize,
    /// How many of those are older than any other.
    first: usize,
    /// The earliest first. One that no longer is the deadline of its line stays until it is the first.
    deadlines: BinaryHeap<Reverse<(Instant, u32)>>,
}

#[derive(Debug)]
struct Line {
    id: u32,
    /// Where the question is; `None` once it is answered.
    slot: Option<usize>,
    deadline: Option<Instant>,
}

impl<What> Default for Asked<What> {
    #[inline(never)]
    fn default() -> Self {
        Self { order: Order::default(), whats: Slots::default() }
    }
}

impl<What> Asked<What> {
    /// Takes in a question that has until `deadline`, and gives it a number of its own.
    pub fn ask(&mut self, deadline: Option<Instant>, what: impl Into<Box<What>>) -> u32 {
        self.order.push(deadline, self.whats.insert(what.into()))
    }

    /// A question.
    #[inline(never)]
    pub fn get(&self, id: u32) -> Option<&What> {
        self.whats.get(self.order.slot(id)?)
    }

    /// A question.
    #[inline(never)]
    pub fn get_mut(&mut self, id: u32) -> Option<&mut What> {
        self.whats.get_mut(self.order.slot(id)?)
    }

    /// The oldest question like this.
    pub fn find(&self, is_meant: impl Fn(&What) -> bool) -> Option<u32> {
        self.order.find(&|slot| self.whats.get(slot).is_some_and(&is_meant))
    }

    /// Calls `visit` for all questions, the oldest first.
    #[inline(never)]
    pub fn for_each(&mut self, visit: &mut dyn FnMut(&mut What)) {
        for line in self.order.lines() {
            count_visits(1);
            if let Some(what) = line.slot.and_then(|slot| self.whats.get_mut(slot)) {
                visit(what);
            }
        }
    }

    /// The numbers of all questions as they are now, the oldest first: the table may change while they are looked at.
    pub fn to_ids(&self) -> Vec<u32> {
        self.order.to_ids()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// The number that the next question gets.
    pub const fn next_id(&self) -> u32 {
        self.order.next_id
    }

    /// Takes a question out.
    #[inline(never)]
    pub fn answer(&mut self, id: u32) -> Option<Box<What>> {
        self.whats.remove(self.order.remove(id)?)
    }

    /// Gives a question another deadline, or none.
    pub fn wait_until(&mut self, id: u32, deadline: Option<Instant>) {
        self.order.wait_until(id, deadline);
    }

    /// The question that is overdue next, and when.
    pub fn first(&self) -> Option<(Instant, &What)> {
        let Reverse((at, id)) = *self.order.deadlines.peek()?;
        Some((at, self.get(id)?))
    }

    /// When the next question is overdue.
    pub fn deadline(&self) -> Option<Instant> {
        self.order.deadlines.peek().map(|Reverse((at, _))| *at)
    }

    /// A question that is overdue. It stays, without a deadline, until it is answered.
    pub fn overdue(&mut self, now: Instant) -> Option<u32> {
        let Reverse((_, id)) = *self.order.deadlines.peek().filter(|Reverse((at, _))| *at <= now)?;
        self.order.wait_until(id, None);
        Some(id)
    }

    /// Nothing will be answered: takes all questions out, in the order in which they were asked.
    #[inline(never)]
    pub fn cut(&mut self) -> Vec<Box<What>> {
        let mut cut = Vec::new();
        for &id in &self.order.to_ids() {
            if let Some(what) = self.answer(id) {
                cut.push(what);
            }
        }
        cut
    }
}

impl Order {
    fn len(&self) -> usize {
        self.lines.len() - self.answered
    }

    /// From the oldest that is not answered on.
    fn lines(&self) -> &[Line] {
        self.lines.get(self.first..).unwrap_or_default()
    }

    fn find(&self, is_meant: &dyn Fn(usize) -> bool) -> Option<u32> {
        for line in self.lines() {
            count_visits(1);
            if line.slot.is_some_and(is_meant) {
                return Some(line.id);
            }
        }
        None
    }

    fn to_ids(&self) -> Vec<u32> {
        let mut ids = Vec::with_capacity(self.len());
        for line in self.lines() {
            count_visits(1);
            if line.slot.is_some() {
                ids.push(line.id);
            }
        }
        ids
    }

    /// A new line for what is in a slot.
    fn push(&mut self, deadline: Option<Instant>, slot: usize) -> u32 {
        let id = self.next_id;
        self.next_id = id.wrapping_add(1);
        self.lines.push(Line { id, slot: Some(slot), deadline: None });
        self.wait_until(id, deadline);
        id
    }

    fn position(&self, id: u32) -> Option<usize> {
        // Ids begin anew after the last one.
        let first = self.lines.first()?.id;
        self.lines.binary_search_by_key(&id.wrapping_sub(first), |line| line.id.wrapping_sub(first)).ok()
    }

    fn slot(&self, id: u32) -> Option<usize> {
        self.lines.get(self.position(id)?)?.slot
    }

    fn wait_until(&mut self, id: u32, deadline: Option<Instant>) {
        let position = self.position(id);
        if let Some(line) = position.and_then(|position| self.lines.get_mut(position)) {
            line.deadline = deadline;
            if let Some(at) = deadline {
                self.deadlines.push(Reverse((at, id)));
            }
        }
        self.drop_old_deadlines();
    }

    fn remove(&mut self, id: u32) -> Option<usize> {
        let position = self.position(id)?;
        let line = self.lines.get_mut(position)?;
        line.deadline = None;
        let slot = line.slot.take();
        self.answered += usize::from(slot.is_some());
        while self.lines.get(self.first).is_some_and(|line| line.slot.is_none()) {
            self.first += 1;
        }
        if self.answered * 2 > self.lines.len() {
            (self.answered, self.first) = (0, 0);
            count_visits(self.lines.len());
            self.lines.retain(|line| line.slot.is_some());
            self.deadlines.clear();
            for line in &self.lines {
                if let Some(at) = line.deadline {
                    self.deadlines.push(Reverse((at, line.id)));
                }
            }
        }
        self.drop_old_deadlines();
        slot
    }

    /// Makes the first deadline a true one.
    fn drop_old_deadlines(&mut self) {
        while let Some(Reverse((at, id))) = self.deadlines.peek() {
            let line = self.position(*id).and_then(|position| self.lines.get(position));
            if line.is_some_and(|line| line.deadline == Some(*at)) {
                return;
            }
            self.deadlines.pop();
        }
    }
}

/// The number in the `correlationId` of an answer.
pub fn id_in(correlation_id: Option<&str>) -> Option<u32> {
    correlation_id?.parse::<u64>().ok()?.try_into().ok()
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use std::collections::BTreeMap;

    use arbtest::arbtest;

    use super::*;

    #[test]
    fn the_table_does_what_a_sorted_map_would() {
        arbtest(|bytes| {
            let mut asked = Asked::default();
            asked.order.next_id = u32::MAX - 20;
            // In the order asked: the id, what was asked, its deadline.
            let mut model: Vec<(u32, u8, Option<Instant>)> = Vec::new();
            for _ in 0..bytes.arbitrary_len::<u8>()?.min(200) {
                let deadline = bytes.arbitrary::<Option<u8>>()?.map(|ms| Instant::from_ms(ms.into()));
                let any = bytes.choose_index(model.len().max(1))?;
                match bytes.int_in_range(0..=5)? {
                    0..=2 => {
                        let what = bytes.arbitrary()?;
                        model.push((asked.ask(deadline, what), what, deadline));
                    }
                    3 if !model.is_empty() => {
                        let (id, what, _) = model.remove(any);
                        assert_eq!(asked.answer(id).as_deref(), Some(&what));
                        assert_eq!(asked.answer(id), None);
                        assert_eq!(asked.get(id), None);
                    }
                    4 if !model.is_empty() => {
                        asked.wait_until(model[any].0, deadline);
                        model[any].2 = deadline;
                    }
                    _ => {
                        let now = Instant::from_ms(bytes.int_in_range(0..=255)?);
                        while let Some(id) = asked.overdue(now) {
                            let line = model.iter_mut().find(|line| line.0 == id).expect("it is open");
                            assert!(line.2.take().is_some_and(|at| at <= now));
                        }
                        assert!(model.iter().all(|line| line.2.is_none_or(|at| at > now)));
                    }
                }
                assert_eq!(asked.deadline(), model.iter().filter_map(|line| line.2).min());
                assert_eq!(asked.len(), model.len());
                assert!(asked.order.lines.len() <= 2 * model.len());
                for (id, what, _) in &model {
                    assert_eq!(asked.get(*id), Some(what));
                    let first = model.iter().find(|line| line.1 == *what).map(|line| line.0);
                    assert_eq!(asked.find(|other| other == what), first);
                }
            }
            assert_eq!(asked.cut(), model.iter().map(|line| Box::new(line.1)).collect::<Vec<_>>());
            assert_eq!((asked.len(), asked.deadline()), (0, None));
            Ok(())
        });
    }

    #[test]
    fn what_is_over_takes_no_room() {
        let mut asked = Asked::default();
        let mut open = BTreeMap::new();
        asked.ask(None, 0);
        for number in 0..10_000_u64 {
            let id = asked.ask(Some(Instant::from_ms(number + 1_000_000)), number);
            open.insert(id, number);
            if open.len() > 10 {
                let (id, number) = open.pop_first().expect("there are eleven");
                assert_eq!(asked.answer(id).as_deref(), Some(&number));
            }
        }
        assert!(asked.order.lines.len() < 30 && asked.order.deadlines.len() < 30);
    }
}
