//! From the first socket to the server's word that it takes the client.

use deepstream_wasm::{
    client::{ClientError, ConnectionFailure, ConnectionState::*},
    wire::{AuthAction, ConnectionAction, Message},
};

use crate::world::{
    LATENCY, SERVER, World,
    network::Route,
    server::{AtChallenge, AtLogin, Request},
};

const ELSEWHERE: &str = "ws://elsewhere.test/deepstream";

#[test]
fn the_first_connection_goes_through_the_documented_states() {
    let mut world = World::new();
    let alice = world.add_client();
    assert_eq!(world.client(alice).state(), Initialising, "before anybody can listen");
    let login = world.login(alice, "{}");
    world.run_until_open(alice);

    let documented = [AwaitingConnection, Challenging, AwaitingAuthentication, Authenticating, Open];
    assert_eq!(world.client(alice).states(), documented);
    assert!(world.client(alice).succeeded(login));
    let requests = [Request::Challenge { url: SERVER.into() }, Request::Login("{}".into())];
    assert_eq!(world.server().requests(), requests.each_ref());
}

#[test]
fn a_login_that_is_known_is_sent_along_and_costs_no_round_trip() {
    let mut world = World::new();
    let alice = world.add_client();
    world.login(alice, "{}");
    world.run_until(alice, Challenging);
    world.run_for(2 * LATENCY);
    assert_eq!(world.client(alice).state(), Open);
}

#[test]
fn a_server_that_wants_to_accept_first_is_sent_the_login_again() {
    let mut world = World::new();
    world.server().policy.at_challenge = AtChallenge::AcceptLate;
    let alice = world.add_client();
    let login = world.login(alice, "{}");
    world.run_until_open(alice);
    assert!(world.client(alice).succeeded(login) && world.client(alice).errors().is_empty());
    assert_eq!(world.client(alice).dialled().len(), 1);
}

