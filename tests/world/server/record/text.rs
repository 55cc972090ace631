//! Record messages as one reads them: `PATCH {"name":"r","path":"a","version":2} "value"`.

use deepstream_wasm::wire::Message;

use crate::world::json::Json;

/// The action, the fields that are set, and the data.
pub fn text(message: &Message<'_>) -> String {
    let word = |word: &str| Json::Text(word.encode_utf16().collect());
    let number = |number: i32| Json::Number(number.into());
    let flag = |flag: bool| flag.then_some(Json::Bool(true));
    let names = message.names.iter().map(|name| word(name)).collect();
    let versions = message.versions.iter().map(|(name, version)| (name.encode_utf16().collect(), number(*version)));
    let fields = [
        ("name", message.name.map(word)),
        ("names", (!message.names.is_empty()).then_some(Json::Array(names))),
        ("correlationId", message.correlation_id.map(word)),
        ("isError", flag(message.is_error)),
        ("isAck", flag(message.is_ack)),
        ("subscription", message.subscription.map(word)),
        ("originalAction", message.original_action.map(number)),
        ("isWriteAck", flag(message.is_write_ack)),
        ("path", message.path.map(word)),
        ("version", message.version.map(number)),
        ("versions", (!message.versions.is_empty()).then(|| Json::Object(versions.collect()))),
    ];
    let set = fields.into_iter().filter_map(|(name, value)| Some((name.encode_utf16().collect(), value?)));
    let fields = Json::Object(set.collect()).stringify();
    let data = message.data.map(|data| format!(" {data}")).unwrap_or_default();
    format!("{} {fields}{data}", message.action.name())
}
