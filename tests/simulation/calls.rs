//! What must hold of remote procedure calls, whatever happened.

use std::collections::BTreeSet;

use deepstream_wasm::client::{ClientError, RpcRequestId};

use super::{
    Life, SLACK,
    chance::{NAMES, is_idempotent},
    world::{Reply, Wish, server::Policy},
};

impl Life {
    pub fn check_that_calls_are_answered(&mut self) {
        // Until then the server may ask a provider of which it has not noticed that it is gone.
        self.run_for(3 * Policy::default().heartbeat_interval_ms);
        let open = self.open_clients();
        let mut calls = Vec::new();
        for (client, name) in open.iter().flat_map(|client| NAMES.map(|name| (*client, name))) {
            let wish = self.wishes[client.index()].make_with(name, None, false);
            let Wish::Make { data: Some(data), .. } = &wish else { unreachable!("it makes a call") };
            let data = data.clone();
            let ticket = self.world.wish(client, wish).expect("make gives a ticket");
            calls.push((client, name, data, ticket));
        }
        // Those from before are given up by the server, at the latest.
        self.run_for(Policy::default().rpc_response_timeout_ms + SLACK + 4 * self.knobs.latency_ms.end());
        for (client, name, data, ticket) in calls {
            let is_provided = open.iter().any(|provider| self.provided_by(*provider).any(|provided| provided == name));
            let outcome = self.world.client(client).outcome(ticket).map(|it| it.map_err(ClientError::code));
            let expected = if is_provided { Ok(Some(data.as_str())) } else { Err("NO_RPC_PROVIDER") };
            assert_eq!(outcome, Some(expected), "{name} called by {client:?}");
        }
        for client in open {
            assert_eq!(self.world.client(client).owed().len(), 0, "{client:?} has calls left");
        }
    }

    /// A request that a provider rejects is not executed; any other may have been.
    pub fn check_that_calls_were_executed_as_often_as_they_may(&self) {
        let mut executed = BTreeSet::new();
        for client in self.world.clients() {
            let client = self.world.client(client);
            let rejected: Vec<_> = client.wishes().iter().filter_map(|(_, wish)| rejected_by(wish)).collect();
            for request in client.asked().into_iter().filter(|request| !rejected.contains(&request.id)) {
                let payload = request.data.as_deref().unwrap_or_default();
                assert!(executed.insert(payload) || is_idempotent(payload), "{payload} was executed twice");
            }
        }
        for client in self.world.clients() {
            for (payload, ticket) in self.world.client(client).calls() {
                if let Some(Ok(result)) = self.world.client(client).outcome(*ticket) {
                    assert_eq!(result, Some(payload.as_str()), "the answer to another call");
                    assert!(executed.contains(payload.as_str()), "{payload} was answered and not executed");
                }
            }
        }
    }
}

/// The request that a provider leaves to another with this wish.
fn rejected_by(wish: &Wish) -> Option<RpcRequestId> {
    match wish {
        Wish::Answer { request, reply: Reply::Reject, .. } => Some(*request),
        _ => None,
    }
}
