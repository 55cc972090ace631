//! `login()`, and what becomes of those who wait for it.

use deepstream_wasm::client::{AuthParams, ConnectionState::*, Output};

use crate::{
    phases::Phase,
    world::{
        ClientId, LATENCY, World,
        server::{AtLogin, Request},
    },
};

const ALICE: &str = "{\"user\":\"alice\"}";
const ROOT: &str = "{\"user\":\"root\"}";

fn succeed_with(client_data: &str) -> AtLogin {
    AtLogin::Succeed(Some(client_data.into()))
}

fn client_data_changes(world: &World, client: ClientId) -> Vec<Option<&str>> {
    let changes = world.client(client).history().iter().filter_map(|(_, output)| match output {
        Output::ClientDataChanged(data) => Some(data.as_deref()),
        _ => None,
    });
    changes.collect()
}

fn reauthentication_failures(world: &World, client: ClientId) -> Vec<Option<&str>> {
    let failures = world.client(client).history().iter().filter_map(|(_, output)| match output {
        Output::ReauthenticationFailed { reason } => Some(reason.as_deref()),
        _ => None,
    });
    failures.collect()
}

fn logins(world: &mut World) -> Vec<&str> {
    let requests = world.server().requests().into_iter();
    let logins = requests.filter_map(|request| match request {
        Request::Login(credentials) => Some(credentials.as_str()),
        _ => None,
    });
    logins.collect()
}

#[test]
fn a_login_gets_the_client_data() {
    let mut world = World::new();
    world.server().policy.at_login = succeed_with("{\"role\":\"admin\"}");
    let alice = world.add_client();
    let login = world.login(alice, ALICE);
    world.run_until_open(alice);
    assert_eq!(world.client(alice).outcome(login), Some(Ok(Some("{\"role\":\"admin\"}"))));
    assert_eq!(client_data_changes(&world, alice), [Some("{\"role\":\"admin\"}")]);
    assert_eq!(logins(&mut world), [ALICE]);
}

#[test]
fn a_login_without_parameters_sends_an_empty_object() {
    let mut world = World::new();
    let alice = world.add_client();
    let login = world.login_without_params(alice);
    world.run_until_open(alice);
    assert_eq!(world.client(alice).outcome(login), Some(Ok(Some("null"))));
    assert_eq!(logins(&mut world), ["{}"]);
}

#[test]
fn a_login_leads_in_from_every_phase_that_is_not_final() {
    let final_phases = [Phase::GaveUp, Phase::HeartbeatStopped, Phase::ChallengeDenied, Phase::Paused, Phase::Closed];
    for phase in Phase::ALL.into_iter().filter(|phase| !final_phases.contains(phase)) {
        let (mut world, alice) = phase.reach();
        let login = world.login(alice, ALICE);
        world.run_for(20_000);
        assert_eq!(world.client(alice).state(), Open, "{phase:?}");
        assert!(world.client(alice).succeeded(login), "{phase:?}");
        assert_eq!(logins(&mut world), [ALICE], "{phase:?}");
    }
}

#[test]
fn a_login_where_only_resume_leads_on_is_refused_with_the_reason() {
    let refusals = [
        (Phase::GaveUp, "MAX_RECONNECTION_ATTEMPTS_REACHED"),
        (Phase::HeartbeatStopped, "HEARTBEAT_TIMEOUT"),
        (Phase::ChallengeDenied, "CHALLENGE_DENIED"),
        (Phase::Closed, "IS_CLOSED"),
    ];
    for (phase, code) in refusals {
        let (mut world, alice) = phase.reach();
        let login = world.login(alice, ALICE);
        assert_eq!(world.client(alice).rejection(login), Some(code));
        world.run_for(600_000);
        assert!(world.client(alice).dialled().is_empty(), "{phase:?}");
    }
}

#[test]
fn a_login_while_paused_waits_for_resume() {
    let (mut world, alice) = Phase::Paused.reach();
    let login = world.login(alice, ALICE);
    world.run_for(600_000);
    assert_eq!(world.client(alice).outcome(login), None);
    world.resume(alice);
    world.run_until_open(alice);
    assert!(world.client(alice).succeeded(login));
    assert_eq!(logins(&mut world), [ALICE]);
}

#[test]
fn logging_in_again_with_the_same_parameters_changes_nothing() {
    let mut world = World::new();
    world.server().policy.at_login = succeed_with("{\"id\":1}");
    let alice = world.add_client();
    world.open(alice);
    let logins = [world.login(alice, "{}"), world.login_without_params(alice)];
    for login in logins {
        assert_eq!(world.client(alice).outcome(login), Some(Ok(Some("{\"id\":1}"))), "at once");
    }
    world.run_for(1_000);
    assert!(world.client(alice).states().is_empty());
}