#[test]
fn another_login_replaces_the_one_that_was_sent_along() {
    let mut world = World::new();
    let alice = world.add_client();
    let first = world.login(alice, r#"{"username":"a"}"#);
    world.run_until(alice, Challenging);
    let second = world.login(alice, r#"{"username":"b"}"#);
    world.run_until_open(alice);
    assert_eq!(world.client(alice).rejection(first), Some("LOGIN_SUPERSEDED"));
    assert!(world.client(alice).succeeded(second));
    let last = world.server().requests().into_iter().rfind(|request| matches!(request, Request::Login(_)));
    assert_eq!(last, Some(&Request::Login(r#"{"username":"b"}"#.into())));
}

#[test]
fn without_a_login_the_client_waits_at_the_door() {
    let mut world = World::new();
    let alice = world.add_client();
    world.run_until(alice, AwaitingAuthentication);
    world.run_for(20_000);
    assert_eq!(world.client(alice).state(), AwaitingAuthentication);
    assert_eq!(world.client(alice).dialled().len(), 1);
}

/// The server cuts everybody of whom it hears nothing for two of its heartbeats, logged in or not.
#[test]
fn a_client_at_the_door_is_not_cut_for_being_silent() {
    let mut world = World::new();
    world.server().policy.unauthenticated_client_timeout_ms = None;
    let alice = world.add_client();
    world.run_until(alice, AwaitingAuthentication);
    world.run_for(600_000);
    assert_eq!(world.client(alice).dialled().len(), 1);
    assert!(world.client(alice).errors().is_empty());
}

#[test]
fn a_lazy_client_dials_only_when_asked_to() {
    let lazy = |world: &mut World| world.add_client_with(|options| options.lazy_connect = true);
    let mut world = World::new();
    let (alice, bob) = (lazy(&mut world), lazy(&mut world));
    world.run_for(60_000);
    assert_eq!((world.client(alice).states(), world.client(alice).ticks()), (vec![], 0));
    assert_eq!(world.client(alice).state(), Closed);

    let login = world.login(alice, "{}");
    world.run_until_open(alice);
    assert!(world.client(alice).succeeded(login));
    assert_eq!(world.client(alice).states()[0], Initialising);

    let resume = world.resume(bob);
    world.run_until(bob, AwaitingAuthentication);
    assert!(world.client(bob).succeeded(resume));
    assert_eq!(world.client(bob).states()[0], Initialising);
}

#[test]
fn a_redirect_is_followed() {
    let mut world = World::new();
    world.add_server(ELSEWHERE);
    world.server().policy.at_challenge = AtChallenge::Redirect(ELSEWHERE.into());
    let alice = world.add_client();
    let login = world.login(alice, "{}");
    world.run_until_open(alice);

    assert!(world.client(alice).succeeded(login));
    assert_eq!(world.client(alice).dialled(), [SERVER, ELSEWHERE]);
    let there = [Redirecting, AwaitingConnection, Challenging, AwaitingAuthentication, Authenticating, Open];
    assert_eq!(world.client(alice).states()[2..], there);
    let challenge = Request::Challenge { url: SERVER.into() };
    assert_eq!(world.server_at(ELSEWHERE).requests()[0], &challenge, "the URL that the application gave");
    assert!(world.client(alice).errors().is_empty());
}

#[test]
fn after_a_redirected_connection_is_lost_the_original_server_is_asked_again() {
    let mut world = World::new();
    world.add_server(ELSEWHERE);
    world.server().policy.at_challenge = AtChallenge::Redirect(ELSEWHERE.into());
    let alice = world.add_client();
    world.open(alice);

    world.server_at(ELSEWHERE).kill();
    world.server().policy.at_challenge = AtChallenge::Accept;
    world.run_until(alice, Reconnecting);
    world.run_until_open(alice);
    assert_eq!(world.client(alice).dialled(), [SERVER]);
}

#[test]
fn a_redirect_to_a_server_that_is_not_there_is_a_failed_attempt() {
    let mut world = World::new();
    world.server().policy.at_challenge = AtChallenge::Redirect(ELSEWHERE.into());
    let alice = world.add_client();
    world.run_until(alice, Reconnecting);
    assert_eq!(world.client(alice).states()[2..], [Redirecting, Reconnecting]);
    assert_eq!(world.client(alice).dialled(), [SERVER, ELSEWHERE, SERVER]);
}

#[test]
fn a_redirect_without_a_path_gets_the_default_one() {
    let mut world = World::new();
    world.server().policy.at_challenge = AtChallenge::Redirect("elsewhere.test:6021".into());
    let alice = world.add_client();
    world.run_until(alice, Redirecting);
    assert_eq!(world.client(alice).dialled()[1], "ws://elsewhere.test:6021/deepstream");
}

#[test]
fn a_ring_of_redirects_is_left_after_five() {
    let mut world = World::new();
    world.server().policy.at_challenge = AtChallenge::Redirect(SERVER.into());
    let alice = world.add_client();
    world.run_until(alice, Reconnecting);
    assert_eq!(world.client(alice).errors(), [&ClientError::connection(ConnectionFailure::TooManyRedirects)]);

    let redirects = world.client(alice).states().iter().filter(|state| **state == Redirecting).count();
    assert_eq!(redirects, 5);

    world.client_mut(alice).forget();
    world.server().policy.at_challenge = AtChallenge::Accept;
    world.open(alice);
}

#[test]
fn a_redirect_to_what_cannot_be_dialled_is_a_failed_attempt() {
    for bad in ["", "http://elsewhere.test", "ws://", "ws://else where"] {
        let mut world = World::new();
        world.server().policy.at_challenge = AtChallenge::Redirect(bad.into());
        let alice = world.add_client();
        world.run_until(alice, Reconnecting);
        let error = ClientError::connection(ConnectionFailure::BadRedirect(bad));
        assert_eq!(world.client(alice).errors(), [&error]);
        assert!(world.client(alice).dialled().iter().all(|url| *url == SERVER));
    }
}

/// A redirect does not buy the attempt more time.
#[test]
fn the_connect_timeout_covers_all_redirects_of_an_attempt() {
    let mut world = World::new();
    world.add_server(ELSEWHERE);
    world.server().policy.at_challenge = AtChallenge::Redirect(ELSEWHERE.into());
    world.server_at(ELSEWHERE).policy.at_challenge = AtChallenge::Silence;
    let alice = world.add_client();
    world.run_for(10_000);
    assert_eq!(world.client(alice).dialled_at(), [0, 4 * LATENCY, 10_000]);
}

#[test]
fn a_rejected_client_stays_away_until_it_is_resumed() {
    let mut world = World::new();
    world.server().policy.at_challenge = AtChallenge::Reject;
    let alice = world.add_client();
    let login = world.login(alice, "{}");
    world.run_until(alice, ChallengeDenied);
    assert_eq!(world.client(alice).rejection(login), Some("CHALLENGE_DENIED"));
    assert_eq!(world.client(alice).error_codes(), ["CHALLENGE_DENIED"]);

    world.run_for(600_000);
    assert_eq!(world.client(alice).dialled().len(), 1);
    assert_eq!(world.client(alice).states(), [AwaitingConnection, Challenging, ChallengeDenied]);

    world.server().policy.at_challenge = AtChallenge::Accept;
    let resume = world.resume(alice);
    world.run_until_open(alice);
    assert!(world.client(alice).succeeded(resume), "the credentials are still good");
}

/// What follows a REJECT in the same frame comes from a connection that is over.
#[test]
fn messages_after_a_reject_in_the_same_frame_are_ignored() {
    let mut world = World::new();
    world.server().policy.at_challenge = AtChallenge::Silence;
    let alice = world.add_client();
    world.login(alice, "{}");
    world.run_until(alice, Challenging);
    let accept = Message::new(ConnectionAction::Accept);
    let success = Message::new(AuthAction::AuthSuccessful);
    world.server_says(alice, &[Message::new(ConnectionAction::Reject), accept, success]);
    world.run_for(1_000);
    assert_eq!(world.client(alice).state(), ChallengeDenied);
    assert_eq!(world.client(alice).error_codes(), ["CHALLENGE_DENIED"]);
}

#[test]
fn a_whole_handshake_may_come_in_one_frame() {
    let mut world = World::new();
    world.server().policy.at_challenge = AtChallenge::Silence;
    let alice = world.add_client();
    world.login(alice, "{}");
    world.run_until(alice, Challenging);
    let accept = Message::new(ConnectionAction::Accept);
    let success = Message { data: Some("{\"a\":1}"), ..Message::new(AuthAction::AuthSuccessful) };
    world.server_says(alice, &[accept, success]);
    world.run_for(LATENCY);
    assert_eq!(world.client(alice).state(), Open);
}

/// B8: one deadline from the first socket to the login, whatever it is that hangs.
#[test]
fn an_attempt_that_hangs_is_left_after_the_connect_timeout() {
    type Hang = fn(&mut World, crate::world::ClientId);
    let hangs: [(_, Hang); 3] = [
        (Reconnecting, |world, alice| world.network().route(alice, Route::Lost)),
        (Challenging, |world, _| world.server().policy.at_challenge = AtChallenge::Silence),
        (Authenticating, |world, _| world.server().policy.at_login = AtLogin::Silence),
    ];
    for (phase, hang) in hangs {
        let mut world = World::new();
        let alice = world.add_open_client();
        hang(&mut world, alice);
        world.network().cut(alice);
        world.run_for(LATENCY);
        world.run_until(alice, phase);
        world.client_mut(alice).forget();

        world.run_for(10_000);
        let timeout = ClientError::connection(ConnectionFailure::TimedOut);
        assert_eq!(world.client(alice).errors(), [&timeout], "{phase:?}");
        assert_eq!(world.client(alice).state(), Reconnecting, "{phase:?}");
    }
}
