/**
 * `<deepstream-status>`: a banner that says when the connection is lost, when the next attempt is due, how much waits
 * for the server, and when it is back. It is not seen otherwise. Importing this defines the element, where there are
 * elements.
 *
 * @example
 * import 'deepstream-wasm/status';
 *
 * document.querySelector('deepstream-status').client = client;
 *
 * @module deepstream-wasm/status
 */
import type { ConnectionSnapshot, DeepstreamClient } from './client.js';

/** What the banner says, to be replaced in part by that of another language. */
export interface StatusTexts {
  /** There is no connection. `seconds` until the next attempt; `null` while one is made. */
  reconnecting(seconds: number | null): string;
  /** There is no network, or nobody will try again by itself. */
  offline: string;
  /** So many changes wait for the server. */
  waiting(count: number): string;
  /** The connection is back, and so many changes are on their way. */
  sending(count: number): string;
  /** The connection is back, and the server has everything. */
  restored: string;
  /** The button that tries again at once. */
  retry: string;
}

const changes = (count: number): string => (count === 1 ? '1 change' : `${count} changes`);

const english: StatusTexts = {
  reconnecting: (seconds) => (seconds === null ? 'Reconnecting…' : `Reconnecting in ${seconds} s`),
  offline: 'Offline',
  waiting: (count) => `${changes(count)} waiting`,
  sending: (count) => `Back online, sending ${changes(count)}`,
  restored: 'Back online',
  retry: 'Try now',
};

/**
 * Milliseconds for which the connection must be lost before that is shown, unless the attribute `delay` says otherwise.
 */
const DELAY_MS = 1_000;
/** Milliseconds for which it is shown that the connection is back. */
const RESTORED_MS = 4_000;
/** Whoever has the page read out is told no more often how much waits, in milliseconds. */
const READ_OUT_MS = 10_000;

const styles = `
:host {
  display: block;
  font: 500 0.9375rem/1.4 system-ui, sans-serif;
  --background: var(--deepstream-status-background, #fff8e6);
  --color: var(--deepstream-status-color, #3a2d00);
  --accent: var(--deepstream-status-accent, #b26a00);
}
:host([state='offline']) { --accent: var(--deepstream-status-accent, #b3261e); }
:host([state='restored']) { --accent: var(--deepstream-status-accent, #1b7f3b); }
[part='banner'] {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 0.25em 0.75em;
  padding: var(--deepstream-status-padding, 0.5em 1em);
  border-inline-start: 0.25em solid var(--accent);
  border-radius: var(--deepstream-status-radius, 0.25em);
  background: var(--background);
  color: var(--color);
  animation: appear 0.2s ease-out;
}
[hidden] { display: none !important; }
[part='dot'] { flex: none; width: 0.625em; height: 0.625em; border-radius: 50%; background: var(--accent); }
:host([state='reconnecting']) [part='dot'] { animation: pulse 1.2s ease-in-out infinite; }
[part='text'] { font-variant-numeric: tabular-nums; }
[part='waiting'] { opacity: 0.85; font-weight: 400; }
[part='retry'] {
  margin-inline-start: auto;
  padding: 0.25em 0.75em;
  border: 1px solid currentcolor;
  border-radius: inherit;
  background: none;
  color: inherit;
  font: inherit;
  cursor: pointer;
}
[part='retry']:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
[role='status'] { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@keyframes appear { from { opacity: 0; transform: translateY(-0.5em); } }
@keyframes pulse { 50% { opacity: 0.25; } }
@media (prefers-color-scheme: dark) {
  :host {
    --background: var(--deepstream-status-background, #2a2413);
    --color: var(--deepstream-status-color, #ffeebf);
    --accent: var(--deepstream-status-accent, #f0b429);
  }
  :host([state='offline']) { --accent: var(--deepstream-status-accent, #ff8a80); }
  :host([state='restored']) { --accent: var(--deepstream-status-accent, #6fd08c); }
}
@media (prefers-reduced-motion: reduce) {
  [part='banner'], :host([state='reconnecting']) [part='dot'] { animation: none; }
}
`;

