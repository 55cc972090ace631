//! Values by name.

use std::collections::BTreeMap;

use slab::Slab;

/// A map from names to values, in alphabetical order.
///
/// The tree only ever holds numbers of slots, whatever the values are: a tree compiled for each type of value would
/// cost the browser four kilobytes of gzipped WebAssembly every time.
#[derive(Debug)]
pub struct NameMap<V> {
    slots_by_name: BTreeMap<Box<str>, usize>,
    values: Slab<V>,
}

impl<V> Default for NameMap<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V> NameMap<V> {
    /// An empty map.
    pub const fn new() -> Self {
        Self { slots_by_name: BTreeMap::new(), values: Slab::new() }
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.values.get(*self.slots_by_name.get(name)?)
    }

    /// The value of a name.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        self.values.get_mut(*self.slots_by_name.get(name)?)
    }

    /// The value of a name, made by `make` if there is none yet.
    pub fn get_or_insert_with(&mut self, name: &str, make: impl FnOnce() -> V) -> &mut V {
        let slot = match self.slots_by_name.get(name) {
            Some(slot) => *slot,
            None => {
                let slot = self.values.insert(make());
                self.slots_by_name.insert(name.into(), slot);
                slot
            }
        };
        &mut self.values[slot]
    }

    /// Takes a name out.
    pub fn remove(&mut self, name: &str) -> Option<V> {
        let slot = self.slots_by_name.remove(name)?;
        self.values.try_remove(slot)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether the name has a value.
    pub fn contains(&self, name: &str) -> bool {
        self.slots_by_name.contains_key(name)
    }

    /// All names, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.slots_by_name.keys().map(|name| &**name)
    }

    /// All names, as they are now, for changing the map on the way.
    pub fn to_names(&self) -> Vec<Box<str>> {
        copy_names(&self.slots_by_name)
    }

    /// All values with their names, in alphabetical order.
    pub fn for_each(&mut self, mut visit: impl FnMut(&str, &mut V)) {
        for (name, slot) in &self.slots_by_name {
            visit(name, &mut self.values[*slot]);
        }
    }
}

/// Apart, because it would otherwise be compiled once for each type of value.
fn copy_names(slots_by_name: &BTreeMap<Box<str>, usize>) -> Vec<Box<str>> {
    slots_by_name.keys().cloned().collect()
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
