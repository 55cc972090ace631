//! Records: written by several clients, the same everywhere in the end.

use deepstream_wasm::client::{ConnectionState::Open, Delivery, Output, RecordNews, Strategy, Ticket, record::Side};

use crate::{
    record_support::*,
    world::{ClientId, RecordWish, World},
};

#[test]
fn a_record_is_made_loaded_and_kept_the_same() {
    let (mut world, alice, bob) = two(Strategy::RemoteWins);
    assert_eq!(on_server(&mut world).unwrap().0, 1);
    assert!(same(&view(&mut world, alice), &view(&mut world, bob)));
    watch(&mut world, bob, "body.text");
    watch(&mut world, bob, "title");
    watch(&mut world, bob, "");
    world.client_mut(bob).forget();
    let ticket = set(&mut world, alice, "body.text", "\"bye\"");
    assert_eq!(world.client(alice).outcome(ticket), None);
    world.run_for(A_WHILE);
    assert!(world.client(alice).succeeded(ticket));
    let seen: Vec<_> = changes(&world, bob).into_iter().map(|(path, _)| path).collect();
    assert_eq!(seen, ["body.text", ""]);
    assert_eq!(on_server(&mut world).unwrap().0, 2);
    assert_eq!(view(&mut world, alice), view(&mut world, bob));
}

#[test]
fn quick_writes_go_out_in_few_messages_and_all_arrive() {
    let (mut world, alice, bob) = two(Strategy::RemoteWins);
    let tickets: Vec<_> = (0..20).map(|at| set(&mut world, alice, &format!("n{at}"), &at.to_string())).collect();
    world.run_for(A_WHILE);
    assert!(tickets.into_iter().all(|ticket| world.client(alice).succeeded(ticket)));
    assert_eq!(on_server(&mut world).unwrap().0, 3, "one alone, then all that waited");
    assert_eq!(view(&mut world, alice), view(&mut world, bob));
    assert!(view(&mut world, bob).contains("\"n19\":19"));
}

