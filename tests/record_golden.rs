//! The model of the server's record topic answers as the server does, frame by frame.
//!
//! `tests/golden/records.mjs` plays the histories in `tests/golden/records.txt` to the server and writes down what every
//! client receives; it also explains the lines of that file.

#![cfg(not(target_arch = "wasm32"))]

mod world;

use std::collections::{BTreeMap, BTreeSet};

use deepstream_wasm::{
    client::{Instant, SocketId},
    wire::{AuthAction, ConnectionAction, Message, RecordAction, decode},
};
use world::{
    SERVER, World,
    json::Json,
    network::LinkId,
    server::{FakeServer, Word, policy::Right, record_text},
};

/// As long as the golden file's `!wait` takes, in milliseconds: longer than listeners have to answer.
const WAIT_MS: u64 = 600;

const HISTORIES: &str = include_str!("golden/records.txt");

#[test]
fn the_model_answers_every_history_as_the_server_does() {
    play_all(0);
}

#[test]
fn a_store_that_takes_time_changes_nothing_where_nobody_else_is_heard_meanwhile() {
    play_all(5);
}

/// Plays every history with a cache and a storage that take so long to answer, in milliseconds.
fn play_all(store_delay_ms: u64) {
    let histories: Vec<_> = HISTORIES.split("# ").filter(|history| !history.is_empty()).collect();
    assert!(histories.len() > 200, "only {} histories", histories.len());
    let differences: Vec<_> = histories.iter().filter_map(|history| difference(history, store_delay_ms)).collect();
    assert!(
        differences.is_empty(),
        "{} of {} histories differ:\n{}",
        differences.len(),
        histories.len(),
        differences.iter().take(5).cloned().collect::<Vec<_>>().join("\n")
    );
}

fn difference(history: &str, store_delay_ms: u64) -> Option<String> {
    let (title, expected) = history.split_once('\n').expect("a title and lines");
    let mut stage = Stage::new(title.ends_with("(storage)"), expected);
    stage.server.policy.store_delay_ms = store_delay_ms;
    let played = stage.play(expected);
    let same = expected.lines().zip(&played).take_while(|(expected, played)| expected == played).count();
    if expected.lines().count() == same && played.len() == same {
        return None;
    }
    let until_then = played[..same].join("\n");
    let expected = expected.lines().nth(same).unwrap_or("nothing");
    let played = played.get(same).map_or("nothing", String::as_str);
    Some(format!("# {title}\n{until_then}\n  server: {expected}\n  model:  {played}\n"))
}

/// A server, and the clients of one history.
struct Stage {
    server: FakeServer,
    /// The link that every client has, and one for each that may connect next.
    links: BTreeMap<String, LinkId>,
    spare: Vec<LinkId>,
    now: Instant,
    lines: Vec<String>,
}

impl Stage {
    fn new(has_storage: bool, history: &str) -> Self {
        let mut server = FakeServer::new(SERVER);
        server.policy.denied_rights = denied_rights(history);
        if has_storage {
            server.add_storage();
        }
        Self { server, links: BTreeMap::new(), spare: links(), now: Instant::from_ms(0), lines: Vec::new() }
    }

    /// Does what is done in the history, and writes down what happens as the history does.
    fn play(mut self, history: &str) -> Vec<String> {
        let mut piece = Vec::new();
        for line in history.lines().filter(|line| line.get(1..2) != Some("<")) {
            if let Some(client) = line.strip_prefix("!close ") {
                self.lines.push(line.into());
                let link = self.links.remove(client).expect("only connected clients leave");
                self.server.on_closed(self.now, link);
                self.take_words();
            } else if line == "!wait" {
                self.lines.push(line.into());
                self.now = self.now.after_ms(WAIT_MS);
                self.server.on_time(self.now);
                self.take_words();
            } else if line == "!restart" {
                self.lines.push(line.into());
                self.restart();
            } else if line != "!crash" {
                self.lines.push(line.into());
                let (client, message) = (&line[..1], &line[3..]);
                piece.push(Line::new(message).message().encode());
                if line.get(1..2) == Some(">") {
                    self.send(client, &std::mem::take(&mut piece));
                }
            }
        }
        self.lines
    }

