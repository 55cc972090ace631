//! Values by number.

/// Values, each with a number that is free again when the value is taken out. Less of this is compiled for each type of value
/// than of a `Slab`.
#[derive(Debug)]
pub struct Slots<V> {
    values: Vec<Option<V>>,
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
    pub fn insert(&mut self, value: V) -> usize {
        let slot = self.free.pop().unwrap_or(self.values.len());
        match self.values.get_mut(slot) {
            Some(free) => *free = Some(value),
            None => self.values.push(Some(value)),
        }
        slot
    }

    /// The value with this number.
    pub fn get(&self, slot: usize) -> Option<&V> {
        self.values.get(slot)?.as_ref()
    }

    /// The value with this number.
    pub fn get_mut(&mut self, slot: usize) -> Option<&mut V> {
        self.values.get_mut(slot)?.as_mut()
    }

    /// Takes a value out.
    pub fn remove(&mut self, slot: usize) -> Option<V> {
        let value = self.values.get_mut(slot)?.take()?;
        self.free.push(slot);
        Some(value)
    }

    /// All values with their numbers, in the order of these.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &V)> {
        self.values.iter().enumerate().filter_map(|(slot, value)| Some((slot, value.as_ref()?)))
    }

    /// All values, in the order of their numbers.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.values.iter_mut().flatten()
    }

    /// How many numbers were given at most, those that are free again among them.
    pub const fn capacity(&self) -> usize {
        self.values.len()
    }
}
