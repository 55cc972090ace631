//! Every public method works from inside every callback, on the client that calls back and on others.

use std::{cell::RefCell, rc::Rc};

use js_sys::Function;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{JsClient, Page, Recorder, TestClient, callback, js, servers, until};

const NOTHING: &JsValue = &JsValue::UNDEFINED;

/// A moment at which a client calls back: the server that leads to it, and how to be called then.
struct Moment {
    name: &'static str,
    server: Server,
    call_then: fn(&TestClient, &JsValue),
}

/// A script of the scripted server, and what comes of a login there after all.
#[derive(Clone, Copy)]
enum Server {
    /// It succeeds, and events come back.
    Echoes,
    /// It succeeds.
    LetsIn(&'static str),
    /// It fails.
    Refuses(&'static str),
}

impl Server {
    fn client(self) -> TestClient {
        match self {
            Self::Echoes => TestClient::new(&servers::scripted("echo")),
            Self::LetsIn(script) => TestClient::new(&servers::scripted(script)),
            Self::Refuses(script) => {
                let argument = js_sys::Math::random().to_string();
                let few_attempts = js(
                    "{ maxReconnectAttempts: 1, reconnectIntervalIncrement: 1, outbox: { key: `${Math.random()}` } }",
                );
                TestClient::with_options(&servers::scripted(&script.replace("{new}", &argument)), &few_attempts)
            }
        }
    }
}

const MOMENTS: [Moment; 17] = [
    Moment {
        name: "the first state",
        server: Server::Echoes,
        call_then: |client, function| once(client, "connectionStateChanged", function),
    },
    Moment {
        name: "AUTHENTICATING",
        server: Server::Echoes,
        call_then: |client, function| in_state(client, "AUTHENTICATING", function),
    },
    Moment { name: "OPEN", server: Server::Echoes, call_then: |client, function| in_state(client, "OPEN", function) },
    Moment {
        name: "an error",
        server: Server::LetsIn("text"),
        call_then: |client, function| once(client, "error", function),
    },
    Moment {
        name: "a lost connection",
        server: Server::LetsIn("close/1012"),
        call_then: |client, function| in_state(client, "RECONNECTING", function),
    },
    Moment {
        name: "client data",
        server: Server::LetsIn("client-data"),
        call_then: |client, function| once(client, "clientDataChanged", function),
    },
    Moment {
        name: "a failed return",
        server: Server::Refuses("login-once/{new}"),
        call_then: |client, function| {
            once(client, "reauthenticationFailure", function);
            // Sent after the login, whereupon the server cuts the connection.
            client.emits("cut me off", NOTHING);
        },
    },
    Moment {
        name: "the last failed attempt",
        server: Server::Refuses("unavailable"),
        call_then: |client, function| once(client, "MAX_RECONNECTION_ATTEMPTS_REACHED", function),
    },
    Moment { name: "an event from the server", server: Server::LetsIn("together"), call_then: subscribe_once },
    Moment {
        name: "an event from here",
        server: Server::Echoes,
        call_then: |client, function| {
            subscribe_once(client, function);
            client.emits("news", NOTHING);
        },
    },
    Moment {
        name: "a change of the outbox",
        server: Server::Echoes,
        call_then: |client, function| {
            client.client.outbox().once(&"changed".into(), function).unwrap();
            client.emits("news", NOTHING);
        },
    },
    Moment {
        name: "what the outbox has sent",
        server: Server::Echoes,
        call_then: |client, function| {
            client.client.outbox().once(&"sent".into(), function).unwrap();
            client.emits("news", NOTHING);
        },
    },
    Moment {
        name: "a login callback",
        server: Server::Echoes,
        call_then: |client, function| {
            client.client.login(function, NOTHING).unwrap();
        },
    },
    Moment {
        name: "a callback of a refused login",
        server: Server::Refuses("login-refused"),
        call_then: |client, function| {
            client.client.login(function, NOTHING).unwrap();
        },
    },
    Moment {
        name: "a resume callback",
        server: Server::Echoes,
        call_then: |client, function| {
            client.client.resume(function).unwrap();
        },
    },
    Moment {
        name: "the continuation of a login promise",
        server: Server::Echoes,
        call_then: |client, function| {
            then(&client.client.login(NOTHING, NOTHING).unwrap(), function);
        },
    },
    Moment {
        name: "the continuation of a refused login promise",
        server: Server::Refuses("login-refused"),
        call_then: |client, function| {
            then(&client.client.login(NOTHING, NOTHING).unwrap(), function);
        },
    },
];

fn once(client: &TestClient, event: &str, function: &JsValue) {
    client.client.once(&event.into(), function, NOTHING).unwrap();
}

fn in_state(client: &TestClient, wanted: &'static str, function: &JsValue) {
    let function: Function = function.clone().unchecked_into();
    let listener = callback(move |state, _, _| {
        if state == wanted {
            function.call0(NOTHING).unwrap();
        }
    });
    client.client.on(&"connectionStateChanged".into(), &listener, NOTHING).unwrap();
}

fn subscribe_once(client: &TestClient, function: &JsValue) {
    client.events.subscribe(&"news".into(), function).unwrap();
}

fn then(promise: &JsValue, function: &JsValue) {
    let then = js("(promise, call) => promise.then(call, call)").unchecked_into::<Function>();
    then.call2(NOTHING, promise, function).unwrap();
}

/// Something that an application may do in a callback.
struct Deed {
    name: &'static str,
    act: fn(&JsClient) -> Result<(), JsValue>,
}

const DEEDS: [Deed; 16] = [
    Deed { name: "close", act: JsClient::close },
    Deed {
        name: "close and log in",
        act: |client| {
            client.close()?;
            client.login(NOTHING, NOTHING).map(drop)
        },
    },
    Deed { name: "pause", act: JsClient::pause },
    Deed {
        name: "pause and resume",
        act: |client| {
            client.pause()?;
            client.resume(&ignore()).map(drop)
        },
    },
    Deed {
        name: "resume",
        act: |client| {
            then(&client.resume(NOTHING)?, &ignore());
            Ok(())
        },
    },
    Deed { name: "resume with a callback", act: |client| client.resume(&ignore()).map(drop) },
    Deed { name: "login", act: |client| client.login(NOTHING, &ignore()).map(drop) },
    Deed { name: "login as somebody else", act: |client| client.login(&js("{ name: 'Grace' }"), &ignore()).map(drop) },
    Deed { name: "emit", act: |client| client.events().emit(&"from within".into(), &js("[1, 2]")) },
    Deed {
        name: "emit to itself",
        act: |client| {
            let events = client.events();
            events.subscribe(&"from within".into(), &ignore())?;
            events.emit(&"from within".into(), &js("[1, 2]"))
        },
    },
    Deed {
        name: "emit with a receipt",
        act: |client| {
            let promise = client.events().emit_with(&"from within".into(), NOTHING, &js("{ receipt: true }"))?;
            then(&promise, &ignore());
            then(&client.outbox().flush(), &ignore());
            Ok(())
        },
    },
    Deed {
        name: "look into the outbox and clear it",
        act: |client| {
            let outbox = client.outbox();
            outbox.on(&"changed".into(), &ignore())?;
            outbox.entries(&js("{ payloads: true }"))?;
            let _ = (outbox.size(), outbox.bytes(), outbox.oldest());
            outbox.clear();
            outbox.off(&"changed".into(), NOTHING)
        },
    },
    Deed {
        name: "subscribe and unsubscribe",
        act: |client| {
            let (events, ignore) = (client.events(), ignore());
            events.subscribe(&"from within".into(), &ignore)?;
            events.unsubscribe(&"from within".into(), &ignore)
        },
    },
    Deed {
        name: "unsubscribe from what calls",
        act: |client| {
            let events = client.events();
            if events.event_names().contains(&"news".into()) {
                events.unsubscribe(&"news".into(), NOTHING)
            } else {
                Ok(())
            }
        },
    },
    Deed {
        name: "on, once and off",
        act: |client| {
            for event in ["connectionStateChanged", "error"] {
                let ignore = ignore();
                client.on(&event.into(), &ignore, NOTHING)?;
                client.once(&event.into(), &ignore, NOTHING)?;
                client.off(&event.into(), &ignore, NOTHING)?;
            }
            Ok(())
        },
    },
    Deed {
        name: "ask",
        act: |client| {
            let _ = (client.state(), client.uid(), client.event_names(), client.has_listeners("error"));
            client.events().event_names();
            Ok(())
        },
    },
];

fn ignore() -> JsValue {
    callback(|_, _, _| {})
}

#[wasm_bindgen_test]
async fn on_the_client_that_calls_back() {
    let page = Page::watch();
    for moment in &MOMENTS {
        for deed in &DEEDS {
            let client = moment.server.client();
            let what = format!("{} in {}", deed.name, moment.name);
            let outcome = at(&client, moment, deed, &client.client).await;
            assert_eq!(outcome, Ok(()), "{what}");
            still_works(&client, moment.server, &what).await;
            client.client.close().unwrap();
        }
    }
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn on_another_client() {
    let page = Page::watch();
    for moment in &MOMENTS {
        for deed in &DEEDS {
            let (client, other) = (moment.server.client(), Server::Echoes.client());
            let what = format!("{} in {}", deed.name, moment.name);
            let outcome = at(&client, moment, deed, &other.client).await;
            assert_eq!(outcome, Ok(()), "{what}");
            still_works(&other, Server::Echoes, &what).await;
            client.client.close().unwrap();
            other.client.close().unwrap();
        }
    }
    page.was_quiet().await;
}

/// Does the deed to `target` the first time the moment comes, and gives what came of it.
async fn at(client: &TestClient, moment: &Moment, deed: &Deed, target: &JsClient) -> Result<(), JsValue> {
    let outcome = Rc::new(RefCell::new(None));
    let function = {
        let (outcome, act, target) = (Rc::clone(&outcome), deed.act, target.clone());
        callback(move |_, _, _| {
            if outcome.borrow().is_none() {
                // Set first: the deed may lead back here.
                *outcome.borrow_mut() = Some(Ok(()));
                let result = act(&target);
                *outcome.borrow_mut() = Some(result);
            }
        })
    };
    (moment.call_then)(client, &function);
    client.client.login(&js("{ name: 'Ada' }"), &ignore()).unwrap();
    until(&format!("{} (for {})", moment.name, deed.name), || outcome.borrow().is_some()).await;
    let outcome = outcome.borrow();
    outcome.clone().expect("an outcome")
}

/// Shows that the client goes on: closed for good, or logging in and talking, as far as the server lets it.
async fn still_works(client: &TestClient, server: Server, what: &str) {
    if what.starts_with("close") {
        assert_eq!(client.client.state(), "CLOSED", "{what}");
        return;
    }
    if client.client.state() == "OFFLINE" {
        assert!(what.starts_with("pause in"), "{what}");
        client.client.resume(&ignore()).unwrap();
    }
    let outcome = Recorder::new();
    client.client.login(NOTHING, &outcome.function).unwrap();
    until(&format!("a login afterwards ({what})"), || outcome.count() == 1).await;
    let is_let_in = !matches!(server, Server::Refuses(_));
    assert_eq!(outcome.texts(), [is_let_in.to_string()], "{what}");
    if matches!(server, Server::Echoes) {
        client.gets_an_echo().await;
    }
}
