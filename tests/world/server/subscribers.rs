//! Who is subscribed to what within one topic.

use std::collections::{BTreeMap, BTreeSet};

use crate::world::network::LinkId;

/// The subscribers of every name of a topic.
#[derive(Default)]
pub struct Subscribers {
    by_name: BTreeMap<String, BTreeSet<LinkId>>,
    /// The bulk messages that were heard, by their correlation ids.
    heard: BTreeSet<(LinkId, String)>,
    /// Who was denied a name.
    denied: BTreeSet<LinkId>,
}

impl Subscribers {
    /// Returns false if the link was subscribed already.
    pub fn add(&mut self, link: LinkId, name: &str) -> bool {
        self.by_name.entry(name.into()).or_default().insert(link)
    }

    /// Returns false if the link was not subscribed.
    pub fn remove(&mut self, link: LinkId, name: &str) -> bool {
        let Some(links) = self.by_name.get_mut(name) else { return false };
        let was_subscribed = links.remove(&link);
        if links.is_empty() {
            self.by_name.remove(name);
        }
        was_subscribed
    }

    /// Removes everybody from a name. Returns false if nobody was subscribed.
    pub fn remove_name(&mut self, name: &str) -> bool {
        self.by_name.remove(name).is_some()
    }

    /// Takes note of a bulk message with so many names; says whether a client may repeat itself with it. What is not
    /// answered in time comes a second time under the same correlation id, and names sent beside one that was denied may
    /// come again, each alone.
    pub fn may_repeat(&mut self, link: LinkId, correlation_id: Option<&str>, names: usize) -> bool {
        let is_new = self.heard.insert((link, correlation_id.unwrap_or_default().into()));
        !is_new || names == 1 && self.denied.contains(&link)
    }

    /// Takes note that a link was denied a name.
    pub fn denied(&mut self, link: LinkId) {
        self.denied.insert(link);
    }

    /// Removes a link everywhere.
    pub fn remove_link(&mut self, link: LinkId) {
        self.by_name.retain(|_, links| {
            links.remove(&link);
            !links.is_empty()
        });
    }

    pub fn clear(&mut self) {
        self.by_name.clear();
    }

    /// The subscribers of a name.
    pub fn of(&self, name: &str) -> Vec<LinkId> {
        self.by_name.get(name).into_iter().flatten().copied().collect()
    }

    /// Whether anybody is subscribed to a name.
    pub fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Every name that has subscribers.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// The names to which a link is subscribed.
    pub fn names_of(&self, link: LinkId) -> Vec<&str> {
        let names = self.by_name.iter().filter(|(_, links)| links.contains(&link));
        names.map(|(name, _)| name.as_str()).collect()
    }
}

/// Checks the names of a bulk message one after the other and returns those that are denied.
///
/// For every name that is denied, the server takes the LAST name off the list, whichever that is; and what is taken off
/// that way is not even looked at. It handles the message as long as any name is left.
pub fn splice_denied(names: &mut Vec<String>, is_denied: impl Fn(&str) -> bool) -> Vec<String> {
    let mut denied = Vec::new();
    let mut index = 0;
    while let Some(name) = names.get(index) {
        if is_denied(name) {
            denied.push(name.clone());
            names.pop();
        }
        index += 1;
    }
    denied
}