/// The server takes one login per connection.
#[test]
fn logging_in_as_somebody_else_takes_a_new_connection() {
    let mut world = World::new();
    let alice = world.add_open_client();
    let login = world.login(alice, ROOT);
    world.run_until_open(alice);
    assert!(world.client(alice).succeeded(login));
    let way = [Reconnecting, AwaitingConnection, Challenging, AwaitingAuthentication, Authenticating, Open];
    assert_eq!(world.client(alice).states(), way);
    assert_eq!(logins(&mut world), [ROOT]);
    assert!(world.server().complaints().is_empty());
    assert!(world.client(alice).errors().is_empty());
}

#[test]
fn two_logins_with_the_same_parameters_share_one_answer() {
    for phase in [Phase::New, Phase::AwaitingLogin, Phase::Authenticating, Phase::Waiting] {
        let (mut world, alice) = phase.reach();
        let both = [world.login(alice, "{}"), world.login(alice, "{}")];
        world.run_for(20_000);
        assert!(both.iter().all(|login| world.client(alice).succeeded(*login)), "{phase:?}");
        assert!(logins(&mut world).len() <= 1, "{phase:?}");
    }
}

#[test]
fn a_login_with_other_parameters_takes_the_place_of_one_under_way() {
    for phase in [
        Phase::New,
        Phase::Dialling,
        Phase::AwaitingLogin,
        Phase::Authenticating,
        Phase::Open,
        Phase::Waiting,
        Phase::Paused,
    ] {
        let (mut world, alice) = phase.reach();
        let first = world.login(alice, ALICE);
        let second = world.login(alice, ROOT);
        assert_eq!(world.client(alice).rejection(first), Some("LOGIN_SUPERSEDED"), "{phase:?}");
        world.resume(alice);
        world.run_until_open(alice);
        assert!(world.client(alice).succeeded(second), "{phase:?}");
        assert_eq!(logins(&mut world).last(), Some(&ROOT), "{phase:?}");
    }
}

#[test]
fn wrong_credentials_are_refused_with_the_reason_and_others_may_follow() {
    let mut world = World::new();
    let reason = "{\"reason\":\"no such user\"}";
    world.server().policy.logins.insert(ROOT.into(), AtLogin::Refuse(Some(reason.into())));
    let alice = world.add_client();
    let wrong = world.login(alice, ROOT);
    world.run_until(alice, Authenticating);
    world.run_until(alice, AwaitingAuthentication);
    let error = world.client(alice).outcome(wrong).and_then(Result::err).cloned();
    let expected = deepstream_wasm::client::ClientError::login_refused(Some(reason));
    assert_eq!(error, Some(expected));
    assert!(reauthentication_failures(&world, alice).is_empty(), "somebody waited for this answer");

    let right = world.login(alice, ALICE);
    world.run_until_open(alice);
    assert!(world.client(alice).succeeded(right));
    assert_eq!(world.client(alice).dialled().len(), 1, "over the same connection");
}

#[test]
fn credentials_that_the_server_cannot_even_read_are_refused_as_well() {
    let mut world = World::new();
    let alice = world.add_client();
    let login = world.login(alice, "[\"no object\"]");
    world.run_for(1_000);
    assert_eq!(world.client(alice).rejection(login), Some("INVALID_AUTHENTICATION_DETAILS"));
    assert_eq!(world.client(alice).state(), AwaitingAuthentication, "over another connection, as the server closed it");
    assert_eq!(world.client(alice).dialled().len(), 2);
}

#[test]
fn credentials_that_were_refused_are_not_tried_again() {
    let mut world = World::new();
    world.server().policy.at_login = AtLogin::Refuse(None);
    let alice = world.add_client();
    world.login(alice, ROOT);
    world.run_for(1_000);
    world.network().cut(alice);
    world.run_for(20_000);
    assert_eq!(world.client(alice).state(), AwaitingAuthentication);
    assert_eq!(logins(&mut world), [ROOT]);
}

#[test]
fn credentials_that_turn_bad_are_reported_to_those_who_did_not_ask() {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.server().policy.at_login = AtLogin::Refuse(Some("\"expired\"".into()));
    world.server().restart();
    world.run_for(1_000);
    assert_eq!(world.client(alice).state(), AwaitingAuthentication);
    assert_eq!(reauthentication_failures(&world, alice), [Some("\"expired\"")]);
}

#[test]
fn too_many_wrong_logins_stop_the_client_until_it_logs_in_or_resumes() {
    let mut world = World::new();
    world.server().policy.at_login = AtLogin::Refuse(None);
    let alice = world.add_client();
    for _ in 0..3 {
        let login = world.login(alice, ROOT);
        world.run_for(1_000);
        assert_eq!(world.client(alice).rejection(login), Some("INVALID_AUTHENTICATION_DETAILS"));
    }
    assert_eq!(world.client(alice).state(), TooManyAuthAttempts);
    assert_eq!(world.client(alice).error_codes(), ["TOO_MANY_AUTH_ATTEMPTS"]);
    world.run_for(600_000);
    assert_eq!(world.client(alice).dialled().len(), 1);

    world.server().policy.at_login = AtLogin::Succeed(None);
    let login = world.login(alice, ALICE);
    world.run_until_open(alice);
    assert!(world.client(alice).succeeded(login));
}

