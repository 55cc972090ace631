//! Many strings to be found among.

use super::literal;

/// Strings as they are written in JSON, found by what they mean in constant time.
pub(super) struct Keys<'a> {
    written: Vec<&'a str>,
    /// A hash table with open addressing, at least half empty: positions in `written`, [`VACANT`] where there is none.
    slots: Vec<u32>,
    has_duplicates: bool,
}

const VACANT: u32 = u32::MAX;

impl<'a> Keys<'a> {
    pub(super) fn of(written: Vec<&'a str>) -> Self {
        let mut slots = Vec::new();
        slots.resize((written.len() * 2 + 1).next_power_of_two(), VACANT);
        let mut keys = Self { written, slots, has_duplicates: false };
        for position in 0..keys.written.len() {
            if let Some(key) = keys.written.get(position)
                && let Some(slot) = keys.slot(key)
                && let Some(content) = keys.slots.get_mut(slot)
            {
                keys.has_duplicates |= *content != VACANT;
                *content = position as u32;
            }
        }
        keys
    }

    /// Where the string is; of several that are the same, the last one.
    pub(super) fn find(&self, written: &str) -> Option<usize> {
        let position = self.slots.get(self.slot(written)?)?;
        (*position != VACANT).then_some(*position as usize)
    }

    pub(super) fn contains(&self, written: &str) -> bool {
        self.find(written).is_some()
    }

    pub(super) const fn has_duplicates(&self) -> bool {
        self.has_duplicates
    }

    /// All of them, in the order they came.
    pub(super) fn all(&self) -> &[&'a str] {
        &self.written
    }

    /// The slot that holds the string, or the vacant one where it belongs.
    fn slot(&self, written: &str) -> Option<usize> {
        let mask = self.slots.len() - 1;
        let mut slot = literal::hash(&literal::characters(written)) as usize & mask;
        loop {
            let position = *self.slots.get(slot)?;
            match self.written.get(position as usize) {
                Some(found) if !literal::same_string(found, written) => slot = (slot + 1) & mask,
                _ => return Some(slot),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_found_by_what_they_mean() {
        let keys = Keys::of(vec!["a", r"\u0062", ""]);
        assert_eq!(
            ["a", "b", "", r"\u0061", "c"].map(|key| keys.find(key)),
            [Some(0), Some(1), Some(2), Some(0), None]
        );
        assert!(!keys.has_duplicates());
        assert_eq!(Keys::of(Vec::new()).find("a"), None);
    }

    #[test]
    fn of_several_the_last_one_is_found() {
        let keys = Keys::of(vec!["a", "b", r"\u0061"]);
        assert_eq!(keys.find("a"), Some(2));
        assert!(keys.has_duplicates());
    }

    #[test]
    fn strings_with_the_same_hash_are_told_apart() {
        let names: Vec<String> = (0..20_000).map(|number| number.to_string()).collect();
        let keys = Keys::of(names.iter().map(String::as_str).collect());
        for (position, name) in names.iter().enumerate() {
            assert_eq!(keys.find(name), Some(position));
        }
    }
}
