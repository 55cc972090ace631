//! `pause()`, `resume()` and `close()` in every phase.

use deepstream_wasm::client::ConnectionState::{self, *};

use crate::{
    phases::Phase,
    world::{LATENCY, World},
};

/// Longer than anything that a client could still be waiting for, in milliseconds.
const LONG: u64 = 600_000;

#[test]
fn close_is_for_good_in_every_phase() {
    for phase in Phase::ALL {
        let (mut world, alice) = phase.reach();
        world.close(alice);
        let expected: &[ConnectionState] = match phase {
            Phase::Lazy | Phase::Closed => &[],
            _ => &[Closing, Closed],
        };
        assert_eq!(world.client(alice).states(), expected, "at once, in {phase:?}");

        world.client_mut(alice).forget();
        world.run_for(LONG);
        assert!(world.client(alice).history().is_empty(), "{phase:?}: {:?}", world.client(alice).history());
        assert_eq!(world.client(alice).ticks(), 0, "{phase:?}");
        assert_eq!(world.server().connections(), 0, "{phase:?}");
    }
}

#[test]
fn close_closes_the_door_for_everything_else() {
    for phase in Phase::ALL {
        let (mut world, alice) = phase.reach();
        world.close(alice);
        world.client_mut(alice).forget();

        let login = world.login(alice, "{}");
        let resume = world.resume(alice);
        world.pause(alice);
        world.close(alice);
        world.subscribe(alice, "news");
        world.emit(alice, "news", "1");
        world.unsubscribe(alice, "news");
        world.run_for(LONG);

        let client = world.client(alice);
        assert_eq!(client.rejection(login), Some("IS_CLOSED"), "{phase:?}");
        assert_eq!(client.rejection(resume), Some("IS_CLOSED"), "{phase:?}");
        assert_eq!(client.error_codes(), ["IS_CLOSED", "IS_CLOSED"], "subscribe and emit, in {phase:?}");
        assert_eq!((client.states(), client.state()), (vec![], Closed), "{phase:?}");
    }
}

#[test]
fn close_answers_everybody_who_waits_in_every_phase() {
    for phase in Phase::ALL {
        let (mut world, alice) = phase.reach();
        let waiting = [world.login(alice, "{\"user\":\"alice\"}"), world.resume(alice), world.login(alice, "{}")];
        world.close(alice);
        let client = world.client(alice);
        assert!(waiting.iter().all(|ticket| client.outcome(*ticket).is_some()), "{phase:?}");
    }
}

#[test]
fn pause_lets_go_in_every_phase() {
    for phase in Phase::ALL {
        let (mut world, alice) = phase.reach();
        world.pause(alice);
        let expected: &[ConnectionState] = match phase {
            Phase::Paused | Phase::Closed => &[],
            _ => &[Pausing, Offline],
        };
        assert_eq!(world.client(alice).states(), expected, "at once, in {phase:?}");

        world.client_mut(alice).forget();
        world.pause(alice);
        world.run_for(LONG);
        assert!(world.client(alice).history().is_empty(), "{phase:?}: {:?}", world.client(alice).history());
        assert_eq!(world.client(alice).ticks(), 0, "{phase:?}");
        assert_eq!(world.server().connections(), 0, "{phase:?}");
    }
}

#[test]
fn resume_brings_the_client_back_from_every_phase() {
    for phase in Phase::ALL.into_iter().filter(|phase| *phase != Phase::Closed) {
        let (mut world, alice) = phase.reach();
        let resume = world.resume(alice);
        world.run_for(20_000);
        let goal = if phase.has_credentials() { Open } else { AwaitingAuthentication };
        assert_eq!(world.client(alice).state(), goal, "{phase:?}");
        assert!(world.client(alice).succeeded(resume), "{phase:?}");
    }
}

