//! What is left to chance in a simulated life: its circumstances, what befalls it, and what applications do.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use deepstream_wasm::client::{
    Options, PageSignal, Strategy,
    record::{Side, Value},
};

use super::{
    Question, ledger,
    world::{
        ClientId, Dice, RecordWish, World,
        network::{Direction, Route},
        server::Right,
    },
};

/// The records that all is about.
pub const NAMES: [&str; 2] = ["note", "list"];

/// The longest time for which a fault holds things back, in milliseconds.
pub const LONGEST_STALL: u64 = 8_000;

const PATHS: [&str; 12] = ["a", "b", "a.deep", "o.x", "o", "o.y", "o.p.q", "l", "l[0]", "l[3]", "l[1].k", "o.m[2]"];

/// The circumstances of one life.
#[derive(Debug)]
pub struct Knobs {
    /// Beside the stranger.
    pub clients: usize,
    pub latency_ms: RangeInclusive<u64>,
    pub max_timer_delay_ms: u64,
    pub store_delay_ms: u64,
    pub turns: u64,
    pace_ms: u64,
    /// How many of the records and of the paths there are for everybody.
    pub names: usize,
    pub paths: usize,
    pub fault_share: f64,
    pub relief_share: f64,
    pub has_storage: bool,
    pub has_deletions: bool,
    pub has_denials: bool,
    pub has_stranger: bool,
    /// Whether pages are killed and opened again, and several of one browser are open.
    pub has_crashes: bool,
    pub strategies: Vec<Strategy>,
    record_discard_timeout_ms: u64,
    record_read_timeout_ms: u64,
    /// Whether records are kept in storage, and after every change.
    pub offline_enabled: bool,
    save_updates_offline: bool,
    /// How long it takes storage to find one; `None` if it never does.
    pub lookups_take_ms: Option<RangeInclusive<u64>>,
}

impl Knobs {
    pub fn draw(dice: &mut Dice) -> Self {
        let all = vec![
            Strategy::RemoteWins,
            Strategy::LocalWins,
            Strategy::ThreeWay(Side::Remote),
            Strategy::ThreeWay(Side::Local),
            Strategy::Custom,
        ];
        let strategies = match dice.between(0..=7) {
            at @ 0..=4 => vec![all[at as usize]],
            _ => all,
        };
        let latency_ms = dice.one_of(&[1..=1, 5..=40, 20..=400]).clone();
        Self {
            clients: dice.between(1..=3) as usize,
            max_timer_delay_ms: *dice.one_of(&[0, 0, 15, 1_500]),
            store_delay_ms: *dice.one_of(&[0, 0, 0, 1, 30]),
            turns: dice.between(5..=120),
            pace_ms: *dice.one_of(&[1, 5, 30, 200, 3_000]),
            names: dice.between(1..=2) as usize,
            paths: *dice.one_of(&[1, 3, PATHS.len()]),
            fault_share: *dice.one_of(&[0.0, 0.1, 0.3]),
            relief_share: *dice.one_of(&[0.1, 0.3, 0.6]),
            has_storage: dice.happens(0.7),
            has_deletions: dice.happens(0.3),
            has_denials: dice.happens(0.2),
            has_stranger: dice.happens(0.5),
            has_crashes: dice.happens(0.5),
            record_discard_timeout_ms: *dice.one_of(&[0, 10, 5_000]),
            record_read_timeout_ms: *dice.one_of(&[3_000, 15_000]),
            offline_enabled: dice.happens(0.5),
            save_updates_offline: dice.happens(0.5),
            lookups_take_ms: dice.one_of(&[Some(0..=0), Some(0..=50), Some(0..=3_000), None]).clone(),
            strategies,
            latency_ms,
        }
    }

    pub fn set(&self, options: &mut Options) {
        options.record_discard_timeout_ms = self.record_discard_timeout_ms;
        options.record_read_timeout_ms = self.record_read_timeout_ms;
        options.record_delete_timeout_ms = self.record_read_timeout_ms;
        options.heartbeat_interval_ms = 10_000;
        options.offline_enabled = self.offline_enabled;
        options.save_updates_offline = self.save_updates_offline;
    }

    /// Whether versions may start over.
    pub const fn forgets(&self) -> bool {
        self.has_deletions || !self.has_storage
    }

    /// Whether a client can have the right version of something else, or miss the last write: a record may be made anew
    /// and reach the same version, and where the store takes time the server subscribes after it has looked.
    pub const fn may_miss_a_version(&self) -> bool {
        self.forgets() || self.store_delay_ms > 0
    }

    /// A pause between two things that happen, in milliseconds; often none, and at times a long one.
    pub fn draw_pause(&self, dice: &mut Dice) -> u64 {
        let longest = *dice.one_of(&[0, 0, self.pace_ms, self.pace_ms, 10 * self.pace_ms]);
        dice.between(0..=longest)
    }
}

/// Lets something go wrong.
pub fn befall(world: &mut World, client: ClientId, dice: &mut Dice, knobs: &Knobs) {
    match dice.between(0..=11) {
        0..=2 => world.network().cut(client),
        3 => world.network().silence_both_ways(client),
        4 => world.network().silence(client, Direction::ToServer),
        5 => world.network().silence(client, Direction::ToClient),
        6 => world.network().stall(client, dice.between(0..=LONGEST_STALL)),
        7 => {
            let route = *dice.one_of(&[Route::Clear, Route::Refused, Route::Lost]);
            world.network().route(client, route);
        }
        8 => world.server().restart(),
        9 => world.server().kill(),
        10 if knobs.has_denials => {
            let right = *dice.one_of(&[Right::Read, Right::Write, Right::Create, Right::Delete]);
            let name = String::from(*dice.one_of(&NAMES));
            world.server().policy.denied_rights.insert((right, name));
        }
        _ => world.page_says(client, *dice.one_of(&[PageSignal::Woke, PageSignal::Left, PageSignal::Online])),
    }
}