const content =
  '<div part="banner" hidden><span part="dot" aria-hidden="true"></span><span part="text" aria-hidden="true"></span>' +
  '<span part="waiting" aria-hidden="true"></span><button part="retry" type="button"></button></div><span role="status"></span>';

/** What the banner shows; '' is nothing. */
type Shown = '' | 'reconnecting' | 'offline' | 'restored';

/** Where there are no elements, such as on a server, this is imported and never made. */
const Base = typeof HTMLElement === 'undefined' ? (class {} as typeof HTMLElement) : HTMLElement;

/**
 * The banner. The attribute `state` is `reconnecting`, `offline` or `restored` while it is seen. The attribute `delay`
 * says for how many milliseconds a connection must be lost before that is shown (1000 unless given).
 *
 * It is styled by the custom properties `--deepstream-status-background`, `-color`, `-accent`, `-padding` and
 * `-radius`, and by the parts `banner`, `dot`, `text`, `waiting` and `retry`.
 *
 * @example
 * <deepstream-status delay="500"></deepstream-status>
 */
export class DeepstreamStatus extends Base {
  #client: DeepstreamClient | null = null;
  #texts = english;
  #ended: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #shown: Shown = '';
  #lostAt = 0;
  /** When the connection came back. */
  #backAt = 0;
  /** When the server had all that had waited for it. */
  #restoredAt = 0;
  #readOutAt = 0;

  /** The client whose connection is shown; `null` shows nothing. */
  get client(): DeepstreamClient | null {
    return this.#client;
  }

  /** Shows the connection of this client. */
  set client(client: DeepstreamClient | null) {
    this.#client = client;
    if (this.isConnected) this.connectedCallback();
  }

  /** What is said; what is left out of what is set stays English. */
  get texts(): StatusTexts {
    return this.#texts;
  }

