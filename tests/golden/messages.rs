//! The messages of generate.mjs as Rust literals, in its order.

use deepstream_wasm::wire::*;

/// Every message with its name in the fixture.
pub fn all() -> Vec<(&'static str, Message<'static>)> {
    let mut all = Vec::new();
    all.extend(parser().map(|(name, message)| (name, message.into())));
    all.extend(connection().map(|(name, message)| (name, message.into())));
    all.extend(auth().map(|(name, message)| (name, message.into())));
    all.extend(event().map(|(name, message)| (name, message.into())));
    all.extend(record().map(|(name, message)| (name, message.into())));
    all.extend(rpc().map(|(name, message)| (name, message.into())));
    all.extend(presence().map(|(name, message)| (name, message.into())));
    all
}

fn parser() -> [(&'static str, ParserMessage<'static>); 6] {
    [
        (
            "parser/every-field",
            ParserMessage {
                data: Some(r#""what?""#),
                original_topic: Some(Topic::Event.number()),
                original_action: Some(77),
                ..ParserMessage::new(ParserAction::UnknownAction)
            },
        ),
        (
            "parser/unknown-topic",
            ParserMessage { original_topic: Some(4711), ..ParserMessage::new(ParserAction::UnknownTopic) },
        ),
        (
            "parser/invalid-message",
            ParserMessage { data: Some("text"), ..ParserMessage::new(ParserAction::InvalidMessage) },
        ),
        ("parser/parse-error", ParserMessage::new(ParserAction::MessageParseError)),
        ("parser/maximum-size", ParserMessage::new(ParserAction::MaximumMessageSizeExceeded)),
        ("parser/error", ParserMessage::new(ParserAction::Error)),
    ]
}

fn connection() -> [(&'static str, ConnectionMessage<'static>); 10] {
    [
        (
            "connection/every-field",
            ConnectionMessage {
                data: Some("{}"),
                is_error: true,
                is_ack: true,
                url: Some("wss://host/deepstream"),
                protocol_version: Some("0.1a"),
                sdk_version: Some("7.0.5"),
                sdk_type: Some("javascript"),
                ..ConnectionMessage::new(ConnectionAction::Error)
            },
        ),
        ("connection/ping", ConnectionMessage::new(ConnectionAction::Ping)),
        ("connection/pong", ConnectionMessage::new(ConnectionAction::Pong)),
        (
            "connection/challenge",
            ConnectionMessage {
                url: Some("ws://localhost:6020/deepstream"),
                protocol_version: Some("0.1a"),
                sdk_version: Some("0.1.0"),
                sdk_type: Some("wasm"),
                ..ConnectionMessage::new(ConnectionAction::Challenge)
            },
        ),
        ("connection/accept", ConnectionMessage::new(ConnectionAction::Accept)),
        ("connection/reject", ConnectionMessage::new(ConnectionAction::Reject)),
        (
            "connection/redirect",
            ConnectionMessage {
                url: Some("wss://elsewhere:443/deepstream?room=1"),
                ..ConnectionMessage::new(ConnectionAction::Redirect)
            },
        ),
        ("connection/closing", ConnectionMessage::new(ConnectionAction::Closing)),
        ("connection/authentication-timeout", ConnectionMessage::new(ConnectionAction::AuthenticationTimeout)),
        (
            "connection/invalid-message",
            ConnectionMessage { is_error: true, ..ConnectionMessage::new(ConnectionAction::InvalidMessage) },
        ),
    ]
}

fn auth() -> [(&'static str, AuthMessage<'static>); 7] {
    [
        (
            "auth/every-field",
            AuthMessage { data: Some("null"), is_error: true, is_ack: true, ..AuthMessage::new(AuthAction::Error) },
        ),
        (
            "auth/request",
            AuthMessage {
                data: Some(r#"{"username":"ann","password":"geh€im"}"#),
                ..AuthMessage::new(AuthAction::Request)
            },
        ),
        ("auth/request-without-credentials", AuthMessage { data: Some("{}"), ..AuthMessage::new(AuthAction::Request) }),
        ("auth/successful", AuthMessage::new(AuthAction::AuthSuccessful)),
        (
            "auth/successful-with-data",
            AuthMessage {
                data: Some(r#"{"id":7,"roles":["admin","user"]}"#),
                ..AuthMessage::new(AuthAction::AuthSuccessful)
            },
        ),
        (
            "auth/unsuccessful",
            AuthMessage { data: Some(r#""wrong password""#), ..AuthMessage::new(AuthAction::AuthUnsuccessful) },
        ),
        ("auth/too-many-attempts", AuthMessage::new(AuthAction::TooManyAuthAttempts)),
    ]
}

fn event() -> [(&'static str, EventMessage<'static>); 14] {
    [
        (
            "event/every-field",
            EventMessage {
                data: Some("[1,2]"),
                correlation_id: Some("c-1"),
                is_error: true,
                is_ack: true,
                name: Some("news"),
                names: vec!["a", "b"],
                subscription: Some("news/today"),
                original_topic: Some(Topic::Event.number()),
                original_action: Some(EventAction::Emit.number()),
                ..EventMessage::new(EventAction::Error)
            },
        ),
        (
            "event/emit",
            EventMessage { name: Some("greeting"), data: Some(r#""hello""#), ..EventMessage::new(EventAction::Emit) },
        ),
        ("event/emit-without-data", EventMessage { name: Some("greeting"), ..EventMessage::new(EventAction::Emit) }),
        (
            "event/emit-empty-data",
            EventMessage { name: Some(""), data: Some(""), ..EventMessage::new(EventAction::Emit) },
        ),
        (
            "event/emit-unicode",
            EventMessage {
                name: Some("grüße/你好/🦀"),
                data: Some(r#"{"text":"\u0000 é 漢字 👩‍🚀"}"#),
                ..EventMessage::new(EventAction::Emit)
            },
        ),
        (
            "event/emit-with-idempotency-key",
            EventMessage {
                name: Some("order"),
                correlation_id: Some("k3f9-1"),
                data: Some("12.5"),
                ..EventMessage::new(EventAction::Emit)
            },
        ),
        (
            "event/emit-long",
            EventMessage {
                name: Some("long"),
                data: Some(
                    r#""xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx""#,
                ),
                ..EventMessage::new(EventAction::Emit)
            },
        ),
        (
            "event/subscribe",
            EventMessage {
                names: vec!["a", "", "c/d"],
                correlation_id: Some("1"),
                ..EventMessage::new(EventAction::Subscribe)
            },
        ),
        (
            "event/subscribe-ack",
            EventMessage {
                names: vec!["a", "", "c/d"],
                correlation_id: Some("1"),
                is_ack: true,
                ..EventMessage::new(EventAction::Subscribe)
            },
        ),
        (
            "event/unsubscribe",
            EventMessage { names: vec!["a"], correlation_id: Some("2"), ..EventMessage::new(EventAction::Unsubscribe) },
        ),
        ("event/listen", EventMessage { name: Some("^news/.*"), ..EventMessage::new(EventAction::Listen) }),
        (
            "event/pattern-found",
            EventMessage {
                name: Some("^news/.*"),
                subscription: Some("news/today"),
                ..EventMessage::new(EventAction::SubscriptionForPatternFound)
            },
        ),
        (
            "event/denied",
            EventMessage {
                name: Some("secret"),
                is_error: true,
                original_action: Some(EventAction::Subscribe.number()),
                correlation_id: Some("3"),
                ..EventMessage::new(EventAction::MessageDenied)
            },
        ),
        (
            "event/not-subscribed",
            EventMessage { name: Some("a"), is_error: true, ..EventMessage::new(EventAction::NotSubscribed) },
        ),
    ]
}

fn record() -> [(&'static str, RecordMessage<'static>); 12] {
    [
        (
            "record/every-field",
            RecordMessage {
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
                ..RecordMessage::new(RecordAction::Error)
            },
        ),
        (
            "record/subscribe-create-and-read",
            RecordMessage {
                names: vec!["user/ann"],
                correlation_id: Some("4"),
                ..RecordMessage::new(RecordAction::SubscribeCreateAndRead)
            },
        ),
        (
            "record/read-response",
            RecordMessage {
                name: Some("user/ann"),
                version: Some(0),
                data: Some("{}"),
                ..RecordMessage::new(RecordAction::ReadResponse)
            },
        ),
        (
            "record/head-response-bulk",
            RecordMessage {
                versions: vec![("b", 300), ("a", 2147483647), ("c", -2147483648)],
                ..RecordMessage::new(RecordAction::HeadResponseBulk)
            },
        ),
        (
            "record/update",
            RecordMessage {
                name: Some("user/ann"),
                version: Some(2),
                is_write_ack: true,
                correlation_id: Some("5"),
                data: Some(r#"{"name":"Ann"}"#),
                ..RecordMessage::new(RecordAction::Update)
            },
        ),
        (
            "record/update-any-version",
            RecordMessage {
                name: Some("user/ann"),
                version: Some(-1),
                data: Some("[]"),
                ..RecordMessage::new(RecordAction::CreateAndUpdate)
            },
        ),
        (
            "record/patch",
            RecordMessage {
                name: Some("user/ann"),
                version: Some(3),
                path: Some("tags[0]"),
                data: Some("null"),
                ..RecordMessage::new(RecordAction::Patch)
            },
        ),
        (
            "record/erase",
            RecordMessage {
                name: Some("user/ann"),
                version: Some(4),
                path: Some("tags"),
                ..RecordMessage::new(RecordAction::Erase)
            },
        ),
        (
            "record/write-acknowledgement",
            RecordMessage {
                name: Some("user/ann"),
                correlation_id: Some("5"),
                is_write_ack: true,
                ..RecordMessage::new(RecordAction::WriteAcknowledgement)
            },
        ),
        (
            "record/version-exists",
            RecordMessage {
                name: Some("user/ann"),
                version: Some(5),
                original_action: Some(RecordAction::Update.number()),
                is_error: true,
                is_write_ack: true,
                correlation_id: Some("6"),
                data: Some(r#"{"name":"Anna"}"#),
                ..RecordMessage::new(RecordAction::VersionExists)
            },
        ),
        ("record/deleted", RecordMessage { name: Some("user/ann"), ..RecordMessage::new(RecordAction::Deleted) }),
        (
            "record/not-subscribed",
            RecordMessage { name: Some("user/ann"), is_error: true, ..RecordMessage::new(RecordAction::NotSubscribed) },
        ),
    ]
}

fn rpc() -> [(&'static str, RpcMessage<'static>); 7] {
    [
        (
            "rpc/every-field",
            RpcMessage {
                data: Some(r#""x""#),
                correlation_id: Some("c-3"),
                is_error: true,
                is_ack: true,
                names: vec!["add", "subtract"],
                name: Some("add"),
                original_action: Some(RpcAction::Request.number()),
                requestor_name: Some("ann"),
                requestor_data: Some(r#"{"age":40}"#),
                ..RpcMessage::new(RpcAction::Error)
            },
        ),
        (
            "rpc/provide",
            RpcMessage { names: vec!["add"], correlation_id: Some("7"), ..RpcMessage::new(RpcAction::Provide) },
        ),
        (
            "rpc/request",
            RpcMessage {
                name: Some("add"),
                correlation_id: Some("8"),
                data: Some(r#"{"left":1,"right":2}"#),
                ..RpcMessage::new(RpcAction::Request)
            },
        ),
        (
            "rpc/accept",
            RpcMessage { name: Some("add"), correlation_id: Some("8"), ..RpcMessage::new(RpcAction::Accept) },
        ),
        (
            "rpc/response",
            RpcMessage {
                name: Some("add"),
                correlation_id: Some("8"),
                data: Some("3"),
                ..RpcMessage::new(RpcAction::Response)
            },
        ),
        (
            "rpc/request-error",
            RpcMessage {
                name: Some("add"),
                correlation_id: Some("8"),
                is_error: true,
                data: Some(r#""overflow""#),
                ..RpcMessage::new(RpcAction::RequestError)
            },
        ),
        (
            "rpc/no-provider",
            RpcMessage {
                name: Some("add"),
                correlation_id: Some("9"),
                is_error: true,
                ..RpcMessage::new(RpcAction::NoRpcProvider)
            },
        ),
    ]
}

fn presence() -> [(&'static str, PresenceMessage<'static>); 7] {
    [
        (
            "presence/every-field",
            PresenceMessage {
                original_topic: Some(Topic::Presence.number()),
                original_action: Some(PresenceAction::Query.number()),
                data: Some("[]"),
                correlation_id: Some("c-4"),
                is_error: true,
                is_ack: true,
                name: Some("ann"),
                names: vec!["ann", "bob"],
                ..PresenceMessage::new(PresenceAction::Error)
            },
        ),
        (
            "presence/query",
            PresenceMessage {
                names: vec!["ann", "bob"],
                correlation_id: Some("10"),
                ..PresenceMessage::new(PresenceAction::Query)
            },
        ),
        (
            "presence/query-response",
            PresenceMessage {
                correlation_id: Some("10"),
                data: Some(r#"{"ann":true,"bob":false}"#),
                ..PresenceMessage::new(PresenceAction::QueryResponse)
            },
        ),
        (
            "presence/query-all",
            PresenceMessage { correlation_id: Some("11"), ..PresenceMessage::new(PresenceAction::QueryAll) },
        ),
        (
            "presence/query-all-response",
            PresenceMessage {
                names: vec!["ann"],
                correlation_id: Some("11"),
                ..PresenceMessage::new(PresenceAction::QueryAllResponse)
            },
        ),
        (
            "presence/subscribe",
            PresenceMessage {
                names: vec!["bob"],
                correlation_id: Some("12"),
                ..PresenceMessage::new(PresenceAction::Subscribe)
            },
        ),
        (
            "presence/join-all",
            PresenceMessage { name: Some("bob"), ..PresenceMessage::new(PresenceAction::PresenceJoinAll) },
        ),
    ]
}
