//! One `WebSocket`, from opening it to letting go of it.

use std::rc::Rc;

use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

use super::driver::Driver;
use crate::{
    client::{Frame, Input, SocketEvent, SocketId},
    wire::MAX_FRAME_BYTES,
};

/// The close code for a connection that ended without a close frame (RFC 6455, section 7.4.1).
const ABNORMAL_CLOSURE: u16 = 1006;

/// A `WebSocket` that reports to the driver until it is dropped, which closes it.
pub struct Socket {
    socket: WebSocket,
    _on_open: Closure<dyn FnMut()>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(JsValue)>,
}

impl Socket {
    /// Starts to open a connection.
    ///
    /// # Errors
    /// What the constructor throws, for instance when a secure page dials `ws://`, or where there is no `WebSocket`.
    pub fn open(driver: &Rc<Driver>, id: SocketId, url: &str) -> Result<Self, JsValue> {
        let socket = WebSocket::new(url)?;
        socket.set_binary_type(BinaryType::Arraybuffer);

        let on_open = {
            let driver = Rc::clone(driver);
            Closure::new(move || driver.handle(Input::Socket(id, SocketEvent::Opened)))
        };
        let on_message = {
            let driver = Rc::clone(driver);
            Closure::new(move |event: MessageEvent| {
                with_frame(&event.data(), |frame| {
                    driver.handle(Input::Socket(id, SocketEvent::Received(frame)));
                });
            })
        };
        let on_close = {
            let driver = Rc::clone(driver);
            Closure::new(move |event: JsValue| {
                let (code, reason) = match event.dyn_ref::<CloseEvent>() {
                    Some(event) => (event.code(), event.reason()),
                    None => (ABNORMAL_CLOSURE, String::new()),
                };
                driver.handle(Input::Socket(id, SocketEvent::Closed { code, reason: &reason }));
            })
        };
        // No `error` handler: the event says nothing, and `close` always follows it.
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Ok(Self { socket, _on_open: on_open, _on_message: on_message, _on_close: on_close })
    }

    /// Sends a binary frame.
    ///
    /// # Errors
    /// What `send` throws.
    pub fn send(&self, frame: &[u8]) -> Result<(), JsValue> {
        self.socket.send_with_u8_array(frame)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // Without arguments `close` never throws.
        let _ = self.socket.close();
    }
}

fn with_frame(data: &JsValue, handle: impl FnOnce(Frame<'_>)) {
    let Some(buffer) = data.dyn_ref::<ArrayBuffer>() else {
        return handle(Frame::Text);
    };
    let bytes = buffer.byte_length() as usize;
    // Looked at before the copy, so that a huge frame does not grow the memory for good.
    if bytes > MAX_FRAME_BYTES {
        return handle(Frame::Oversized { bytes });
    }
    handle(Frame::Binary(&Uint8Array::new(buffer).to_vec()));
}
