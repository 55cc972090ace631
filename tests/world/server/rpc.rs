//! The RPC topic.

use std::collections::{BTreeMap, BTreeSet};

use deepstream_wasm::{
    client::Instant,
    wire::{Message, RpcAction},
};

use super::{
    effects::{Effects, Emitted, Request},
    policy::Policy,
    subscribers::{Subscribers, splice_denied},
};
use crate::world::network::LinkId;

/// Who provides what, and the calls that are under way.
#[derive(Default)]
pub struct Rpc {
    pub providers: Subscribers,
    calls: BTreeMap<String, Call>,
    /// Every correlation id there ever was: the server tells calls apart by nothing else.
    seen: BTreeSet<String>,
    /// What was answered for good, and by whom.
    answered: BTreeSet<(LinkId, String)>,
    routed: usize,
}

/// A call on its way from a requestor to a provider and back.
struct Call {
    name: String,
    data: Option<String>,
    requestor: LinkId,
    asked: Vec<LinkId>,
    accepted: bool,
    accept_by: Option<Instant>,
    respond_by: Instant,
}

impl Call {
    fn deadline(&self) -> Instant {
        self.accept_by.map_or(self.respond_by, |accept_by| accept_by.min(self.respond_by))
    }
}

impl Rpc {
    /// The process ends.
    pub fn forget(&mut self) {
        self.providers.clear();
        self.calls.clear();
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.calls.values().map(Call::deadline).min()
    }

    pub fn on_time(&mut self, effects: &mut Effects, now: Instant) {
        let due: Vec<_> =
            self.calls.iter().filter(|(_, call)| call.deadline() <= now).map(|(id, _)| id.clone()).collect();
        for id in due {
            let Some(call) = self.calls.remove(&id) else { continue };
            let in_time = call.accept_by.is_none_or(|accept_by| accept_by > now);
            let action = if in_time { RpcAction::ResponseTimeout } else { RpcAction::AcceptTimeout };
            say(effects, call.requestor, action, &id, &call.name, None);
        }
    }

    /// A client that is logged in says something about remote procedure calls.
    pub fn on_message(
        &mut self,
        now: Instant,
        policy: &Policy,
        effects: &mut Effects,
        link: LinkId,
        action: RpcAction,
        message: &Message<'_>,
    ) {
        match action {
            RpcAction::Provide | RpcAction::Unprovide => self.on_bulk(policy, effects, link, action, message),
            RpcAction::Request => self.on_call(now, policy, effects, link, message),
            RpcAction::Accept | RpcAction::Reject | RpcAction::Response | RpcAction::RequestError => {
                self.on_answer(now, policy, effects, link, action, message);
            }
            action => effects.complain(&format!("RPC/{}", action.name())),
        }
    }

    fn on_bulk(
        &mut self,
        policy: &Policy,
        effects: &mut Effects,
        link: LinkId,
        action: RpcAction,
        message: &Message<'_>,
    ) {
        let mut names: Vec<String> = message.names.iter().map(|name| (*name).into()).collect();
        if names.is_empty() || message.correlation_id.is_none() {
            effects.complain("a bulk message without names or without correlationId");
        }
        if action == RpcAction::Provide {
            effects.note(link, Request::Provide(names.clone()));
            let may_repeat = self.providers.may_repeat(link, message.correlation_id, names.len());
            for name in splice_denied(&mut names, |name| policy.denied.contains(name)) {
                self.providers.denied(link);
                deny(effects, link, message, &name);
            }
            for name in &names {
                self.provide(effects, link, name, may_repeat);
            }
        } else {
            effects.note(link, Request::Unprovide(names.clone()));
            for name in &names {
                self.providers.remove(link, name);
            }
        }
        if !names.is_empty() && policy.acknowledges {
            let ack = Message { is_ack: true, ..Message::new(action) };
            effects.say(link, &Message { correlation_id: message.correlation_id, ..ack });
        }
    }

    fn provide(&mut self, effects: &mut Effects, link: LinkId, name: &str, may_repeat: bool) {
        if self.providers.add(link, name) {
            return;
        }
        if !may_repeat {
            effects.complain(&format!("MULTIPLE_PROVIDERS of {name}"));
        }
        let error = Message {
            name: Some(name),
            original_action: Some(RpcAction::Provide.number()),
            ..Message::new(RpcAction::MultipleProviders)
        };
        effects.say(link, &error);
    }

