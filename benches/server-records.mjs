// What the benchmark server says about records: everybody may open and write all of them, and nobody hears of it.
import { RECORD_ACTION, TOPIC } from '@deepstream/protobuf/dist/types/all.js';

const topic = TOPIC.RECORD;
/** By name. What is written counts as a version, and is not looked at. */
const records = new Map();

/** Makes records with the same JSON text and version 1. */
export function keepRecords({ names, data }) {
  for (const name of names) records.set(name, { version: 1, data });
}

/** The answers to a message of the topic RECORD; `undefined` if there is none to such a message. */
export function answerRecord({ action, correlationId, name, names, isWriteAck }) {
  switch (action) {
    case RECORD_ACTION.SUBSCRIBECREATEANDREAD:
      return [{ topic, action, correlationId, names, isAck: true }, ...names.map(readResponse)];
    case RECORD_ACTION.READ:
      return [readResponse(name)];
    case RECORD_ACTION.PATCH:
    case RECORD_ACTION.UPDATE:
      records.get(name).version += 1;
      return isWriteAck ? [{ topic, action: RECORD_ACTION.WRITE_ACKNOWLEDGEMENT, name, correlationId, isWriteAck }] : [];
    default:
      return undefined;
  }
}

function readResponse(name) {
  const { version, data } = records.get(name);
  return { topic, action: RECORD_ACTION.READ_RESPONSE, name, version, data };
}
