//! Records when things happen in an order that nobody would have chosen.

use deepstream_wasm::{
    client::{Output, RecordNews, Resubscribe, Strategy, record::Side},
    wire::{Message, RecordAction},
};

use crate::{
    record_support::*,
    world::{RecordWish, Wish, World, network::Route, server::Right},
};

#[test]
fn what_arrived_before_the_cut_is_no_conflict_for_what_was_written_after() {
    for strategy in STRATEGIES {
        let (mut world, alice, _) = two(strategy);
        let before = set(&mut world, alice, "title", "\"arrived\"");
        world.run_for(11);
        world.network().cut(alice);
        let after = set(&mut world, alice, "more", "1");
        world.run_until_open(alice);
        world.run_for(A_WHILE);
        assert!(world.client(alice).succeeded(before) && world.client(alice).succeeded(after), "{strategy:?}");
        let (version, data) = on_server(&mut world).unwrap();
        assert_eq!(version, 3, "{strategy:?}");
        assert!(data.contains("arrived") && data.contains("more"), "{strategy:?}");
        assert_all_equal(&mut world);
    }
}

#[test]
fn flushing_waits_for_what_a_conflict_makes_of_a_write() {
    for strategy in [Strategy::LocalWins, Strategy::ThreeWay(Side::Remote), Strategy::Custom] {
        let (mut world, alice, bob) = two(strategy);
        world.pause(alice);
        set(&mut world, alice, "title", "\"mine\"");
        set(&mut world, bob, "more", "1");
        world.run_for(A_WHILE);
        world.resume(alice);
        let flushed = world.wish(alice, Wish::FlushOutbox).expect("flushes have tickets");
        world.run_until_open(alice);
        for _ in 0..A_WHILE {
            if let Some((question, mine, _)) = asked(&world, alice) {
                answer(&mut world, alice, question, Ok(mine.as_deref()));
            }
            if world.client(alice).outcome(flushed).is_some() {
                break;
            }
            world.run_for(1);
        }
        assert!(world.client(alice).succeeded(flushed), "{strategy:?}");
        assert!(on_server(&mut world).unwrap().1.contains("mine"), "{strategy:?}");
    }
}

#[test]
fn flushing_waits_for_what_has_taken_the_place_of_a_write() {
    let (mut world, alice, _) = two(Strategy::RemoteWins);
    world.pause(alice);
    set(&mut world, alice, "title", "\"first\"");
    let flushed = world.wish(alice, Wish::FlushOutbox).expect("flushes have tickets");
    set(&mut world, alice, "title", "\"second\"");
    world.run_for(A_WHILE);
    assert!(world.client(alice).outcome(flushed).is_none(), "nothing has reached the server");
    world.resume(alice);
    world.run_for(A_WHILE);
    assert!(world.client(alice).succeeded(flushed));
    assert!(on_server(&mut world).unwrap().1.contains("second"));
}

#[test]
fn a_deletion_is_no_conflict_with_what_this_client_has_written_itself() {
    let (mut world, alice, _) = two(Strategy::RemoteWins);
    set(&mut world, alice, "title", "\"arrived\"");
    world.run_for(11);
    world.network().cut(alice);
    let deletion = delete(&mut world, alice);
    world.run_until_open(alice);
    world.run_for(A_WHILE);
    assert!(world.client(alice).succeeded(deletion));
    assert_eq!(on_server(&mut world), None);
}

#[test]
fn quick_writes_through_null_do_not_kill_the_server() {
    let (mut world, alice, _) = two(Strategy::RemoteWins);
    set(&mut world, alice, "title", "null");
    world.run_for(A_WHILE);
    set(&mut world, alice, "more", "1");
    set(&mut world, alice, "title.short", "\"x\"");
    set(&mut world, alice, "title.short", "\"y\"");
    world.run_for(A_WHILE);
    assert!(world.server().is_running());
    assert_all_equal(&mut world);
}

#[test]
fn quick_writes_to_the_same_path_leave_what_each_of_them_leaves() {
    for edits in [[("list[2]", Some("1")), ("list[2]", None)], [("title", None), ("title", Some("1"))]] {
        let (mut world, alice, _) = two(Strategy::RemoteWins);
        set(&mut world, alice, "list", "[]");
        world.run_for(A_WHILE);
        world.pause(alice);
        for (path, data) in edits {
            write(&mut world, alice, &[(path, data)]);
        }
        world.resume(alice);
        world.run_until_open(alice);
        world.run_for(A_WHILE);
        assert_all_equal(&mut world);
    }
}

