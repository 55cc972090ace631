//! What a client tells about an outage, and what else leads out of it: other servers, other credentials, a probe.

use deepstream_wasm::client::{AuthParams, CloseKind, ConnectionState::*, Output, Resubscribe};

use crate::world::{
    ClientId, LATENCY, SERVER, World,
    network::Route,
    server::{AtChallenge, AtLogin, Request},
};

const ELSEWHERE: &str = "ws://elsewhere.test/deepstream";

fn count(world: &World, client: ClientId, wanted: impl Fn(&Output) -> bool) -> usize {
    world.client(client).outputs().filter(|output| wanted(output)).count()
}

fn questions(world: &World, client: ClientId) -> Vec<(u32, bool, Option<&str>)> {
    let questions = world.client(client).outputs().filter_map(|output| match output {
        Output::AskCredentials { question, refresh, reason } => Some((*question, *refresh, reason.as_deref())),
        _ => None,
    });
    questions.collect()
}

#[test]
fn a_blip_is_not_worth_telling() {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.network().cut(alice);
    world.run_until_open(alice);
    world.run_for(60_000);
    let told = |output: &Output| matches!(output, Output::ConnectionLost | Output::ConnectionRestored { .. });
    assert_eq!(count(&world, alice, told), 0);
}

#[test]
fn an_outage_is_told_once_and_so_is_its_end() {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.run_for(10_000);
    world.server().kill();
    world.run_for(60_000);
    assert_eq!(count(&world, alice, |output| *output == Output::ConnectionLost), 1);
    world.server().start();
    world.run_until_open(alice);
    let restored = world.client(alice).outputs().find_map(|output| match output {
        Output::ConnectionRestored { lasted_ms } => Some(*lasted_ms),
        _ => None,
    });
    assert!(restored.is_some_and(|lasted_ms| lasted_ms > 60_000), "{restored:?}");
}

#[test]
fn a_pause_is_no_outage() {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.pause(alice);
    world.run_for(60_000);
    world.resume(alice);
    world.run_until_open(alice);
    let told = |output: &Output| matches!(output, Output::ConnectionLost | Output::ConnectionRestored { .. });
    assert_eq!(count(&world, alice, told), 0);
}

#[test]
fn restored_subscriptions_are_told_with_the_gap() {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.subscribe(alice, "news");
    world.run_for(10_000);
    world.client_mut(alice).forget();
    world.server().restart();
    world.run_until_open(alice);
    world.run_for(10 * LATENCY);
    let told: Vec<_> = world.client(alice).outputs().filter(|it| matches!(it, Output::Resubscribed { .. })).collect();
    let [Output::Resubscribed { names, gap_ms, .. }] = told[..] else { panic!("{told:?}") };
    assert_eq!(names[..], ["news".into()]);
    assert!(*gap_ms > 0);
}

#[test]
fn the_application_may_restore_subscriptions_itself() {
    let mut world = World::new();
    let alice = world.add_client_with(|options| options.resubscribe = Resubscribe::Manual);
    world.open(alice);
    world.subscribe(alice, "news");
    world.run_for(10_000);
    world.server().restart();
    world.run_until_open(alice);
    world.run_for(10_000);
    assert_eq!(world.subscriptions(alice), <[&str; 0]>::default());
    world.subscribe(alice, "weather");
    world.run_for(10_000);
    assert_eq!(world.subscriptions(alice), ["weather"]);
    world.wish(alice, crate::world::Wish::Resubscribe);
    world.run_for(10_000);
    assert_eq!(world.subscriptions(alice), ["news", "weather"]);
    assert!(world.complaints().next().is_none());
}

#[test]
fn another_server_is_tried_at_once() {
    let mut world = World::new();
    world.add_server(ELSEWHERE);
    world.server().kill();
    let alice = world.add_client_of(&[SERVER, ELSEWHERE], |_| {});
    world.login(alice, "{}");
    world.run_for(1_000);
    assert_eq!(world.client(alice).state(), Open);
    assert_eq!(&*world.client(alice).client().connection().url, ELSEWHERE);

    world.run_for(10_000);
    world.server().start();
    world.server_at(ELSEWHERE).kill();
    world.run_for(1_000);
    assert_eq!(&*world.client(alice).client().connection().url, SERVER);
    assert_eq!(world.client(alice).state(), Open);
}

