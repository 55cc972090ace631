/**
 * What the server itself has taken in, told by the start script past the network that fails. Dispatches `event` and
 * `record` with `{ name, data }` as detail: an event, or what a record holds after a write to it.
 */
export class Witness extends EventTarget {
  #lastId;

  /**
   * @param prefix what the names begin with
   * @param lastId the id that was heard last, before the page was reloaded
   */
  constructor(prefix, lastId = 0) {
    super();
    this.#lastId = lastId;
    const source = new EventSource(`/witness?prefix=${encodeURIComponent(prefix)}`);
    source.onmessage = ({ lastEventId, data }) => this.#hear(Number(lastEventId), JSON.parse(data));
  }

  get lastId() {
    return this.#lastId;
  }

  #hear(id, { event, record, data }) {
    // What a record holds is wanted again after a reload, what was counted is not.
    const isNew = id > this.#lastId;
    this.#lastId = Math.max(this.#lastId, id);
    if (event && isNew) this.dispatchEvent(new CustomEvent('event', { detail: { name: event, data } }));
    if (record) this.dispatchEvent(new CustomEvent('record', { detail: { name: record, data } }));
  }
}
