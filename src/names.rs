//! Values by name.

use std::{rc::Rc, slice};

use crate::slots::Slots;

/// A map from names to values, in alphabetical order.
///
/// The order only ever holds numbers of slots, whatever the values are. It is no `BTreeMap`, which alone costs the browser three
/// kilobytes of gzipped WebAssembly.
#[derive(Debug)]
pub struct NameMap<V> {
    order: Order,
    values: Slots<V>,
}

impl<V> Default for NameMap<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V> NameMap<V> {
    /// An empty map.
    #[inline(never)]
    pub const fn new() -> Self {
        Self { order: Order { lists: Vec::new(), len: 0 }, values: Slots::new() }
    }

    /// The value of a name.
    #[inline(never)]
    pub fn get(&self, name: &str) -> Option<&V> {
        self.values.get(self.slot(name)?)
    }

    /// The value of a name.
    #[inline(never)]
    pub fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        self.values.get_mut(self.slot(name)?)
    }

    /// The value of a name, made by `make` if there is none yet.
    pub fn get_or_insert_with(&mut self, name: &str, make: impl FnOnce() -> V) -> &mut V {
        let slot = self.slot_or_insert_with(name, make);
        self.values.get_mut(slot).expect("it has just been found or made")
    }

    /// Gives a name this value.
    pub fn set(&mut self, name: &str, value: V) {
        match self.get_mut(name) {
            Some(before) => *before = value,
            None => drop(self.slot_or_insert_with(name, || value)),
        }
    }

    fn slot_or_insert_with(&mut self, name: &str, make: impl FnOnce() -> V) -> usize {
        let slot = self.reserve(name);
        if self.values.get(slot).is_none() {
            self.values.fill(slot, Box::new(make()));
        }
        slot
    }

    /// The slot of a name; an empty one if it is new.
    #[inline(never)]
    fn reserve(&mut self, name: &str) -> usize {
        let (place, slot) = self.order.place(name);
        slot.unwrap_or_else(|| {
            let slot = self.values.reserve();
            self.order.insert(place, Named { name: name.into(), slot });
            slot
        })
    }

    /// The slot of a name, under which its value is found without comparing names until the name is taken out; or else where
    /// it belongs.
    pub fn find(&self, name: &str) -> Result<usize, Place> {
        let (place, slot) = self.order.place(name);
        slot.ok_or(place)
    }

    /// Puts a name where it belongs, and returns its slot.
    pub fn insert(&mut self, place: Place, name: Rc<str>, value: V) -> usize {
        let slot = self.values.insert(Box::new(value));
        self.order.insert(place, Named { name, slot });
        slot
    }

    /// The slot of a name.
    pub fn slot(&self, name: &str) -> Option<usize> {
        self.order.find(name)
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
    #[inline(never)]
    pub fn remove(&mut self, name: &str) -> Option<Box<V>> {
        self.values.remove(self.order.remove(name)?)
    }

    /// How many names there are.
    pub const fn len(&self) -> usize {
        self.order.len
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.order.len == 0
    }

    /// Whether the name has a value.
    pub fn contains(&self, name: &str) -> bool {
        self.slot(name).is_some()
    }

    /// All names, in alphabetical order.
    pub fn names(&self) -> Names<'_> {
        count_visits(self.len());
        Names { lists: self.order.lists.iter(), list: [].iter() }
    }

    /// All names, as they are now, for changing the map on the way.
    pub fn to_names(&self) -> Vec<Box<str>> {
        self.order.to_names()
    }

    /// All slots as they are now, in alphabetical order of their names.
    pub fn slots(&self) -> Vec<usize> {
        let mut slots = Vec::with_capacity(self.len());
        self.order.walk(&mut |_, slot| slots.push(slot));
        slots
    }

    /// All values with their names, in alphabetical order.
    pub fn for_each(&mut self, mut visit: impl FnMut(&str, &mut V)) {
        self.visit(&mut visit);
    }

    #[inline(never)]
    fn visit(&mut self, visit: &mut dyn FnMut(&str, &mut V)) {
        let values = &mut self.values;
        self.order.walk(&mut |name, slot| {
            if let Some(value) = values.get_mut(slot) {
                visit(name, value);
            }
        });
    }
}

/// Texts with a separator between them. Not `join`, of which the browser would load a kilobyte for each type of text.
pub fn joined(texts: &[Box<str>], separator: &str) -> String {
    let mut joined = String::new();
    for (index, text) in texts.iter().enumerate() {
        joined.push_str(if index > 0 { separator } else { "" });
        joined.push_str(text);
    }
    joined
}

