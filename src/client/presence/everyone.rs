//! The subscription to all users, which has messages of its own.

use crate::{
    client::{
        context::Context,
        error::ClientError,
        io::{Output, SocketId},
        options::Resubscribe,
        time::Instant,
    },
    wire::{Message, PresenceAction, PresenceMessage, Topic},
};

/// What the server calls all users.
const EVERYONE: &str = "%_EVERYONE_%";

/// The subscription to all users.
#[derive(Debug)]
pub struct Everyone {
    wanted: bool,
    server: Knowledge,
    /// Messages that the server has not acknowledged, oldest first; it does so in this order.
    unacknowledged: Vec<Sent>,
    /// Whether a message was sent a second time, so that the server may have a subscription already.
    repeated: bool,
    /// How long there was no session before the one of now, in milliseconds.
    gap_ms: Option<u64>,
}

/// What the server knows of the subscription, in this session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Knowledge {
    Nothing,
    Subscribed,
    /// Nothing, and it is for the application to say when it is asked.
    Held,
    /// It refused; asked again in the next session, or when the application subscribes again.
    Refused,
}

#[derive(Debug)]
struct Sent {
    action: PresenceAction,
    /// When the acknowledgement is overdue; `None` once that is reported. It may still come.
    deadline: Option<Instant>,
    repeated: bool,
    /// How long there was no session, where this restores the subscription, in milliseconds.
    gap_ms: Option<u64>,
}

impl Everyone {
    /// No subscription yet.
    pub const fn new() -> Self {
        Self { wanted: false, server: Knowledge::Nothing, unacknowledged: Vec::new(), repeated: false, gap_ms: None }
    }

    /// The application wants to hear of all users.
    pub fn subscribe(&mut self, context: &mut Context<'_>, session: Option<SocketId>) {
        self.wanted = true;
        if self.server != Knowledge::Subscribed {
            self.server = Knowledge::Nothing;
        }
        if let Some(socket) = session {
            self.restore(context, socket, None);
        }
    }

    /// The application no longer wants to hear of all users.
    pub fn unsubscribe(&mut self, context: &mut Context<'_>, session: Option<SocketId>) {
        let knows = std::mem::replace(&mut self.server, Knowledge::Nothing) == Knowledge::Subscribed;
        self.wanted = false;
        if let Some(socket) = session.filter(|_| knows) {
            self.send(context, socket, PresenceAction::UnsubscribeAll, None);
        }
    }

    /// A session begins; if it is not the first, `gap_ms` says how long there was none.
    pub fn on_session(&mut self, context: &mut Context<'_>, socket: SocketId, gap_ms: Option<u64>) {
        self.gap_ms = gap_ms;
        self.restore(context, socket, gap_ms);
    }

    /// The application restores what [`Resubscribe::Manual`] left to it.
    pub fn resubscribe(&mut self, context: &mut Context<'_>, socket: SocketId) {
        if self.server == Knowledge::Held {
            self.server = Knowledge::Nothing;
            self.restore(context, socket, self.gap_ms);
        }
    }

    /// The session is over: the server has forgotten everything.
    pub fn on_lost(&mut self, resubscribe: Resubscribe) {
        self.server = match resubscribe {
            Resubscribe::Manual if self.wanted => Knowledge::Held,
            _ => Knowledge::Nothing,
        };
        self.unacknowledged.clear();
        self.repeated = false;
    }

    /// Whether the server is subscribed, and nothing more is awaited for it.
    pub fn is_subscribed(&self) -> bool {
        self.server == Knowledge::Subscribed && self.deadline().is_none()
    }

    /// When an acknowledgement is overdue.
    pub fn deadline(&self) -> Option<Instant> {
        self.unacknowledged.iter().filter_map(|sent| sent.deadline).min()
    }

    /// Time has passed within a session. What is overdue is sent once more, then reported.
    pub fn on_tick(&mut self, context: &mut Context<'_>, socket: SocketId) {
        // What it was sent for may be over; its acknowledgement then concerns nobody.
        let current = if self.wanted { PresenceAction::SubscribeAll } else { PresenceAction::UnsubscribeAll };
        for sent in &mut self.unacknowledged {
            if sent.deadline.is_none_or(|deadline| deadline > context.now) {
                continue;
            }
            sent.deadline = None;
            if sent.action != current {
                continue;
            }
            if sent.repeated {
                context.report(ClientError::AckTimeout { topic: Topic::Presence, names: vec![EVERYONE.into()] });
            } else {
                sent.repeated = true;
                sent.deadline = Some(context.now.after_ms(context.options.subscription_timeout_ms));
                self.repeated = true;
                context.send(socket, &Message::Presence(PresenceMessage::new(sent.action)));
            }
        }
    }

    /// The server acknowledges a message.
    pub fn on_acknowledged(&mut self, context: &mut Context<'_>, action: PresenceAction) {
        let Some(position) = self.unacknowledged.iter().position(|sent| sent.action == action) else { return };
        let sent = self.unacknowledged.remove(position);
        if let Some(gap_ms) = sent.gap_ms.filter(|_| self.server == Knowledge::Subscribed) {
            let names = vec![EVERYONE.into()];
            context.out.push_back(Output::Resubscribed { topic: Topic::Presence, names, gap_ms });
        }
    }

    /// The server refuses the subscription.
    pub fn on_refused(&mut self) {
        let position = self.unacknowledged.iter().position(|sent| sent.action == PresenceAction::SubscribeAll);
        if let Some(position) = position {
            self.unacknowledged.remove(position);
        }
        // Another one may be on its way, if the application unsubscribed and subscribed meanwhile.
        let is_last = !self.unacknowledged.iter().any(|sent| sent.action == PresenceAction::SubscribeAll);
        if self.wanted && is_last {
            self.server = Knowledge::Refused;
        }
    }

    /// The server says that it has the subscription already; says whether that was to be expected.
    pub const fn expects_complaint(&self) -> bool {
        self.repeated
    }

    fn restore(&mut self, context: &mut Context<'_>, socket: SocketId, gap_ms: Option<u64>) {
        if self.wanted && self.server == Knowledge::Nothing {
            self.server = Knowledge::Subscribed;
            self.send(context, socket, PresenceAction::SubscribeAll, gap_ms);
        }
    }

    fn send(&mut self, context: &mut Context<'_>, socket: SocketId, action: PresenceAction, gap_ms: Option<u64>) {
        context.send(socket, &Message::Presence(PresenceMessage::new(action)));
        let deadline = Some(context.now.after_ms(context.options.subscription_timeout_ms));
        self.unacknowledged.push(Sent { action, deadline, repeated: false, gap_ms });
    }
}