    fn on_call(&mut self, now: Instant, policy: &Policy, effects: &mut Effects, link: LinkId, message: &Message<'_>) {
        let (name, id) = (message.name.unwrap_or_default(), message.correlation_id.unwrap_or_default());
        let data: Option<String> = message.data.map(Into::into);
        effects.called.push(Emitted { user: String::new(), name: name.into(), data: data.clone() });
        effects.note(link, Request::Call { name: name.into(), data });
        if id.is_empty() || !self.seen.insert(id.into()) {
            effects.complain(&format!("the correlation id {id:?} is not one of its own"));
        }
        if policy.denied_calls.contains(name) {
            return deny(effects, link, message, name);
        }
        let call = Call {
            name: name.into(),
            data: message.data.map(Into::into),
            requestor: link,
            asked: Vec::new(),
            accepted: false,
            accept_by: None,
            respond_by: now,
        };
        self.route(now, policy, effects, id, call);
    }

    /// Asks a provider that was not asked yet, if there is one.
    fn route(&mut self, now: Instant, policy: &Policy, effects: &mut Effects, id: &str, mut call: Call) {
        let mut providers = self.providers.of(&call.name);
        providers.retain(|provider| !call.asked.contains(provider));
        if providers.is_empty() {
            return say(effects, call.requestor, RpcAction::NoRpcProvider, id, &call.name, None);
        }
        self.routed += 1;
        let provider = providers[self.routed % providers.len()];
        call.asked.push(provider);
        call.accept_by = Some(now.after_ms(policy.rpc_accept_timeout_ms));
        call.respond_by = now.after_ms(policy.rpc_response_timeout_ms);
        let request = Message {
            name: Some(&call.name),
            correlation_id: Some(id),
            data: call.data.as_deref(),
            requestor_name: policy.requestor.as_ref().map(|(name, _)| name.as_str()),
            requestor_data: policy.requestor.as_ref().map(|(_, data)| data.as_str()),
            ..Message::new(RpcAction::Request)
        };
        effects.say(provider, &request);
        self.calls.insert(id.into(), call);
    }

    fn on_answer(
        &mut self,
        now: Instant,
        policy: &Policy,
        effects: &mut Effects,
        link: LinkId,
        action: RpcAction,
        message: &Message<'_>,
    ) {
        let (name, id) = (message.name.unwrap_or_default(), message.correlation_id.unwrap_or_default());
        effects.note(
            link,
            Request::Answer { action: action.name(), name: name.into(), data: message.data.map(Into::into) },
        );
        if self.answered.contains(&(link, id.into())) {
            effects.complain(&format!("{} of {name} after it was answered", action.name()));
        }
        if action != RpcAction::Accept {
            self.answered.insert((link, id.into()));
        }
        let Some(call) = self.calls.get_mut(id) else {
            let error = Message {
                is_error: true,
                name: Some(name),
                correlation_id: Some(id),
                original_action: Some(action.number()),
                ..Message::new(RpcAction::InvalidRpcCorrelationId)
            };
            return effects.say(link, &error);
        };
        if !call.asked.contains(&link) {
            effects.complain(&format!("{} of {name} from a connection that was not asked", action.name()));
        }
        match action {
            RpcAction::Accept if call.accepted => say(effects, link, RpcAction::MultipleAccept, id, name, None),
            RpcAction::Accept => {
                call.accepted = true;
                call.accept_by = None;
                say(effects, call.requestor, RpcAction::Accept, id, name, None);
            }
            RpcAction::Reject => {
                if let Some(call) = self.calls.remove(id) {
                    self.route(now, policy, effects, id, call);
                }
            }
            _ => {
                say(effects, call.requestor, action, id, name, message.data);
                self.calls.remove(id);
            }
        }
    }
}

fn say(effects: &mut Effects, link: LinkId, action: RpcAction, id: &str, name: &str, data: Option<&str>) {
    let message = Message { correlation_id: Some(id), name: Some(name), data, ..Message::new(action) };
    effects.say(link, &message);
}

fn deny(effects: &mut Effects, link: LinkId, message: &Message<'_>, name: &str) {
    let error = Message {
        is_error: true,
        name: Some(name),
        correlation_id: message.correlation_id,
        original_action: Some(message.action.number()),
        ..Message::new(RpcAction::MessageDenied)
    };
    effects.say(link, &error);
}
