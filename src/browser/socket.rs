//! One `WebSocket`, from opening it to letting go of it.

use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, MessageEvent, WebSocket};

use super::{driver::Driver, page::property};
use crate::{
    client::{Frame, Input, SocketEvent, SocketId},
    wire::MAX_FRAME_BYTES,
};

/// The close code for a connection that ended without a close frame (RFC 6455, section 7.4.1).
pub const ABNORMAL_CLOSURE: u16 = 1006;

#[wasm_bindgen]
extern "C" {
    /// A socket that is given frames of its own. `web_sys` would give it a view of the memory that the next frame is
    /// written to, and not every host's socket is done with it when `send` returns.
    type Sender;

    #[wasm_bindgen(method, catch)]
    fn send(this: &Sender, frame: Box<[u8]>) -> Result<(), JsValue>;

    /// What holds bytes: an `ArrayBuffer` of any realm, or a view of one.
    type Bytes;

    #[wasm_bindgen(method, getter, js_name = byteLength)]
    fn byte_length(this: &Bytes) -> Option<f64>;
}

#[wasm_bindgen(module = "/src/browser/js/socket.js")]
extern "C" {
    #[wasm_bindgen(js_name = ignoreErrors)]
    fn ignore_errors(socket: &WebSocket);
}

/// A `WebSocket` that reports to the driver until it is dropped, which closes it.
pub struct Socket {
    socket: WebSocket,
    _on_open: Closure<dyn FnMut()>,
    _on_message: Closure<dyn FnMut(JsValue)>,
    _on_error: Closure<dyn FnMut()>,
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
            Closure::new(move |event: JsValue| {
                with_frame(&event.unchecked_ref::<MessageEvent>().data(), |frame| {
                    driver.handle(Input::Socket(id, SocketEvent::Received(frame)));
                });
            })
        };
        let on_error = {
            let driver = Rc::clone(driver);
            Closure::new(move || driver.handle(Input::Socket(id, SocketEvent::Failed)))
        };
        let on_close = {
            let driver = Rc::clone(driver);
            Closure::new(move |event: JsValue| {
                let code = property(&event, "code").and_then(|code| code.as_f64());
                let code = code.map_or(ABNORMAL_CLOSURE, |code| code as u16);
                let reason = property(&event, "reason").and_then(|reason| reason.as_string()).unwrap_or_default();
                driver.handle(Input::Socket(id, SocketEvent::Closed { code, reason: &reason }));
            })
        };
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Ok(Self { socket, _on_open: on_open, _on_message: on_message, _on_error: on_error, _on_close: on_close })
    }

    /// Sends a binary frame.
    ///
    /// # Errors
    /// What `send` throws.
    pub fn send(&self, frame: Box<[u8]>) -> Result<(), JsValue> {
        self.socket.unchecked_ref::<Sender>().send(frame)
    }

    /// How many bytes of what it was given have not been sent.
    pub fn buffered(&self) -> u64 {
        self.socket.buffered_amount().into()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        ignore_errors(&self.socket);
        // Without arguments `close` never throws.
        let _ = self.socket.close();
    }
}

fn with_frame(data: &JsValue, handle: impl FnOnce(Frame<'_>)) {
    let length = if data.is_object() { data.unchecked_ref::<Bytes>().byte_length() } else { None };
    let Some(bytes) = length.map(|length| length as usize) else {
        return handle(Frame::Text);
    };
    // Looked at before the copy, so that a huge frame does not grow the memory for good.
    if bytes > MAX_FRAME_BYTES {
        return handle(Frame::Oversized { bytes });
    }
    handle(Frame::Binary(&Uint8Array::new(data).to_vec()));
}
