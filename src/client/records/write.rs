//! What the application has written and the server has not confirmed.

use crate::{
    client::{
        io::Entry as Op,
        record::{Document, Edit, EditError, Watch, is_equal_or_absent},
    },
    wire::{self, RecordAction},
};

/// What is one version of the record: one edit, or several that belong together.
#[derive(Debug)]
pub struct Write {
    /// None to delete the record.
    pub edits: Vec<Edit>,
    /// What it is for the outbox, with who waits for it to be confirmed.
    pub op: Op,
}

/// Makes changes that belong together.
///
/// # Errors
/// The first that cannot be made; then none is.
pub fn apply_all(
    edits: &mut [Edit],
    document: &mut Document,
    mut watch: Option<&mut Watch<'_>>,
) -> Result<(), EditError> {
    let before = (edits.len() > 1).then(|| document.clone());
    for edit in edits {
        match edit.apply(document, watch.as_deref_mut()) {
            Ok(substitute) => edit.substitute = substitute,
            Err(error) => {
                before.into_iter().for_each(|before| *document = before);
                return Err(error);
            }
        }
    }
    Ok(())
}

impl Write {
    /// Whether it deletes the record.
    pub const fn is_deletion(&self) -> bool {
        self.edits.is_empty()
    }

    /// Whether the document is something else where this was written than what became of it here. Later writes of this
    /// client may have changed it further; that is no loss.
    pub fn is_lost_in(&self, document: &mut Document, here: &mut Document) -> bool {
        self.edits.iter().any(|edit| !is_equal_or_absent(document.get(&edit.path), here.get(&edit.path)))
    }

    /// Whether `later` leaves nothing of this write, so that it can take its place. It does not where one of them
    /// erases, which moves keys and leaves holes, nor where what `later` is made to is there only thanks to this one.
    pub fn is_overwritten_by(&self, later: &Self) -> bool {
        match (&*self.edits, &*later.edits) {
            ([own], [its]) => {
                let both_set = own.text.is_some() && its.text.is_some() && its.entries.is_none();
                both_set && own.substitute.is_none() && own.path.text() == its.path.text()
            }
            _ => false,
        }
    }
}

/// A message that carries writes.
#[derive(Debug, PartialEq, Eq)]
pub struct Message {
    /// Of how many of the first writes.
    pub writes: usize,
    /// Empty for the whole record.
    pub path: Box<str>,
    /// JSON text; `None` erases.
    pub text: Option<Box<str>>,
}

/// The version that stands for the one after whatever the server has.
pub const ANY_VERSION: i32 = -1;

/// The message that makes a version of a record by writing a text at a path, or by erasing it; the server is to answer.
pub fn write_message<'a>(
    name: &'a str,
    (path, text): (&'a str, Option<&'a str>),
    version: i32,
    correlation_id: &'a str,
) -> wire::Message<'a> {
    let action = match (path, text) {
        ("", _) if version == ANY_VERSION => RecordAction::CreateAndUpdate,
        ("", _) => RecordAction::Update,
        (_, None) => RecordAction::Erase,
        _ if version == ANY_VERSION => RecordAction::CreateAndPatch,
        _ => RecordAction::Patch,
    };
    let mut message = wire::Message::about(action, name);
    message.data = text;
    message.path = Some(path).filter(|path| !path.is_empty());
    message.version = Some(version);
    message.correlation_id = Some(correlation_id);
    message.is_write_ack = true;
    message
}

/// Most bytes that a message for several writes may be larger than the one for the first alone.
const WORTH_FOLDING_BYTES: usize = 4_096;

/// The next message: one edit as it is, or several as the value of the least path that holds all of them, in the document
/// `after` all of them. The version makes sure that nothing of anybody else is overwritten.
pub fn next_message(writes: &[Write], after: &mut Document) -> Option<Message> {
    let alone = match &*writes.first()?.edits {
        [Edit { path, text, entries: None, substitute: None }] => {
            Some(Message { writes: 1, path: path.text().into(), text: text.clone() })
        }
        _ => None,
    };
    if writes.len() == 1 && alone.is_some() {
        return alone;
    }
    let together = fold(writes, after)?;
    let bytes = |message: &Message| message.text.as_ref().map_or(0, |text| text.len());
    Some(alone.filter(|alone| bytes(&together) > bytes(alone) + WORTH_FOLDING_BYTES).unwrap_or(together))
}

fn fold(writes: &[Write], after: &mut Document) -> Option<Message> {
    let first = &writes.first()?.edits.first()?.path;
    let mut depth = usize::MAX;
    for edit in writes.iter().flat_map(|write| &write.edits) {
        depth = depth.min(edit.substitute.unwrap_or(depth)).min(first.common_steps(&edit.path));
    }
    loop {
        if let Some(value) = after.at(first, depth) {
            let path = first.prefix_text(depth).into();
            return Some(Message { writes: writes.len(), path, text: Some(value.to_text()) });
        }
        // What holds everything was erased itself.
        depth = depth.checked_sub(1)?;
    }
}
