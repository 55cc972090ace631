//! What must hold for every client at every moment, whatever happens to it.

use std::collections::BTreeSet;

use deepstream_wasm::{
    client::{Client, CloseKind, ConnectionState, Instant, Output, RpcRequestId, SocketId, Ticket, Wake},
    wire::decode,
};

use super::{
    reference::Reference,
    states::{is_at_rest, is_dialling, is_legal},
};

/// Looks at everything that one client puts out, and panics at the first thing that is wrong.
pub struct Watch {
    state: ConnectionState,
    newest_socket: Option<SocketId>,
    newest_request: Option<RpcRequestId>,
    given_up: Option<SocketId>,
    /// The socket that the client has not given up, and that has not closed.
    live: Option<Live>,
    reference: Reference,
    owed: BTreeSet<Ticket>,
    /// Those of them that the server's answer settles, not the login.
    questions: BTreeSet<Ticket>,
    /// Those among the tickets that may be waited for while logged in.
    calls: BTreeSet<Ticket>,
    settled: BTreeSet<Ticket>,
    /// Those that may wait while the client is logged in.
    patient: BTreeSet<Ticket>,
    /// The offers that have not ended.
    offered: BTreeSet<u32>,
    newest_offer: Option<u32>,
}

struct Live {
    socket: SocketId,
    open: bool,
}

impl Watch {
    /// Begins with the state that the application sees before it is told any.
    pub fn new(state: ConnectionState) -> Self {
        Self {
            state,
            newest_socket: None,
            newest_request: None,
            given_up: None,
            live: None,
            reference: Reference::default(),
            owed: BTreeSet::new(),
            questions: BTreeSet::new(),
            calls: BTreeSet::new(),
            settled: BTreeSet::new(),
            patient: BTreeSet::new(),
            offered: BTreeSet::new(),
            newest_offer: None,
        }
    }

    /// The one socket that counts.
    pub fn live(&self) -> Option<SocketId> {
        self.live.as_ref().map(|live| live.socket)
    }

    /// The tickets that the application still waits for.
    pub const fn owed(&self) -> &BTreeSet<Ticket> {
        &self.owed
    }

    /// Whether an offer stands.
    pub fn is_offered(&self, offer: u32) -> bool {
        self.offered.contains(&offer)
    }

    /// The application was given a ticket, perhaps one that may wait while the client is logged in, or for a question to the
    /// server.
    pub fn ticket_issued(&mut self, ticket: Ticket, may_wait: bool, is_question: bool) {
        self.owed.insert(ticket);
        if may_wait {
            self.patient.insert(ticket);
        }
        if is_question {
            self.questions.insert(ticket);
        }
    }

    /// A ticket is for a remote procedure call.
    pub fn call_made(&mut self, ticket: Ticket) {
        self.calls.insert(ticket);
    }

    /// The browser says that the socket is open.
    pub fn socket_opened(&mut self, socket: SocketId) {
        if let Some(live) = self.live.as_mut().filter(|live| live.socket == socket) {
            live.open = true;
            self.reference.opened();
        }
    }

    /// The browser says that there is no such socket any more.
    pub fn socket_gone(&mut self, socket: SocketId) {
        if self.live.take_if(|live| live.socket == socket).is_some() {
            self.reference.gone();
        }
    }

    /// A frame arrived over the socket.
    pub fn socket_received(&mut self, socket: SocketId, frame: &[u8]) {
        if self.live() == Some(socket) {
            self.reference.received(frame);
        }
    }