#[test]
fn a_write_that_cannot_be_made_to_what_is_loaded_is_reported() {
    let (mut world, _, _) = two(Strategy::RemoteWins);
    let carol = world.add_open_client();
    open(&mut world, carol, Strategy::RemoteWins);
    let impossible = write(&mut world, carol, &[("title", Some("\"half\"")), ("tags.x", Some("1"))]);
    let possible = set(&mut world, carol, "more", "1");
    world.run_for(A_WHILE);
    assert_eq!(world.client(carol).rejection(impossible), Some("INVALID_PATH"));
    assert!(world.client(carol).error_codes().is_empty(), "who waits is told, and nobody else");
    assert!(world.client(carol).succeeded(possible));
    assert!(!view(&mut world, carol).contains("half"));
    assert_all_equal(&mut world);
}

#[test]
fn a_record_that_may_no_longer_be_read_is_not_left_subscribed() {
    use crate::world::server::Right;
    let (mut world, alice, _) = two(Strategy::RemoteWins);
    world.network().cut(alice);
    world.run_until_open(alice);
    world.run_for(A_WHILE);
    world.server().policy.denied_rights.insert((Right::Read, NAME.into()));
    // The first write of a session reads the record.
    let refused = set(&mut world, alice, "title", "\"no\"");
    world.run_for(A_WHILE);
    assert_eq!(world.client(alice).rejection(refused), Some("MESSAGE_DENIED"));
    let link = world.client(alice).live_link().unwrap();
    assert!(world.server().record_subscriptions(link).is_empty());
    world.server().policy.denied_rights.clear();
    open(&mut world, alice, Strategy::RemoteWins);
    world.run_for(A_WHILE);
    assert_all_equal(&mut world);
}

/// Alice was asked how to settle that she and Bob have written.
fn asked_world() -> (World, crate::world::ClientId, crate::world::ClientId) {
    let (mut world, alice, bob) = two(Strategy::Custom);
    world.pause(alice);
    set(&mut world, alice, "title", "\"alice's\"");
    set(&mut world, bob, "title", "\"bob's\"");
    world.run_for(A_WHILE);
    world.resume(alice);
    world.run_until_open(alice);
    world.run_for(A_WHILE);
    (world, alice, bob)
}

