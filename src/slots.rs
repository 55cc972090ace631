//! Values by number.

use std::mem;

/// Values, each with a number that is free again when the value is taken out. They are boxed, so that what is compiled is the
/// same for all types of values, and stands in the module once.
#[derive(Debug)]
pub struct Slots<V> {
    values: Vec<Option<Box<V>>>,
    free: Vec<usize>,
}

impl<V> Default for Slots<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V> Slots<V> {
    /// None yet.
    pub const fn new() -> Self {
        Self { values: Vec::new(), free: Vec::new() }
    }

    /// Takes in a value, and gives it a number.
    #[inline(never)]
    pub fn insert(&mut self, value: Box<V>) -> usize {
        let slot = self.free.pop().unwrap_or(self.values.len());
        match self.values.get_mut(slot) {
            // Nothing is there, so nothing is to be dropped, which would not be the same for all types.
            Some(free) => mem::forget(free.replace(value)),
            None => self.values.push(Some(value)),
        }
        slot
    }

    /// The value with this number.
    #[inline(never)]
    pub fn get(&self, slot: usize) -> Option<&V> {
        self.values.get(slot)?.as_deref()
    }

    /// The value with this number.
    #[inline(never)]
    pub fn get_mut(&mut self, slot: usize) -> Option<&mut V> {
        self.values.get_mut(slot)?.as_deref_mut()
    }

    /// Takes a value out.
    #[inline(never)]
    pub fn remove(&mut self, slot: usize) -> Option<Box<V>> {
        let value = self.values.get_mut(slot)?.take()?;
        self.free.push(slot);
        Some(value)
    }

    /// All values with their numbers, in the order of these.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &V)> {
        self.values.iter().enumerate().filter_map(|(slot, value)| Some((slot, value.as_deref()?)))
    }

    /// All values, in the order of their numbers.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.values.iter_mut().filter_map(Option::as_deref_mut)
    }

    /// How many numbers were given at most, those that are free again among them.
    pub const fn capacity(&self) -> usize {
        self.values.len()
    }
}
