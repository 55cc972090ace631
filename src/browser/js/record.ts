/// <reference lib="esnext.disposable" preserve="true" />
import type { EventSource } from './emitter.js';
import type { DeepstreamError } from './error.js';
import type { MergeStrategy } from './options.js';
import type { SubscribeOptions, Subscription } from './subscription.js';

/** Receives the outcome of a write: the code of an error, or `null` when the server has it, and the name of the record. */
export type WriteAckCallback = (error: string | null, recordName: string) => void;

/** What is at a path of a record, as far as the types say; `any` where they do not, `never` where there is nothing. */
export type ValueAt<Data, Path extends string> = Walk<Data, Dotted<Path>>;

/**
 * `Path` where it leads somewhere in `Data`; else the paths that do, as far as the path is right: so editors complete it, and the
 * compiler shows them. What wraps a method of records that takes a path takes this.
 *
 * @example
 * function useField<Data, Path extends string>(record: DeepstreamRecord<Data>, path: PathIn<Data, Path>) {
 *   return record.get(path);
 * }
 */
export type PathIn<Data, Path extends string | undefined> = Path extends string ? Check<Data, Dotted<Path>, '', Path> : Path;

/** `items[0].name` as `items.0.name`. */
type Dotted<Path extends string> = Path extends `${infer Before}[${infer Index}]${infer After}`
  ? Dotted<`${Before}.${Index}${After}`>
  : Path;

type Walk<Data, Path extends string> = unknown extends Data
  ? any
  : string extends Path
    ? any
    : Path extends `${infer Name}.${infer Rest}`
      ? Walk<Member<Data, Name>, Rest>
      : Member<Data, Path>;

/** What is called so in one of the types that `Data` may be. */
type Member<Data, Name extends string> = Data extends readonly (infer Item)[]
  ? Name extends `${number}`
    ? Item
    : never
  : Data extends object
    ? Name extends keyof Data
      ? Data[Name]
      : Name extends `${infer Key extends number}`
        ? Key extends keyof Data
          ? Data[Key]
          : never
        : never
    : never;

/** `Done` has led to `Data`, `Rest` is to follow. */
type Check<Data, Rest extends string, Done extends string, Path extends string> = unknown extends Data
  ? Path
  : string extends Rest
    ? Path
    : Rest extends `${infer Name}.${infer After}`
      ? [PathsFrom<Member<Data, Name>>] extends [never]
        ? PathsFrom<Data, Done>
        : Check<Member<Data, Name>, After, Extended<Data, Done, Name>, Path>
      : [Member<Data, Rest>] extends [never]
        ? PathsFrom<Data, Done>
        : Path;

/** `Done` and one step more. */
type PathsFrom<Data, Done extends string = ''> = unknown extends Data
  ? string
  : Data extends readonly unknown[]
    ? `${Done}[${number}]`
    : Data extends object
      ? Extended<Data, Done, `${keyof Data & (string | number)}`>
      : never;

type Extended<Data, Done extends string, Name extends string> = NonNullable<Data> extends readonly unknown[]
  ? `${Done}[${Name}]`
  : Done extends ''
    ? Name
    : `${Done}.${Name}`;

/** What a method gives for a path that may be left out. */
export type ValueAtOptional<Data, Path extends string | undefined> = Path extends string
  ? ValueAt<Data, Path> | undefined
  : Data;

/** Several paths and what is to be there: `undefined` erases. */
export type Patches<Data, Paths> = {
  [Path in keyof Paths]: Path extends PathIn<Data, Path & string>
    ? ValueAt<Data, Path & string> | undefined
    : { 'is no path; these are': PathIn<Data, Path & string> };
};

/** What was changed on two sides, where something of one side is lost. `null` stands for a record that was deleted. */
export interface RecordConflict<Data = any> {
  /** What was here; `null` if it was to be deleted. */
  localValue: Data | null;
  /** What the server had. */
  remoteValue: Data | null;
}

/**
 * Where a record stands: it is asked for (`SUBSCRIBING`), asked for though it is known, because the connection was lost or it
 * comes from storage (`RESUBSCRIBING`), as the server has it (`READY`), waits for a merge strategy (`MERGING`), is held by
 * nobody (`UNSUBSCRIBING`, then `UNSUBSCRIBED`), is to be deleted (`DELETING`, then `DELETED`), or is refused by the server
 * (`ERROR`).
 */
export type RecordState =
  | 'SUBSCRIBING'
  | 'RESUBSCRIBING'
  | 'READY'
  | 'MERGING'
  | 'UNSUBSCRIBING'
  | 'UNSUBSCRIBED'
  | 'DELETING'
  | 'DELETED'
  | 'ERROR';

