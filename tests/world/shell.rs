//! One client, driven by the run-loop contract as the browser shell drives it.

use std::collections::{BTreeMap, BTreeSet};

use deepstream_wasm::client::{
    Client, ClientError, Command, ConnectionState, Delivery, Entry, EventCommand, Frame, Input, Instant, Kind,
    ListenCommand, Offer, Options, Output, PresenceCommand, RpcCommand, RpcRequest, SocketEvent, SocketId, Ticket,
    parse_url, record::Path,
};

use super::{
    ClientId, Dice, Outside,
    browser::Mail,
    network::{LinkId, News},
    watch::Watch,
    wishes::Wish,
};

/// Outputs in one go after which a client counts as caught in a loop.
const MOST_OUTPUTS: usize = 50_000;

/// What an application answers to something that its client puts out.
pub type Reaction = Box<dyn FnMut(&Output) -> Vec<Wish>>;

/// The one timer of a client.
#[derive(Clone, Copy)]
struct Timer {
    set_for: Instant,
    fires_at: Instant,
}

/// What a frozen page will hear of when it runs again.
enum Missed {
    News(SocketId, News),
    Mail(Mail),
}

/// A client and its application.
pub struct Shell {
    id: ClientId,
    client: Client,
    watch: Watch,
    timer: Option<Timer>,
    dice: Dice,
    max_timer_delay_ms: u64,
    ticks: usize,
    next_ticket: u32,
    /// The names that the application is subscribed to.
    wanted: BTreeSet<String>,
    /// The users that it is subscribed to.
    watched: BTreeSet<String>,
    watches_all: bool,
    /// The patterns that the application listens to.
    patterns: BTreeSet<String>,
    /// The offers that the application has accepted and that have not ended, with what is provided for them.
    provided_events: BTreeMap<u32, String>,
    /// The procedures that the application provides.
    provided: BTreeSet<String>,
    wishes: Vec<(ConnectionState, Wish)>,
    /// The payloads of the calls it made.
    calls: Vec<(String, Ticket)>,
    history: Vec<(Instant, Output)>,
    reaction: Option<Reaction>,
    /// How often storage answered at once.
    storage_answers: usize,
    /// Whether the application is about to ask for more in the same task.
    is_in_task: bool,
    closed: bool,
    crashed: bool,
    /// How many outputs are carried out before the page is gone.
    crashes_after: Option<usize>,
    /// What happened since the page was frozen, if it is.
    missed: Option<Vec<Missed>>,
}

impl Shell {
    /// Makes a client. Its timer fires up to `max_timer_delay_ms` too late.
    pub fn new(
        id: ClientId,
        now: Instant,
        urls: &[&str],
        options: Options,
        seed: u64,
        max_timer_delay_ms: u64,
    ) -> Self {
        let parse = |url: &&str| parse_url(url, &options.path).expect("applications give URLs that can be dialled");
        let urls: Vec<String> = urls.iter().map(parse).collect();
        let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
        let client = Client::new(now, &urls, options, seed);
        let mut shell = Self {
            id,
            watch: Watch::new(client.state()),
            client,
            timer: None,
            dice: Dice::new(seed),
            max_timer_delay_ms,
            ticks: 0,
            next_ticket: 0,
            wanted: BTreeSet::new(),
            watched: BTreeSet::new(),
            watches_all: false,
            patterns: BTreeSet::new(),
            provided_events: BTreeMap::new(),
            provided: BTreeSet::new(),
            wishes: Vec::new(),
            calls: Vec::new(),
            history: Vec::new(),
            reaction: None,
            storage_answers: 0,
            is_in_task: false,
            closed: false,
            crashed: false,
            crashes_after: None,
            missed: None,
        };
        shell.set_timer();
        shell
    }

    // ---- what is known of it ----

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// All that waits or is on its way.
    pub fn entries(&mut self) -> Vec<Entry> {
        let mut entries = Vec::new();
        self.client.for_each_entry(&mut |entry| entries.push(entry.clone()));
        entries
    }

    /// What the application sees of a record at a path.
    pub fn record(&mut self, name: &str, path: &str) -> Option<String> {
        let path = Path::parse(path).expect("applications give valid paths");
        self.client.records_mut().get(name, &path).map(String::from)
    }