/// One application, which knows what it holds.
pub struct Application {
    dice: Dice,
    pub strategy: Strategy,
    has_deletions: bool,
    has_storage: bool,
    names: &'static [&'static str],
    paths: &'static [&'static str],
    number: usize,
    /// How many handles it has.
    pub handles: BTreeMap<String, u32>,
    pub is_closed: bool,
    /// What was told last for each path that is watched.
    watched: BTreeSet<(String, String)>,
    written: u64,
}

impl Application {
    pub fn new(number: usize, knobs: &Knobs, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        Self {
            strategy: *dice.one_of(&knobs.strategies),
            dice,
            has_deletions: knobs.has_deletions,
            has_storage: knobs.has_storage,
            names: &NAMES[..knobs.names],
            paths: &PATHS[..knobs.paths],
            number,
            handles: BTreeMap::new(),
            is_closed: false,
            watched: BTreeSet::new(),
            written: 0,
        }
    }

    /// What it asks for next; `None` if it asked for something else than a record.
    pub fn draw(&mut self, world: &mut World, client: ClientId) -> Option<RecordWish> {
        let name = String::from(*self.dice.one_of(self.names));
        if !self.handles.contains_key(&name) && self.dice.happens(0.7) {
            *self.handles.entry(name.clone()).or_default() += 1;
            return Some(RecordWish::Open { name, strategy: self.strategy });
        }
        Some(match self.dice.between(0..=99) {
            0..=39 => RecordWish::Write { name, edits: vec![self.edit()] },
            40..=47 => RecordWish::Write { name, edits: (0..3).map(|_| self.edit()).collect() },
            48..=55 => RecordWish::Write { name: name.clone(), edits: vec![self.list_edit(world, client, &name)] },
            56..=59 => {
                let data = format!("{{\"a\":{},\"l\":[{}]}}", self.value(), self.value());
                RecordWish::Write { name, edits: vec![(String::new(), Some(data))] }
            }
            60..=63 => {
                *self.handles.entry(name.clone()).or_default() += 1;
                RecordWish::Open { name, strategy: self.strategy }
            }
            64..=71 => {
                let handles = self.handles.get_mut(&name)?;
                *handles = handles.checked_sub(1)?;
                if *handles == 0 {
                    self.handles.remove(&name);
                }
                RecordWish::Discard(name)
            }
            72..=74 => RecordWish::Snapshot(name),
            75..=77 => RecordWish::Head(name),
            78..=80 => RecordWish::AwaitReady(name),
            81..=83 => {
                let path = String::from(*self.dice.one_of(self.paths));
                self.watched.insert((name.clone(), path.clone())).then_some(RecordWish::Watch { name, path })?
            }
            84..=86 if self.has_deletions => {
                // A new handle is a new record.
                self.watched.retain(|(watched, _)| *watched != name);
                RecordWish::Delete(name)
            }
            87 if self.has_deletions || self.has_storage => RecordWish::Notify(vec![name]),
            88..=90 => {
                world.pause(client);
                return None;
            }
            91..=98 => {
                world.resume(client);
                return None;
            }
            99 if self.dice.happens(0.1) => {
                self.is_closed = true;
                world.close(client);
                return None;
            }
            _ => return None,
        })
    }

    fn value(&mut self) -> u64 {
        self.written += 1;
        ledger::FIRST_VALUE * (self.number as u64 + 1) + self.written
    }

    fn edit(&mut self) -> (String, Option<String>) {
        let path = String::from(*self.dice.one_of(self.paths));
        let value = self.value();
        let data = match self.dice.between(0..=9) {
            0..=5 => Some(value.to_string()),
            6 => Some(format!("{{\"x\":{value}}}")),
            7 => Some(format!("[{value}]")),
            8 => Some("null".into()),
            _ => None,
        };
        (path, data)
    }

    /// Adds something to a list, or takes something out of it, as handles of lists do.
    fn list_edit(&mut self, world: &mut World, client: ClientId, name: &str) -> (String, Option<String>) {
        let text = world.client_mut(client).record(name, "s").unwrap_or_else(|| "[]".into());
        let inner = text.trim_start_matches('[').trim_end_matches(']');
        let mut entries: Vec<String> = inner.split(',').filter(|entry| !entry.is_empty()).map(Into::into).collect();
        if !entries.is_empty() && self.dice.happens(0.3) {
            let at = self.dice.between(0..=entries.len() as u64 - 1) as usize;
            entries.remove(at);
        } else {
            entries.push(format!("\"{}\"", self.value()));
        }
        ("s".into(), Some(format!("[{}]", entries.join(","))))
    }

    /// How it settles a conflict.
    pub fn answer(&mut self, question: &Question, value: u64) -> Result<Option<String>, String> {
        match self.dice.between(0..=9) {
            0..=2 => Ok(Some(question.remote.clone().unwrap_or_else(|| "{}".into()))),
            3..=5 => Ok(Some(question.local.clone().unwrap_or_else(|| "{}".into()))),
            6 | 7 => Ok(Some(format!("{{\"merged\":{value}}}"))),
            8 if self.has_deletions => Ok(None),
            _ => Err("the application has no idea".into()),
        }
    }

    /// Something is told about a path.
    pub fn is_told(&mut self, name: &str, path: &str, value: Option<&str>) {
        assert!(value.is_none_or(|value| Value::parse(value).is_ok()), "{name} {path} {value:?}");
    }
}