    /// The client put something out.
    pub fn on_output(&mut self, output: &Output) {
        match output {
            Output::OpenSocket(socket, url) => self.on_open_socket(*socket, url),
            Output::Send(socket, frame) => self.on_send(*socket, frame),
            Output::AbandonSocket(socket) => {
                assert_eq!(self.newest_socket, Some(*socket), "only the newest socket can still be given up");
                assert_ne!(self.given_up, Some(*socket), "a socket is given up twice");
                self.given_up = Some(*socket);
                self.socket_gone(*socket);
            }
            Output::StateChanged(state) => self.on_state(*state),
            Output::Settle(ticket, outcome) => {
                assert!(self.owed.remove(ticket), "{ticket:?} was settled before, or never issued: {outcome:?}");
                self.questions.remove(ticket);
                self.settled.insert(*ticket);
                let is_let_in = matches!(self.state, ConnectionState::Open | ConnectionState::AwaitingAuthentication);
                let may_succeed = is_let_in || self.patient.contains(ticket);
                assert!(outcome.is_err() || may_succeed, "{ticket:?} succeeds in the state {:?}", self.state);
            }
            Output::Event { .. } | Output::Presence { .. } => {
                assert_eq!(self.state, ConnectionState::Open, "messages arrive while logged in");
            }
            Output::Offered { offer, .. } => {
                assert_eq!(self.state, ConnectionState::Open, "offers arrive while logged in");
                assert!(self.newest_offer < Some(*offer), "offer {offer} was made before");
                self.newest_offer = Some(*offer);
                self.offered.insert(*offer);
            }
            Output::OfferEnded { offer, .. } => assert!(self.offered.remove(offer), "offer {offer} ended before"),
            Output::RpcRequest(request) => {
                assert_eq!(self.state, ConnectionState::Open, "requests arrive while logged in");
                assert!(self.newest_request < Some(request.id), "{:?} was used before", request.id);
                self.newest_request = Some(request.id);
            }
            Output::Error(_)
            | Output::ClientDataChanged(_)
            | Output::ReauthenticationFailed { .. }
            | Output::ConnectionLost
            | Output::ConnectionRestored { .. }
            | Output::Resubscribed { .. }
            | Output::AskCredentials { .. }
            | Output::Probe(_)
            | Output::ReadStorage { .. }
            | Output::WriteStorage { .. }
            | Output::AskLock { .. }
            | Output::ReleaseLock(_)
            | Output::Outbox(_)
            | Output::Record { .. }
            | Output::LoadRecord { .. }
            | Output::StoreRecord { .. }
            | Output::AskMerge { .. }
            | Output::MaxReconnectionAttemptsReached(_) => {}
        }
    }

    fn on_open_socket(&mut self, socket: SocketId, url: &str) {
        assert_eq!(self.live(), None, "{socket:?} is opened while another one lives");
        assert!(self.newest_socket < Some(socket), "{socket:?} was used before");
        assert!(is_dialling(self.state), "{socket:?} is opened in the state {:?}", self.state);
        assert!(url.starts_with("ws://") || url.starts_with("wss://"), "{url} cannot be dialled");
        self.newest_socket = Some(socket);
        self.live = Some(Live { socket, open: false });
        self.reference.dialled();
    }

    fn on_send(&mut self, socket: SocketId, frame: &[u8]) {
        let open = self.live.as_ref().filter(|live| live.open).map(|live| live.socket);
        assert_eq!(open, Some(socket), "a frame is sent on a socket that is not the open one");
        assert_eq!(decode(frame).count(), 1, "servers read only the first message of a frame");
        self.reference.sent(frame);
    }

    fn on_state(&mut self, state: ConnectionState) {
        assert_ne!(self.state, state, "a state is announced twice");
        assert!(is_legal(self.state, state), "{:?} must not be followed by {state:?}", self.state);
        self.state = state;
    }

    /// The client has nothing more to say for now.
    pub fn on_drained(&mut self, now: Instant, client: &Client) {
        self.reference.check(now, client);
        let deadline = client.deadline();
        assert_eq!(client.state(), self.state, "the state differs from the one announced");
        if is_at_rest(self.state) {
            // A call that waits through a pause may have a time limit, and so has storage that may have a record; one that
            // nobody holds is let go of in time.
            let is_limit = deadline.is_some_and(|(_, wake)| matches!(wake, Wake::Call | Wake::Storage | Wake::Discard));
            assert!(deadline.is_none() || is_limit, "{:?} must not wait for {deadline:?}", self.state);
            assert_eq!(self.live(), None, "{:?} must not keep a socket", self.state);
        } else {
            let waits_for_page = client.connection().reason.is_some_and(|it| it.kind == CloseKind::PageHidden);
            assert!(deadline.is_some() || waits_for_page, "{:?} must not wait for ever", self.state);
        }
        if self.state != ConnectionState::Open {
            assert!(self.offered.is_empty(), "no session, and the offers {:?} stand", self.offered);
        }
        if self.state == ConnectionState::Open {
            let mut impatient = self
                .owed
                .iter()
                .filter(|it| !self.patient.contains(it) && !self.questions.contains(it) && !self.calls.contains(it));
            assert_eq!(impatient.next(), None, "logged in, and what waits for that still waits");
        } else if is_at_rest(self.state) && self.state != ConnectionState::Closed {
            assert!(self.questions.is_empty(), "{:?}, and {:?} still waits", self.state, self.questions);
        }
    }

    /// The page is gone, and all that it was owed with it.
    pub fn crashed(&mut self) {
        self.live = None;
        self.owed.clear();
    }

    /// The client is closed for good.
    pub fn on_closed(&self) {
        assert!(self.owed.is_empty(), "closed, and {:?} still waits", self.owed);
        assert_eq!(self.state, ConnectionState::Closed);
    }

    /// A tick was handled and led to no command of the application and no answer of the storage.
    pub fn on_tick_done(&self, now: Instant, client: &Client) {
        if let Some((deadline, wake)) = client.deadline() {
            assert!(deadline > now, "a tick left {wake:?} due: the shell would tick for ever");
        }
    }
}