    fn send(&mut self, client: &str, piece: &[Vec<u8>]) {
        let link = self.link(client);
        let frames: Vec<_> = piece.iter().map(Vec::as_slice).collect();
        self.server.on_frames(self.now, link, &frames);
        self.now = self.now.after_ms(self.server.policy.store_delay_ms);
        self.server.on_time(self.now);
        if self.server.is_running() {
            self.take_words();
        } else {
            self.lines.push("!crash".into());
            self.restart();
        }
    }

    fn restart(&mut self) {
        self.server.restart();
        self.server.take_words();
        self.links.clear();
    }

    fn link(&mut self, client: &str) -> LinkId {
        if let Some(link) = self.links.get(client) {
            return *link;
        }
        let link = self.spare.pop().expect("few connections are made");
        self.links.insert(client.into(), link);
        assert!(self.server.on_dial(self.now, link));
        let challenge = Message::new(ConnectionAction::Challenge);
        let login = Message { data: Some("{}"), ..Message::new(AuthAction::Request) };
        for greeting in [challenge, login] {
            self.server.on_frame(self.now, link, &greeting.encode());
        }
        self.server.take_words();
        link
    }

    /// Writes down what the clients receive, one client after the other.
    fn take_words(&mut self) {
        let words = self.server.take_words();
        for (link, word) in &words {
            let is_heard = self.links.values().any(|known| known == link);
            assert!(is_heard || matches!(word, Word::Close(_)), "something is said to a client that has left");
        }
        for (client, link) in &self.links {
            for (_, word) in words.iter().filter(|(to, _)| to == link) {
                let Word::Frame(frame) = word else { panic!("the server closed a connection") };
                let Some(Ok(message)) = decode(frame).next() else { panic!("no message") };
                self.lines.push(format!("{client}< {}", record_text(&message)));
            }
        }
    }
}

/// Links of as many clients as any history has connections.
fn links() -> Vec<LinkId> {
    let mut world = World::new();
    let clients: Vec<_> = (0..20).map(|_| world.add_client()).collect();
    clients.into_iter().map(|client| LinkId { client, socket: SocketId(0) }).collect()
}

/// What the server of the golden file denies, for every name in the history.
fn denied_rights(history: &str) -> BTreeSet<(Right, String)> {
    let words = [
        ("unreadable", Right::Read),
        ("unwritable", Right::Write),
        ("uncreatable", Right::Create),
        ("undeletable", Right::Delete),
        ("unnotifiable", Right::Notify),
        ("unlistenable", Right::Listen),
    ];
    let of_name = |name: &str| {
        let denied = words.iter().filter(|(word, _)| name.contains(word));
        denied.map(|(_, right)| (*right, name.into())).collect::<Vec<_>>()
    };
    history.split('"').flat_map(of_name).collect()
}

/// A message of the golden file, taken apart.
struct Line<'a> {
    action: RecordAction,
    name: Option<String>,
    names: Vec<String>,
    correlation_id: Option<String>,
    subscription: Option<String>,
    is_write_ack: bool,
    path: Option<String>,
    version: Option<i32>,
    data: Option<&'a str>,
}

impl<'a> Line<'a> {
    fn new(line: &'a str) -> Self {
        let (action, rest) = line.split_once(' ').expect("an action and fields");
        let end = rest.find('}').expect("no name or path has a brace") + 1;
        let fields = Json::parse(&rest[..end]).expect("fields are JSON");
        let text = |name| fields.get(name).and_then(Json::as_text);
        Self {
            action: (0..1000).filter_map(RecordAction::from_number).find(|known| known.name() == action).expect(action),
            name: text("name"),
            names: match fields.get("names") {
                Some(Json::Array(names)) => names.iter().filter_map(Json::as_text).collect(),
                _ => Vec::new(),
            },
            correlation_id: text("correlationId"),
            subscription: text("subscription"),
            is_write_ack: fields.get("isWriteAck").is_some(),
            path: text("path"),
            version: match fields.get("version") {
                Some(Json::Number(version)) => Some(*version as i32),
                _ => None,
            },
            data: rest[end..].strip_prefix(' '),
        }
    }

    fn message(&self) -> Message<'_> {
        Message {
            name: self.name.as_deref(),
            names: self.names.iter().map(String::as_str).collect(),
            correlation_id: self.correlation_id.as_deref(),
            subscription: self.subscription.as_deref(),
            is_write_ack: self.is_write_ack,
            path: self.path.as_deref(),
            version: self.version,
            data: self.data,
            ..Message::new(self.action)
        }
    }
}
