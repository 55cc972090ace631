//! Values by name.

use std::{collections::BTreeMap, rc::Rc};

use crate::slots::Slots;

/// A map from names to values, in alphabetical order.
///
/// The tree only ever holds numbers of slots, whatever the values are: a tree compiled for each type of value would
/// cost the browser four kilobytes of gzipped WebAssembly every time.
#[derive(Debug)]
pub struct NameMap<V> {
    slots_by_name: Tree,
    values: Slots<V>,
}

impl<V> Default for NameMap<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V> NameMap<V> {
    /// An empty map.
    pub const fn new() -> Self {
        Self { slots_by_name: BTreeMap::new(), values: Slots::new() }
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.values.get(self.slot(name)?)
    }

    /// The value of a name.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        self.values.get_mut(self.slot(name)?)
    }

    /// The value of a name, made by `make` if there is none yet.
    pub fn get_or_insert_with(&mut self, name: &str, make: impl FnOnce() -> V) -> &mut V {
        let slot = self.slot_or_insert_with(name, |_| make());
        self.values.get_mut(slot).expect("it has just been found or made")
    }

    /// The slot of a name, under which its value is found without comparing names until the name is taken out. If there is
    /// none yet, the value is made by `make`, which may keep the name.
    pub fn slot_or_insert_with(&mut self, name: &str, make: impl FnOnce(&Rc<str>) -> V) -> usize {
        match find_or_copy(&self.slots_by_name, name) {
            Ok(slot) => slot,
            Err(name) => {
                let slot = self.values.insert(make(&name));
                insert(&mut self.slots_by_name, name, slot);
                slot
            }
        }
    }

    /// The slot of a name.
    pub fn slot(&self, name: &str) -> Option<usize> {
        find(&self.slots_by_name, name)
    }

    /// The value in a slot.
    pub fn at(&self, slot: usize) -> Option<&V> {
        self.values.get(slot)
    }

    /// The value in a slot.
    pub fn at_mut(&mut self, slot: usize) -> Option<&mut V> {
        self.values.get_mut(slot)
    }

    /// Takes a name out.
    pub fn remove(&mut self, name: &str) -> Option<V> {
        let slot = remove(&mut self.slots_by_name, name)?;
        self.values.remove(slot)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.slots_by_name.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.slots_by_name.is_empty()
    }

    /// Whether the name has a value.
    pub fn contains(&self, name: &str) -> bool {
        self.slot(name).is_some()
    }

    /// All names, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        count_visits(self.len());
        self.slots_by_name.keys().map(|name| &**name)
    }

    /// All names, as they are now, for changing the map on the way.
    pub fn to_names(&self) -> Vec<Box<str>> {
        count_visits(self.len());
        copy_names(&self.slots_by_name)
    }

    /// All values with their slots, in alphabetical order of their names.
    pub fn for_each_slot(&mut self, mut visit: impl FnMut(usize, &mut V)) {
        self.visit(|_, slot, value| visit(slot, value));
    }

    /// All values with their names, in alphabetical order.
    pub fn for_each(&mut self, mut visit: impl FnMut(&str, &mut V)) {
        self.visit(|name, _, value| visit(name, value));
    }

    fn visit(&mut self, mut visit: impl FnMut(&str, usize, &mut V)) {
        let values = &mut self.values;
        walk(&self.slots_by_name, &mut |name, slot| {
            if let Some(value) = values.get_mut(slot) {
                visit(name, slot, value);
            }
        });
    }
}

#[cfg(test)]
thread_local! {
    /// How many entries were looked at one after the other, for the tests that say what an input costs.
    pub static VISITED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// So many entries are looked at one after the other.
pub fn count_visits(_entries: usize) {
    #[cfg(test)]
    VISITED.set(VISITED.get() + _entries);
}

// Apart, because they would otherwise be compiled once for each type of value.

type Tree = BTreeMap<Rc<str>, usize>;

#[inline(never)]
fn find(slots: &Tree, name: &str) -> Option<usize> {
    slots.get(name).copied()
}

#[inline(never)]
fn find_or_copy(slots: &Tree, name: &str) -> Result<usize, Rc<str>> {
    slots.get(name).copied().ok_or_else(|| name.into())
}

#[inline(never)]
fn walk(slots: &Tree, visit: &mut dyn FnMut(&str, usize)) {
    count_visits(slots.len());
    for (name, slot) in slots {
        visit(name, *slot);
    }
}

#[inline(never)]
fn insert(slots: &mut Tree, name: Rc<str>, slot: usize) {
    slots.insert(name, slot);
}

#[inline(never)]
fn remove(slots: &mut Tree, name: &str) -> Option<usize> {
    slots.remove(name)
}

fn copy_names(slots: &Tree) -> Vec<Box<str>> {
    slots.keys().map(|name| Box::from(&**name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_and_go() {
        let mut map = NameMap::new();
        for name in ["b", "a", "c"] {
            map.get_or_insert_with(name, || name.to_owned());
        }
        assert_eq!(map.remove("b").as_deref(), Some("b"));
        assert_eq!(map.remove("b"), None);
        map.get_or_insert_with("d", || "in b's slot".into());
        map.get_or_insert_with("a", || unreachable!()).push('!');
        assert_eq!(map.names().collect::<Vec<_>>(), ["a", "c", "d"]);
        assert_eq!(map.get("a").map(String::as_str), Some("a!"));
        assert!(!map.contains("b"));
        let mut seen = Vec::new();
        map.for_each(|name, value| seen.push((name.to_owned(), value.clone())));
        let expected = [("a", "a!"), ("c", "c"), ("d", "in b's slot")];
        assert!(seen.iter().map(|(name, value)| (&**name, &**value)).eq(expected));
    }
}
