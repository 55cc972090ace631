/**
 * Hears the errors of a socket that is of no concern any more: `ws` ends the process for one that nobody hears.
 * @param {WebSocket} socket
 */
export function ignoreErrors(socket) {
  socket.onerror = () => {}
}
