//! What JavaScript is told.

use wasm_bindgen::prelude::*;

use super::{api::errors::DeepstreamError, callbacks::guard};
use crate::client::RpcRequest;

#[wasm_bindgen]
extern "C" {
    /// Who is told what happens: `Sink` in `js/sink.ts`. Payloads are JSON texts; `undefined` stands for none.
    pub type Sink;

    #[wasm_bindgen(method, catch)]
    fn settled(this: &Sink, ticket: u32, error: &JsValue, data: Option<&str>, expected: bool) -> Result<(), JsValue>;

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
    fn closed(this: &Sink) -> Result<(), JsValue>;
}

impl Sink {
    /// Tells an outcome: the JSON text of a result, or an error and whether it follows from what the application did itself.
    pub fn settle(&self, ticket: u32, outcome: Result<Option<&str>, (DeepstreamError, bool)>) {
        told(match outcome {
            Ok(data) => self.settled(ticket, &JsValue::NULL, data, false),
            Err((error, expected)) => self.settled(ticket, &error, None, expected),
        });
    }

    /// Has a provider answer a request.
    pub fn serve(&self, request: &RpcRequest) {
        let RpcRequest { id, name, data, requestor_name, requestor_data } = request;
        let [data, requestor_name, requestor_data] = [data, requestor_name, requestor_data].map(Option::as_deref);
        told(self.requested(id.0, name, data, requestor_name, requestor_data));
    }

    /// Tells that nothing more comes.
    pub fn close(&self) {
        told(self.closed());
    }
}

/// What callbacks throw is reported before it comes here.
fn told(outcome: Result<(), JsValue>) {
    guard(outcome.map(|()| JsValue::UNDEFINED));
}
