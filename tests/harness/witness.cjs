// A monitoring plugin for the deepstream server that tells the server's parent of every event that it takes in.
const { TOPIC, EVENT_ACTION } = require('@deepstream/protobuf/dist/types/all');

module.exports = class Witness {
  description = 'Witness';

  async whenReady() {}

  async close() {}

  onMessageReceived({ topic, action, name, data }) {
    if (topic !== TOPIC.EVENT || action !== EVENT_ACTION.EMIT) return;
    // The parent may be about to end: what it misses then, it does not want any more.
    if (process.connected) process.send({ message: { event: name, text: data?.toString() ?? null } }, () => {});
  }

  onErrorLog() {}

  onLogin() {}

  onMessageSend() {}

  onBroadcast() {}
};