/// Names in alphabetical order. Goes through them in one function, whatever is done with each.
pub struct Names<'a> {
    lists: slice::Iter<'a, Vec<Named>>,
    list: slice::Iter<'a, Named>,
}

impl<'a> Iterator for Names<'a> {
    type Item = &'a str;

    #[inline(never)]
    fn next(&mut self) -> Option<&'a str> {
        loop {
            if let Some(named) = self.list.next() {
                return Some(&named.name);
            }
            self.list = self.lists.next()?.iter();
        }
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

/// Names in alphabetical order, each with a slot: lists so short that making room in one costs little. Apart from the
/// values, because it would otherwise be compiled once for each type of them.
#[derive(Debug)]
struct Order {
    /// None of them is empty.
    lists: Vec<Vec<Named>>,
    len: usize,
}

#[derive(Debug)]
struct Named {
    name: Rc<str>,
    slot: usize,
}

/// A list, and a position in it.
pub type Place = (usize, usize);

/// The most names in one list.
const LIST_MAX_NAMES: usize = 128;

impl Order {
    /// The list that a name belongs to, and where in it the name is, or else belongs; and its slot, if it is there.
    #[inline(never)]
    fn place(&self, name: &str) -> (Place, Option<usize>) {
        let is_before = |list: &Vec<Named>| list.first().is_some_and(|first| *first.name <= *name);
        let list = self.lists.partition_point(is_before).saturating_sub(1);
        let names = self.lists.get(list).map_or(&[][..], |names| names);
        let position = names.partition_point(|named| *named.name < *name);
        let named = names.get(position).filter(|named| *named.name == *name);
        ((list, position), named.map(|named| named.slot))
    }

    #[inline(never)]
    fn find(&self, name: &str) -> Option<usize> {
        self.place(name).1
    }

    /// Adds a name where it belongs.
    #[inline(never)]
    fn insert(&mut self, (list, position): Place, named: Named) {
        self.len += 1;
        let Some(names) = self.lists.get_mut(list) else { return self.lists.push(vec![named]) };
        names.insert(position, named);
        if names.len() > LIST_MAX_NAMES {
            let rest = names.split_off(LIST_MAX_NAMES / 2);
            self.lists.insert(list + 1, rest);
        }
    }

    #[inline(never)]
    fn remove(&mut self, name: &str) -> Option<usize> {
        let ((list, position), slot) = self.place(name);
        let names = self.lists.get_mut(list)?;
        names.remove(slot.map(|_| position)?);
        self.len -= 1;
        if names.is_empty() {
            self.lists.remove(list);
        }
        slot
    }

    #[inline(never)]
    fn walk(&self, visit: &mut dyn FnMut(&str, usize)) {
        count_visits(self.len);
        for list in &self.lists {
            for named in list {
                visit(&named.name, named.slot);
            }
        }
    }

    fn to_names(&self) -> Vec<Box<str>> {
        let mut names = Vec::with_capacity(self.len);
        self.walk(&mut |name, _| names.push(name.into()));
        names
    }
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
        assert_eq!(map.remove("b").map(|value| *value).as_deref(), Some("b"));
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

    #[test]
    #[cfg(not(target_arch = "wasm32"))]
    fn they_are_what_a_sorted_map_would_have() {
        arbtest::arbtest(|bytes| {
            let (mut map, mut model) = (NameMap::new(), std::collections::BTreeMap::new());
            for number in 0..bytes.arbitrary_len::<u16>()?.min(2_000) {
                // Now as many come as go, now more of one of them.
                let name = bytes.int_in_range(0..=999)?.to_string();
                if bytes.ratio(1 + u8::from(number % 500 > 250) * 4, 6)? {
                    assert_eq!(map.remove(&name).map(|value| *value), model.remove(&name));
                } else {
                    let value = *map.get_or_insert_with(&name, || number);
                    assert_eq!(value, *model.entry(name).or_insert(number));
                }
            }
            assert_eq!((map.len(), map.is_empty()), (model.len(), model.is_empty()));
            assert!(map.names().eq(model.keys()));
            assert!(model.iter().all(|(name, value)| map.get(name) == Some(value)));
            assert!(map.order.lists.iter().all(|list| (1..=LIST_MAX_NAMES).contains(&list.len())));
            Ok(())
        });
    }
}
