//! What JavaScript is told.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::api::{
    errors::{self, DeepstreamError},
    outbox::to_array,
};
use crate::{
    client::{OutboxNews, RpcRequest, Ticket},
    wire::Topic,
};

#[wasm_bindgen]
extern "C" {
    /// Who is told what happens: `Sink` in `js/sink.ts`. Payloads are JSON texts; `undefined` stands for none.
    pub type Sink;

    #[wasm_bindgen(method, catch)]
    fn settled(
        this: &Sink,
        ticket: u32,
        error: &JsValue,
        data: Option<&str>,
        expected: bool,
        outcome: Option<&str>,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn happened(this: &Sink, event: &str, first: &JsValue, second: Option<f64>) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn failed(this: &Sink, error: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = eventArrived)]
    fn event_arrived(this: &Sink, number: u32, data: Option<&str>) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = presenceChanged)]
    fn presence_changed(this: &Sink, user: &str, online: bool, everyone: bool) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn requested(
        this: &Sink,
        id: u32,
        name: &str,
        data: Option<&str>,
        requestor_name: Option<&str>,
        requestor_data: Option<&str>,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn offered(this: &Sink, is_record: bool, pattern: &str, subscription: &str, offer: u32) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = offerEnded)]
    fn offer_ended(this: &Sink, is_record: bool, subscription: &str, offer: u32) -> Result<(), JsValue>;

    /// Whether anybody listens to an event of the outbox, by its number in `js/outbox.ts`.
    #[wasm_bindgen(method, js_name = isOutboxHeard)]
    pub fn is_outbox_heard(this: &Sink, event: u32) -> bool;

    #[wasm_bindgen(method, catch, js_name = outboxHappened)]
    fn outbox_happened(this: &Sink, event: u32, entries: Option<Array>, why: Option<&str>) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = storageDegraded)]
    fn storage_degraded(this: &Sink, reason: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn closed(this: &Sink) -> Result<(), JsValue>;

    #[wasm_bindgen(js_name = reportError, catch)]
    fn report_error(exception: &JsValue) -> Result<(), JsValue>;
}

impl Sink {
    /// Tells an outcome: the JSON text of a result, or an error, whether it follows from what the application did itself, and
    /// what a receipt says of it.
    pub fn settle(&self, ticket: Ticket, outcome: Result<Option<&str>, (DeepstreamError, bool, &str)>) {
        told(match outcome {
            Ok(data) => self.settled(ticket.0, &JsValue::NULL, data, false, None),
            Err((error, expected, outcome)) => self.settled(ticket.0, &error, None, expected, Some(outcome)),
        });
    }

    /// Tells an event of the client.
    pub fn tell(&self, event: &str, detail: &JsValue) {
        told(self.happened(event, detail, None));
    }

    /// Tells that the connection is back.
    pub fn tell_restored(&self, connection: &JsValue, lasted_ms: f64) {
        told(self.happened("restoredConnection", connection, Some(lasted_ms)));
    }

    /// Tells of an error that nobody waits for.
    pub fn fail(&self, error: &DeepstreamError) {
        told(self.failed(error));
    }

    /// Tells an event, by the number of its name.
    pub fn tell_event(&self, number: u32, data: Option<&str>) {
        told(self.event_arrived(number, data));
    }

    /// Tells that a user came or went: those who want to know of this user, or of everyone.
    pub fn tell_presence(&self, user: &str, online: bool, everyone: bool) {
        told(self.presence_changed(user, online, everyone));
    }

    /// Has a provider answer a request.
    pub fn serve(&self, request: &RpcRequest) {
        let RpcRequest { id, name, data, requestor_name, requestor_data } = request;
        let (requestor_name, requestor_data) = (requestor_name.as_deref(), requestor_data.as_deref());
        told(self.requested(id.0, name, data.as_deref(), requestor_name, requestor_data));
    }

    /// Offers what somebody subscribed to.
    pub fn offer(&self, topic: Topic, pattern: &str, subscription: &str, offer: u32) {
        told(self.offered(topic == Topic::Record, pattern, subscription, offer));
    }

    /// Tells that an offer has ended.
    pub fn end_offer(&self, topic: Topic, subscription: &str, offer: u32) {
        told(self.offer_ended(topic == Topic::Record, subscription, offer));
    }

    /// Tells those who watch the outbox what happens to its entries.
    pub fn tell_outbox(&self, news: &OutboxNews) {
        const SENT: u32 = 0;
        const DROPPED: u32 = 1;
        const CHANGED: u32 = 2;
        told(match news {
            OutboxNews::Sent(entries) if self.is_outbox_heard(SENT) => {
                self.outbox_happened(SENT, Some(to_array(entries, false)), None)
            }
            // Whoever wants to save what the client could not send needs the payloads.
            OutboxNews::Dropped { why, entries } if self.is_outbox_heard(DROPPED) => {
                self.outbox_happened(DROPPED, Some(to_array(entries, true)), Some(why.name()))
            }
            OutboxNews::Changed => self.outbox_happened(CHANGED, None, None),
            OutboxNews::Degraded { words } => self.storage_degraded(words),
            _ => return,
        });
    }

    /// Tells that nothing more comes.
    pub fn close(&self) {
        told(self.closed());
    }
}

/// Reports what should not have been thrown here: TypeScript calls the callbacks, and reports what they throw.
pub fn told(outcome: Result<(), JsValue>) {
    if let Err(exception) = outcome
        && report_error(&exception).is_err()
    {
        errors::warn(&[&errors::words_of(&exception)]);
    }
}
