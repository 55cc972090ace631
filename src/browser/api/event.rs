//! `client.event`.

use std::rc::Rc;

use wasm_bindgen::prelude::*;

use super::errors::{self, DeepstreamError};
use crate::{
    browser::driver::Driver,
    client::{ClientError, Command, Delivery, EventCommand, Kind, ListenCommand, Offer},
};

/// Events: the class behind `client.event`. What JavaScript sees of it is in `js/event.ts`, which has checked all arguments;
/// payloads are JSON texts.
#[wasm_bindgen]
pub struct EventHandler {
    driver: Rc<Driver>,
}

impl EventHandler {
    pub(super) const fn new(driver: Rc<Driver>) -> Self {
        Self { driver }
    }

    fn command(&self, command: EventCommand<'_>) {
        self.driver.command(Command::Event(command));
    }
}

#[wasm_bindgen]
impl EventHandler {
    /// Has events of this name come to the sink, or asks again where the server has refused that. Returns the number by
    /// which the sink is told of them.
    ///
    /// # Errors
    /// None but after a panic.
    pub fn subscribe(&self, name: &str) -> Result<u32, DeepstreamError> {
        errors::ensure_sound()?;
        let number = self.driver.subscribed.borrow_mut().number_of(name);
        self.command(EventCommand::Subscribe(name));
        Ok(number)
    }

    /// Ends what `subscribe` began; returns the number, which then stands for nothing.
    ///
    /// # Errors
    /// None but after a panic.
    pub fn unsubscribe(&self, name: &str) -> Result<Option<u32>, DeepstreamError> {
        errors::ensure_sound()?;
        let number = self.driver.subscribed.borrow_mut().remove(name);
        self.command(EventCommand::Unsubscribe(name));
        Ok(number)
    }

    /// Sends an event; returns the ticket of its receipt, if there shall be one.
    ///
    /// # Errors
    /// None but after a panic.
    pub fn emit(
        &self,
        name: &str,
        data: Option<String>,
        delivery: u32,
        ttl_ms: Option<u32>,
        key: Option<String>,
        receipt: bool,
    ) -> Result<Option<u32>, DeepstreamError> {
        errors::ensure_sound()?;
        let receipt = receipt.then(|| self.driver.tickets.next());
        self.command(EventCommand::Emit(Offer {
            kind: Kind::Event,
            name,
            data: data.as_deref(),
            delivery: delivery_of(delivery),
            ttl_ms: ttl_ms.map(u64::from),
            key: key.as_deref(),
            receipt,
        }));
        Ok(receipt.map(|ticket| ticket.0))
    }

    /// Reports that a stream of events is read so slowly that some are lost.
    #[wasm_bindgen(js_name = reportOverflow)]
    pub fn report_overflow(&self, name: &str) {
        self.driver.error(&ClientError::StreamOverflow { name: name.into() });
    }

    /// Reports that the data of an event is not JSON.
    #[wasm_bindgen(js_name = reportInvalid)]
    pub fn report_invalid(&self, name: &str) {
        self.driver.error(&ClientError::InvalidEventData { name: name.into() });
    }

    /// Has subscriptions that match a pattern offered to the sink.
    ///
    /// # Errors
    /// None but after a panic.
    pub fn listen(&self, pattern: &str) -> Result<(), DeepstreamError> {
        errors::ensure_sound()?;
        self.command(EventCommand::Listen(ListenCommand::Listen(pattern)));
        Ok(())
    }

    /// Ends what `listen` began.
    ///
    /// # Errors
    /// None but after a panic.
    pub fn unlisten(&self, pattern: &str) -> Result<(), DeepstreamError> {
        errors::ensure_sound()?;
        self.command(EventCommand::Listen(ListenCommand::Unlisten(pattern)));
        Ok(())
    }

    /// Says whether what was offered is provided here.
    pub fn answer(&self, subscription: &str, offer: u32, accept: bool) {
        self.command(EventCommand::Listen(ListenCommand::Answer { subscription, offer, accept }));
    }
}

/// The deliveries as `js/delivery.ts` numbers them.
pub const fn delivery_of(number: u32) -> Delivery {
    match number {
        0 => Delivery::Durable,
        1 => Delivery::Memory,
        _ => Delivery::Drop,
    }
}