  /** Replaces what is said, in part or all. */
  set texts(texts: Partial<StatusTexts>) {
    this.#texts = { ...english, ...texts };
    if (this.#ended) this.#update();
  }

  /** @internal */
  connectedCallback(): void {
    this.disconnectedCallback();
    // What was set before this script was there.
    for (const name of ['client', 'texts'] as const) {
      if (!Object.hasOwn(this, name)) continue;
      const { value } = Object.getOwnPropertyDescriptor(this, name)!;
      delete (this as { [given in typeof name]?: unknown })[name];
      if (name === 'client') this.#client = value;
      else this.#texts = { ...english, ...value };
    }
    const root = this.shadowRoot ?? this.#build();
    const client = this.#client;
    this.#ended = new AbortController();
    const { signal } = this.#ended;
    client?.on('connectionChanged', this.#update, undefined, { signal });
    client?.outbox.on('changed', this.#update, { signal });
    for (const event of ['online', 'offline']) addEventListener(event, this.#update, { signal });
    root.querySelector('button')?.addEventListener('click', this.#retry, { signal });
    this.#update();
  }

  /** @internal */
  disconnectedCallback(): void {
    clearTimeout(this.#timer);
    this.#ended?.abort();
    this.#ended = null;
    this.#shown = '';
    this.#lostAt = this.#backAt = this.#restoredAt = 0;
  }

  readonly #retry = (): void => {
    // Whether it succeeds is shown.
    this.#client?.resume().catch(() => {});
  };

  #build(): ShadowRoot {
    const root = this.attachShadow({ mode: 'open' });
    root.innerHTML = content;
    // A strict Content-Security-Policy has nothing against this.
    if ('adoptedStyleSheets' in root) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(styles);
      root.adoptedStyleSheets = [sheet];
    } else {
      (root as ShadowRoot).appendChild(document.createElement('style')).textContent = styles;
    }
    return root;
  }

  readonly #update = (): void => {
    clearTimeout(this.#timer);
    const now = Date.now();
    const connection = this.#client?.connection;
    const outbox = this.#client?.outbox;
    const before = this.#shown;
    const wakes = [this.#decide(now, connection && phaseOf(connection), outbox?.oldest ?? Infinity)];
    const shown = this.#shown;
    const waiting = this.#restoredAt ? 0 : (outbox?.size ?? 0);

    const untilAttempt = (connection?.nextAttemptAt ?? now) - now;
    const isCounting = shown === 'reconnecting' && untilAttempt > 0;
    if (isCounting) wakes.push(untilAttempt % 1_000 || 1_000);
    const { reconnecting, offline, restored, sending, waiting: say, retry } = this.#texts;
    const text = (seconds: number | null): string =>
      ({
        '': '',
        reconnecting: reconnecting(seconds),
        offline,
        restored: waiting > 0 ? sending(waiting) : restored,
      })[shown];
    const more = waiting > 0 && (shown === 'reconnecting' || shown === 'offline') ? say(waiting) : '';

    const [banner, status] = this.shadowRoot!.children as unknown as [HTMLElement, HTMLElement];
    const [, seen, seenMore, button] = banner.children as unknown as HTMLElement[];
    banner.hidden = shown === '';
    if (shown) this.setAttribute('state', shown);
    else this.removeAttribute('state');
    write(seen!, text(isCounting ? Math.ceil(untilAttempt / 1_000) : null));
    write(seenMore!, more);
    seenMore!.hidden = more === '';
    // What the application has paused is its own to resume.
    button!.hidden = shown !== 'reconnecting' && (shown !== 'offline' || connection?.reason?.kind === 'paused');
    write(button!, retry);

    // Whoever has it read out is not told each second.
    const said = text(null);
    const sentence = more ? `${said}${/\p{P}$/u.test(said) ? '' : '.'} ${more}` : said;
    const isDue = shown !== before || now - this.#readOutAt >= READ_OUT_MS || (shown === 'restored' && waiting === 0);
    if (status.textContent !== sentence && isDue) {
      this.#readOutAt = now;
      write(status, sentence);
    } else if (status.textContent !== sentence) {
      wakes.push(this.#readOutAt + READ_OUT_MS - now);
    }
    const next = Math.min(...wakes.filter((wake): wake is number => wake !== undefined));
    if (next < Infinity) this.#timer = setTimeout(this.#update, next);
  };

  /**
   * Decides what is shown; returns the milliseconds after which time alone changes that.
   * @param oldest when the oldest of what waits was given
   */
  #decide(now: number, phase: Phase | undefined, oldest: number): number | undefined {
    if (phase === 'reconnecting' || phase === 'offline') {
      this.#backAt = this.#restoredAt = 0;
      this.#lostAt ||= now;
      const wait = this.#lostAt + this.#delay - now;
      if (!this.#shown && wait > 0) return wait;
      this.#shown = phase;
      return undefined;
    }
    this.#lostAt = 0;
    if (phase !== 'connected' || !this.#shown) {
      this.#shown = '';
      return undefined;
    }
    this.#shown = 'restored';
    this.#backAt ||= now;
    // What is given from now on is no longer what waited.
    if (!this.#restoredAt && oldest <= this.#backAt) return undefined;
    this.#restoredAt ||= now;
    const wait = this.#restoredAt + RESTORED_MS - now;
    if (wait > 0) return wait;
    this.#shown = '';
    return undefined;
  }

  get #delay(): number {
    const delay = Number(this.getAttribute('delay') ?? DELAY_MS);
    return delay >= 0 ? delay : DELAY_MS;
  }
}

/** Where a connection stands, for who looks at the page; '' is nothing to speak of. */
type Phase = '' | 'connected' | 'reconnecting' | 'offline';

function phaseOf({ state, reason }: ConnectionSnapshot): Phase {
  if (`${state}` === 'OPEN') return 'connected';
  // It was never lost, is over, or waits for a login that the application asks for.
  if (!reason || reason.kind === 'closed' || `${state}` === 'AWAITING_AUTHENTICATION') return '';
  return reason.willRetry && navigator.onLine !== false ? 'reconnecting' : 'offline';
}

/** Text that stays is left alone, so that nobody has it read out again. */
function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

declare global {
  interface HTMLElementTagNameMap {
    'deepstream-status': DeepstreamStatus;
  }
}

if (typeof customElements !== 'undefined' && !customElements.get('deepstream-status')) {
  customElements.define('deepstream-status', DeepstreamStatus);
}
