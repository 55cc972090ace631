/// <reference lib="esnext.disposable" preserve="true" />
import { invalid } from './arguments.js';
import { defineDisposal, subscribe, type SubscribeOptions } from './subscription.js';

/** How a stream of events may be made. */
export interface StreamOptions extends SubscribeOptions {
  /** How many events wait for a reader that is busy, from 1. */
  maxBuffered?: number | undefined;
}

/**
 * Events one after the other, for `for await`. It ends when its signal is aborted, with `unsubscribe`, with `close()` of
 * the client, and when the loop is left. What had arrived before `unsubscribe` or `close()` is still read.
 */
export interface EventStream<Data> extends AsyncIterableIterator<Data>, AsyncDisposable {
  /** How many events were dropped because as many as `maxBuffered` waited already. */
  readonly dropped: number;
  /** The next event, as soon as there is one. */
  next(): Promise<IteratorResult<Data, undefined>>;
  /** Ends the stream; `for await` calls it when its loop is left. */
  return(): Promise<IteratorResult<Data, undefined>>;
  /** The stream itself, for `for await`. */
  [Symbol.asyncIterator](): EventStream<Data>;
}

/** Where the events come from. */
interface Source<Data> {
  begin: (onEvent: (data: Data) => void, onRemoved: () => void) => () => void;
  reportOverflow: () => void;
}

/** @internal */
export class BufferedStream<Data> implements EventStream<Data> {
  declare [Symbol.asyncDispose]: () => Promise<void>;
  dropped = 0;
  #buffer: Data[] = [];
  #readers: ((result: IteratorResult<Data, undefined>) => void)[] = [];
  #hasEnded = false;
  /** Since the reader last kept up. */
  #isOverflowing = false;
  #stop!: () => void;

  constructor(source: Source<Data>, { signal, maxBuffered = 1000 }: StreamOptions = {}) {
    subscribe(signal, (onRemoved) => {
      if (!(Number.isInteger(maxBuffered) || maxBuffered === Infinity) || maxBuffered < 1) {
        throw invalid('maxBuffered', 'a whole number from 1, or Infinity', maxBuffered, 'option');
      }
      this.#stop = source.begin(
        (data) => this.#onEvent(data, maxBuffered, source.reportOverflow),
        () => {
          onRemoved?.();
          this.#end();
        },
      );
      return () => this.#abandon();
    });
  }

  async next(): Promise<IteratorResult<Data, undefined>> {
    if (this.#buffer.length > 0) {
      const value = this.#buffer.shift() as Data;
      this.#isOverflowing &&= this.#buffer.length > 0;
      return { done: false, value };
    }
    if (this.#hasEnded) return { done: true, value: undefined };
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  async return(): Promise<IteratorResult<Data, undefined>> {
    this.#abandon();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #onEvent(data: Data, maxBuffered: number, reportOverflow: () => void): void {
    const reader = this.#readers.shift();
    if (reader) {
      reader({ done: false, value: data });
      return;
    }
    this.#buffer.push(data);
    if (this.#buffer.length <= maxBuffered) return;
    this.#buffer.shift();
    this.dropped += 1;
    if (this.#isOverflowing) return;
    this.#isOverflowing = true;
    reportOverflow();
  }

  /** Nobody reads what has arrived. */
  #abandon(): void {
    this.#buffer = [];
    this.#stop();
  }

  #end(): void {
    this.#hasEnded = true;
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined });
  }
}

defineDisposal(BufferedStream.prototype, 'return');