/** What a record tells its listeners: the names for `on`, and what the listeners are called with. */
export interface RecordEvents<Data = any, Self = Record<Data>> {
  /** It was loaded. */
  ready: (record: Self) => void;
  /** It is let go of, `recordDiscardTimeout` after the last `discard()`; what is unsent is sent all the same. */
  discard: (record: Self) => void;
  /** It was deleted, here or elsewhere. */
  delete: (record: Self) => void;
  /** Something went wrong with it: the code, such as `MESSAGE_DENIED`, and the error. */
  error: (code: string, error: DeepstreamError) => void;
  /** Somebody provides it now, or no longer does: see `client.record.listen`. */
  hasProviderChanged: (hasProvider: boolean) => void;
  /** It has come to another state. */
  onRecordStateChanged: (state: RecordState) => void;
  /** It was changed here and elsewhere at the same time, and something of one side is lost. */
  conflict: (conflict: RecordConflict<Data>) => void;
}

/** How a subscription to a record may be made. */
export interface RecordSubscribeOptions extends SubscribeOptions {
  /**
   * Whether to call back with what is there now as well, as soon as the record is loaded.
   * @defaultValue false
   */
  triggerNow?: boolean | undefined;
}

/**
 * What every way to hold a record has.
 *
 * @example
 * using note = client.record.getRecord('note'); // discarded at the end of the block
 */
export interface RecordHolder<Self> extends Disposable {
  /** The name. */
  readonly name: string;
  /** Whether it was loaded. */
  readonly isReady: boolean;
  /**
   * Whether what is seen comes from storage, and the server has not confirmed it in this page: see the option
   * `offlineEnabled`. When it does, `onRecordStateChanged` tells `READY`.
   */
  readonly isFromStorage: boolean;
  /** How often it was written, with what was written here; `null` before it is loaded. An anonymous record without a name has -1. */
  readonly version: number;

  /**
   * Waits until the record is loaded.
   * @returns Resolves with this.
   * @throws {DeepstreamError} (the promise rejects) when the server refuses the record, when it is deleted or discarded
   * before, or when the client is closed, or stops trying to connect
   * @example
   * const note = await client.record.getRecord('note').whenReady();
   */
  whenReady(): Promise<Self>;
  /** Calls back as soon as the record is loaded, at once if it is. */
  whenReady(callback: (record: Self) => void): void;
  /** Waits with a promise unless there is a callback. */
  whenReady(callback?: (record: Self) => void): Promise<Self> | void;

  /**
   * Ends the subscriptions that were made through this object, and lets go of the record. When nobody here holds it, it
   * stays for `recordDiscardTimeout`, and is then given up.
   * @example
   * note.discard();
   */
  discard(): void;

  /**
   * Deletes the record on the server, for everybody. While there is no connection that waits for one.
   * @returns Resolves when the server has done so.
   * @throws {DeepstreamError} (the promise rejects) when the server refuses, or does not answer; or when the client is closed
   * or stops trying to connect, before. It is then deleted all the same when the client is connected again, in this page or another
   * @example
   * await note.delete();
   */
  delete(): Promise<void>;
  /** Deletes the record, and calls back with `null` or the code of an error. */
  delete(callback: (error: string | null) => void): void;
  /** Deletes the record, with a promise unless there is a callback. */
  delete(callback?: (error: string | null) => void): Promise<void> | void;

  /**
   * Decides what becomes of it when this record was changed here and elsewhere at the same time: one of
   * `MERGE_STRATEGIES`, or a function. The strategy stays with the name.
   * @throws {DeepstreamError} for what is not a function
   * @example
   * note.setMergeStrategy((local, localVersion, remote, remoteVersion, done) => done(null, { ...remote, ...local }));
   */
  setMergeStrategy(mergeStrategy: MergeStrategy): void;
}

/**
 * A document that many clients read and write, and that is the same everywhere in the end: `client.record.getRecord(name)`.
 * `Data` is its type, taken at your word: what others write is not checked.
 *
 * Where a path is asked for: `address.streets[2].name`. Names are separated by dots, and indices stand in brackets after a
 * name. Names of digits are keys of objects and indices of arrays. White space around names does not count.
 *
 * What is written is here at once. The server gets it in order, one message at a time; while there is no connection it
 * waits.
 *
 * @example
 * const note = client.record.getRecord<Note>('note');
 * note.subscribe('title', (title) => show(title), true);
 * note.set('title', 'Shopping');
 */
export interface Record<Data = any> extends RecordHolder<Record<Data>>, EventSource<RecordEvents<Data>> {
  /** Whether somebody provides it: see `client.record.listen`. */
  readonly hasProvider: boolean;

  /**
   * What the record is at this moment, with what was written here. Before it is loaded only that; after it ended, what it was
   * last.
   *
   * The same object until the record is different, which must not be changed, since all who ask get it: `structuredClone` makes
   * a copy. Who does change it changes nothing here, and the next who asks gets another one; unless the option `recordDeepCopy`
   * is false, which saves the look at that.
   * @example
   * note.get(); // { title: 'Shopping' }
   */
  get(): Data;
  /**
   * What is at a path; `undefined` if there is nothing.
   * @throws {DeepstreamError} for what is not a path
   * @example
   * note.get('items[0].name');
   */
  get<Path extends string | undefined>(path: PathIn<Data, Path>): ValueAtOptional<Data, Path>;

