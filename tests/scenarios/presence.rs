//! Who is logged in, asked and watched, over connections that come and go.

use deepstream_wasm::{
    client::{ClientError, ConnectionState::*, Options, Output, Resubscribe, limits},
    wire::{Message, PresenceAction, Topic},
};

use crate::{
    phases::Phase,
    world::{ClientId, LATENCY, Wish, World, server::Request},
};

/// Long enough for a subscription to be collected, sent, acknowledged and caught up with, in milliseconds.
const WATCHED: u64 = 100 + 4 * LATENCY;

fn credentials(user: &str) -> String {
    format!("{{\"username\":\"{user}\"}}")
}

fn log_in(world: &mut World, client: ClientId, user: &str) {
    world.login(client, &credentials(user));
    world.run_until_open(client);
    world.run_for(2 * LATENCY);
}

fn add_user(world: &mut World, user: &str) -> ClientId {
    let client = world.add_client();
    log_in(world, client, user);
    client
}

/// Ann is logged in, and has forgotten how she got there.
fn world_with_ann() -> (World, ClientId) {
    world_with_ann_who(|_| {})
}

fn world_with_ann_who(change: impl FnOnce(&mut Options)) -> (World, ClientId) {
    let mut world = World::new();
    let ann = world.add_client_with(change);
    log_in(&mut world, ann, "ann");
    world.client_mut(ann).forget();
    world.server().forget_requests();
    (world, ann)
}

fn watch(world: &mut World, client: ClientId, users: &[&str]) {
    for user in users {
        world.wish(client, Wish::Watch((*user).into()));
    }
    world.run_for(WATCHED);
}

fn watch_all(world: &mut World, client: ClientId) {
    world.wish(client, Wish::WatchAll);
    world.run_for(WATCHED);
}

fn names(users: &[&str]) -> Vec<String> {
    users.iter().map(|user| (*user).into()).collect()
}

fn say(action: PresenceAction, user: &str) -> Message<'_> {
    Message { name: Some(user), ..Message::new(action) }
}

fn presence_requests(world: &mut World) -> Vec<Request> {
    let is_presence =
        |request: &&Request| !matches!(request, Request::Challenge { .. } | Request::Login(_) | Request::Ping);
    world.server().requests().into_iter().filter(is_presence).cloned().collect()
}

mod questions {
    use super::*;