#[test]
fn resume_after_pause_brings_the_client_back_from_every_phase() {
    for phase in Phase::ALL.into_iter().filter(|phase| *phase != Phase::Closed) {
        let (mut world, alice) = phase.reach();
        world.pause(alice);
        let resume = world.resume(alice);
        world.run_for(20_000);

        let way: &[ConnectionState] = match phase {
            Phase::Paused => &[Reconnecting, AwaitingConnection, Challenging, AwaitingAuthentication],
            _ => &[Pausing, Offline, Reconnecting, AwaitingConnection, Challenging, AwaitingAuthentication],
        };
        let inside: &[ConnectionState] = if phase.has_credentials() { &[Authenticating, Open] } else { &[] };
        assert_eq!(world.client(alice).states(), [way, inside].concat(), "{phase:?}");
        assert!(world.client(alice).succeeded(resume), "{phase:?}");
    }
}

/// Where somebody already waits for the next attempt, `resume()` does not wait any longer.
#[test]
fn resume_dials_at_once_where_no_attempt_is_under_way() {
    for phase in [Phase::New, Phase::Lazy, Phase::Waiting, Phase::Paused, Phase::GaveUp, Phase::ChallengeDenied] {
        let (mut world, alice) = phase.reach();
        let now = world.now().as_ms();
        world.resume(alice);
        assert_eq!(world.client(alice).dialled_at(), [now], "{phase:?}");
    }
}

#[test]
fn resume_leaves_an_attempt_that_is_under_way_alone() {
    for phase in [Phase::Dialling, Phase::Challenging, Phase::Redirecting, Phase::Authenticating, Phase::Open] {
        let (mut world, alice) = phase.reach();
        world.resume(alice);
        assert!(world.client(alice).dialled().is_empty(), "{phase:?}");
        assert!(world.client(alice).states().is_empty(), "{phase:?}");
    }
}

#[test]
fn resume_starts_the_backoff_over() {
    let (mut world, alice) = Phase::Waiting.reach();
    world.server().kill();
    world.run_for(60_000);
    world.client_mut(alice).forget();
    let now = world.now().as_ms();
    world.resume(alice);
    world.run_for(13_000);
    let failed = now + 2 * LATENCY;
    let dialled_at = [now, failed, failed + 2 * LATENCY + 4_000, failed + 4 * LATENCY + 12_000];
    assert_eq!(world.client(alice).dialled_at(), dialled_at);
}

#[test]
fn everybody_who_asked_to_resume_is_answered() {
    let (mut world, alice) = Phase::Paused.reach();
    let resumes = [world.resume(alice), world.resume(alice)];
    world.run_until_open(alice);
    assert!(resumes.iter().all(|resume| world.client(alice).succeeded(*resume)));
    assert_eq!(world.client(alice).dialled().len(), 1);
}

#[test]
fn a_resume_is_answered_when_pause_comes_first() {
    let (mut world, alice) = Phase::Paused.reach();
    let resume = world.resume(alice);
    world.pause(alice);
    assert_eq!(world.client(alice).rejection(resume), Some("client offline"));
    assert_eq!(world.client(alice).states(), [Reconnecting, Pausing, Offline]);
}

#[test]
fn a_resume_is_answered_when_the_server_refuses_the_credentials() {
    let (mut world, alice) = Phase::Paused.reach();
    world.server().policy.at_login = crate::world::server::AtLogin::Refuse(None);
    let resume = world.resume(alice);
    world.run_for(1_000);
    assert_eq!(world.client(alice).rejection(resume), Some("INVALID_AUTHENTICATION_DETAILS"));
}

#[test]
fn pause_and_resume_in_quick_succession_leave_one_connection() {
    let mut world = World::new();
    let alice = world.add_open_client();
    for _ in 0..50 {
        world.pause(alice);
        world.resume(alice);
        world.run_for(7);
    }
    world.run_until_open(alice);
    world.run_for(1_000);
    assert_eq!(world.server().connections(), 1);
}
