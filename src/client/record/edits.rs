//! Edits that can be made to one document after the other, and who sees what they change.

use super::{Document, EditError, EntryEdit, Path};

/// Which of the paths that somebody listens at have another value after some changes.
#[derive(Debug)]
pub struct Watch<'a> {
    paths: &'a [Path],
    /// Their positions.
    pub seen: Vec<usize>,
    /// Whether anything changed at all.
    pub is_different: bool,
}

impl<'a> Watch<'a> {
    /// Watches paths.
    pub const fn new(paths: &'a [Path]) -> Self {
        Self { paths, seen: Vec::new(), is_different: false }
    }
}

/// One change at one path.
#[derive(Clone, Debug)]
pub struct Edit {
    /// Where.
    pub path: Path,
    /// JSON text; `None` erases.
    pub text: Option<Box<str>>,
    /// What becomes of entries, if this changes those of a list or queue: the path is then empty, and the text the entry.
    pub entries: Option<EntryEdit>,
    /// If the server could not take it, once it was made: how many steps of its path lead to what is to be sent in its place.
    pub substitute: Option<usize>,
}

impl Edit {
    /// A change at a path, with JSON text; `None` erases.
    pub fn new(path: Path, text: Option<Box<str>>) -> Self {
        Self { path, text, entries: None, substitute: None }
    }

    /// A change of the entries of a list or queue, with one as JSON text: of what it is, and of what it will be when it is
    /// loaded.
    pub fn of_entries(edit: EntryEdit, entry: Box<str>) -> Self {
        Self { path: Path::default(), text: Some(entry), entries: Some(edit), substitute: None }
    }

    /// Makes the change. Returns how many steps of its path lead to what is to be sent in its place, if it could not be sent.
    ///
    /// # Errors
    /// As for [`Document::set`] and [`Document::erase`].
    pub fn apply(&self, document: &mut Document, watch: Option<&mut Watch<'_>>) -> Result<Option<usize>, EditError> {
        let mut change = match (&self.text, self.entries) {
            (Some(entry), Some(edit)) => match edit.applied_to(document, entry) {
                Some(text) => document.set(&self.path, &text)?,
                None => return Ok(None),
            },
            (Some(text), None) => document.set(&self.path, text)?,
            (None, _) => document.erase(&self.path)?,
        };
        let substitute = change.substitute(document).map(|(depth, _)| depth);
        if let Some(watch) = watch
            && change.is_different(document)
        {
            watch.is_different = true;
            for (position, path) in watch.paths.iter().enumerate() {
                if !watch.seen.contains(&position) && change.is_seen_at(path, document) {
                    watch.seen.push(position);
                }
            }
        }
        Ok(substitute)
    }
}