  /**
   * Replaces the whole record. What is the same already is not sent.
   * @param data An object or an array. All that `JSON.stringify` keeps arrives as it is.
   * @param callback Is told when the server has it, or why it will not.
   * @throws {DeepstreamError} for anything else, and for what `JSON.stringify` throws at
   * @example
   * note.set({ title: 'Shopping', items: [] });
   */
  set(data: Data, callback?: WriteAckCallback): void;
  /**
   * Sets what is at a path, and makes the objects and arrays on the way. `undefined` erases; an element of an array becomes
   * `null`.
   * @throws {DeepstreamError} for what is not a path, and what JSON has no text for, such as a function. What the record
   * itself stands in the way of, such as a name in an array, is told to the callback and as an error of the client.
   * @example
   * note.set('items[0].name', 'bread');
   */
  set<Path extends string>(
    path: PathIn<Data, Path>,
    data: ValueAt<Data, Path> | undefined,
    callback?: WriteAckCallback,
  ): void;

  /**
   * Like `set`, and tells when the server has it.
   * @returns Resolves when the server has it; at once if nothing is different.
   * @throws {DeepstreamError} (the promise rejects) when the server refuses, when a conflict was settled otherwise
   * (`RECORD_WRITE_LOST`), or when nobody can say for now, because the client is closed, or has stopped trying
   * @example
   * await note.setWithAck('title', 'Shopping');
   */
  setWithAck(data: Data): Promise<void>;
  /** Replaces the record, and calls back. */
  setWithAck(data: Data, callback: (error: string) => void): void;
  /** Replaces the record, with a promise unless there is a callback. */
  setWithAck(data: Data, callback?: (error: string) => void): Promise<void> | void;
  /** Sets what is at a path. */
  setWithAck<Path extends string>(path: PathIn<Data, Path>, data: ValueAt<Data, Path> | undefined): Promise<void>;
  /** Sets what is at a path, and calls back. */
  setWithAck<Path extends string>(
    path: PathIn<Data, Path>,
    data: ValueAt<Data, Path> | undefined,
    callback: (error: string) => void,
  ): void;

  /**
   * Sets what is at several paths at once: all of it is one version, and everybody sees all of it or nothing.
   * @param patches Paths, and what is to be there; `undefined` erases.
   * @param callback Is told when the server has it, or why it will not.
   * @throws {DeepstreamError} as `set` does; then nothing is changed
   * @example
   * note.setMulti({ title: 'Shopping', 'items[0]': { name: 'bread' }, draft: undefined });
   */
  setMulti<Paths extends object>(patches: Paths & Patches<Data, Paths>, callback?: WriteAckCallback): void;

  /**
   * Erases what is at a path.
   * @throws {DeepstreamError} for what is not a path
   * @example
   * note.erase('draft');
   */
  erase<Path extends string>(path: PathIn<Data, Path>): void;
  /**
   * Erases what is at a path, and tells when the server has done so: see `setWithAck`.
   * @example
   * await note.eraseWithAck('draft');
   */
  eraseWithAck<Path extends string>(path: PathIn<Data, Path>): Promise<void>;
  /** Erases what is at a path, and calls back. */
  eraseWithAck<Path extends string>(path: PathIn<Data, Path>, callback: (error: string) => void): void;
  /** Erases what is at a path, with a promise unless there is a callback. */
  eraseWithAck<Path extends string>(path: PathIn<Data, Path>, callback?: (error: string) => void): Promise<void> | void;

  /**
   * Calls back whenever the record is different, whoever has changed it.
   * @param options Whether to call back with what is there now as well, or more than that.
   * @returns What ends this subscription, if it is not left to `unsubscribe` or `discard`.
   * @throws {DeepstreamError} for what is not a path, a callback that is not a function, or a signal that is none
   * @example
   * note.subscribe((note) => show(note), true);
   * note.subscribe((note) => show(note), { triggerNow: true, signal: controller.signal });
   */
  subscribe(callback: (data: Data) => void, options?: boolean | RecordSubscribeOptions): Subscription;
  /**
   * Calls back whenever the value at the path is different, and only then.
   * @example
   * note.subscribe('title', (title) => show(title));
   */
  subscribe<Path extends string>(
    path: PathIn<Data, Path>,
    callback: (value: ValueAt<Data, Path>) => void,
    options?: boolean | RecordSubscribeOptions,
  ): Subscription;

  /**
   * Ends what `subscribe` began with the same callback.
   * @example
   * note.unsubscribe('title', show);
   */
  unsubscribe(callback: (data: any) => void): void;
  /** Ends what `subscribe` began with the same path and callback; without a callback, all at this path. */
  unsubscribe<Path extends string>(path: PathIn<Data, Path>, callback?: (value: any) => void): void;
}
