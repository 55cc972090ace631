//! Where records are: a cache that ends with the server's process, and perhaps a storage that does not.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use crate::world::json::Json;

/// A record's data. Who has read it from the cache sees what is written into it later, as in the server.
pub type Data = Rc<RefCell<Json>>;

#[derive(Default)]
pub struct Store {
    cache: BTreeMap<String, (i32, Data)>,
    /// Versions and JSON text; `None` where the server has no storage, as by default.
    storage: Option<BTreeMap<String, (i32, String)>>,
    /// Every state in which any record ever was, oldest first.
    past: Vec<(String, i32, String)>,
}

impl Store {
    pub fn add_storage(&mut self) {
        self.storage.get_or_insert_default();
    }

    /// The server's process ends.
    pub fn lose_cache(&mut self) {
        self.cache.clear();
    }

    /// What the cache has, which may be data that counts as none.
    pub fn cached(&self, name: &str) -> Option<(i32, Data)> {
        self.cache.get(name).cloned()
    }

    /// What the storage has; version -1 and nothing if it has nothing.
    pub fn stored(&self, name: &str) -> (i32, Option<Data>) {
        let Some((version, text)) = self.storage.as_ref().and_then(|storage| storage.get(name)) else {
            return (-1, None);
        };
        let data = Json::parse(text).expect("what is stored was JSON");
        (*version, data.is_truthy().then(|| Rc::new(RefCell::new(data))))
    }

    pub fn cache(&mut self, name: &str, version: i32, data: Data) {
        self.cache.insert(name.into(), (version, data));
    }

    pub fn store(&mut self, name: &str, version: i32, data: &Json) {
        self.past.push((name.into(), version, data.stringify()));
        if let Some(storage) = &mut self.storage {
            storage.insert(name.into(), (version, data.stringify()));
        }
    }

    pub fn uncache(&mut self, name: &str) {
        self.cache.remove(name);
    }

    pub fn unstore(&mut self, name: &str) {
        if let Some(storage) = &mut self.storage {
            storage.remove(name);
        }
    }

    /// Every state in which any record ever was, oldest first: its name, its version, and its data as JSON text.
    pub fn past(&self) -> &[(String, i32, String)] {
        &self.past
    }

    /// Every record with its version and data, wherever the server would find it.
    pub fn all(&self) -> BTreeMap<String, (i32, String)> {
        let mut all = self.storage.clone().unwrap_or_default();
        for (name, (version, data)) in &self.cache {
            all.insert(name.clone(), (*version, data.borrow().stringify()));
        }
        all
    }
}
