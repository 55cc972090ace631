//! Remote procedure calls between clients, over connections that come and go.

mod answers;
mod bounds;
mod outages;

use deepstream_wasm::client::{Output, RpcRequest, Ticket};

use crate::world::{ClientId, LATENCY, Reply, World, server::Request};

/// Long enough for what is provided to be collected, sent and acknowledged, in milliseconds.
const PROVIDED: u64 = 100 + 2 * LATENCY;

/// Long enough for a call to reach the provider and for its answer to come back, in milliseconds.
const ANSWERED: u64 = 4 * LATENCY;

fn call(name: &str, data: &str) -> Request {
    Request::Call { name: name.into(), data: Some(data.into()) }
}

fn answer(action: &'static str, name: &str, data: Option<&str>) -> Request {
    Request::Answer { action, name: name.into(), data: data.map(Into::into) }
}

fn provide(names: &[&str]) -> Request {
    Request::Provide(names.iter().map(|name| (*name).into()).collect())
}

/// From now on, the client answers every request so.
fn answers(world: &mut World, client: ClientId, reply: impl Fn(&RpcRequest) -> Vec<Reply> + 'static) {
    world.client_mut(client).react(move |output| match output {
        Output::RpcRequest(request) => reply(request).into_iter().map(|reply| reply.to(request)).collect(),
        _ => vec![],
    });
}

/// The answer of a provider that sends back what it got.
fn echo(request: &RpcRequest) -> Vec<Reply> {
    vec![Reply::Send(request.data.as_deref().unwrap_or("null").into())]
}

/// Two clients that are logged in: one that calls, and one that provides `echo`.
fn requestor_and_provider() -> (World, ClientId, ClientId) {
    let mut world = World::new();
    let (alice, bob) = (world.add_open_client(), world.add_open_client());
    world.provide(bob, "echo");
    answers(&mut world, bob, echo);
    world.run_for(PROVIDED);
    world.server().forget_requests();
    (world, alice, bob)
}

/// The code with which a call was rejected.
fn rejection(world: &World, client: ClientId, ticket: Ticket) -> Option<&'static str> {
    world.client(client).rejection(ticket)
}
