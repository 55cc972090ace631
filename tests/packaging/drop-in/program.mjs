// A program as it is written for @deepstream/client 7. It says what it sees, with texts in quotes where they are values.
import { C, DeepstreamClient } from '@deepstream/client';

const options = { reconnectIntervalIncrement: 100, maxReconnectInterval: 200, recordDiscardTimeout: 200 };
const q = (value) => (typeof value === 'string' ? `'${value}'` : value);
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
/** Whatever else is told about what has just been done. */
const quiet = () => pause(400);

async function until(condition, what) {
  for (let waited = 0; !(await condition()); waited += 10) {
    if (waited > 8_000) throw new Error(`in vain: ${what}`);
    await pause(10);
  }
}

/** A client of a user, who says what is told about errors. */
async function open({ url, say }, username, own = {}) {
  const client = new DeepstreamClient(url, { ...options, ...own });
  client.on('error', (error, event, topic) => say(`${username} is told of the error`, topic, event));
  await client.login({ username, password: 'open' });
  return client;
}

const attempt = (say, what, call) => {
  try {
    call();
    say(what, 'returned');
  } catch (exception) {
    say(what, 'threw', exception instanceof Error);
  }
};
const outcome = (say, what, promise) =>
  Promise.race([promise, pause(3_000).then(() => 'nothing for three seconds')]).then(
    (value) => say(what, 'resolved to', q(value)),
    (reason) => say(what, 'was rejected with', q(reason)),
  );
/** A callback, and whether it was called before the call that it was given to had returned. */
function callback(say, what) {
  let hasReturned = false;
  queueMicrotask(() => (hasReturned = true));
  return (...given) => {
    while (given.length > 1 && given.at(-1) === undefined) given.pop();
    say(what, hasReturned ? 'called back' : 'called back at once', ...given.map(q));
  };
}

