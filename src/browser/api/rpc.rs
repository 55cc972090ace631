//! `client.rpc`.

use std::rc::Rc;

use wasm_bindgen::prelude::*;

use super::errors::{self, DeepstreamError};
use crate::{
    browser::driver::Driver,
    client::{Command, RpcAnswer, RpcCall, RpcCommand, RpcRequestId, Ticket},
};

/// Remote procedure calls: the class behind `client.rpc`. What JavaScript sees of it is in `js/rpc.ts`, which has checked all
/// arguments; payloads are JSON texts.
#[wasm_bindgen]
pub struct RpcHandler {
    driver: Rc<Driver>,
}

impl RpcHandler {
    pub(super) const fn new(driver: Rc<Driver>) -> Self {
        Self { driver }
    }

    fn command(&self, command: RpcCommand<'_>) {
        self.driver.command(Command::Rpc(command));
    }
}

#[wasm_bindgen]
impl RpcHandler {
    /// Has requests of this name come to the sink.
    ///
    /// # Errors
    /// None but after a panic.
    pub fn provide(&self, name: &str) -> Result<(), DeepstreamError> {
        errors::ensure_sound()?;
        self.command(RpcCommand::Provide(name));
        Ok(())
    }

    /// Ends what `provide` began.
    ///
    /// # Errors
    /// None but after a panic.
    pub fn unprovide(&self, name: &str) -> Result<(), DeepstreamError> {
        errors::ensure_sound()?;
        self.command(RpcCommand::Unprovide(name));
        Ok(())
    }

    /// Whether the server has refused to let this client provide it, in this session.
    #[wasm_bindgen(js_name = isRefused)]
    pub fn is_refused(&self, name: &str) -> bool {
        self.driver.is_provider_refused(name)
    }

    /// Makes a call; gives the ticket of its outcome.
    ///
    /// # Errors
    /// None but after a panic.
    pub fn make(
        &self,
        name: &str,
        data: Option<String>,
        timeout_ms: Option<u32>,
        idempotent: bool,
        is_durable: bool,
        ttl_ms: Option<u32>,
    ) -> Result<u32, DeepstreamError> {
        errors::ensure_sound()?;
        let ticket = self.driver.tickets.next();
        let data = data.as_deref();
        let [timeout_ms, ttl_ms] = [timeout_ms, ttl_ms].map(|ms| ms.map(u64::from));
        self.command(RpcCommand::Make(RpcCall { ticket, name, data, timeout_ms, idempotent, is_durable, ttl_ms }));
        Ok(ticket.0)
    }

    /// Gives up a call whose outcome is not known.
    pub fn cancel(&self, ticket: u32) {
        self.command(RpcCommand::Cancel(Ticket(ticket)));
    }

    /// Says something about a request; `kind` is a number of `js/rpc.ts`.
    pub fn answer(&self, request: u32, name: &str, kind: u32, data: Option<String>) {
        let data = data.as_deref();
        let answer = match kind {
            0 => RpcAnswer::Accept,
            1 => RpcAnswer::Reject,
            2 => RpcAnswer::Error(data),
            _ => RpcAnswer::Send(data),
        };
        self.command(RpcCommand::Answer { request: RpcRequestId(request), name, answer });
    }
}
