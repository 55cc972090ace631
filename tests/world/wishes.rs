//! What applications ask of their clients.

use deepstream_wasm::client::{
    Delivery, RecordCommand, RecordQuestion, RpcAnswer, RpcRequest, RpcRequestId, Strategy, Ticket,
    record::{Edit, EntryEdit, Path},
};

/// What an application may ask of its client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    Login(Option<String>),
    Close,
    Pause,
    Resume,
    Resubscribe,
    Subscribe(String),
    Unsubscribe(String),
    Emit {
        name: String,
        data: Option<String>,
    },
    /// An event with everything that can be asked for it.
    Offer {
        name: String,
        data: String,
        delivery: Delivery,
        ttl_ms: Option<u64>,
        key: Option<String>,
        receipt: bool,
    },
    FlushOutbox,
    ClearOutbox,
    Record(RecordWish),
    /// To subscribe to a user.
    Watch(String),
    Unwatch(String),
    WatchAll,
    UnwatchAll,
    /// To ask who of these users is logged in, or who is at all.
    Query(Option<Vec<String>>),
    Listen(String),
    Unlisten(String),
    /// The answer to an offer.
    AnswerOffer {
        subscription: String,
        offer: u32,
        accept: bool,
    },
    Provide(String),
    Unprovide(String),
    Make {
        name: String,
        data: Option<String>,
        timeout_ms: Option<u64>,
        idempotent: bool,
    },
    /// A call that shall be made even if the page does not live to see it.
    MakeDurable {
        name: String,
        data: String,
        timeout_ms: Option<u64>,
        ttl_ms: Option<u64>,
        idempotent: bool,
    },
    Cancel(Ticket),
    Answer {
        request: RpcRequestId,
        name: String,
        reply: Reply,
    },
}

/// What an application may ask of a record. Paths are valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordWish {
    Open {
        name: String,
        strategy: Strategy,
    },
    Discard(String),
    Watch {
        name: String,
        path: String,
    },
    Unwatch {
        name: String,
        path: String,
    },
    AwaitReady(String),
    /// All edits make one version; `None` erases. With a ticket.
    Write {
        name: String,
        edits: Vec<(String, Option<String>)>,
    },
    /// Without a ticket.
    Set {
        name: String,
        path: String,
        data: String,
    },
    /// The entry is JSON text. With a ticket.
    ChangeEntries {
        name: String,
        edit: EntryEdit,
        entry: String,
    },
    /// With a ticket.
    SetData {
        name: String,
        path: String,
        data: Option<String>,
        delivery: Delivery,
        ttl_ms: Option<u64>,
    },
    Delete(String),
    SetStrategy {
        name: String,
        strategy: Strategy,
    },
    AnswerMerge {
        question: u32,
        answer: Result<Option<String>, String>,
    },
    Snapshot(String),
    Head(String),
    Notify(Vec<String>),
    /// To save all records that are open.
    Save,
    /// Not the application's: its storage of records has been emptied, or fails.
    StorageCleared,
    StorageFailed(&'static str),
}

impl RecordWish {
    pub(super) fn command(&self, ticket: Ticket) -> (RecordCommand<'_>, bool) {
        let path = |text: &str| Path::parse(text).expect("applications give valid paths");
        let edited = |text: &str, data: Option<&str>| Edit::new(path(text), data.map(Into::into));
        let asked = |name, question| RecordCommand::Ask { name, question, ticket };
        match self {
            Self::Open { name, strategy } => (RecordCommand::Open { name, strategy: *strategy }, false),
            Self::Discard(name) => (RecordCommand::Discard(name), false),
            Self::Watch { name, path: text } => (RecordCommand::Watch { name, path: path(text) }, false),
            Self::Unwatch { name, path } => (RecordCommand::Unwatch { name, path }, false),
            Self::AwaitReady(name) => (asked(name, RecordQuestion::Readiness), true),
            Self::Write { name, edits } => {
                let edits = edits.iter().map(|(text, data)| edited(text, data.as_deref())).collect();
                (RecordCommand::Write { name, edits, ticket: Some(ticket) }, true)
            }
            Self::Set { name, path: text, data } => {
                (RecordCommand::Write { name, edits: vec![edited(text, Some(data))], ticket: None }, false)
            }
            Self::ChangeEntries { name, edit, entry } => {
                let edits = vec![Edit::of_entries(*edit, entry.as_str().into())];
                (RecordCommand::Write { name, edits, ticket: Some(ticket) }, true)
            }
            Self::SetData { name, path: text, data, delivery, ttl_ms } => {
                let (edits, delivery, ttl_ms) = (vec![edited(text, data.as_deref())], *delivery, *ttl_ms);
                (RecordCommand::SetData { name, edits, delivery, ttl_ms, ticket: Some(ticket) }, true)
            }
            Self::Delete(name) => (RecordCommand::Delete { name, ticket }, true),
            Self::SetStrategy { name, strategy } => (RecordCommand::SetStrategy { name, strategy: *strategy }, false),
            Self::AnswerMerge { question, answer } => {
                let answer = answer.as_ref().map(Option::as_deref).map_err(String::as_str);
                (RecordCommand::AnswerMerge { question: *question, answer }, false)
            }
            Self::Snapshot(name) => (asked(name, RecordQuestion::Data), true),
            Self::Head(name) => (asked(name, RecordQuestion::Version), true),
            Self::Notify(names) => {
                let names = names.iter().map(|name| name.as_str().into()).collect();
                (RecordCommand::Notify { names, ticket }, true)
            }
            Self::Save => (RecordCommand::Save, false),
            Self::StorageCleared => (RecordCommand::StorageCleared, false),
            Self::StorageFailed(words) => (RecordCommand::StorageFailed { words }, false),
        }
    }
}

/// What a provider says about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    Accept,
    Reject,
    Error(String),
    Send(String),
}

impl Reply {
    /// As an answer to this request.
    pub fn to(self, request: &RpcRequest) -> Wish {
        Wish::Answer { request: request.id, name: request.name.to_string(), reply: self }
    }

    pub(super) fn as_answer(&self) -> RpcAnswer<'_> {
        match self {
            Self::Accept => RpcAnswer::Accept,
            Self::Reject => RpcAnswer::Reject,
            Self::Error(data) => RpcAnswer::Error(Some(data)),
            Self::Send(data) => RpcAnswer::Send(Some(data)),
        }
    }
}
