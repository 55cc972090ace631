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
        let slot = self.reserve();
        self.fill(slot, value);
        slot
    }

    /// A number for a value to come.
    #[inline(never)]
    pub fn reserve(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.values.push(None);
            self.values.len() - 1
        })
    }

    /// Puts a value where there is none.
    #[inline(never)]
    pub fn fill(&mut self, slot: usize, value: Box<V>) {
        // Nothing is there, so nothing is to be dropped, which would not be the same for all types.
        match self.values.get_mut(slot) {
            Some(free) => mem::forget(free.replace(value)),
            None => mem::forget(value),
        }
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
}
