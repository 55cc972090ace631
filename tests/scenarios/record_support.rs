//! What the stories about records are told with.

use deepstream_wasm::client::{
    Output, RecordNews, Strategy, Ticket,
    record::{Side, Value},
};

use crate::world::{ClientId, RecordWish, Wish, World};

/// Long enough for everything in these stories to be written and told, in milliseconds.
pub const A_WHILE: u64 = 1_000;

/// The record that all is about.
pub const NAME: &str = "note";

/// Those that settle a conflict without asking the application.
pub const STRATEGIES: [Strategy; 4] =
    [Strategy::RemoteWins, Strategy::LocalWins, Strategy::ThreeWay(Side::Remote), Strategy::ThreeWay(Side::Local)];

/// An application asks for something.
pub fn wish(world: &mut World, client: ClientId, wish: RecordWish) -> Option<Ticket> {
    world.wish(client, Wish::Record(wish))
}

/// An application wants the record.
pub fn open(world: &mut World, client: ClientId, strategy: Strategy) {
    wish(world, client, RecordWish::Open { name: NAME.into(), strategy });
}

/// An application listens at a path.
pub fn watch(world: &mut World, client: ClientId, path: &str) {
    wish(world, client, RecordWish::Watch { name: NAME.into(), path: path.into() });
}

/// An application changes the record at several paths at once; `None` erases.
pub fn write(world: &mut World, client: ClientId, edits: &[(&str, Option<&str>)]) -> Ticket {
    let edits = edits.iter().map(|(path, data)| ((*path).into(), data.map(Into::into))).collect();
    wish(world, client, RecordWish::Write { name: NAME.into(), edits }).expect("writes have tickets")
}

/// An application changes the record at one path.
pub fn set(world: &mut World, client: ClientId, path: &str, data: &str) -> Ticket {
    write(world, client, &[(path, Some(data))])
}

/// What an application sees.
pub fn view(world: &mut World, client: ClientId) -> String {
    world.client_mut(client).record(NAME, "").expect("the record is open")
}

/// The version and the data that the server has.
pub fn on_server(world: &mut World) -> Option<(i32, String)> {
    world.server().records().get(NAME).cloned()
}

/// Whether two JSON texts are the same data.
pub fn same(one: &str, other: &str) -> bool {
    Value::parse(one).unwrap().is_equal(&Value::parse(other).unwrap())
}

/// Two clients with the record open, on a server with storage.
pub fn two(strategy: Strategy) -> (World, ClientId, ClientId) {
    two_on(strategy, true)
}

/// Two clients with the record open.
pub fn two_on(strategy: Strategy, has_storage: bool) -> (World, ClientId, ClientId) {
    let mut world = World::new();
    if has_storage {
        world.server().add_storage();
    }
    let clients = [(); 2].map(|()| world.add_open_client());
    for client in clients {
        open(&mut world, client, strategy);
    }
    world.run_for(A_WHILE);
    set(&mut world, clients[0], "", r#"{"title":"draft","tags":["a"],"body":{"text":"hello","size":5}}"#);
    world.run_for(A_WHILE);
    (world, clients[0], clients[1])
}

/// What the subscribers of an application were told.
pub fn changes(world: &World, client: ClientId) -> Vec<(String, Option<String>)> {
    let changes = world.client(client).outputs().filter_map(|output| match output {
        Output::Record { news: RecordNews::Changed { path, value }, .. } => {
            Some((path.to_string(), value.as_deref().map(String::from)))
        }
        _ => None,
    });
    changes.collect()
}

/// An application deletes the record.
pub fn delete(world: &mut World, client: ClientId) -> Ticket {
    wish(world, client, RecordWish::Delete(NAME.into())).expect("deletions have tickets")
}

/// The last question that an application was asked about a conflict: its number, and what is here and there.
pub fn asked(world: &World, client: ClientId) -> Option<(u32, Option<String>, Option<String>)> {
    let outputs = world.client(client).outputs().filter_map(|output| match output {
        Output::AskMerge { question, local, remote, .. } => {
            Some((*question, local.as_deref().map(String::from), remote.as_deref().map(String::from)))
        }
        _ => None,
    });
    outputs.last()
}

/// An application settles a conflict.
pub fn answer(world: &mut World, client: ClientId, question: u32, answer: Result<Option<&str>, &str>) {
    let answer = answer.map(|text| text.map(String::from)).map_err(String::from);
    wish(world, client, RecordWish::AnswerMerge { question, answer });
}

/// Whether an application was told that the record is deleted.
pub fn is_told_of_deletion(world: &World, client: ClientId) -> bool {
    let is_it = |output: &Output| matches!(output, Output::Record { news: RecordNews::Deleted(_), .. });
    world.client(client).outputs().any(is_it)
}

/// Everybody who holds the record must have what the server has, and nobody must have hurt the server.
#[track_caller]
pub fn assert_all_equal(world: &mut World) {
    let (version, data) = on_server(world).expect("the server has the record");
    let alive: Vec<_> = world.clients().filter(|client| !world.client(*client).is_crashed()).collect();
    for client in alive {
        let Some(own) = world.client_mut(client).record(NAME, "") else { continue };
        assert!(same(&own, &data), "{client:?} has {own} and the server {data}");
        assert_eq!(world.client(client).client().records().version(NAME), Some(version), "{client:?}");
    }
    let complaints: Vec<_> = world.complaints().collect();
    assert!(complaints.is_empty(), "{complaints:?}");
}

/// The page is killed, and another one is opened in the same browser, whose application settles conflicts in the same way.
pub fn reload(world: &mut World, client: ClientId, strategy: Strategy) -> ClientId {
    let home = world.home(client);
    world.crash(client);
    let page = world.add_client_in(home, |_| {});
    world.client_mut(page).react(move |output| match output {
        Output::Record { name, news: RecordNews::Restored } => {
            vec![Wish::Record(RecordWish::SetStrategy { name: name.to_string(), strategy })]
        }
        _ => vec![],
    });
    page
}