    #[test]
    fn a_question_for_all_is_answered_without_the_one_who_asks() {
        let (mut world, ann) = world_with_ann();
        let nobody = world.query_all(ann);
        add_user(&mut world, "bob");
        add_user(&mut world, "bob");
        add_user(&mut world, "c\\\"d");
        let others = world.query_all(ann);
        world.run_for(1_000);
        assert_eq!(world.client(ann).outcome(nobody), Some(Ok(Some("[]"))));
        assert_eq!(world.client(ann).outcome(others), Some(Ok(Some(r#"["bob","c\\"]"#))));
    }

    #[test]
    fn a_question_for_some_is_answered_for_each() {
        let (mut world, ann) = world_with_ann();
        add_user(&mut world, "bob");
        let some = world.query(ann, &["cat", "bob", "ann"]);
        let none = world.query(ann, &[]);
        world.run_for(1_000);
        assert_eq!(world.client(ann).outcome(some), Some(Ok(Some(r#"{"cat":false,"bob":true,"ann":true}"#))));
        assert_eq!(world.client(ann).outcome(none), Some(Ok(Some("{}"))));
        assert!(world.client(ann).errors().is_empty());
    }

    #[test]
    fn each_answer_goes_to_its_own_question() {
        let (mut world, ann) = world_with_ann();
        let bob = world.add_client();
        let before = (world.query_all(ann), world.query(ann, &["bob"]));
        world.run_for(LATENCY);
        world.login(bob, &credentials("bob"));
        world.run_until_open(bob);
        let after = (world.query(ann, &["bob"]), world.query_all(ann));
        world.run_for(1_000);
        let outcome = |ticket| world.client(ann).outcome(ticket).unwrap().unwrap();
        assert_eq!([outcome(before.0), outcome(before.1)], [Some("[]"), Some(r#"{"bob":false}"#)]);
        assert_eq!([outcome(after.1), outcome(after.0)], [Some(r#"["bob"]"#), Some(r#"{"bob":true}"#)]);
    }

    #[test]
    fn long_lists_are_spread_over_messages() {
        let (mut world, ann) = world_with_ann();
        let users: Vec<_> = (0..20_000).map(|number| format!("somebody/{number:05}")).collect();
        let ticket = world.query(ann, &users.iter().map(String::as_str).collect::<Vec<_>>());
        world.run_for(1_000);
        let answer = world.client(ann).outcome(ticket).unwrap().unwrap().unwrap();
        assert_eq!(answer.matches(":false").count(), users.len());
        let requests = presence_requests(&mut world);
        assert!((2..5).contains(&requests.len()), "{} messages", requests.len());
        for request in requests {
            let Request::Query(users) = request else { panic!("{request:?}") };
            assert!(users.iter().map(String::len).sum::<usize>() <= limits::BULK_NAMES_MAX_BYTES);
        }
    }

    #[test]
    fn a_question_that_is_refused_is_rejected_and_not_reported_besides() {
        let (mut world, ann) = world_with_ann();
        world.server().policy.denied_users = ["eve", "dan", "undefined"].map(String::from).into();
        let tickets =
            [world.query(ann, &["bob", "eve", "cat"]), world.query(ann, &["eve", "dan"]), world.query_all(ann)];
        world.run_for(10_000);
        for ticket in tickets {
            assert_eq!(world.client(ann).rejection(ticket), Some("MESSAGE_DENIED"));
        }
        assert!(world.client(ann).errors().is_empty(), "{:?}", world.client(ann).errors());
    }

    #[test]
    fn a_question_that_nobody_answers_is_rejected_in_time() {
        let (mut world, ann) = world_with_ann();
        world.server().policy.answers_queries = false;
        let tickets = [world.query_all(ann), world.query(ann, &["bob"])];
        world.run_for(1_999);
        assert_eq!(tickets.map(|ticket| world.client(ann).outcome(ticket)), [None, None]);
        world.run_for(1);
        assert_eq!(tickets.map(|ticket| world.client(ann).rejection(ticket)), [Some("ACK_TIMEOUT"); 2]);
        let timeout = ClientError::ack_timeout(Topic::Presence, vec!["bob".into()]);
        assert_eq!(world.client(ann).outcome(tickets[1]), Some(Err(&timeout)));
    }

    #[test]
    fn a_late_answer_is_not_taken_for_that_to_the_next_question() {
        let (mut world, ann) = world_with_ann();
        world.network().stall(ann, 3_000);
        let late = world.query_all(ann);
        world.run_for(2_500);
        assert_eq!(world.client(ann).rejection(late), Some("ACK_TIMEOUT"));
        add_user(&mut world, "bob");
        let next = world.query_all(ann);
        world.run_for(5_000);
        assert_eq!(world.client(ann).outcome(next), Some(Ok(Some(r#"["bob"]"#))));
        assert!(world.client(ann).errors().is_empty());
    }

    #[test]
    fn questions_wait_for_the_login() {
        let mut world = World::new();
        add_user(&mut world, "bob");
        let ann = world.add_client();
        let tickets = [world.query_all(ann), world.query(ann, &["bob"])];
        world.run_for(60_000);
        assert_eq!(tickets.map(|ticket| world.client(ann).outcome(ticket)), [None, None]);
        log_in(&mut world, ann, "ann");
        world.run_for(LATENCY);
        let outcomes = tickets.map(|ticket| world.client(ann).outcome(ticket));
        assert_eq!(outcomes, [Some(Ok(Some(r#"["bob"]"#))), Some(Ok(Some(r#"{"bob":true}"#)))]);
    }

    #[test]
    fn questions_in_flight_at_a_cut_are_asked_again() {
        let (mut world, ann) = world_with_ann();
        add_user(&mut world, "bob");
        let tickets = [world.query_all(ann), world.query(ann, &["bob", "cat"])];
        world.run_for(LATENCY);
        world.network().cut(ann);
        world.run_for(LATENCY);
        world.run_until_open(ann);
        world.run_for(1_000);
        let outcomes = tickets.map(|ticket| world.client(ann).outcome(ticket));
        assert_eq!(outcomes, [Some(Ok(Some(r#"["bob"]"#))), Some(Ok(Some(r#"{"bob":true,"cat":false}"#)))]);
    }

    #[test]
    fn wherever_there_will_be_no_session_a_question_is_rejected_with_the_reason() {
        for phase in Phase::ALL {
            let (mut world, ann) = phase.reach();
            let ticket = world.query_all(ann);
            let expected = match phase {
                Phase::Closed => Some("IS_CLOSED"),
                Phase::Paused => Some("client offline"),
                Phase::GaveUp => Some("MAX_RECONNECTION_ATTEMPTS_REACHED"),
                Phase::HeartbeatStopped => Some("HEARTBEAT_TIMEOUT"),
                Phase::ChallengeDenied => Some("CHALLENGE_DENIED"),
                Phase::TooManyAuthAttempts => Some("TOO_MANY_AUTH_ATTEMPTS"),
                Phase::AuthenticationTimeout => Some("AUTHENTICATION_TIMEOUT"),
                _ => None,
            };
            assert_eq!(world.client(ann).rejection(ticket), expected, "{phase:?}");
            if expected.is_none() {
                world.close(ann);
                assert_eq!(world.client(ann).rejection(ticket), Some("IS_CLOSED"), "{phase:?}");
            }
        }
    }

    #[test]
    fn a_pause_rejects_what_was_asked() {
        let (mut world, ann) = world_with_ann();
        let ticket = world.query_all(ann);
        world.pause(ann);
        assert_eq!(world.client(ann).rejection(ticket), Some("client offline"));
    }

    #[test]
    fn no_more_questions_wait_than_there_is_room_for() {
        let mut world = World::new();
        let ann = world.add_client();
        let tickets: Vec<_> = (0..limits::PRESENCE_MAX_QUERIES).map(|_| world.query_all(ann)).collect();
        let one_too_many = world.query_all(ann);
        assert_eq!(world.client(ann).rejection(one_too_many), Some("TOO_MANY_QUERIES"));
        log_in(&mut world, ann, "ann");
        world.run_for(1_000);
        assert!(tickets.into_iter().all(|ticket| world.client(ann).succeeded(ticket)));
    }

    #[test]
    fn an_answer_that_is_none_is_rejected() {
        let (mut world, ann) = world_with_ann();
        world.server().policy.answers_queries = false;
        let ticket = world.query(ann, &["bob"]);
        let answer = Message::new(PresenceAction::QueryResponse);
        let answer = Message { correlation_id: Some("0"), data: Some("{\"bob\":1}"), ..answer };
        world.server_says(ann, &[answer]);
        world.run_for(LATENCY);
        assert_eq!(world.client(ann).rejection(ticket), Some("UNSOLICITED_MESSAGE"));
    }
}

mod watching {
    use super::*;

    #[test]
    fn users_who_come_and_go_are_told() {
        let (mut world, ann) = world_with_ann();
        watch(&mut world, ann, &["bob", "cat"]);
        assert_eq!(world.watches(ann), ["bob", "cat"]);
        let bob = add_user(&mut world, "bob");
        let again = add_user(&mut world, "bob");
        add_user(&mut world, "dan");
        world.close(bob);
        world.run_for(1_000);
        assert_eq!(world.client(ann).told("bob"), ["+bob"], "one connection of two is left");
        world.close(again);
        world.run_for(1_000);
        assert_eq!(world.client(ann).told("bob"), ["+bob", "-bob"]);
        assert!(world.client(ann).told("dan").is_empty());
        assert!(world.client(ann).told_of_all().is_empty());
        let asked = [Request::SubscribeUsers(names(&["bob", "cat"])), Request::Query(names(&["bob", "cat"]))];
        assert_eq!(presence_requests(&mut world), asked);
    }

    #[test]
    fn everyone_who_comes_and_goes_is_told() {
        let (mut world, ann) = world_with_ann();
        let bob = add_user(&mut world, "bob");
        watch_all(&mut world, ann);
        watch(&mut world, ann, &["cat"]);
        let cat = add_user(&mut world, "cat");
        world.close(bob);
        world.close(cat);
        world.run_for(1_000);
        assert_eq!(world.client(ann).told_of_all(), ["+cat", "-bob", "-cat"]);
        assert_eq!(world.client(ann).told("cat"), ["+cat", "-cat"]);
        assert!(world.client(ann).errors().is_empty());
    }

    #[test]
    fn after_unsubscribing_nothing_is_told() {
        let (mut world, ann) = world_with_ann();
        watch_all(&mut world, ann);
        watch(&mut world, ann, &["bob", "cat"]);
        world.wish(ann, Wish::UnwatchAll);
        world.wish(ann, Wish::Unwatch("bob".into()));
        world.run_for(WATCHED);
        assert_eq!(world.watches(ann), ["cat"]);
        add_user(&mut world, "bob");
        assert!(world.client(ann).told_of_all().is_empty());
        assert!(world.client(ann).told("bob").is_empty());

        watch_all(&mut world, ann);
        assert_eq!(world.watches(ann), ["%_EVERYONE_%", "cat"]);
        add_user(&mut world, "dan");
        assert_eq!(world.client(ann).told_of_all(), ["+dan"]);
    }

    #[test]
    fn refused_subscriptions_are_reported_once_and_asked_again_in_the_next_session() {
        let (mut world, ann) = world_with_ann();
        world.server().policy.denied_users = ["eve", "undefined"].map(String::from).into();
        watch_all(&mut world, ann);
        watch(&mut world, ann, &["eve"]);
        world.run_for(10_000);
        assert_eq!(world.client(ann).error_codes(), ["MESSAGE_DENIED"; 2]);
        assert!(presence_requests(&mut world).iter().all(|it| !matches!(it, Request::Query(_) | Request::QueryAll)));

        world.wish(ann, Wish::UnwatchAll);
        world.run_for(WATCHED);
        assert!(!presence_requests(&mut world).contains(&Request::UnsubscribeAll), "nothing to unsubscribe from");
        world.wish(ann, Wish::WatchAll);
        world.run_for(WATCHED);
        assert_eq!(world.client(ann).error_codes(), ["MESSAGE_DENIED"; 3]);

        world.server().policy.denied_users.clear();
        world.network().cut(ann);
        world.run_for(LATENCY);
        world.run_until_open(ann);
        world.run_for(WATCHED);
        assert_eq!(world.watches(ann), ["%_EVERYONE_%", "eve"]);
    }

    #[test]
    fn a_refused_user_does_not_cost_the_others() {
        for users in [["bob", "cat", "eve"], ["bob", "eve", "zoe"], ["eve", "yan", "zoe"]] {
            let (mut world, ann) = world_with_ann();
            world.server().policy.denied_users.insert("eve".into());
            watch(&mut world, ann, &users);
            world.run_for(10_000);
            for user in users.into_iter().filter(|user| *user != "eve") {
                assert!(world.watches(ann).contains(&user), "{user} of {users:?}: {:?}", world.watches(ann));
                let client = add_user(&mut world, user);
                assert_eq!(world.client(ann).told(user), [format!("+{user}")], "{users:?}");
                world.close(client);
            }
            assert_eq!(world.client(ann).error_codes(), ["MESSAGE_DENIED"], "{users:?}");
        }
    }

    /// The server subscribes a refused user beside others, and drops another in its place, until it is told otherwise.
    #[test]
    fn nothing_is_told_of_a_refused_user() {
        for delay in 0..10 * LATENCY {
            let (mut world, ann) = world_with_ann();
            world.server().policy.denied_users.insert("eve".into());
            let eve = world.add_client();
            world.wish(ann, Wish::Watch("eve".into()));
            world.wish(ann, Wish::Watch("zoe".into()));
            world.run_for(60 + delay);
            world.login(eve, &credentials("eve"));
            world.run_for(10_000);
            assert!(world.client(ann).told("eve").is_empty(), "after {delay} ms");
        }
    }

    #[test]
    fn a_subscription_to_all_that_nobody_acknowledges_is_sent_once_more_then_reported() {
        let (mut world, ann) = world_with_ann();
        world.server().policy.acknowledges = false;
        watch_all(&mut world, ann);
        world.run_for(2_000);
        assert_eq!(presence_requests(&mut world), [Request::SubscribeAll, Request::SubscribeAll]);
        assert!(world.client(ann).errors().is_empty(), "the repetition is no error of the application");
        world.run_for(2_000);
        let names = vec!["%_EVERYONE_%".into()];
        assert_eq!(world.client(ann).errors(), [&ClientError::ack_timeout(Topic::Presence, names)]);
        world.run_for(10_000);
        add_user(&mut world, "bob");
        assert_eq!(world.client(ann).told_of_all(), ["+bob"]);
        assert_eq!(world.client(ann).errors().len(), 1);
    }

    #[test]
    fn taking_a_subscription_back_before_it_is_acknowledged_leaves_nothing_behind() {
        let (mut world, ann) = world_with_ann();
        world.wish(ann, Wish::WatchAll);
        world.wish(ann, Wish::UnwatchAll);
        world.wish(ann, Wish::WatchAll);
        world.wish(ann, Wish::UnwatchAll);
        world.run_for(10_000);
        assert!(world.watches(ann).is_empty());
        assert!(world.client(ann).errors().is_empty());
    }

    #[test]
    fn subscribing_after_close_is_reported() {
        let (mut world, ann) = world_with_ann();
        world.close(ann);
        world.wish(ann, Wish::WatchAll);
        world.wish(ann, Wish::Watch("bob".into()));
        assert_eq!(world.client(ann).error_codes(), ["IS_CLOSED"; 2]);
    }

    #[test]
    fn what_the_server_makes_up_is_reported() {
        let (mut world, ann) = world_with_ann();
        let invalid = say(PresenceAction::InvalidPresenceUsers, "bob");
        world.server_says(ann, &[say(PresenceAction::Query, "bob"), invalid]);
        world.run_for(LATENCY);
        assert_eq!(world.client(ann).error_codes(), ["UNSOLICITED_MESSAGE", "INVALID_PRESENCE_USERS"]);
    }
}

mod outages {
    use super::*;

    /// Ann watches these users, and all; then she is away while `meanwhile` happens, and comes back.
    fn away(world: &mut World, ann: ClientId, users: &[&str], meanwhile: impl FnOnce(&mut World)) {
        watch_all(world, ann);
        watch(world, ann, users);
        world.network().route(ann, crate::world::network::Route::Refused);
        world.network().cut(ann);
        world.run_for(1_000);
        world.client_mut(ann).forget();
        world.server().forget_requests();
        meanwhile(world);
        world.network().route(ann, crate::world::network::Route::Clear);
        world.run_until_open(ann);
        world.run_for(WATCHED);
    }

    #[test]
    fn what_was_missed_is_told_and_nothing_else() {
        let (mut world, ann) = world_with_ann();
        let [gone, _stays, back] = ["gone", "stays", "back"].map(|user| add_user(&mut world, user));
        let watched = ["gone", "new", "never", "stays", "back", "brief"];
        away(&mut world, ann, &watched, |world| {
            world.close(gone);
            world.close(back);
            add_user(world, "back");
            add_user(world, "new");
            let brief = add_user(world, "brief");
            world.close(brief);
        });
        let mut told: Vec<_> = watched.iter().flat_map(|user| world.client(ann).told(user)).collect();
        told.sort();
        assert_eq!(told, ["+new", "-gone"]);
        assert_eq!(world.client(ann).told_of_all(), ["+new", "-gone"]);

        add_user(&mut world, "gone");
        assert_eq!(world.client(ann).told("gone"), ["-gone", "+gone"]);
        assert_eq!(world.client(ann).told_of_all(), ["+new", "-gone", "+gone"]);
    }

    #[test]
    fn everything_is_restored_with_one_message_of_each_kind() {
        let (mut world, ann) = world_with_ann();
        away(&mut world, ann, &["bob", "cat"], |_| {});
        let users = names(&["bob", "cat"]);
        let (subscribe, query) = (Request::SubscribeUsers(users.clone()), Request::Query(users));
        let requests = presence_requests(&mut world);
        assert_eq!(requests.len(), 4, "{requests:?}");
        for request in [subscribe, query, Request::SubscribeAll, Request::QueryAll] {
            assert!(requests.contains(&request), "{request:?}");
        }
        let restored = world.client(ann).outputs().filter_map(|output| match output {
            Output::Resubscribed { topic: Topic::Presence, names, .. } => Some(names.iter().map(|name| &**name)),
            _ => None,
        });
        let mut restored: Vec<_> = restored.flatten().collect();
        restored.sort_unstable();
        assert_eq!(restored, ["%_EVERYONE_%", "bob", "cat"]);
    }

    #[test]
    fn nothing_is_told_twice_whenever_somebody_comes_or_goes_around_the_reconnect() {
        for (delay, was_there) in (0..20 * LATENCY).flat_map(|delay| [(delay, true), (delay, false)]) {
            let (mut world, ann) = world_with_ann();
            let bob = if was_there { add_user(&mut world, "bob") } else { world.add_client() };
            watch_all(&mut world, ann);
            watch(&mut world, ann, &["bob"]);
            world.client_mut(ann).forget();
            world.network().cut(ann);
            world.run_for(delay);
            if was_there {
                world.close(bob);
            } else {
                world.login(bob, &credentials("bob"));
            }
            world.run_for(10_000);
            let expected = [if was_there { "-bob" } else { "+bob" }];
            assert_eq!(world.client(ann).told("bob"), expected, "after {delay} ms");
            assert_eq!(world.client(ann).told_of_all(), expected, "after {delay} ms");
        }
    }

    #[test]
    fn it_can_be_turned_off() {
        let (mut world, ann) = world_with_ann_who(|options| options.presence_catch_up = false);
        away(&mut world, ann, &["bob"], |world| {
            add_user(world, "bob");
        });
        assert!(world.client(ann).told("bob").is_empty());
        assert!(world.client(ann).told_of_all().is_empty());
        let expected = [Request::SubscribeUsers(names(&["bob"])), Request::SubscribeAll];
        assert_eq!(presence_requests(&mut world), expected);
    }

    #[test]
    fn a_repeated_message_is_dropped_only_where_it_is_known_to_be_one() {
        for catches_up in [true, false] {
            let (mut world, ann) = world_with_ann_who(|options| options.presence_catch_up = catches_up);
            watch_all(&mut world, ann);
            watch(&mut world, ann, &["bob"]);
            let join = [say(PresenceAction::PresenceJoin, "bob"), say(PresenceAction::PresenceJoinAll, "bob")];
            world.server_says(ann, &join);
            world.server_says(ann, &join);
            world.run_for(LATENCY);
            let times = if catches_up { 1 } else { 2 };
            assert_eq!(world.client(ann).told("bob").len(), times);
            assert_eq!(world.client(ann).told_of_all().len(), times);
        }
    }

    #[test]
    fn what_came_before_the_first_answer_counts_too() {
        let (mut world, ann) = world_with_ann();
        world.server().policy.answers_queries = false;
        watch_all(&mut world, ann);
        watch(&mut world, ann, &["bob"]);
        let bob = add_user(&mut world, "bob");
        let leave = say(PresenceAction::PresenceLeaveAll, "zoe");
        world.server_says(ann, &[leave]);
        world.run_for(LATENCY);
        assert_eq!(world.client(ann).told_of_all(), ["+bob", "-zoe"], "nobody knows whether zoe was there");
        world.network().cut(ann);
        world.close(bob);
        world.server().policy.answers_queries = true;
        world.run_for(10_000);
        assert_eq!(world.client(ann).told("bob"), ["+bob", "-bob"]);
        assert_eq!(world.client(ann).told_of_all(), ["+bob", "-zoe", "-bob"]);
    }

    #[test]
    fn a_catch_up_that_fails_is_reported() {
        let (mut world, ann) = world_with_ann();
        world.server().policy.answers_queries = false;
        watch_all(&mut world, ann);
        watch(&mut world, ann, &["bob"]);
        world.run_for(10_000);
        assert_eq!(world.client(ann).error_codes(), ["ACK_TIMEOUT"; 2]);
    }

    #[test]
    fn what_the_application_holds_back_is_not_restored_before_it_says_so() {
        let (mut world, ann) = world_with_ann_who(|options| options.resubscribe = Resubscribe::Manual);
        away(&mut world, ann, &["bob"], |world| {
            add_user(world, "bob");
        });
        assert!(world.watches(ann).is_empty());
        assert!(world.client(ann).told_of_all().is_empty());
        world.wish(ann, Wish::Resubscribe);
        world.run_for(WATCHED);
        assert_eq!(world.watches(ann), ["%_EVERYONE_%", "bob"]);
        assert_eq!(world.client(ann).told("bob"), ["+bob"]);
        assert_eq!(world.client(ann).told_of_all(), ["+bob"]);
    }

    #[test]
    fn pauses_are_caught_up_with_too() {
        let (mut world, ann) = world_with_ann();
        watch(&mut world, ann, &["bob"]);
        world.pause(ann);
        world.wish(ann, Wish::WatchAll);
        add_user(&mut world, "bob");
        world.resume(ann);
        world.run_for(1_000);
        assert_eq!(world.client(ann).told("bob"), ["+bob"]);
        assert!(world.client(ann).told_of_all().is_empty(), "bob was there when all were first watched");
    }

    #[test]
    fn subscriptions_survive_two_hundred_restarts_without_ever_being_doubled() {
        let (mut world, ann) = world_with_ann();
        let bob = add_user(&mut world, "bob");
        watch_all(&mut world, ann);
        watch(&mut world, ann, &["bob"]);
        for restart in 0..200 {
            world.server().restart();
            world.run_for(restart * 97 % 9_000);
        }
        world.run_for(31_000);
        assert_eq!(world.watches(ann), ["%_EVERYONE_%", "bob"]);
        assert!(world.client(ann).error_codes().iter().all(|code| *code == "CONNECTION_ERROR"));
        assert_eq!(world.client(bob).state(), Open);
        for told in [world.client(ann).told("bob"), world.client(ann).told_of_all()] {
            let alternates = |pair: &[String]| pair[0] != pair[1];
            assert!(told.windows(2).all(alternates), "{told:?}");
            assert_ne!(told.last().map(String::as_str), Some("-bob"));
        }
    }

    #[test]
    fn with_too_many_users_live_messages_still_come() {
        let (mut world, ann) = world_with_ann();
        world.server().policy.answers_queries = false;
        watch_all(&mut world, ann);
        let users: Vec<_> = (0..=limits::PRESENCE_MAX_KNOWN_USERS).map(|number| format!("u{number}")).collect();
        let names = users.iter().map(String::as_str).collect();
        let answer = Message { names, ..Message::new(PresenceAction::QueryAllResponse) };
        world.server_says(ann, &[answer]);
        world.run_for(LATENCY);
        assert_eq!(world.client(ann).error_codes(), ["TOO_MANY_USERS"]);
        let bob = add_user(&mut world, "bob");
        world.close(bob);
        world.run_for(1_000);
        assert_eq!(world.client(ann).told_of_all(), ["+bob", "-bob"]);
        world.server().restart();
        world.run_for(10_000);
        assert_eq!(world.client(ann).told_of_all(), ["+bob", "-bob"]);
        assert_eq!(world.client(ann).error_codes(), ["TOO_MANY_USERS"]);
    }
}