export const scenes = {
  async 'logging in'({ url, say }) {
    const client = new DeepstreamClient(url, options);
    say('after new', client.getConnectionState());
    client.on('connectionStateChanged', (state) => say('state', state));
    client.on('clientDataChanged', (data) => say('client data', data));
    client.on('error', (error, event, topic) => say('error', topic, event));
    say('uid', /^[0-9a-z]+-[0-9a-z]+$/.test(client.getUid()));
    client.login({ username: 'ann', password: 'wrong' }, (success, data) => say('login', success, data));
    await until(() => client.getConnectionState() === C.CONNECTION_STATE.AWAITING_AUTHENTICATION, 'the refusal');
    await client.login({ username: 'ann', password: 'wrong' }).catch(({ reason }) => say('login was refused', reason));
    client.login({ username: 'ann', password: 'open' }, (success, data) => say('login', success, data));
    await until(() => client.getConnectionState() === C.CONNECTION_STATE.OPEN, 'the login');
    await quiet();
    client.close();
    await until(() => client.getConnectionState() === C.CONNECTION_STATE.CLOSED, 'the end');
    await quiet();
  },

  async 'too many attempts'({ url, say }) {
    const client = new DeepstreamClient(url, options);
    client.on('connectionStateChanged', (state) => say('state', state));
    client.on('error', (error, event, topic) => say('error', topic, event));
    for (let count = 1; count <= 3; count += 1) {
      const before = C.CONNECTION_STATE.AWAITING_AUTHENTICATION;
      await new Promise((resolve) => {
        client.login({ username: 'ann', password: 'wrong' }, (success, data) => (say('login', success, data), resolve()));
        void pause(1_000).then(resolve);
      });
      if (count < 3) await until(() => client.getConnectionState() === before, before);
    }
    await quiet();
    client.close();
  },

  async 'a lazy client'({ url, say }) {
    const client = new DeepstreamClient(url, { ...options, lazyConnect: true });
    say('after new', client.getConnectionState());
    client.on('connectionStateChanged', (state) => say('state', state));
    await client.login({ username: 'ann', password: 'open' });
    client.close();
    await quiet();
  },

  async 'the listeners of a client'({ url, say }) {
    const client = new DeepstreamClient(url, options);
    const scope = { isScope: true };
    say('on', client.on('a', () => say('a')) === client);
    client.on('b', function (...given) { say('b', this === scope, given); }, scope);
    client.once('b', function (...given) { say('b once', this === client, given); });
    say('emit', client.emit('b', 1, 'two') === client);
    client.emit('b');
    client.emit('nothing');
    say(client.hasListeners('b'), client.hasListeners('c'), client.eventNames().sort());
    const first = () => (say('first'), client.off('c', second));
    const second = () => say('second');
    client.on('c', first).on('c', second).emit('c');
    client.emit('c');
    say('off', client.off('a') === client, client.hasListeners('a'));
    client.off();
    say(client.eventNames());
    attempt(say, 'on without a listener', () => client.on('a'));
    client.close();
  },

  async events(stage) {
    const { say } = stage;
    const [ann, bob] = [await open(stage, 'ann'), await open(stage, 'bob')];
    const heard = (data) => say('bob hears', q(data));
    bob.event.subscribe('news', heard);
    bob.event.subscribe('news', (data) => say('bob hears again', q(data)));
    bob.event.subscribe('ready', (data) => (bob.isReady = data));
    await until(() => (ann.event.emit('ready', true), bob.isReady), 'the subscription');
    for (const data of [{ text: 'hello' }, ['a', 1, null], 'text', '', 0, 1.5, false, null, undefined]) ann.event.emit('news', data);
    ann.event.emit('news');
    await quiet();
    bob.event.unsubscribe('news', heard);
    bob.event.emit('news', 'from myself');
    say(bob.event.eventNames().sort());
    bob.event.unsubscribe('news');
    bob.event.unsubscribe('news');
    say(bob.event.eventNames());
    attempt(say, 'subscribe without a name', () => bob.event.subscribe('', heard));
    attempt(say, 'subscribe without a callback', () => bob.event.subscribe('news'));
    attempt(say, 'emit without a name', () => bob.event.emit());
    attempt(say, 'unsubscribe with undefined', () => bob.event.unsubscribe('ready', undefined));
    attempt(say, 'subscribe', () => bob.event.subscribe('b46', heard));
    const first = () => (say('the first'), bob.event.unsubscribe('b46', second));
    const second = () => say('the second');
    bob.event.unsubscribe('b46');
    bob.event.subscribe('b46', first);
    bob.event.subscribe('b46', second);
    bob.event.emit('b46');

    bob.event.listen('^weather/', (name, response) => {
      say('bob is asked for', name);
      response.onStop((stopped) => say('bob stops', stopped));
      response.accept();
    });
    bob.event.listen('^weather/', () => say('never'));
    await quiet();
    const ignore = () => {};
    ann.event.subscribe('weather/oslo', ignore);
    await quiet();
    ann.event.unsubscribe('weather/oslo', ignore);
    await quiet();
    bob.event.unlisten('^weather/');
    bob.event.unlisten('^weather/');
    await quiet();
    ann.close(), bob.close();
    await quiet();
  },

  async 'events that are denied'(stage) {
    const { say } = stage;
    const ann = await open(stage, 'ann');
    ann.on('error', (error, event, topic) => say('event is', event === C.EVENT_ACTION[C.EVENT_ACTION.MESSAGE_DENIED], topic === C.TOPIC[C.TOPIC.EVENT]));
    ann.event.emit('secret/a', 1);
    await quiet();
    ann.event.subscribe('secret/b', () => say('never'));
    await quiet();
    say(ann.event.eventNames());
    ann.event.subscribe('secret/b', () => say('never'));
    await quiet();
    ann.event.listen('secret/c', () => say('never'));
    await quiet();
    ann.close();
  },

  async 'remote procedure calls'(stage) {
    const { say } = stage;
    const [ann, bob] = [await open(stage, 'ann'), await open(stage, 'bob')];
    bob.rpc.provide('add', ({ a, b }, response) => response.send(a + b));
    bob.rpc.provide('fail', (data, response) => response.error(data));
    bob.rpc.provide('busy', (data, response) => response.reject());
    bob.rpc.provide('slow', (data, response) => {
      response.autoAccept = false;
      response.accept();
      setTimeout(() => response.send(data), 20);
    });
    bob.rpc.provide('twice', (data, response) => {
      response.send();
      attempt(say, 'the second answer', () => response.send());
    });
    attempt(say, 'provide twice', () => bob.rpc.provide('add', () => {}));
    attempt(say, 'provide without a provider', () => bob.rpc.provide('none'));
    attempt(say, 'make without a name', () => bob.rpc.make('').catch(() => {}));
    say(bob.rpc.providerNames().sort());
    await until(() => ann.rpc.make('add', { a: 0, b: 0 }).then(() => true, () => false), 'a provider');
    await outcome(say, 'add', ann.rpc.make('add', { a: 1, b: 2 }));
    ann.rpc.make('add', { a: 2, b: 2 }, callback(say, 'add'));
    await outcome(say, 'slow', ann.rpc.make('slow', ['x', null]));
    await outcome(say, 'twice', ann.rpc.make('twice', undefined, undefined));
    for (const reason of ['words', { code: 7 }]) {
      await outcome(say, 'fail', ann.rpc.make('fail', reason));
      ann.rpc.make('fail', reason, callback(say, 'fail'));
      await quiet();
    }
    for (const name of ['busy', 'nobody', 'secret/a']) {
      await outcome(say, name, ann.rpc.make(name, 1));
      ann.rpc.make(name, 1, callback(say, name));
      await quiet();
    }
    ann.rpc.provide('secret/b', () => {});
    await quiet();
    say(ann.rpc.providerNames());
    attempt(say, 'provide what was denied once more', () => ann.rpc.provide('secret/b', () => {}));
    await quiet();
    bob.rpc.unprovide('add');
    bob.rpc.unprovide('add');
    say(bob.rpc.providerNames().sort());
    ann.close(), bob.close();
  },

  async presence(stage) {
    const { say } = stage;
    const ann = await open(stage, 'ann');
    const told = (...given) => say('ann is told', ...given);
    const others = (...given) => say('ann is told of bob', ...given);
    ann.presence.subscribe(told);
    ann.presence.subscribe('bob', others);
    await quiet();
    const bob = await open(stage, 'bob');
    await quiet();
    await outcome(say, 'all', ann.presence.getAll());
    await outcome(say, 'some', ann.presence.getAll(['bob', 'cat']));
    ann.presence.getAll(callback(say, 'all'));
    ann.presence.getAll(['bob', 'cat'], callback(say, 'some'));
    await quiet();
    attempt(say, 'getAll with a string', () => ann.presence.getAll('bob'));
    attempt(say, 'subscribe without a callback', () => ann.presence.subscribe('bob'));
    await outcome(say, 'eve', ann.presence.getAll(['eve']));
    ann.presence.getAll(['eve'], callback(say, 'eve'));
    await quiet();
    ann.presence.subscribe('eve', told);
    await quiet();
    bob.close();
    await quiet();
    ann.presence.unsubscribe(told);
    ann.presence.unsubscribe('bob', others);
    ann.close();
    await quiet();
  },

  async 'a record'(stage) {
    const { say } = stage;
    const [ann, bob] = [await open(stage, 'ann'), await open(stage, 'bob')];
    const note = ann.record.getRecord('note');
    say(note.name, note.isReady, note.version, note.hasProvider, note.get());
    for (const event of ['ready', 'discard', 'delete', 'error']) note.on(event, (...given) => say(event, given.length));
    say('when ready', (await note.whenReady()) === note, note.isReady, note.version);
    note.whenReady((ready) => say('when ready', ready === note));
    note.subscribe((data) => say('the note', data));
    note.subscribe('title', (title) => say('title', q(title)), true);
    note.set({ title: 'Shopping', items: [] });
    note.set('items[0].name', 'bread', callback(say, 'set'));
    await quiet();
    await outcome(say, 'setWithAck', note.setWithAck('items[1]', { name: 'milk' }));
    note.setWithAck('title', 'Shopping!', callback(say, 'setWithAck'));
    await quiet();
    note.set('title', 'Shopping!', callback(say, 'set of the same'));
    await quiet();
    note.erase('items[0]');
    await outcome(say, 'eraseWithAck', note.eraseWithAck('items'));
    say(note.get(), note.get('title'), note.get('nowhere'), note.version);
    note.get().title = 'changed by whoever got it';
    say(note.get(), 'the same', note.get() === note.get());
    attempt(say, 'set of a number', () => note.set(1));
    attempt(say, 'subscribe without a callback', () => note.subscribe('title'));
    say(ann.record.names());

    await outcome(say, 'snapshot', bob.record.snapshot('note'));
    bob.record.snapshot('note', callback(say, 'snapshot'));
    await quiet();
    await outcome(say, 'has', bob.record.has('note'));
    await outcome(say, 'head', bob.record.head('note'));
    await outcome(say, 'snapshot of none', bob.record.snapshot('none'));
    bob.record.snapshot('none', callback(say, 'snapshot of none'));
    await quiet();
    await outcome(say, 'has none', bob.record.has('none'));
    await outcome(say, 'head of none', bob.record.head('none'));
    bob.record.has('none', callback(say, 'has none'));
    await quiet();
    bob.record.head('note', callback(say, 'head'));
    await quiet();
    await outcome(say, 'setDataWithAck', bob.record.setDataWithAck('note', 'title', 'from bob'));
    await quiet();
    bob.record.setData('note2', { title: 'all from bob' }, callback(say, 'setData'));
    await quiet();
    say(note.get(), note.version);

    const others = bob.record.getRecord('note');
    await others.whenReady();
    let atDeletion;
    others.on('delete', () => (atDeletion = others.get()));
    await outcome(say, 'delete', note.delete());
    await until(() => atDeletion, "the deletion of bob's copy");
    say("bob's copy when it was deleted", atDeletion);
    say('after delete', note.get(), note.isReady, ann.record.names());
    note.set('title', 'too late');
    await quiet();
    ann.close(), bob.close();
  },

  async 'letting go of a record'(stage) {
    const { say } = stage;
    const [ann, bob] = [await open(stage, 'ann'), await open(stage, 'bob')];
    const [one, other] = [ann.record.getRecord('kept'), ann.record.getRecord('kept')];
    await one.whenReady();
    await one.setWithAck({ count: 1 });
    one.on('discard', () => say('one is discarded'));
    other.on('discard', () => say('other is discarded'));
    one.subscribe('count', (count) => say('one sees', count));
    other.subscribe('count', (count) => say('other sees', count));
    one.discard();
    await bob.record.setDataWithAck('kept', 'count', 2);
    await quiet();
    say(one.get(), other.get());
    other.discard();
    say(other.get(), other.isReady);
    await pause(800);
    say(ann.record.names(), other.get());
    const third = ann.record.getRecord('kept');
    await third.whenReady();
    third.delete(callback(say, 'delete'));
    await quiet();
    ann.close(), bob.close();
  },

  async 'records that are denied'(stage) {
    const { say } = stage;
    const ann = await open(stage, 'ann');
    const secret = ann.record.getRecord('secret/a');
    secret.on('error', (...given) => say('secret says', ...given.map((it) => (typeof it === 'string' ? q(it) : typeof it))));
    await quiet();
    await outcome(say, 'snapshot', ann.record.snapshot('secret/a2'));
    ann.record.snapshot('secret/a2', callback(say, 'snapshot'));
    await quiet();
    await outcome(say, 'has', ann.record.has('secret/a2'));
    ann.record.head('secret/a2', callback(say, 'head'));
    await quiet();
    await outcome(say, 'setDataWithAck', ann.record.setDataWithAck('secret/a2', { a: 1 }));
    ann.record.setData('secret/a2', { a: 1 }, callback(say, 'setData'));
    await quiet();
    ann.record.setData('secret/a2', { a: 1 });
    await quiet();
    ann.record.listen('secret/.*', () => say('never'));
    await quiet();

    const fixed = ann.record.getRecord('fixed/a');
    await fixed.whenReady();
    fixed.on('error', (...given) => say('fixed says', q(given[0])));
    await outcome(say, 'setWithAck', fixed.setWithAck({ a: 1 }));
    await quiet();
    fixed.set('b', 2, callback(say, 'set'));
    await quiet();
    fixed.set('c', 3);
    await quiet();
    await outcome(say, 'delete', fixed.delete());
    await quiet();
    ann.close();
  },

  async 'lists and others'(stage) {
    const { say } = stage;
    const [ann, bob] = [await open(stage, 'ann'), await open(stage, 'bob')];
    const list = await ann.record.getList('list').whenReady();
    say(list.name, list.isEmpty(), list.getEntries());
    for (const event of ['entry-added', 'entry-removed', 'entry-moved']) list.on(event, (...given) => say(event, given));
    list.subscribe((entries) => say('entries', entries));
    list.setEntries(['a', 'b']);
    list.addEntry('c');
    list.addEntry('d', 0);
    list.removeEntry('b');
    await outcome(say, 'setEntriesWithAck', list.setEntriesWithAck(['c', 'a']));
    list.addEntry('e', undefined, callback(say, 'addEntry'));
    await quiet();
    const others = await bob.record.getList('list').whenReady();
    others.removeEntry('a', undefined, callback(say, 'removeEntry'));
    await quiet();
    say(list.getEntries(), list.isEmpty());
    attempt(say, 'setEntries of numbers', () => list.setEntries([1]));

    const any = ann.record.getAnonymousRecord();
    say(q(any.name), any.isReady, any.version, any.get());
    any.on('nameChanged', (name) => say('name', name));
    any.subscribe('n', (n) => say('n', n));
    await any.setName('first');
    say(any.name, any.isReady);
    any.set('n', 1);
    await quiet();
    await any.setName('second');
    any.set({ n: 2 }, callback(say, 'set'));
    await quiet();
    any.discard();
    ann.close(), bob.close();
  },

  async 'what changes on two sides'(stage) {
    const { say } = stage;
    for (const [name, strategy] of [
      ['mine', (local, localVersion, remote, remoteVersion, done) => done(null, local)],
      ['theirs', (local, localVersion, remote, remoteVersion, done) => done(null, remote)],
      ['both', (local, localVersion, remote, remoteVersion, done) => done(null, { ...remote, ...local })],
    ]) {
      const [ann, bob] = [await open(stage, 'ann'), await open(stage, 'bob')];
      const record = ann.record.getRecord(name);
      await record.whenReady();
      await record.setWithAck({ start: 1 });
      record.setMergeStrategy((local, localVersion, remote, remoteVersion, done) => {
        say('asked to merge', name, local, localVersion, remote, remoteVersion);
        strategy(local, localVersion, remote, remoteVersion, done);
      });
      ann.pause();
      await until(() => ann.getConnectionState() === C.CONNECTION_STATE.OFFLINE, 'the pause');
      record.set('ann', 1);
      await bob.record.setDataWithAck(name, 'bob', 1);
      say('meanwhile', record.get());
      await ann.resume();
      await pause(800);
      say('in the end', name, record.get(), await bob.record.snapshot(name));
      ann.close(), bob.close();
    }
  },

  async 'providing records'(stage) {
    const { say } = stage;
    const [ann, bob] = [await open(stage, 'ann'), await open(stage, 'bob')];
    bob.record.listen('^live/', (name, response) => {
      say('bob is asked for', name);
      response.onStop((stopped) => say('bob stops', stopped));
      response.accept();
    });
    await quiet();
    const live = ann.record.getRecord('live/a');
    live.on('hasProviderChanged', (hasProvider) => say('provided', hasProvider));
    await live.whenReady();
    await quiet();
    say(live.hasProvider);
    live.discard();
    await pause(800);
    ann.close(), bob.close();
  },

  async 'pause and resume'(stage) {
    const { say } = stage;
    const [ann, bob] = [await open(stage, 'ann'), await open(stage, 'bob')];
    ann.on('connectionStateChanged', (state) => say('state', state));
    const record = ann.record.getRecord('paused');
    await record.whenReady();
    bob.event.subscribe('from ann', (data) => say('bob hears', data));
    bob.event.subscribe('ready', () => (bob.isReady = true));
    await until(() => (ann.event.emit('ready'), bob.isReady), 'the subscription');
    ann.pause();
    await until(() => ann.getConnectionState() === C.CONNECTION_STATE.OFFLINE, 'the pause');
    await quiet();
    ann.event.emit('from ann', 'while paused');
    await outcome(say, 'presence', ann.presence.getAll());
    ann.presence.getAll(callback(say, 'presence'));
    await quiet();
    const offline = await ann.presence.getAll().catch((error) => error);
    say('is offline', (offline.reason ?? offline) === C.EVENT.CLIENT_OFFLINE);
    record.set('a', 1, callback(say, 'set while paused'));
    say(record.get());
    await quiet();
    await outcome(say, 'resume', ann.resume());
    await quiet();
    ann.pause();
    await until(() => ann.getConnectionState() === C.CONNECTION_STATE.OFFLINE, 'the pause');
    ann.resume((error) => say('resumed', error));
    await until(() => ann.getConnectionState() === C.CONNECTION_STATE.OPEN, 'the resumption');
    await quiet();
    await outcome(say, 'what bob sees', bob.record.snapshot('paused'));
    ann.close(), bob.close();
    await quiet();
  },

  async 'a lost connection'(stage) {
    const { say, cut, heal } = stage;
    const ann = await open(stage, 'ann');
    // How many attempts fail is a matter of time.
    ann.off('error').on('error', () => {
      if (ann.getConnectionState() === C.CONNECTION_STATE.OPEN) say('an error while the state is OPEN');
    });
    ann.on('connectionStateChanged', (state) => say('state', state));
    ann.event.subscribe('news', (data) => say('ann hears', data));
    const record = ann.record.getRecord('lost');
    await record.whenReady();
    await record.setWithAck({ a: 0 });
    await cut();
    await until(() => ann.getConnectionState() === C.CONNECTION_STATE.RECONNECTING, 'the loss');
    ann.event.emit('news', 'while away');
    record.set('a', 1);
    await heal();
    await until(() => ann.getConnectionState() === C.CONNECTION_STATE.OPEN, 'the return');
    await quiet();
    const bob = await open(stage, 'bob');
    bob.event.emit('news', 'back');
    await quiet();
    await outcome(say, 'what bob sees', bob.record.snapshot('lost'));
    ann.close(), bob.close();
    await quiet();
  },

  async 'giving up'(stage) {
    const { say, cut, heal } = stage;
    const ann = await open(stage, 'ann', { maxReconnectAttempts: 2 });
    ann.off('error');
    ann.on('connectionStateChanged', (state) => say('state', state));
    ann.on('MAX_RECONNECTION_ATTEMPTS_REACHED', (attempts) => say('gave up after', attempts));
    await cut();
    await pause(2_000);
    await heal();
    ann.close();
    await quiet();
  },

  async 'after close'(stage) {
    const { say } = stage;
    const ann = await open(stage, 'ann');
    const record = ann.record.getRecord('closed');
    await record.whenReady();
    ann.on('connectionStateChanged', (state) => say('state', state));
    ann.close();
    say(ann.getConnectionState());
    await quiet();
    say(ann.getConnectionState(), record.get());
    attempt(say, 'emit', () => ann.event.emit('news', 1));
    attempt(say, 'close', () => ann.close());
    await outcome(say, 'call', ann.rpc.make('add', 1));
    ann.rpc.make('add', 1, callback(say, 'call'));
    await outcome(say, 'presence', ann.presence.getAll());
    await quiet();
  },
};
