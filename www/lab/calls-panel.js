import { C } from 'deepstream-wasm';
import { asText, byRole, clockTime, element, keepNewest, onPress, setAvailable, shortDuration } from '../dom.js';

const MOST_ROWS = 100;
/** How long a provider works on a call, in milliseconds: long enough to take the server away meanwhile. */
const WORK = 1500;
const { OPEN } = C.CONNECTION_STATE;

/** The calls one client makes and answers. What it provides turns a text around. */
export class CallsPanel {
  #root;
  #name;
  #client;
  #state;
  #provided = null;
  #wantsToProvide;
  #list;

  /**
   * @param root the element of the client's panel
   * @param provides whether the client provides from the start
   */
  constructor(root, { name, provides }) {
    this.#root = root;
    this.#name = name;
    this.#wantsToProvide = provides;
    this.#list = byRole(root, 'calls');
    byRole(root, 'call-form').addEventListener('submit', (submission) => {
      submission.preventDefault();
      if (this.#isUsable()) this.#call();
    });
    onPress(byRole(root, 'provide'), () => {
      this.#wantsToProvide = !this.#wantsToProvide;
      this.#provide();
    });
    byRole(root, 'procedure').addEventListener('change', () => this.#provide());
  }

  /** Goes on with another client, or none. */
  watch(client) {
    this.#client = client;
    this.#provided = null;
    this.#provide();
  }

  /** The client came to another state. */
  enter(state, isOver) {
    this.#state = state;
    if (isOver) this.#client = undefined;
    this.#render();
  }

  get #procedure() {
    return byRole(this.#root, 'procedure').value.trim();
  }

  #isUsable() {
    return this.#client !== undefined;
  }

  /** Provides what the panel names, if it is to provide at all, and nothing else. */
  #provide() {
    const wanted = this.#wantsToProvide && this.#procedure !== '' ? this.#procedure : null;
    if (this.#isUsable() && wanted !== this.#provided) {
      if (this.#provided !== null) this.#client.rpc.unprovide(this.#provided);
      if (wanted !== null) this.#client.rpc.provide(wanted, (argument) => this.#answer(wanted, argument));
      this.#provided = wanted;
    }
    this.#render();
  }

  async #answer(procedure, argument) {
    const row = this.#addRow('asked', `${procedure}(${asText(argument)})`);
    await new Promise((done) => {
      setTimeout(done, WORK);
    });
    const answer = `${[...asText(argument)].reverse().join('')}, says ${this.#name}`;
    row.tell('answered', answer);
    return answer;
  }

  async #call() {
    const procedure = this.#procedure;
    const argument = byRole(this.#root, 'argument').value;
    const idempotent = byRole(this.#root, 'idempotent').checked;
    const row = this.#addRow('calling', `${procedure}(${argument})`);
    if (this.#state !== OPEN) row.note(`queued while ${this.#state}`);
    if (idempotent) row.note('may run twice');
    const begin = Date.now();
    try {
      const result = await this.#client.rpc.make(procedure, argument, { idempotent });
      row.tell('result', asText(result));
    } catch (error) {
      row.tell('failed', error.code);
    }
    row.note(`after ${shortDuration(Date.now() - begin)}`);
  }

  #addRow(kind, text) {
    const chip = element('span', { class: 'chip' }, kind);
    const outcome = element('span', { class: 'outcome', 'data-role': 'outcome' });
    const tags = element('span', { class: 'tags' });
    const what = element('span', { class: 'message' }, text);
    const item = element('li', { 'data-kind': kind }, element('time', {}, clockTime()), chip, what, outcome, tags);
    this.#list.prepend(item);
    keepNewest(this.#list, MOST_ROWS);
    return {
      note: (words) => tags.append(element('span', { class: 'tag' }, words)),
      tell: (newKind, words) => {
        item.dataset.kind = newKind;
        chip.textContent = newKind;
        outcome.textContent = words;
      },
    };
  }

  #render() {
    const provide = byRole(this.#root, 'provide');
    provide.setAttribute('aria-pressed', String(this.#wantsToProvide));
    provide.textContent = this.#wantsToProvide ? 'Providing' : 'Provide';
    setAvailable(provide, this.#isUsable());
    setAvailable(byRole(this.#root, 'call'), this.#isUsable());
  }
}
