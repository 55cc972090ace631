//! The messages of generate.mjs as Rust literals, in its order.

use deepstream_wasm::wire::*;

/// Every message with its name in the fixture.
pub fn all() -> Vec<(&'static str, Message<'static>)> {
    let mut all = Vec::new();
    all.extend(parser());
    all.extend(connection());
    all.extend(auth());
    all.extend(event());
    all.extend(record());
    all.extend(rpc());
    all.extend(presence());
    all
}

fn parser() -> [(&'static str, Message<'static>); 6] {
    [
        (
            "parser/every-field",
            Message {
                data: Some(r#""what?""#),
                original_topic: Some(Topic::Event.number()),
                original_action: Some(77),
                ..Message::new(ParserAction::UnknownAction)
            },
        ),
        ("parser/unknown-topic", Message { original_topic: Some(4711), ..Message::new(ParserAction::UnknownTopic) }),
        ("parser/invalid-message", Message { data: Some("text"), ..Message::new(ParserAction::InvalidMessage) }),
        ("parser/parse-error", Message::new(ParserAction::MessageParseError)),
        ("parser/maximum-size", Message::new(ParserAction::MaximumMessageSizeExceeded)),
        ("parser/error", Message::new(ParserAction::Error)),
    ]
}

fn connection() -> [(&'static str, Message<'static>); 10] {
    [
        (
            "connection/every-field",
            Message {
                data: Some("{}"),
                is_error: true,
                is_ack: true,
                url: Some("wss://host/deepstream"),
                protocol_version: Some("0.1a"),
                sdk_version: Some("7.0.5"),
                sdk_type: Some("javascript"),
                ..Message::new(ConnectionAction::Error)
            },
        ),
        ("connection/ping", Message::new(ConnectionAction::Ping)),
        ("connection/pong", Message::new(ConnectionAction::Pong)),
        (
            "connection/challenge",
            Message {
                url: Some("ws://localhost:6020/deepstream"),
                protocol_version: Some("0.1a"),
                sdk_version: Some("0.1.0"),
                sdk_type: Some("wasm"),
                ..Message::new(ConnectionAction::Challenge)
            },
        ),
        ("connection/accept", Message::new(ConnectionAction::Accept)),
        ("connection/reject", Message::new(ConnectionAction::Reject)),
        (
            "connection/redirect",
            Message { url: Some("wss://elsewhere:443/deepstream?room=1"), ..Message::new(ConnectionAction::Redirect) },
        ),
        ("connection/closing", Message::new(ConnectionAction::Closing)),
        ("connection/authentication-timeout", Message::new(ConnectionAction::AuthenticationTimeout)),
        ("connection/invalid-message", Message { is_error: true, ..Message::new(ConnectionAction::InvalidMessage) }),
    ]
}

fn auth() -> [(&'static str, Message<'static>); 7] {
    [
        (
            "auth/every-field",
            Message { data: Some("null"), is_error: true, is_ack: true, ..Message::new(AuthAction::Error) },
        ),
        (
            "auth/request",
            Message { data: Some(r#"{"username":"ann","password":"geh€im"}"#), ..Message::new(AuthAction::Request) },
        ),
        ("auth/request-without-credentials", Message { data: Some("{}"), ..Message::new(AuthAction::Request) }),
        ("auth/successful", Message::new(AuthAction::AuthSuccessful)),
        (
            "auth/successful-with-data",
            Message { data: Some(r#"{"id":7,"roles":["admin","user"]}"#), ..Message::new(AuthAction::AuthSuccessful) },
        ),
        (
            "auth/unsuccessful",
            Message { data: Some(r#""wrong password""#), ..Message::new(AuthAction::AuthUnsuccessful) },
        ),
        ("auth/too-many-attempts", Message::new(AuthAction::TooManyAuthAttempts)),
    ]
}

fn event() -> [(&'static str, Message<'static>); 14] {
    [
        (
            "event/every-field",
            Message {
                data: Some("[1,2]"),
                correlation_id: Some("c-1"),
                is_error: true,
                is_ack: true,
                name: Some("news"),
                names: vec!["a", "b"],
                subscription: Some("news/today"),
                original_topic: Some(Topic::Event.number()),
                original_action: Some(EventAction::Emit.number()),
                ..Message::new(EventAction::Error)
            },
        ),
        ("event/emit", Message { name: Some("greeting"), data: Some(r#""hello""#), ..Message::new(EventAction::Emit) }),
        ("event/emit-without-data", Message { name: Some("greeting"), ..Message::new(EventAction::Emit) }),
        ("event/emit-empty-data", Message { name: Some(""), data: Some(""), ..Message::new(EventAction::Emit) }),
        (
            "event/emit-unicode",
            Message {
                name: Some("grüße/你好/🦀"),
                data: Some(r#"{"text":"\u0000 é 漢字 👩‍🚀"}"#),
                ..Message::new(EventAction::Emit)
            },
        ),
        (
            "event/emit-with-idempotency-key",
            Message {
                name: Some("order"),
                correlation_id: Some("k3f9-1"),
                data: Some("12.5"),
                ..Message::new(EventAction::Emit)
            },
        ),
        (
            "event/emit-long",
            Message {
                name: Some("long"),
                data: Some(
                    r#""xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx""#,
                ),
                ..Message::new(EventAction::Emit)
            },
        ),
        (
            "event/subscribe",
            Message { names: vec!["a", "", "c/d"], correlation_id: Some("1"), ..Message::new(EventAction::Subscribe) },
        ),
        (
            "event/subscribe-ack",
            Message {
                names: vec!["a", "", "c/d"],
                correlation_id: Some("1"),
                is_ack: true,
                ..Message::new(EventAction::Subscribe)
            },
        ),
        (
            "event/unsubscribe",
            Message { names: vec!["a"], correlation_id: Some("2"), ..Message::new(EventAction::Unsubscribe) },
        ),
        ("event/listen", Message { name: Some("^news/.*"), ..Message::new(EventAction::Listen) }),
        (
            "event/pattern-found",
            Message {
                name: Some("^news/.*"),
                subscription: Some("news/today"),
                ..Message::new(EventAction::SubscriptionForPatternFound)
            },
        ),
        (
            "event/denied",
            Message {
                name: Some("secret"),
                is_error: true,
                original_action: Some(EventAction::Subscribe.number()),
                correlation_id: Some("3"),
                ..Message::new(EventAction::MessageDenied)
            },
        ),
        (
            "event/not-subscribed",
            Message { name: Some("a"), is_error: true, ..Message::new(EventAction::NotSubscribed) },
        ),
    ]
}

fn record() -> [(&'static str, Message<'static>); 12] {
    [
        (
            "record/every-field",
            Message {
                data: Some(r#"{"a":1}"#),
                correlation_id: Some("c-2"),
                is_error: true,
                is_ack: true,
                name: Some("user/ann"),
                names: vec!["x", "y"],
                pattern: Some("^user/"),
                subscription: Some("user/bob"),
                original_action: Some(RecordAction::Patch.number()),
                is_write_ack: true,
                path: Some("address.street"),
                version: Some(42),
                versions: vec![("user/ann", 42), ("user/bob", -1), ("", 0)],
                ..Message::new(RecordAction::Error)
            },
        ),
        (
            "record/subscribe-create-and-read",
            Message {
                names: vec!["user/ann"],
                correlation_id: Some("4"),
                ..Message::new(RecordAction::SubscribeCreateAndRead)
            },
        ),
        (
            "record/read-response",
            Message {
                name: Some("user/ann"),
                version: Some(0),
                data: Some("{}"),
                ..Message::new(RecordAction::ReadResponse)
            },
        ),
        (
            "record/head-response-bulk",
            Message {
                versions: vec![("b", 300), ("a", 2147483647), ("c", -2147483648)],
                ..Message::new(RecordAction::HeadResponseBulk)
            },
        ),
        (
            "record/update",
            Message {
                name: Some("user/ann"),
                version: Some(2),
                is_write_ack: true,
                correlation_id: Some("5"),
                data: Some(r#"{"name":"Ann"}"#),
                ..Message::new(RecordAction::Update)
            },
        ),
        (
            "record/update-any-version",
            Message {
                name: Some("user/ann"),
                version: Some(-1),
                data: Some("[]"),
                ..Message::new(RecordAction::CreateAndUpdate)
            },
        ),
        (
            "record/patch",
            Message {
                name: Some("user/ann"),
                version: Some(3),
                path: Some("tags[0]"),
                data: Some("null"),
                ..Message::new(RecordAction::Patch)
            },
        ),
        (
            "record/erase",
            Message {
                name: Some("user/ann"),
                version: Some(4),
                path: Some("tags"),
                ..Message::new(RecordAction::Erase)
            },
        ),
        (
            "record/write-acknowledgement",
            Message {
                name: Some("user/ann"),
                correlation_id: Some("5"),
                is_write_ack: true,
                ..Message::new(RecordAction::WriteAcknowledgement)
            },
        ),
        (
            "record/version-exists",
            Message {
                name: Some("user/ann"),
                version: Some(5),
                original_action: Some(RecordAction::Update.number()),
                is_error: true,
                is_write_ack: true,
                correlation_id: Some("6"),
                data: Some(r#"{"name":"Anna"}"#),
                ..Message::new(RecordAction::VersionExists)
            },
        ),
        ("record/deleted", Message { name: Some("user/ann"), ..Message::new(RecordAction::Deleted) }),
        (
            "record/not-subscribed",
            Message { name: Some("user/ann"), is_error: true, ..Message::new(RecordAction::NotSubscribed) },
        ),
    ]
}

fn rpc() -> [(&'static str, Message<'static>); 7] {
    [
        (
            "rpc/every-field",
            Message {
                data: Some(r#""x""#),
                correlation_id: Some("c-3"),
                is_error: true,
                is_ack: true,
                names: vec!["add", "subtract"],
                name: Some("add"),
                original_action: Some(RpcAction::Request.number()),
                requestor_name: Some("ann"),
                requestor_data: Some(r#"{"age":40}"#),
                ..Message::new(RpcAction::Error)
            },
        ),
        ("rpc/provide", Message { names: vec!["add"], correlation_id: Some("7"), ..Message::new(RpcAction::Provide) }),
        (
            "rpc/request",
            Message {
                name: Some("add"),
                correlation_id: Some("8"),
                data: Some(r#"{"left":1,"right":2}"#),
                ..Message::new(RpcAction::Request)
            },
        ),
        ("rpc/accept", Message { name: Some("add"), correlation_id: Some("8"), ..Message::new(RpcAction::Accept) }),
        (
            "rpc/response",
            Message {
                name: Some("add"),
                correlation_id: Some("8"),
                data: Some("3"),
                ..Message::new(RpcAction::Response)
            },
        ),
        (
            "rpc/request-error",
            Message {
                name: Some("add"),
                correlation_id: Some("8"),
                is_error: true,
                data: Some(r#""overflow""#),
                ..Message::new(RpcAction::RequestError)
            },
        ),
        (
            "rpc/no-provider",
            Message {
                name: Some("add"),
                correlation_id: Some("9"),
                is_error: true,
                ..Message::new(RpcAction::NoRpcProvider)
            },
        ),
    ]
}

fn presence() -> [(&'static str, Message<'static>); 7] {
    [
        (
            "presence/every-field",
            Message {
                original_topic: Some(Topic::Presence.number()),
                original_action: Some(PresenceAction::Query.number()),
                data: Some("[]"),
                correlation_id: Some("c-4"),
                is_error: true,
                is_ack: true,
                name: Some("ann"),
                names: vec!["ann", "bob"],
                ..Message::new(PresenceAction::Error)
            },
        ),
        (
            "presence/query",
            Message { names: vec!["ann", "bob"], correlation_id: Some("10"), ..Message::new(PresenceAction::Query) },
        ),
        (
            "presence/query-response",
            Message {
                correlation_id: Some("10"),
                data: Some(r#"{"ann":true,"bob":false}"#),
                ..Message::new(PresenceAction::QueryResponse)
            },
        ),
        ("presence/query-all", Message { correlation_id: Some("11"), ..Message::new(PresenceAction::QueryAll) }),
        (
            "presence/query-all-response",
            Message {
                names: vec!["ann"],
                correlation_id: Some("11"),
                ..Message::new(PresenceAction::QueryAllResponse)
            },
        ),
        (
            "presence/subscribe",
            Message { names: vec!["bob"], correlation_id: Some("12"), ..Message::new(PresenceAction::Subscribe) },
        ),
        ("presence/join-all", Message { name: Some("bob"), ..Message::new(PresenceAction::PresenceJoinAll) }),
    ]
}