    pub fn state(&self) -> ConnectionState {
        if self.crashed { ConnectionState::Closed } else { self.client.state() }
    }

    /// When its timer fires.
    pub fn timer(&self) -> Option<Instant> {
        self.timer.filter(|_| self.missed.is_none()).map(|timer| timer.fires_at)
    }

    /// The link of the one socket that counts.
    pub fn live_link(&self) -> Option<LinkId> {
        self.watch.live().map(|socket| self.link(socket))
    }

    const fn link(&self, socket: SocketId) -> LinkId {
        LinkId { client: self.id, socket }
    }

    /// Everything that the application ever asked for, with the state it saw when it did.
    pub fn wishes(&self) -> &[(ConnectionState, Wish)] {
        &self.wishes
    }

    /// The tickets that the application still waits for.
    pub const fn owed(&self) -> &BTreeSet<Ticket> {
        self.watch.owed()
    }

    /// How often its timer fired.
    pub const fn ticks(&self) -> usize {
        self.ticks
    }

    /// Everything it put out since it was [told to forget](Self::forget), with the time.
    pub fn history(&self) -> &[(Instant, Output)] {
        &self.history
    }

    pub fn forget(&mut self) {
        self.history.clear();
        self.ticks = 0;
    }

    /// What it has put out, oldest first.
    pub fn outputs(&self) -> impl Iterator<Item = &Output> {
        self.history.iter().map(|(_, output)| output)
    }

    /// The states it announced.
    pub fn states(&self) -> Vec<ConnectionState> {
        let states = self.outputs().filter_map(|output| match output {
            Output::StateChanged(state) => Some(*state),
            _ => None,
        });
        states.collect()
    }

    /// The errors it reported.
    pub fn errors(&self) -> Vec<&ClientError> {
        let errors = self.outputs().filter_map(|output| match output {
            Output::Error(error) => Some(error),
            _ => None,
        });
        errors.collect()
    }

