//! Values in the order in which they came.

use std::mem;

/// Values of which the oldest leaves first. Less of this is compiled for each type of value than of a `VecDeque`: they are
/// boxed, so that most of it is the same for all types.
#[derive(Debug)]
pub struct Queue<V> {
    /// Those before `first` have left.
    values: Vec<Option<Box<V>>>,
    first: usize,
}

impl<V> Default for Queue<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V> Queue<V> {
    /// None yet.
    pub const fn new() -> Self {
        Self { values: Vec::new(), first: 0 }
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.values.len() - self.first
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds one as the newest.
    pub fn push_back(&mut self, value: V) {
        self.push_boxed(Box::new(value));
    }

    /// The same for one that is in a box.
    #[inline(never)]
    pub fn push_boxed(&mut self, value: Box<V>) {
        self.values.push(Some(value));
    }

    /// Takes the oldest out.
    #[inline(never)]
    pub fn pop_front(&mut self) -> Option<Box<V>> {
        let value = self.values.get_mut(self.first)?.take();
        self.first += 1;
        // As many are moved as have left.
        if self.first * 2 > self.values.len() {
            self.close_gaps();
        }
        value
    }

    /// Takes the oldest out, if that is meant.
    pub fn pop_front_if(&mut self, is_meant: impl Fn(&V) -> bool) -> Option<Box<V>> {
        if self.front().is_some_and(is_meant) { self.pop_front() } else { None }
    }

    /// The oldest.
    pub fn front(&self) -> Option<&V> {
        self.get(0)
    }

    /// The one behind so many.
    pub fn get(&self, position: usize) -> Option<&V> {
        self.values.get(self.first + position)?.as_deref()
    }

    /// The one behind so many.
    pub fn get_mut(&mut self, position: usize) -> Option<&mut V> {
        self.values.get_mut(self.first + position)?.as_deref_mut()
    }

    /// All, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &V> {
        self.values.get(self.first..).unwrap_or_default().iter().filter_map(Option::as_deref)
    }

    /// All, the oldest first.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.values.get_mut(self.first..).unwrap_or_default().iter_mut().filter_map(Option::as_deref_mut)
    }

    /// Takes the one behind so many out, which takes the longer the more these are.
    #[inline(never)]
    pub fn remove(&mut self, position: usize) -> Option<Box<V>> {
        let at = self.first + position;
        if at >= self.values.len() {
            return None;
        }
        for at in (self.first..at).rev() {
            self.values.swap(at, at + 1);
        }
        self.pop_front()
    }

    /// Puts others behind so many.
    pub fn insert_all(&mut self, position: usize, values: Vec<V>) {
        let mut behind = self.values.split_off(self.first + position);
        for value in values {
            self.push_back(value);
        }
        self.values.append(&mut behind);
    }

    /// Takes those out that are meant.
    #[inline(never)]
    pub fn take_out(&mut self, is_meant: &dyn Fn(&V) -> bool) -> Vec<Box<V>> {
        let mut taken = Vec::new();
        for slot in &mut self.values {
            if let Some(value) = slot.take_if(|value| is_meant(value)) {
                taken.push(value);
            }
        }
        self.close_gaps();
        taken
    }

    #[inline(never)]
    fn close_gaps(&mut self) {
        let mut kept = 0;
        for at in 0..self.values.len() {
            if self.values.get(at).is_some_and(Option::is_some) {
                self.values.swap(kept, at);
                kept += 1;
            }
        }
        while self.values.len() > kept {
            // Nothing is there, so nothing is to be dropped, which would not be the same for all types.
            mem::forget(self.values.pop());
        }
        self.first = 0;
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use std::collections::VecDeque;

    use arbtest::arbtest;

    use super::*;

    #[test]
    fn it_does_what_a_deque_would() {
        arbtest(|bytes| {
            let (mut queue, mut model) = (Queue::new(), VecDeque::new());
            for _ in 0..bytes.arbitrary_len::<u8>()?.min(200) {
                let value = bytes.arbitrary::<u8>()?;
                let position = bytes.choose_index(model.len() + 1)?;
                match bytes.int_in_range(0..=8)? {
                    0 => assert_eq!(queue.remove(position).map(|value| *value), model.remove(position)),
                    1 => {
                        queue.insert_all(position, vec![value, 1]);
                        model.insert(position, 1);
                        model.insert(position, value);
                    }
                    2 => {
                        let (taken, left): (Vec<u8>, Vec<u8>) = model.into_iter().partition(|other| *other < value);
                        assert_eq!(
                            queue.take_out(&|other| *other < value).into_iter().map(|value| *value).collect::<Vec<_>>(),
                            taken
                        );
                        model = left.into();
                    }
                    3 | 4 => assert_eq!(queue.pop_front().map(|value| *value), model.pop_front()),
                    5 => {
                        let is_meant = |front: &u8| *front < value;
                        let expected = if model.front().is_some_and(is_meant) { model.pop_front() } else { None };
                        assert_eq!(queue.pop_front_if(is_meant).map(|value| *value), expected);
                    }
                    _ => {
                        queue.push_back(value);
                        model.push_back(value);
                    }
                }
                assert!(queue.iter().eq(&model) && queue.iter_mut().eq(&mut model));
                assert_eq!(queue.len(), model.len());
                assert_eq!((queue.front(), queue.get(position)), (model.front(), model.get(position)));
                assert!(queue.values.len() <= 2 * queue.len());
            }
            Ok(())
        });
    }
}