#[test]
fn nobody_logging_in_ends_in_the_authentication_timeout() {
    let mut world = World::new();
    world.server().policy.unauthenticated_client_timeout_ms = Some(5_000);
    let alice = world.add_client();
    world.run_until(alice, AuthenticationTimeout);
    assert_eq!(world.client(alice).error_codes(), ["AUTHENTICATION_TIMEOUT"]);
    world.run_for(600_000);
    assert_eq!(world.client(alice).dialled().len(), 1);

    let login = world.login(alice, "{}");
    world.run_until_open(alice);
    assert!(world.client(alice).succeeded(login));
}

/// The server waits three minutes, and would cut somebody who is silent for one.
#[test]
fn the_authentication_timeout_is_reached_with_the_servers_defaults() {
    let mut world = World::new();
    let alice = world.add_client();
    world.run_until(alice, AuthenticationTimeout);
    assert_eq!(world.client(alice).dialled().len(), 1);
}

#[test]
fn an_authentication_timeout_with_credentials_is_only_a_failed_attempt() {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.server().policy.at_login = AtLogin::Silence;
    world.server().policy.unauthenticated_client_timeout_ms = Some(1_000);
    world.server().restart();
    world.run_until(alice, Authenticating);
    world.run_for(LATENCY);
    world.client_mut(alice).forget();

    world.server().policy.at_login = AtLogin::Succeed(None);
    world.run_until(alice, Reconnecting);
    assert_eq!(world.client(alice).states(), [AuthenticationTimeout, Reconnecting]);
    assert_eq!(world.client(alice).error_codes(), ["AUTHENTICATION_TIMEOUT"]);
    world.run_until_open(alice);
}

#[test]
fn client_data_is_announced_when_it_changes() {
    let mut world = World::new();
    let alice = world.add_client();
    let sessions = [
        (Some("{}"), None),
        (Some("{\"id\":1}"), Some(Some("{\"id\":1}"))),
        (Some("{\"id\":1}"), None),
        (Some("{\"id\":2}"), Some(Some("{\"id\":2}"))),
        (Some("{}"), Some(Some("{}"))),
        (None, Some(None)),
        (Some("null"), None),
    ];
    world.login(alice, "{}");
    for (session, (data, change)) in sessions.into_iter().enumerate() {
        world.server().policy.at_login = AtLogin::Succeed(data.map(Into::into));
        world.server().restart();
        world.run_for(LATENCY);
        world.run_until_open(alice);
        world.run_for(10_000);
        assert_eq!(client_data_changes(&world, alice), Vec::from_iter(change), "session {session}: {data:?}");
        world.client_mut(alice).forget();
    }
}

/// The application reads the client data in the callback, so it comes before those who wait are told.
#[test]
fn a_login_is_answered_after_the_state_and_the_client_data() {
    let mut world = World::new();
    world.server().policy.at_login = succeed_with("{\"id\":1}");
    let alice = world.add_client();
    let login = world.login(alice, "{}");
    world.run_until_open(alice);
    let history = world.client(alice).history();
    let position = |wanted: &Output| history.iter().position(|(_, output)| output == wanted).expect("it is there");
    let data: Option<Box<str>> = Some("{\"id\":1}".into());
    let state = position(&Output::StateChanged(Open));
    let changed = position(&Output::ClientDataChanged(data.clone()));
    let settled = position(&Output::Settle(login, Ok(data)));
    assert!(state < changed && changed < settled);
}

#[test]
fn a_question_for_credentials_that_is_never_answered_is_asked_again_by_the_next_attempt() {
    let mut world = World::new();
    let alice = world.add_client_with(|options| options.auth_params = Some(AuthParams::Function));
    let login = world.login_without_params(alice);
    world.run_for(12_000);
    let questions = |world: &World| -> Vec<u32> {
        let asked = world.client(alice).outputs().filter_map(|output| match output {
            Output::AskCredentials { question, .. } => Some(*question),
            _ => None,
        });
        asked.collect()
    };
    let asked = questions(&world);
    assert_eq!(asked.len(), 2, "the first attempt took too long");
    world.answer(alice, asked[0], Ok(r#"{"token":"late"}"#));
    assert_eq!(world.client(alice).state(), AwaitingAuthentication, "nobody waits for that any more");
    world.answer(alice, asked[1], Ok(r#"{"token":"new"}"#));
    world.run_until_open(alice);
    assert!(world.client(alice).succeeded(login));
    assert_eq!(world.user(alice), Some(r#"{"token":"new"}"#));
}