    /// The codes of the errors it reported.
    pub fn error_codes(&self) -> Vec<&'static str> {
        self.errors().into_iter().map(ClientError::code).collect()
    }

    /// The payloads of the events that its subscribers of `name` got.
    pub fn received(&self, name: &str) -> Vec<&str> {
        let payloads = self.outputs().filter_map(|output| match output {
            Output::Event { name: event, data } if **event == *name => Some(data.as_deref().unwrap_or("undefined")),
            _ => None,
        });
        payloads.collect()
    }

    /// What its subscribers of a user were told of: `+ann` came, `-ann` went.
    pub fn told(&self, user: &str) -> Vec<String> {
        self.told_where(|told, everyone| told == user && !everyone)
    }

    /// What its subscribers of all users were told of.
    pub fn told_of_all(&self) -> Vec<String> {
        self.told_where(|_, everyone| everyone)
    }

    fn told_where(&self, is_meant: impl Fn(&str, bool) -> bool) -> Vec<String> {
        let told = self.outputs().filter_map(|output| match output {
            Output::Presence { user, online, everyone } if is_meant(user, *everyone) => {
                Some(format!("{}{user}", if *online { '+' } else { '-' }))
            }
            _ => None,
        });
        told.collect()
    }

    /// What the server asked it to provide, oldest first: the number of the offer, and the subscription.
    pub fn offers(&self) -> Vec<(u32, &str)> {
        let offers = self.outputs().filter_map(|output| match output {
            Output::Offered { offer, subscription, .. } => Some((*offer, &**subscription)),
            _ => None,
        });
        offers.collect()
    }

    /// The numbers of the offers that ended.
    pub fn ended(&self) -> Vec<u32> {
        let ended = self.outputs().filter_map(|output| match output {
            Output::OfferEnded { offer, .. } => Some(*offer),
            _ => None,
        });
        ended.collect()
    }

    /// The subscriptions that the application provides now, as far as it has been told.
    pub fn provided_events(&self) -> BTreeSet<&str> {
        self.provided_events.values().map(String::as_str).collect()
    }

    /// The payloads of the calls that the application ever made.
    pub fn calls(&self) -> &[(String, Ticket)] {
        &self.calls
    }

    /// The requests that its providers got.
    pub fn asked(&self) -> Vec<&RpcRequest> {
        let requests = self.outputs().filter_map(|output| match output {
            Output::RpcRequest(request) => Some(request),
            _ => None,
        });
        requests.collect()
    }

    /// What became of a ticket.
    pub fn outcome(&self, ticket: Ticket) -> Option<Result<Option<&str>, &ClientError>> {
        self.outputs().find_map(|output| match output {
            Output::Settle(settled, outcome) if *settled == ticket => {
                Some(outcome.as_ref().map(|data| data.as_deref()))
            }
            _ => None,
        })
    }

    /// Whether a ticket was settled well.
    pub fn succeeded(&self, ticket: Ticket) -> bool {
        matches!(self.outcome(ticket), Some(Ok(_)))
    }

    /// The code with which a ticket was rejected.
    pub fn rejection(&self, ticket: Ticket) -> Option<&'static str> {
        self.outcome(ticket)?.err().map(ClientError::code)
    }

    /// When it opened sockets, in milliseconds.
    pub fn dialled_at(&self) -> Vec<u64> {
        let dialled = self.history.iter().filter(|(_, output)| matches!(output, Output::OpenSocket(..)));
        dialled.map(|(at, _)| at.as_ms()).collect()
    }

    /// The URLs for which it opened sockets.
    pub fn dialled(&self) -> Vec<&str> {
        let urls = self.outputs().filter_map(|output| match output {
            Output::OpenSocket(_, url) => Some(&**url),
            _ => None,
        });
        urls.collect()
    }

    // ---- what happens to it ----

    /// From now on, the application answers outputs with these wishes, from within its callbacks.
    pub fn react(&mut self, reaction: impl FnMut(&Output) -> Vec<Wish> + 'static) {
        self.reaction = Some(Box::new(reaction));
    }

    /// From now on, the application calls nothing from within its callbacks.
    pub fn stop_reacting(&mut self) {
        self.reaction = None;
    }

    /// Whether the page is gone.
    pub const fn is_crashed(&self) -> bool {
        self.crashed
    }

    /// Whether nothing runs in the page.
    pub const fn is_frozen(&self) -> bool {
        self.missed.is_some()
    }

    /// The page is not going to be killed after all.
    pub const fn outlive(&mut self) {
        self.crashes_after = None;
    }

    /// See [`World::crash_after`](super::World::crash_after).
    pub const fn crash_after(&mut self, outputs: usize) {
        self.crashes_after = Some(outputs);
    }

    /// See [`World::freeze`](super::World::freeze).
    pub fn freeze(&mut self) {
        self.missed.get_or_insert_default();
    }

    /// See [`World::thaw`](super::World::thaw).
    pub fn thaw(&mut self, now: Instant, outside: &mut Outside) {
        for missed in self.missed.take().unwrap_or_default() {
            match missed {
                Missed::News(socket, news) => self.on_news(now, socket, &news, outside),
                Missed::Mail(mail) => self.on_mail(now, mail, outside),
            }
        }
    }

    /// The application asks for something. Returns the ticket, where the wish has one.
    pub fn wish(&mut self, now: Instant, wish: Wish, outside: &mut Outside) -> Option<Ticket> {
        if self.crashed || self.is_frozen() {
            return None;
        }
        let ticket = self.pass_on(now, wish);
        self.drain(now, outside);
        ticket
    }

    /// The application asks for several things in one task of its page. Returns the tickets.
    pub fn task(&mut self, now: Instant, wishes: Vec<Wish>, outside: &mut Outside) -> Vec<Option<Ticket>> {
        self.is_in_task = true;
        let tickets = wishes.into_iter().map(|wish| self.wish(now, wish, outside)).collect();
        self.is_in_task = false;
        if !self.crashed && !self.is_frozen() {
            self.drain(now, outside);
        }
        tickets
    }

    /// Anything else happens to it.
    pub fn on_input(&mut self, now: Instant, input: Input<'_>, outside: &mut Outside) {
        if self.crashed || self.is_frozen() {
            return;
        }
        self.client.handle(now, input);
        self.drain(now, outside);
    }

    /// The browser tells the page something.
    pub fn on_mail(&mut self, now: Instant, mail: Mail, outside: &mut Outside) {
        match &mut self.missed {
            Some(missed) => missed.push(Missed::Mail(mail)),
            None => self.on_input(now, mail.input(), outside),
        }
    }

    /// A socket says something.
    pub fn on_news(&mut self, now: Instant, socket: SocketId, news: &News, outside: &mut Outside) {
        if self.crashed {
            return;
        }
        if let Some(missed) = &mut self.missed {
            return missed.push(Missed::News(socket, news.clone()));
        }
        let event = match news {
            News::Opened => SocketEvent::Opened,
            News::Binary(bytes) => SocketEvent::Received(Frame::Binary(bytes)),
            News::Text => SocketEvent::Received(Frame::Text),
            News::Oversized(bytes) => SocketEvent::Received(Frame::Oversized { bytes: *bytes }),
            News::Failed => SocketEvent::Failed,
            News::Closed(code) => SocketEvent::Closed { code: *code, reason: "" },
        };
        let is_late = self.watch.live() != Some(socket);
        let before = (self.client.state(), self.client.deadline());
        match news {
            News::Opened => self.watch.socket_opened(socket),
            News::Closed(_) => self.watch.socket_gone(socket),
            News::Binary(frame) => self.watch.socket_received(socket, frame),
            News::Text | News::Oversized(_) | News::Failed => {}
        }
        self.client.handle(now, Input::Socket(socket, event));
        let outputs = self.drain(now, outside);
        if is_late {
            let after = (self.client.state(), self.client.deadline());
            assert!(outputs == 0 && before == after, "{news:?} of the abandoned {socket:?} had consequences");
        }
    }

    /// The page is gone.
    pub fn crash(&mut self, now: Instant, outside: &mut Outside) {
        if self.crashed {
            return;
        }
        self.missed = None;
        if let Some(link) = self.live_link() {
            outside.network.hang_up(link);
        }
        outside.browsers.close_page(self.id);
        self.watch.crashed();
        self.crashed = true;
        self.timer = None;
        self.history.push((now, Output::StateChanged(ConnectionState::Closed)));
    }

    /// The timer fires.
    pub fn on_timer(&mut self, now: Instant, outside: &mut Outside) {
        self.ticks += 1;
        self.timer = None;
        let before = (self.wishes.len(), self.storage_answers);
        if let Some(link) = self.live_link() {
            let bytes = outside.network.buffered(link);
            self.client.handle(now, Input::Socket(link.socket, SocketEvent::Buffered(bytes)));
        }
        self.client.handle(now, Input::Tick);
        self.drain(now, outside);
        if (self.wishes.len(), self.storage_answers) == before {
            self.watch.on_tick_done(now, &self.client);
        }
    }

    /// Hands a wish to the client, as the browser shell does: only the first subscriber of a name and the last one
    /// to go concern it.
    fn pass_on(&mut self, now: Instant, wish: Wish) -> Option<Ticket> {
        self.wishes.push((self.client.state(), wish.clone()));
        let ticket = Ticket(self.next_ticket);
        let (command, has_ticket) = match &wish {
            Wish::Login(params) => (Command::Login { ticket, params: params.as_deref() }, true),
            Wish::Resume => (Command::Resume { ticket }, true),
            Wish::Close => {
                self.closed = true;
                (Command::Close, false)
            }
            Wish::Pause => (Command::Pause, false),
            Wish::Resubscribe => (Command::Resubscribe, false),
            Wish::Subscribe(name) if self.wanted.insert(name.clone()) => {
                (Command::Event(EventCommand::Subscribe(name)), false)
            }
            Wish::Unsubscribe(name) if self.wanted.remove(name) => {
                (Command::Event(EventCommand::Unsubscribe(name)), false)
            }
            Wish::Listen(pattern) if self.patterns.insert(pattern.clone()) => {
                (Command::Event(EventCommand::Listen(ListenCommand::Listen(pattern))), false)
            }
            Wish::Unlisten(pattern) if self.patterns.remove(pattern) => {
                (Command::Event(EventCommand::Listen(ListenCommand::Unlisten(pattern))), false)
            }
            Wish::AnswerOffer { subscription, offer, accept } => {
                if *accept && self.watch.is_offered(*offer) {
                    self.provided_events.insert(*offer, subscription.clone());
                }
                let answer = ListenCommand::Answer { subscription, offer: *offer, accept: *accept };
                (Command::Event(EventCommand::Listen(answer)), false)
            }
            Wish::Subscribe(_) | Wish::Unsubscribe(_) | Wish::Listen(_) | Wish::Unlisten(_) => return None,
            Wish::Watch(user) if self.watched.insert(user.clone()) => {
                (Command::Presence(PresenceCommand::Subscribe(user)), false)
            }
            Wish::Unwatch(user) if self.watched.remove(user) => {
                (Command::Presence(PresenceCommand::Unsubscribe(user)), false)
            }
            Wish::WatchAll if !std::mem::replace(&mut self.watches_all, true) => {
                (Command::Presence(PresenceCommand::SubscribeAll), false)
            }
            Wish::UnwatchAll if std::mem::take(&mut self.watches_all) => {
                (Command::Presence(PresenceCommand::UnsubscribeAll), false)
            }
            Wish::Watch(_) | Wish::Unwatch(_) | Wish::WatchAll | Wish::UnwatchAll => return None,
            Wish::Query(users) => {
                let users = users.as_ref().map(|users| users.iter().map(|user| user.as_str().into()).collect());
                (Command::Presence(PresenceCommand::Query { ticket, users }), true)
            }
            Wish::Emit { name, data } => {
                let offer = Offer {
                    kind: Kind::Event,
                    name,
                    data: data.as_deref(),
                    delivery: Delivery::Durable,
                    ttl_ms: None,
                    key: None,
                    receipt: None,
                };
                (Command::Event(EventCommand::Emit(offer)), false)
            }
            Wish::Offer { name, data, delivery, ttl_ms, key, receipt } => {
                let offer = Offer {
                    kind: Kind::Event,
                    name,
                    data: Some(data),
                    delivery: *delivery,
                    ttl_ms: *ttl_ms,
                    key: key.as_deref(),
                    receipt: receipt.then_some(ticket),
                };
                (Command::Event(EventCommand::Emit(offer)), *receipt)
            }
            Wish::Record(wish) => {
                let (command, has_ticket) = wish.command(ticket);
                (Command::Record(command), has_ticket)
            }
            Wish::FlushOutbox => (Command::FlushOutbox { ticket }, true),
            Wish::ClearOutbox => (Command::ClearOutbox, false),
            Wish::Provide(name) if self.provided.insert(name.clone()) => {
                (Command::Rpc(RpcCommand::Provide(name)), false)
            }
            Wish::Unprovide(name) if self.provided.remove(name) => (Command::Rpc(RpcCommand::Unprovide(name)), false),
            Wish::Provide(_) | Wish::Unprovide(_) => return None,
            Wish::Make { name, data, timeout_ms, idempotent } => {
                self.watch.call_made(ticket);
                self.calls.push((data.clone().unwrap_or_default(), ticket));
                let (kind, data, delivery) =
                    (Kind::Call { idempotent: *idempotent }, data.as_deref(), Delivery::Memory);
                let offer = Offer { kind, name, data, delivery, ttl_ms: None, key: None, receipt: Some(ticket) };
                (Command::Rpc(RpcCommand::Make { offer, timeout_ms: *timeout_ms }), true)
            }
            Wish::MakeDurable { name, data, timeout_ms, ttl_ms, idempotent } => {
                self.calls.push((data.clone(), ticket));
                let offer = Offer {
                    kind: Kind::Call { idempotent: *idempotent },
                    name,
                    data: Some(data),
                    delivery: Delivery::Durable,
                    ttl_ms: *ttl_ms,
                    key: None,
                    receipt: Some(ticket),
                };
                (Command::Rpc(RpcCommand::Make { offer, timeout_ms: *timeout_ms }), true)
            }
            Wish::Cancel(ticket) => (Command::Rpc(RpcCommand::Cancel(*ticket)), false),
            Wish::Answer { request, name, reply } => {
                (Command::Rpc(RpcCommand::Answer { request: *request, name, answer: reply.as_answer() }), false)
            }
        };
        if has_ticket {
            let may_wait =
                matches!(wish, Wish::Offer { .. } | Wish::MakeDurable { .. } | Wish::FlushOutbox | Wish::Record(_));
            self.watch.ticket_issued(ticket, may_wait, matches!(wish, Wish::Query(_)));
            self.next_ticket += 1;
        }
        self.client.handle(now, Input::Command(command));
        has_ticket.then_some(ticket)
    }

    /// Carries out what the client wants, in order, and sets the timer. Returns how much that was.
    fn drain(&mut self, now: Instant, outside: &mut Outside) -> usize {
        let mut entries = 0;
        self.client.for_each_entry(&mut |_| entries += 1);
        assert_eq!(self.client.outbox().len(), entries);
        let mut outputs = 0;
        while let Some(output) = self.next_output(now) {
            outputs += 1;
            assert!(outputs <= MOST_OUTPUTS, "the client never stops: {output:?}");
            self.watch.on_output(&output);
            self.carry_out(now, &output, outside);
            let wishes = self.reaction.as_mut().map(|react| react(&output)).unwrap_or_default();
            self.history.push((now, *output));
            if let Some(left) = &mut self.crashes_after {
                *left = left.saturating_sub(1);
                if *left == 0 {
                    self.crash(now, outside);
                    return outputs;
                }
            }
            for wish in wishes {
                self.pass_on(now, wish);
            }
        }
        self.watch.on_drained(now, &self.client);
        if self.closed {
            self.watch.on_closed();
        }
        self.set_timer();
        outputs
    }

    /// The next output; when there is none, the task ends.
    fn next_output(&mut self, now: Instant) -> Option<Box<Output>> {
        let output = self.client.poll();
        if output.is_some() || self.is_in_task || !self.client.wants_task_end() {
            return output;
        }
        self.client.handle(now, Input::TaskEnd);
        assert!(!self.client.wants_task_end(), "it ended");
        self.client.poll()
    }

    fn set_timer(&mut self) {
        let deadline = self.client.deadline().map(|(at, _)| at);
        if self.timer.map(|timer| timer.set_for) != deadline {
            let delay = self.dice.between(0..=self.max_timer_delay_ms);
            self.timer = deadline.map(|at| Timer { set_for: at, fires_at: at.after_ms(delay) });
        }
    }

    fn carry_out(&mut self, now: Instant, output: &Output, outside: &mut Outside) {
        match output {
            Output::OpenSocket(socket, url) => {
                if let Err(words) = outside.network.dial(self.link(*socket), url) {
                    self.watch.socket_gone(*socket);
                    self.client.handle(now, Input::Socket(*socket, SocketEvent::Refused(words)));
                }
            }
            Output::Send(socket, frame) => outside.network.send_to_server(self.link(*socket), frame.clone()),
            Output::AbandonSocket(socket) => outside.network.hang_up(self.link(*socket)),
            Output::ReadStorage { read, prefix } => {
                if let Some(answer) = outside.browsers.read(self.id, *read, prefix) {
                    self.storage_answers += 1;
                    self.client.handle(now, answer.input());
                }
            }
            Output::WriteStorage { key, value } => {
                if let Some(failure) = outside.browsers.write(self.id, key, value.as_deref()) {
                    self.client.handle(now, failure.input());
                }
            }
            Output::LoadRecord { lookup, name } => outside.browsers.look_up(self.id, *lookup, name),
            Output::StoreRecord { name, record } => {
                let record = record.as_ref().map(|(version, data)| (*version, data.to_string()));
                outside.browsers.keep(self.id, name, record);
            }
            Output::AskLock { name, wait } => outside.browsers.ask_lock(self.id, name, *wait),
            Output::ReleaseLock(name) => outside.browsers.release(self.id, name),
            Output::OfferEnded { offer, .. } => drop(self.provided_events.remove(offer)),
            _ => {}
        }
    }
}