#[test]
fn several_paths_make_one_version() {
    let (mut world, alice, bob) = two(Strategy::RemoteWins);
    write(&mut world, alice, &[("title", Some("\"final\"")), ("body.size", None), ("tags[2]", Some("\"c\""))]);
    world.run_for(A_WHILE);
    assert_eq!(on_server(&mut world).unwrap().0, 2);
    assert!(same(&view(&mut world, bob), r#"{"title":"final","tags":["a",null,"c"],"body":{"text":"hello"}}"#));
}

#[test]
fn what_is_written_before_the_record_is_there_goes_on_top_of_it() {
    let (mut world, alice, _) = two(Strategy::RemoteWins);
    let carol = world.add_open_client();
    open(&mut world, carol, Strategy::RemoteWins);
    let ticket = set(&mut world, carol, "title", "\"carol's\"");
    world.run_for(A_WHILE);
    assert!(world.client(carol).succeeded(ticket));
    assert!(view(&mut world, alice).contains("carol's"));
    assert!(view(&mut world, alice).contains("hello"), "the rest is as it was");
}

#[test]
fn a_write_during_an_outage_reaches_the_server_whatever_the_strategy() {
    for strategy in STRATEGIES {
        for outage in [200, 5_000, 600_000] {
            for restart in [false, true] {
                let (mut world, alice, bob) = two(strategy);
                if restart {
                    world.server().kill();
                } else {
                    world.network().cut(alice);
                }
                let tickets = [
                    set(&mut world, alice, "title", "\"offline\""),
                    write(&mut world, alice, &[("body.text", None)]),
                    write(&mut world, alice, &[("tags[0]", Some("\"x\"")), ("more", Some("1"))]),
                ];
                world.run_for(outage);
                if restart {
                    world.server().start();
                }
                for client in [alice, bob] {
                    world.run_until_open(client);
                }
                world.run_for(A_WHILE);
                let expected = r#"{"title":"offline","tags":["x"],"body":{"size":5},"more":1}"#;
                let (_, data) = on_server(&mut world).unwrap();
                assert!(same(&data, expected), "{strategy:?} {outage} {restart}: {data}");
                for client in [alice, bob] {
                    assert!(same(&view(&mut world, client), expected), "{strategy:?} {outage} {restart} {client:?}");
                }
                assert!(tickets.into_iter().all(|ticket| world.client(alice).succeeded(ticket)));
            }
        }
    }
}

#[test]
fn with_another_writer_the_strategy_decides_and_all_ends_are_equal() {
    let expectations = [
        (Strategy::RemoteWins, r#"{"title":"bob's","tags":["a"],"body":{"text":"hello","size":5}}"#),
        (Strategy::LocalWins, r#"{"title":"draft","tags":["a"],"body":{"text":"alice's","size":5}}"#),
        (Strategy::ThreeWay(Side::Remote), r#"{"title":"bob's","tags":["a"],"body":{"text":"alice's","size":5}}"#),
    ];
    for (strategy, expected) in expectations {
        let (mut world, alice, bob) = two(strategy);
        world.pause(alice);
        let ticket = set(&mut world, alice, "body.text", "\"alice's\"");
        set(&mut world, bob, "title", "\"bob's\"");
        world.run_for(A_WHILE);
        world.resume(alice);
        world.run_until_open(alice);
        world.run_for(A_WHILE);
        let (_, data) = on_server(&mut world).unwrap();
        assert!(same(&data, expected), "{strategy:?}: {data}");
        for client in [alice, bob] {
            assert!(same(&view(&mut world, client), expected), "{strategy:?} {client:?}");
        }
        let is_lost = strategy == Strategy::RemoteWins;
        assert_eq!(world.client(alice).succeeded(ticket), !is_lost);
        assert_eq!(world.client(alice).rejection(ticket), is_lost.then_some("RECORD_WRITE_LOST"));
        assert!(world.client(alice).error_codes().is_empty(), "who waits is told, and nobody else");
    }
}

#[test]
fn two_who_write_at_the_same_moment_end_with_the_same() {
    for strategy in STRATEGIES {
        let (mut world, alice, bob) = two(strategy);
        for round in 0..5 {
            set(&mut world, alice, "title", &format!("\"alice {round}\""));
            set(&mut world, bob, "body.text", &format!("\"bob {round}\""));
            set(&mut world, alice, "body.size", &round.to_string());
            world.run_for(round * 7);
        }
        world.run_for(A_WHILE);
        let (_, data) = on_server(&mut world).unwrap();
        for client in [alice, bob] {
            assert!(same(&view(&mut world, client), &data), "{strategy:?} {client:?} {data}");
        }
    }
}

#[test]
fn what_was_applied_before_the_cut_is_not_applied_again() {
    let (mut world, alice, _) = two(Strategy::RemoteWins);
    let ticket = set(&mut world, alice, "title", "\"once\"");
    // The write arrives, its acknowledgement does not.
    world.run_for(11);
    world.network().cut(alice);
    world.run_until_open(alice);
    world.run_for(A_WHILE);
    assert_eq!(on_server(&mut world).unwrap().0, 2);
    assert!(world.client(alice).succeeded(ticket));
}

#[test]
fn a_custom_strategy_is_asked_with_both_sides() {
    let (mut world, alice, bob) = two(Strategy::Custom);
    world.pause(alice);
    let ticket = set(&mut world, alice, "title", "\"alice's\"");
    set(&mut world, bob, "title", "\"bob's\"");
    world.run_for(A_WHILE);
    world.resume(alice);
    world.run_until_open(alice);
    world.run_for(A_WHILE);
    let asked = world.client(alice).outputs().find_map(|output| match output {
        Output::AskMerge { question, local, local_version, remote, remote_version, .. } => {
            Some((*question, local.clone().unwrap(), *local_version, remote.clone().unwrap(), *remote_version))
        }
        _ => None,
    });
    let (question, local, local_version, remote, remote_version) = asked.expect("the application is asked");
    assert!(local.contains("alice's") && remote.contains("bob's"));
    assert_eq!((local_version, remote_version), (2, 2));
    let answer = Ok(Some(r#"{"title":"both"}"#.into()));
    wish(&mut world, alice, RecordWish::AnswerMerge { question, answer });
    world.run_for(A_WHILE);
    assert!(world.client(alice).succeeded(ticket));
    assert_eq!(view(&mut world, bob), r#"{"title":"both"}"#);
    assert_eq!(on_server(&mut world).unwrap().0, 3);
}

#[test]
fn a_deletion_reaches_everybody_also_when_made_offline() {
    for offline in [false, true] {
        let (mut world, alice, bob) = two(Strategy::RemoteWins);
        if offline {
            world.pause(alice);
        }
        let ticket = wish(&mut world, alice, RecordWish::Delete(NAME.into())).unwrap();
        if offline {
            world.run_for(A_WHILE);
            world.resume(alice);
            world.run_until_open(alice);
        }
        world.run_for(A_WHILE);
        assert!(world.client(alice).succeeded(ticket), "{offline}");
        assert_eq!(on_server(&mut world), None);
        let is_told = |output: &Output| matches!(output, Output::Record { news: RecordNews::Deleted(_), .. });
        for client in [alice, bob] {
            assert_eq!(world.client(client).outputs().filter(|output| is_told(output)).count(), 1, "{client:?}");
        }
    }
}

#[test]
fn a_write_outlives_a_deletion_by_another_client() {
    for strategy in STRATEGIES {
        let (mut world, alice, bob) = two(strategy);
        world.pause(alice);
        let ticket = set(&mut world, alice, "title", "\"kept\"");
        wish(&mut world, bob, RecordWish::Delete(NAME.into()));
        world.run_for(A_WHILE);
        world.resume(alice);
        world.run_until_open(alice);
        world.run_for(A_WHILE);
        let (_, data) = on_server(&mut world).unwrap();
        assert!(same(&data, &view(&mut world, alice)) && data.contains("kept"), "{strategy:?}: {data}");
        assert!(world.client(alice).succeeded(ticket));
    }
}

#[test]
fn discarded_records_are_let_go_of_when_all_is_written() {
    let (mut world, alice, _) = two(Strategy::RemoteWins);
    world.pause(alice);
    let ticket = set(&mut world, alice, "title", "\"last words\"");
    wish(&mut world, alice, RecordWish::Discard(NAME.into()));
    world.run_for(60_000);
    world.resume(alice);
    world.run_until_open(alice);
    world.run_for(10_000);
    assert!(world.client(alice).succeeded(ticket));
    assert_eq!(world.client_mut(alice).record(NAME, ""), None);
    let link = world.client(alice).live_link().unwrap();
    assert!(world.server().record_subscriptions(link).is_empty());
    let (_, data) = on_server(&mut world).unwrap();
    assert!(data.contains("last words"));
}

#[test]
fn what_the_server_refuses_is_taken_back_and_told() {
    use crate::world::server::Right;
    let (mut world, alice, bob) = two(Strategy::RemoteWins);
    world.server().policy.denied_rights.insert((Right::Write, NAME.into()));
    let refused = set(&mut world, alice, "title", "\"no\"");
    let also = set(&mut world, alice, "body.size", "6");
    world.run_for(A_WHILE);
    assert_eq!(world.client(alice).rejection(refused), Some("MESSAGE_DENIED"));
    assert_eq!(world.client(alice).rejection(also), Some("MESSAGE_DENIED"));
    assert_eq!(view(&mut world, alice), view(&mut world, bob));
    assert_eq!(world.client(alice).state(), Open);
    assert_eq!(errors_of_record(&world, alice), 0, "who waits is told, and nobody else");
    assert!(world.client(alice).error_codes().is_empty());

    world.client_mut(alice).forget();
    wish(&mut world, alice, RecordWish::Set { name: NAME.into(), path: "title".into(), data: "1".into() });
    world.run_for(A_WHILE);
    assert_eq!(world.client(alice).error_codes(), ["MESSAGE_DENIED"]);
    assert_eq!(errors_of_record(&world, alice), 1);
}

/// How often an application was told of an error of a record.
fn errors_of_record(world: &World, client: ClientId) -> usize {
    let is_it = |output: &&Output| matches!(output, Output::Record { news: RecordNews::Error(_), .. });
    world.client(client).outputs().filter(is_it).count()
}

#[test]
fn what_is_lost_or_refused_is_told_once() {
    for has_ticket in [true, false] {
        let (mut world, alice, bob) = two(Strategy::RemoteWins);
        world.pause(alice);
        if has_ticket {
            set(&mut world, alice, "title", "\"alice's\"");
        } else {
            wish(&mut world, alice, RecordWish::Set { name: NAME.into(), path: "title".into(), data: "1".into() });
        }
        set(&mut world, bob, "title", "\"bob's\"");
        world.run_for(A_WHILE);
        world.resume(alice);
        world.run_until_open(alice);
        world.run_for(A_WHILE);
        let expected: &[&str] = if has_ticket { &[] } else { &["RECORD_WRITE_LOST"] };
        assert_eq!(world.client(alice).error_codes(), expected);
        assert_eq!(errors_of_record(&world, alice), expected.len());

        world.client_mut(alice).forget();
        wish(&mut world, alice, RecordWish::Set { name: NAME.into(), path: "tags.x".into(), data: "1".into() });
        assert_eq!(world.client(alice).error_codes(), ["INVALID_PATH"]);
        let refused = set(&mut world, alice, "tags.x", "1");
        assert_eq!(world.client(alice).rejection(refused), Some("INVALID_PATH"));
        assert_eq!(world.client(alice).error_codes(), ["INVALID_PATH"]);
    }
}

#[test]
fn questions_about_an_open_record_are_answered_from_what_is_here() {
    let mut world = World::new();
    let alice = world.add_open_client();
    open(&mut world, alice, Strategy::RemoteWins);
    set(&mut world, alice, "a", "1");
    let ask = |world: &mut World| {
        [RecordWish::Snapshot(NAME.into()), RecordWish::Head(NAME.into())].map(|it| wish(world, alice, it).unwrap())
    };
    let tickets = ask(&mut world);
    assert!(tickets.iter().all(|ticket| world.client(alice).outcome(*ticket).is_none()));
    world.run_for(A_WHILE);
    assert_eq!(world.client(alice).outcome(tickets[0]), Some(Ok(Some(r#"{"a":1}"#))));
    assert_eq!(world.client(alice).outcome(tickets[1]), Some(Ok(Some("1"))));
    world.pause(alice);
    set(&mut world, alice, "a", "2");
    let tickets = ask(&mut world);
    assert_eq!(world.client(alice).outcome(tickets[0]), Some(Ok(Some(r#"{"a":2}"#))));
    assert_eq!(world.client(alice).outcome(tickets[1]), Some(Ok(Some("2"))));
}

#[test]
fn what_was_asked_about_a_record_that_is_discarded_is_answered_all_the_same() {
    let mut world = World::new();
    let alice = world.add_client();
    open(&mut world, alice, Strategy::RemoteWins);
    let ticket = wish(&mut world, alice, RecordWish::Snapshot(NAME.into())).unwrap();
    wish(&mut world, alice, RecordWish::Discard(NAME.into()));
    world.run_for(60_000);
    world.open(alice);
    world.run_for(A_WHILE);
    assert_eq!(world.client(alice).outcome(ticket), Some(Ok(Some("{}"))));
    world.run_for(10_000);
    assert!(!world.client(alice).client().records().is_open(NAME));
}

#[test]
fn a_discarded_record_is_let_go_of_in_time_without_a_connection_too() {
    let last_seen = |world: &World, client| {
        let mut all = world.client(client).outputs().filter_map(|output| match output {
            Output::Record { news: RecordNews::Discarded(last), .. } => Some((last.version, last.data.to_string())),
            _ => None,
        });
        (all.next(), all.next())
    };
    for is_paused in [true, false] {
        for is_written in [false, true] {
            let (mut world, alice, bob) = two(Strategy::RemoteWins);
            if is_paused {
                world.pause(alice);
            } else {
                world.server().kill();
            }
            world.run_for(A_WHILE);
            if is_written {
                set(&mut world, alice, "title", "\"last words\"");
            }
            let seen = view(&mut world, alice);
            wish(&mut world, alice, RecordWish::Discard(NAME.into()));
            world.run_for(4_000);
            assert_eq!(view(&mut world, alice), seen, "it is still there to be read");
            assert_eq!(last_seen(&world, alice), (None, None));
            world.run_for(2_000);
            let last = Some((Some(1 + i32::from(is_written)), seen.clone()));
            assert_eq!(last_seen(&world, alice), (last.clone(), None));
            assert!(!world.client(alice).client().records().is_held(NAME));
            if is_paused {
                assert_eq!(world.client(alice).timer(), None);
                world.resume(alice);
            } else {
                world.server().start();
            }
            world.run_until_open(alice);
            world.run_until_open(bob);
            world.run_for(A_WHILE);
            assert_eq!(last_seen(&world, alice), (last, None), "it is told once");
            assert!(!world.client(alice).client().records().is_open(NAME));
            assert_eq!(view(&mut world, bob).contains("last words"), is_written);
        }
    }
}

/// Bob writes while Alice, who has written too, is paused: what she is asked about that when she is back.
fn question_after_pause(world: &mut World, alice: ClientId, bob: ClientId) -> u32 {
    set(world, bob, "title", "\"bob's\"");
    world.run_for(A_WHILE);
    world.resume(alice);
    world.run_until_open(alice);
    world.run_for(A_WHILE);
    let (question, ..) = asked(world, alice).expect("the application is asked");
    question
}

#[test]
fn a_strategy_that_never_answers_has_failed_in_the_end() {
    let (mut world, alice, bob) = two(Strategy::Custom);
    world.pause(alice);
    let lost = set(&mut world, alice, "title", "\"alice's\"");
    let question = question_after_pause(&mut world, alice, bob);
    let later = set(&mut world, alice, "body.size", "6");
    world.run_for(200_000);
    assert_eq!(world.client(alice).outcome(lost), None, "somebody may be looking at both");
    world.run_for(110_000);
    assert_eq!(world.client(alice).rejection(lost), Some("MERGE_FAILED"));
    assert!(world.client(alice).succeeded(later));
    answer(&mut world, alice, question, Ok(Some(r#"{"too":"late"}"#)));
    let next = set(&mut world, alice, "body.size", "7");
    world.run_for(A_WHILE);
    assert!(world.client(alice).succeeded(next));
    assert!(view(&mut world, bob).contains("bob's"));
    assert_all_equal(&mut world);
}

#[test]
fn what_is_answered_in_place_of_a_deletion_is_written_then() {
    let (mut world, alice, bob) = two(Strategy::Custom);
    world.pause(alice);
    delete(&mut world, alice);
    let created = |world: &mut World| world.client_mut(alice).entries().last().map(|entry| entry.created_ms);
    let deleted = created(&mut world).expect("it waits");
    let question = question_after_pause(&mut world, alice, bob);
    answer(&mut world, alice, question, Ok(Some(r#"{"title":"kept"}"#)));
    let written = created(&mut world).expect("it is on its way");
    assert!(written > deleted, "{written} is not after {deleted}");
    world.run_for(A_WHILE);
    assert_all_equal(&mut world);
    assert!(view(&mut world, bob).contains("kept"));
}

#[test]
fn paths_through_null_do_not_kill_the_server() {
    let (mut world, alice, bob) = two(Strategy::RemoteWins);
    set(&mut world, alice, "title", "null");
    world.run_for(A_WHILE);
    set(&mut world, alice, "title.short", "\"x\"");
    set(&mut world, alice, "title.long", "\"y\"");
    set(&mut world, alice, "tags[0]", "null");
    set(&mut world, alice, "tags[0].deep.down", "1");
    world.run_for(A_WHILE);
    assert!(world.server().is_running());
    assert!(same(&view(&mut world, alice), &view(&mut world, bob)));
    let (_, data) = on_server(&mut world).unwrap();
    assert!(same(
        &data,
        r#"{"title":{"short":"x","long":"y"},"tags":[{"deep":{"down":1}}],"body":{"text":"hello","size":5}}"#
    ));
}

fn set_data(world: &mut World, client: ClientId, path: &str, data: Option<&str>) -> Ticket {
    let (name, path, data) = (NAME.into(), path.into(), data.map(Into::into));
    wish(world, client, RecordWish::SetData { name, path, data, delivery: Delivery::Durable, ttl_ms: None })
        .expect("it has a ticket")
}

#[test]
fn a_record_that_is_not_open_can_be_written_to_offline_too() {
    let mut world = World::new();
    world.server().add_storage();
    let (alice, bob) = (world.add_open_client(), world.add_open_client());
    open(&mut world, bob, Strategy::RemoteWins);
    let whole = set_data(&mut world, alice, "", Some(r#"{"a":1,"b":{"c":2}}"#));
    world.run_for(A_WHILE);
    assert!(world.client(alice).succeeded(whole));
    world.server().kill();
    let tickets = [set_data(&mut world, alice, "b.c", Some("3")), set_data(&mut world, alice, "a", None)];
    world.run_for(A_WHILE);
    assert!(tickets.iter().all(|ticket| world.client(alice).outcome(*ticket).is_none()));
    world.server().start();
    world.run_until_open(alice);
    world.run_until_open(bob);
    world.run_for(A_WHILE);
    assert!(tickets.iter().all(|ticket| world.client(alice).succeeded(*ticket)));
    assert!(same(&view(&mut world, bob), r#"{"b":{"c":3}}"#));
}

#[test]
fn who_opens_a_record_after_writing_to_it_sees_what_was_written() {
    let (mut world, alice, _) = two(Strategy::RemoteWins);
    let carol = world.add_open_client();
    let ticket = set_data(&mut world, carol, "title", Some("\"carol's\""));
    open(&mut world, carol, Strategy::RemoteWins);
    world.run_for(A_WHILE);
    assert!(world.client(carol).succeeded(ticket));
    for client in [alice, carol] {
        assert!(view(&mut world, client).contains("carol's"));
    }
    set_data(&mut world, carol, "title", Some("\"again\""));
    assert!(view(&mut world, carol).contains("again"), "an open record changes at once");
}

#[test]
fn what_cannot_be_written_to_a_record_that_is_not_open_is_refused() {
    let mut world = World::new();
    let alice = world.add_open_client();
    let scalar = set_data(&mut world, alice, "", Some("5"));
    assert!(world.client(alice).outcome(scalar).is_some_and(|outcome| outcome.is_err()));
    world.close(alice);
    let closed = set_data(&mut world, alice, "a", Some("5"));
    assert!(world.client(alice).outcome(closed).is_some_and(|outcome| outcome.is_err()));
}

#[test]
fn what_is_written_behind_a_deletion_made_offline_is_not_deleted() {
    for strategy in STRATEGIES {
        let (mut world, alice, _) = two(strategy);
        world.pause(alice);
        let deletion = delete(&mut world, alice);
        let write = set_data(&mut world, alice, "", Some(r#"{"anew":1}"#));
        world.resume(alice);
        world.run_until_open(alice);
        world.run_for(A_WHILE);
        assert!(world.client(alice).succeeded(write), "{strategy:?}");
        let data = on_server(&mut world).map(|(_, data)| data);
        assert_eq!(data.as_deref(), Some(r#"{"anew":1}"#), "{strategy:?}");
        assert!(world.client(alice).succeeded(deletion), "{strategy:?}");
    }
}

#[test]
fn a_record_discarded_before_it_is_loaded_is_let_go_of_in_time() {
    let (mut world, _, _) = two(Strategy::RemoteWins);
    let carol = world.add_open_client();
    open(&mut world, carol, Strategy::RemoteWins);
    wish(&mut world, carol, RecordWish::Discard(NAME.into()));
    world.run_for(6_000);
    assert_eq!(world.client_mut(carol).record(NAME, ""), None);
}

#[test]
fn a_write_of_the_same_data_changes_nothing() {
    let (mut world, alice, bob) = two(Strategy::RemoteWins);
    set(&mut world, alice, "", r#"{"a":1,"b":2}"#);
    world.run_for(A_WHILE);
    set(&mut world, alice, "", r#"{"b":2,"a":1}"#);
    world.run_for(A_WHILE);
    assert_eq!(view(&mut world, alice), view(&mut world, bob));
}

#[test]
fn a_write_of_no_paths_changes_nothing_whatever_waits() {
    let (mut world, alice, _) = two(Strategy::RemoteWins);
    world.network().cut(alice);
    let written = set(&mut world, alice, "title", "\"mine\"");
    let nothing = write(&mut world, alice, &[]);
    assert!(world.client(alice).succeeded(nothing), "without waiting");
    world.run_until_open(alice);
    world.run_for(A_WHILE);
    assert!(world.client(alice).succeeded(written));
    assert!(on_server(&mut world).is_some_and(|(_, data)| data.contains("mine")));
}