#[test]
fn a_server_may_tell_a_client_to_stay_away() {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.server().stop_with(4003);
    world.run_for(LATENCY);
    assert_eq!(world.client(alice).states(), [Error]);
    world.server().start();
    world.run_for(600_000);
    let connection = world.client(alice).client().connection();
    assert_eq!(connection.state, Error);
    let reason = connection.reason.expect("there is a reason");
    assert_eq!((reason.kind, reason.code, reason.will_retry), (CloseKind::Stopped, Some(4003), false));
    world.resume(alice);
    world.run_until_open(alice);
}

#[test]
fn a_function_is_asked_at_every_attempt() {
    let mut world = World::new();
    let alice = world.add_client_with(|options| options.auth_params = Some(AuthParams::Function));
    let ticket = world.login_without_params(alice);
    world.run_for(1_000);
    assert_eq!(questions(&world, alice), [(0, false, None)]);
    assert_eq!(world.client(alice).state(), AwaitingAuthentication);
    world.answer(alice, 0, Ok(r#"{"token":1}"#));
    world.run_until_open(alice);
    assert!(world.client(alice).succeeded(ticket));
    assert_eq!(world.user(alice), Some(r#"{"token":1}"#));

    world.network().cut(alice);
    world.run_for(1_000);
    assert_eq!(questions(&world, alice).len(), 2);
    world.answer(alice, 1, Ok(r#"{"token":2}"#));
    world.run_until_open(alice);
    assert_eq!(world.user(alice), Some(r#"{"token":2}"#));
}

/// A client that logs in with what a function answers, as soon as it has asked.
fn asked(world: &mut World) -> ClientId {
    let alice = world.add_client_with(|options| options.auth_params = Some(AuthParams::Function));
    world.login_without_params(alice);
    world.run_until(alice, Challenging);
    assert_eq!(questions(world, alice), [(0, false, None)]);
    alice
}

#[test]
fn a_function_is_asked_when_the_socket_opens_and_its_answer_is_sent_along() {
    for accepts_late in [false, true] {
        let mut world = World::new();
        if accepts_late {
            world.server().policy.at_challenge = AtChallenge::AcceptLate;
        }
        let alice = asked(&mut world);
        world.answer(alice, 0, Ok(r#"{"token":1}"#));
        assert_eq!(world.client(alice).state(), Challenging);
        if accepts_late {
            world.run_until_open(alice);
        } else {
            world.run_for(2 * LATENCY);
        }
        assert_eq!((world.client(alice).state(), world.user(alice)), (Open, Some(r#"{"token":1}"#)));
        assert_eq!(questions(&world, alice).len(), 1, "it is asked once for an attempt");
    }
}

#[test]
fn an_answer_goes_to_where_the_server_sends_the_client() {
    for wait_ms in [0, 2 * LATENCY, 4 * LATENCY] {
        let mut world = World::new();
        world.add_server(ELSEWHERE);
        world.server().policy.at_challenge = AtChallenge::Redirect(ELSEWHERE.into());
        let alice = asked(&mut world);
        world.run_for(wait_ms);
        world.answer(alice, 0, Ok(r#"{"token":1}"#));
        world.run_until_open(alice);
        let logins = world.server_at(ELSEWHERE).requests().into_iter().filter(|it| matches!(it, Request::Login(_)));
        assert_eq!(logins.collect::<Vec<_>>(), [&Request::Login(r#"{"token":1}"#.into())]);
        assert_eq!(questions(&world, alice).len(), 1, "it is asked once for an attempt");
        world.network().cut(alice);
        world.run_for(1_000);
        assert_eq!(questions(&world, alice).len(), 2, "another attempt asks again");
    }
}

#[test]
fn an_answer_counts_only_while_the_function_is_what_the_client_logs_in_with() {
    let mut world = World::new();
    let alice = asked(&mut world);
    world.login(alice, r#"{"token":"given"}"#);
    world.answer(alice, 0, Ok(r#"{"token":"asked for"}"#));
    world.run_until_open(alice);
    assert_eq!(world.user(alice), Some(r#"{"token":"given"}"#));
    let is_asked_for = |request: &&Request| **request == Request::Login(r#"{"token":"asked for"}"#.into());
    assert!(!world.server().requests().iter().any(is_asked_for));
}

#[test]
fn an_answer_that_comes_while_the_client_rests_is_asked_for_again() {
    let mut world = World::new();
    let alice = asked(&mut world);
    world.pause(alice);
    world.answer(alice, 0, Ok(r#"{"token":"old"}"#));
    world.resume(alice);
    world.run_until(alice, Challenging);
    world.answer(alice, 1, Ok(r#"{"token":"new"}"#));
    world.run_until_open(alice);
    assert_eq!(world.user(alice), Some(r#"{"token":"new"}"#));
}

#[test]
fn a_question_that_outlasts_an_attempt_is_asked_again_though_the_server_was_silent_too() {
    let mut world = World::new();
    world.server().policy.at_challenge = AtChallenge::Silence;
    let alice = asked(&mut world);
    world.run_until(alice, Reconnecting);
    world.server().policy.at_challenge = AtChallenge::Accept;
    world.run_until(alice, Challenging);
    assert_eq!(questions(&world, alice).len(), 2);
    world.answer(alice, 0, Ok(r#"{"token":"late"}"#));
    world.answer(alice, 1, Ok(r#"{"token":"new"}"#));
    world.run_until_open(alice);
    assert_eq!(world.user(alice), Some(r#"{"token":"new"}"#));
}

#[test]
fn a_refused_answer_is_refreshed_once() {
    let mut world = World::new();
    world.server().policy.at_login = AtLogin::Refuse(Some(r#""expired""#.into()));
    let alice = world.add_client_with(|options| options.auth_params = Some(AuthParams::Function));
    let ticket = world.login_without_params(alice);
    world.run_for(1_000);
    world.answer(alice, 0, Ok("{}"));
    world.run_for(1_000);
    assert_eq!(questions(&world, alice)[1..], [(1, true, Some(r#""expired""#))]);
    world.answer(alice, 1, Ok("{}"));
    world.run_for(1_000);
    assert_eq!(questions(&world, alice).len(), 2);
    assert_eq!(world.client(alice).rejection(ticket), Some("INVALID_AUTHENTICATION_DETAILS"));
}

#[test]
fn a_function_that_fails_is_asked_again_with_the_next_attempt() {
    for wait_ms in [0, 100] {
        let mut world = World::new();
        let alice = asked(&mut world);
        world.run_for(wait_ms);
        world.answer(alice, 0, Err("no network"));
        assert_eq!(world.client(alice).error_codes(), ["AUTH_PARAMS_FAILED"]);
        world.run_for(100);
        world.answer(alice, 1, Ok("{}"));
        world.run_until_open(alice);
    }
}

#[test]
fn an_answer_that_comes_late_serves_the_attempt_that_waits_now() {
    let mut world = World::new();
    let alice = world.add_client_with(|options| options.auth_params = Some(AuthParams::Function));
    world.login_without_params(alice);
    world.run_for(100);
    world.network().cut(alice);
    world.run_for(100);
    assert_eq!(questions(&world, alice).len(), 1, "the question is not asked twice");
    world.answer(alice, 0, Ok("{}"));
    world.run_until_open(alice);
    world.answer(alice, 0, Ok(r#"{"token":"too late"}"#));
    world.run_for(1_000);
    assert_eq!(world.user(alice), Some("{}"));
}

#[test]
fn while_the_network_is_in_doubt_a_probe_goes_first() {
    let mut world = World::new();
    let alice =
        world.add_client_with(|options| options.probe_url = Some("https://deepstream.test/health-check".into()));
    world.open(alice);
    world.network().route(alice, Route::Refused);
    world.network().cut(alice);
    world.run_for(100);
    let dialled = world.client(alice).dialled().len();
    world.run_for(5_000);
    let probes: Vec<_> = world
        .client(alice)
        .outputs()
        .filter_map(|output| if let Output::Probe(probe) = output { Some(*probe) } else { None })
        .collect();
    assert_eq!(probes.len(), 1);
    assert_eq!(world.client(alice).dialled().len(), dialled, "not dialled before the answer");
    world.network().route(alice, Route::Clear);
    world.probe_comes_back(alice, probes[0], true);
    world.run_for(10 * LATENCY);
    assert_eq!(world.client(alice).state(), Open);
}

#[test]
fn the_server_may_see_the_number_of_attempts() {
    let mut world = World::new();
    let alice = world.add_client_with(|options| options.reconnect_param = Some("tries".into()));
    world.open(alice);
    world.network().route(alice, Route::Refused);
    world.network().cut(alice);
    world.run_for(5_000);
    let dialled = world.client(alice).dialled();
    assert_eq!(dialled[0], format!("{SERVER}?tries=1"));
    assert_eq!(dialled[1], format!("{SERVER}?tries=2"));
    assert!(!world.server().requests().contains(&&Request::Ping));
}