#[test]
fn what_is_written_while_the_application_settles_a_conflict_goes_on_top() {
    let (mut world, alice, _) = asked_world();
    let (question, ..) = asked(&world, alice).unwrap();
    let ticket = set(&mut world, alice, "more", "1");
    answer(&mut world, alice, question, Ok(Some(r#"{"title":"both"}"#)));
    world.run_for(A_WHILE);
    assert!(world.client(alice).succeeded(ticket));
    assert!(same(&on_server(&mut world).unwrap().1, r#"{"title":"both","more":1}"#));
    assert_all_equal(&mut world);
}

#[test]
fn a_conflict_that_others_have_overtaken_is_asked_about_again() {
    for edits in [vec![("a", "1")], vec![("a", "1"), ("b", "2"), ("c", "3")], vec![("", r#"{"title":"new"}"#)]] {
        let (mut world, alice, bob) = asked_world();
        let (question, ..) = asked(&world, alice).unwrap();
        for (path, data) in edits {
            set(&mut world, bob, path, data);
            world.run_for(A_WHILE);
        }
        answer(&mut world, alice, question, Ok(Some(r#"{"title":"both"}"#)));
        world.run_for(A_WHILE);
        let (newer, local, remote) = asked(&world, alice).unwrap();
        assert_ne!(newer, question);
        assert_eq!(local.as_deref(), Some(r#"{"title":"both"}"#));
        assert!(same(&remote.unwrap(), &view(&mut world, bob)));
        answer(&mut world, alice, newer, Ok(Some(r#"{"title":"all"}"#)));
        world.run_for(A_WHILE);
        assert_eq!(view(&mut world, bob), r#"{"title":"all"}"#);
        assert_all_equal(&mut world);
    }
}

#[test]
fn an_answer_that_is_no_record_counts_as_none() {
    for no_record in ["5", "{", "\"text\""] {
        let (mut world, alice, _) = asked_world();
        let (question, ..) = asked(&world, alice).unwrap();
        answer(&mut world, alice, question, Ok(Some(no_record)));
        world.run_for(A_WHILE);
        let is_told =
            |output: &Output| matches!(output, Output::Settle(_, Err(error)) if error.code() == "MERGE_FAILED");
        assert!(world.client(alice).outputs().any(is_told), "{no_record}");
        let is_told = |output: &Output| matches!(output, Output::Record { news: RecordNews::Conflict { .. }, .. });
        assert!(world.client(alice).outputs().any(is_told), "both values are told");
        assert_all_equal(&mut world);
    }
}

#[test]
fn what_is_deleted_needs_no_answer_any_more() {
    let (mut world, alice, _) = asked_world();
    let (question, ..) = asked(&world, alice).unwrap();
    let deletion = delete(&mut world, alice);
    world.run_for(A_WHILE);
    assert!(world.client(alice).succeeded(deletion));
    answer(&mut world, alice, question, Ok(Some("{}")));
    world.run_for(A_WHILE);
    assert_eq!(on_server(&mut world), None);
}

#[test]
fn a_deletion_that_the_application_takes_back_is_settled() {
    let (mut world, alice, bob) = two(Strategy::Custom);
    world.pause(alice);
    let deletion = delete(&mut world, alice);
    set(&mut world, bob, "title", "\"bob's\"");
    world.run_for(A_WHILE);
    world.resume(alice);
    world.run_until_open(alice);
    world.run_for(A_WHILE);
    let (question, local, _) = asked(&world, alice).unwrap();
    assert_eq!(local, None);
    answer(&mut world, alice, question, Ok(Some(r#"{"title":"kept"}"#)));
    world.run_for(A_WHILE);
    assert_eq!(world.client(alice).rejection(deletion), Some("RECORD_WRITE_LOST"));
    assert_eq!(view(&mut world, bob), r#"{"title":"kept"}"#);
    assert_all_equal(&mut world);
}

#[test]
fn a_record_opened_while_its_deletion_is_confirmed_stays_open() {
    let (mut world, alice, bob) = two(Strategy::RemoteWins);
    delete(&mut world, alice);
    world.run_for(8);
    delete(&mut world, bob);
    world.run_for(14);
    assert!(is_told_of_deletion(&world, bob));
    open(&mut world, bob, Strategy::RemoteWins);
    let ticket = set(&mut world, bob, "again", "1");
    world.run_for(A_WHILE);
    assert!(world.client(bob).succeeded(ticket));
    assert_eq!(view(&mut world, bob), r#"{"again":1}"#);
    assert_all_equal(&mut world);
}

#[test]
fn a_deletion_asked_for_before_the_record_was_opened_comes_first() {
    let (mut world, _, _) = two(Strategy::RemoteWins);
    let carol = world.add_open_client();
    world.pause(carol);
    let deletion = delete(&mut world, carol);
    open(&mut world, carol, Strategy::RemoteWins);
    set(&mut world, carol, "new", "1");
    world.resume(carol);
    world.run_until_open(carol);
    world.run_for(A_WHILE);
    assert!(world.client(carol).succeeded(deletion));
    assert_eq!(view(&mut world, carol), r#"{"new":1}"#);
    assert_all_equal(&mut world);
}

#[test]
fn what_the_server_has_forgotten_can_be_opened_again() {
    let (mut world, alice, bob) = two(Strategy::RemoteWins);
    world.pause(alice);
    delete(&mut world, bob);
    world.run_for(A_WHILE);
    world.resume(alice);
    world.run_until_open(alice);
    world.run_for(A_WHILE);
    assert!(is_told_of_deletion(&world, alice));
    open(&mut world, alice, Strategy::RemoteWins);
    world.run_for(A_WHILE);
    assert_all_equal(&mut world);
}

#[test]
fn what_was_written_to_a_record_that_is_gone_makes_it_anew() {
    for strategy in STRATEGIES {
        let (mut world, alice, bob) = two(strategy);
        world.pause(alice);
        let ticket = set(&mut world, alice, "title", "\"kept\"");
        delete(&mut world, bob);
        world.run_for(A_WHILE);
        world.resume(alice);
        world.run_until_open(alice);
        world.run_for(A_WHILE);
        assert!(world.client(alice).succeeded(ticket));
        assert_all_equal(&mut world);
    }
}

#[test]
fn a_record_that_the_server_refused_is_asked_for_when_it_is_opened_again_and_in_the_next_session() {
    for in_next_session in [false, true] {
        let mut world = World::new();
        let alice = world.add_open_client();
        world.server().policy.denied_rights.insert((Right::Read, NAME.into()));
        open(&mut world, alice, Strategy::RemoteWins);
        let first = wish(&mut world, alice, RecordWish::AwaitReady(NAME.into())).unwrap();
        world.run_for(A_WHILE);
        assert_eq!(world.client(alice).rejection(first), Some("MESSAGE_DENIED"));
        let late = wish(&mut world, alice, RecordWish::AwaitReady(NAME.into())).unwrap();
        assert_eq!(world.client(alice).rejection(late), Some("MESSAGE_DENIED"));
        let deletion = delete(&mut world, alice);
        world.run_for(A_WHILE);
        assert!(world.client(alice).outcome(deletion).is_some());
        world.server().policy.denied_rights.clear();
        if in_next_session {
            world.network().cut(alice);
            world.run_for(A_WHILE);
            world.run_until_open(alice);
        } else {
            open(&mut world, alice, Strategy::RemoteWins);
        }
        let ready = wish(&mut world, alice, RecordWish::AwaitReady(NAME.into())).unwrap();
        world.run_for(A_WHILE);
        assert!(world.client(alice).succeeded(ready), "{in_next_session}");
        assert_all_equal(&mut world);
    }
}

#[test]
fn names_sent_beside_a_refused_one_are_sent_again() {
    for read_only in [false, true] {
        let mut world = World::new();
        let alice = world.add_client_with(|options| {
            options.record_read_only_mode = read_only;
            options.record_read_ack_timeout_ms = 500;
        });
        world.open(alice);
        world.server().policy.denied_rights.insert((Right::Read, "b".into()));
        for name in ["a", "b", "c", "d"] {
            wish(&mut world, alice, RecordWish::Open { name: name.into(), strategy: Strategy::RemoteWins });
        }
        for _ in 0..2 {
            world.run_for(A_WHILE);
            assert_eq!(world.record_subscriptions(alice), ["a", "c", "d"], "{read_only}");
            assert!(!world.client(alice).error_codes().contains(&"ACK_TIMEOUT"));
            world.network().cut(alice);
            world.run_until_open(alice);
        }
        let complaints: Vec<_> = world.complaints().collect();
        assert!(complaints.is_empty(), "{complaints:?}");
    }
}

#[test]
fn a_deletion_that_overtakes_a_write_leaves_a_record_that_can_be_written() {
    for strategy in STRATEGIES {
        let (mut world, alice, bob) = two(strategy);
        set(&mut world, bob, "title", "\"second\"");
        world.run_for(A_WHILE);
        delete(&mut world, bob);
        world.run_for(5);
        let ticket = set(&mut world, alice, "title", "\"outlives\"");
        world.server().forget_requests();
        world.run_for(60_000);
        assert!(world.client(alice).succeeded(ticket), "{strategy:?}");
        assert!(world.server().requests().len() < 30, "{:?}", world.server().requests());
        let (_, data) = on_server(&mut world).unwrap();
        assert!(same(&data, &view(&mut world, alice)) && data.contains("outlives"));
    }
}

#[test]
fn what_is_taken_back_while_the_application_is_asked_about_it_ends_the_question() {
    let (mut world, alice, _) = asked_world();
    let (question, ..) = asked(&world, alice).expect("both have written");
    world.server().policy.denied_rights.insert((Right::Read, NAME.into()));
    world.wish(alice, Wish::ClearOutbox);
    world.run_for(A_WHILE);
    assert_eq!(world.client(alice).client().records().state(NAME), Some("ERROR"));
    answer(&mut world, alice, question, Ok(Some("{}")));
    assert_eq!(world.client(alice).client().records().state(NAME), Some("ERROR"));
}

#[test]
fn with_manual_resubscription_records_wait_for_the_application() {
    let mut world = World::new();
    world.server().add_storage();
    let alice = world.add_client_with(|options| options.resubscribe = Resubscribe::Manual);
    world.open(alice);
    open(&mut world, alice, Strategy::RemoteWins);
    world.run_for(A_WHILE);
    world.network().cut(alice);
    let ticket = set(&mut world, alice, "a", "1");
    world.run_until_open(alice);
    world.run_for(A_WHILE);
    assert!(world.record_subscriptions(alice).is_empty());
    world.wish(alice, Wish::Resubscribe);
    world.run_for(A_WHILE);
    assert!(world.client(alice).succeeded(ticket));
    assert_all_equal(&mut world);
}

#[test]
fn of_two_changes_merged_only_the_one_that_is_lost_is_reported_so() {
    let (mut world, alice, bob) = two(Strategy::ThreeWay(Side::Remote));
    world.pause(alice);
    let lost = set(&mut world, alice, "title", "\"alice's\"");
    let kept = set(&mut world, alice, "body.size", "6");
    set(&mut world, bob, "title", "\"bob's\"");
    world.run_for(A_WHILE);
    world.resume(alice);
    world.run_until_open(alice);
    world.run_for(A_WHILE);
    assert_eq!(world.client(alice).rejection(lost), Some("RECORD_WRITE_LOST"));
    assert!(world.client(alice).succeeded(kept));
    assert_all_equal(&mut world);
}

#[test]
fn what_the_storage_says_counts_also_with_a_version_that_is_not_newer() {
    for version in [0, 1] {
        let (mut world, alice, _) = two(Strategy::RemoteWins);
        let update = Message {
            name: Some(NAME),
            version: Some(version),
            data: Some(r#"{"restored":true}"#),
            ..Message::new(RecordAction::Update)
        };
        world.server().forget_requests();
        world.server_says(alice, &[update]);
        world.run_for(A_WHILE);
        let requests = format!("{:?}", world.server().requests());
        assert!(requests.contains("READ"), "the client looks what is true: {requests}");
        assert_all_equal(&mut world);
    }
}

#[test]
fn versions_beyond_all_numbers_break_nothing() {
    let (mut world, alice, _) = two(Strategy::RemoteWins);
    for version in [i32::MAX, i32::MIN, i32::MAX] {
        for action in [RecordAction::Update, RecordAction::Patch, RecordAction::ReadResponse] {
            let message = Message {
                name: Some(NAME),
                version: Some(version),
                path: (action == RecordAction::Patch).then_some("a"),
                data: Some("{}"),
                ..Message::new(action)
            };
            world.server_says(alice, &[message]);
        }
    }
    world.run_for(A_WHILE);
    world.network().cut(alice);
    world.run_until_open(alice);
    world.run_for(A_WHILE);
    assert_all_equal(&mut world);
}

#[test]
fn a_slow_store_does_not_hide_what_others_write_while_the_record_is_loaded() {
    for delay in 0..40 {
        let (mut world, alice, bob) = two(Strategy::RemoteWins);
        world.server().policy.store_delay_ms = 15;
        world.network().cut(alice);
        world.run_until_open(alice);
        world.run_for(delay);
        set(&mut world, bob, "title", "\"bob's\"");
        set(&mut world, bob, "more", "1");
        world.run_for(A_WHILE);
        set(&mut world, bob, "tags", "[]");
        world.run_for(A_WHILE);
        assert_all_equal(&mut world);
    }
}

#[test]
fn what_has_the_same_version_again_is_looked_at_before_it_is_written_to() {
    let (mut world, alice, bob) = two_on(Strategy::RemoteWins, false);
    world.network().route(alice, Route::Lost);
    world.server().restart();
    world.run_for(A_WHILE);
    world.run_until_open(bob);
    open(&mut world, bob, Strategy::RemoteWins);
    set(&mut world, bob, "body", "null");
    world.run_for(A_WHILE);
    world.network().route(alice, Route::Clear);
    world.run_for(60_000);
    let unaware = set(&mut world, alice, "body.text", "\"through null\"");
    world.run_for(A_WHILE);
    assert_eq!(world.client(alice).rejection(unaware), Some("RECORD_WRITE_LOST"));
    set(&mut world, alice, "body.text", "\"through null\"");
    world.run_for(A_WHILE);
    assert!(world.server().is_running());
    assert!(same(&view(&mut world, alice), r#"{"body":{"text":"through null"}}"#));
    assert_all_equal(&mut world);
}

#[test]
fn what_others_write_before_the_answer_is_there_is_not_lost() {
    let (mut world, alice, bob) = two(Strategy::RemoteWins);
    for (path, data) in [("more", "1"), ("title", "\"bob's\"")] {
        set(&mut world, bob, path, data);
    }
    world.run_for(A_WHILE);
    let carol = world.add_open_client();
    open(&mut world, carol, Strategy::RemoteWins);
    world.run_for(101);
    let message = |action, version, path, data| Message {
        name: Some(NAME),
        version: Some(version),
        path,
        data: Some(data),
        ..Message::new(action)
    };
    let answers = [
        message(RecordAction::Patch, 5, Some("a"), "5"),
        message(RecordAction::Patch, 6, Some("b"), "6"),
        message(RecordAction::ReadResponse, 4, None, "{\"a\":4}"),
    ];
    world.server_says(carol, &answers.map(Into::into));
    world.run_for(15);
    assert_eq!(view(&mut world, carol), r#"{"a":5,"b":6}"#);
    assert_eq!(world.client(carol).client().records().version(NAME), Some(6));
    world.run_for(A_WHILE);
    assert!(same(&view(&mut world, alice), &view(&mut world, carol)), "what the server says twice is believed");
}
