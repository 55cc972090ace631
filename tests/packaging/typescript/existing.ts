// Code as it is written for @deepstream/client 7: compiled against that package, and against this one with nothing but the
// name in the import changed.
import { C, DeepstreamClient, DefaultOptions } from '@deepstream/client';

export class Connection {
  private client: DeepstreamClient | null = null;
  private readonly states: C.CONNECTION_STATE[] = [];

  public async open(url: string, username: string): Promise<C.JSONObject> {
    this.client = new DeepstreamClient(url, {
      heartbeatInterval: 60000,
      reconnectIntervalIncrement: 1000,
      maxReconnectInterval: DefaultOptions.maxReconnectInterval,
      maxReconnectAttempts: 20,
      subscriptionInterval: 50,
      nativeTimerRegistry: true,
      lazyConnect: false,
      mergeStrategy: (_localValue, _localVersion, remoteValue, _remoteVersion, callback) => callback(null, remoteValue),
      socketOptions: { jsonTransportMode: false },
    });
    this.client.on('error', (error: any, event: string, topic: string) => {
      console.error(error, event, topic);
    });
    this.client.on('error', this.onError.bind(this));
    this.client.on('connectionStateChanged', (state: string) => console.log(state));
    this.client.on(C.EVENT.CONNECTION_STATE_CHANGED, (state: C.CONNECTION_STATE) => {
      this.states.push(state);
      switch (state) {
        case C.CONNECTION_STATE.OPEN:
          console.log('open');
          break;
        case C.CONNECTION_STATE.RECONNECTING:
        case C.CONNECTION_STATE.ERROR:
          console.log('trouble');
      }
    });
    this.client.once('clientDataChanged', (data: C.JSONObject) => console.log(data.id));
    this.client.on(C.EVENT.REAUTHENTICATION_FAILURE, (reason: any) => console.warn(reason));
    this.client.on('MAX_RECONNECTION_ATTEMPTS_REACHED', (attempts: number) => console.warn(attempts), this);

    const data: C.JSONObject = await this.client.login({ username, nested: { list: [1, null, true] } });
    this.client.login((success: boolean, clientData: C.JSONObject | null) => console.log(success, clientData));
    this.client.login({}, (success, clientData) => console.log(success && clientData && clientData.id));
    await this.client.login();
    return data;
  }

  public exchange(name: string): () => void {
    const client = this.client!;
    const onNews = (data: C.EventData): void => console.log(data);
    client.event.subscribe('news', onNews);
    client.event.subscribe(name, (data) => client.event.emit(`${name}/copy`, data));
    client.event.subscribe(name, (data: any) => console.log(data.text));
    client.event.emit('news', { text: 'hello', at: Date.now() });
    client.event.emit('news', ['a', 1, null]);
    client.event.emit('news', null);
    client.event.listen('^weather/', (subscriptionName: string, response) => {
      if (subscriptionName.length > 100) return response.reject('too long');
      const timer = setInterval(() => client.event.emit(subscriptionName, 'rain'), 1000);
      response.onStop((stopped: string) => {
        console.log(stopped);
        clearInterval(timer);
      });
      response.accept();
    });
    client.event.unlisten('^weather/');
    const names: string[] = client.event.eventNames();
    console.log(names, client.getUid());
    return () => client.event.unsubscribe('news', onNews);
  }

  public async seeWhoIsHere(friends: string[]): Promise<string[]> {
    const { presence } = this.client!;
    const onChange = (user: string, online: boolean): void => console.log(user, online);
    presence.subscribe(onChange);
    presence.subscribe('ann', onChange);
    presence.subscribe('ann', (user, online) => console.log(`${user} ${online ? 'joined' : 'left'}`));
    presence.getAll((error, users) => console.log(error && error.reason, users && users.length));
    presence.getAll((error: { reason: C.EVENT }, users?: string[]) => console.log(error.reason, users));
    presence.getAll(friends, (error, users) => console.log(error, users && users[friends[0]]));
    const some: { [user: string]: boolean } = await presence.getAll(friends);
    presence.unsubscribe('ann', onChange);
    presence.unsubscribe('ann');
    presence.unsubscribe(onChange);
    presence.unsubscribe();
    const all: string[] = await presence.getAll();
    return all.filter((user) => some[user]);
  }

  public async call(name: string): Promise<any> {
    const { rpc } = this.client!;
    rpc.provide('add', (data, response) => response.send(data.a + data.b));
    rpc.provide('slow', (data: any, response) => {
      response.autoAccept = false;
      response.accept();
      return setTimeout(() => (data ? response.send(data) : response.error('no data')), 10);
    });
    rpc.provide('busy', (_data: any, response: any, requestor?: any) => requestor && response.reject());
    const names: string[] = rpc.providerNames();
    for (const provided of names) rpc.unprovide(provided);
    rpc.make(name, { a: 1, b: 2 }, (error: string | null, result?: C.RPCResult) => {
      if (error === C.RPC_ACTION[C.RPC_ACTION.NO_RPC_PROVIDER]) console.warn(error, result);
    });
    const result = await rpc.make(name, { a: 1 });
    console.log(result.sum);
    return result;
  }

  public async write(name: string): Promise<C.RecordData> {
    const { record: records } = this.client!;
    const note = records.getRecord(name);
    const onTitle = (title: string): void => console.log(title);
    await note.whenReady();
    note.whenReady((ready) => console.log(ready.name, ready.version, ready.isReady, ready.hasProvider));
    note.subscribe((data) => console.log(data.title));
    note.subscribe('title', onTitle, true);
    note.subscribe('items[0].name', (value: any) => console.log(value));
    note.set({ title: 'Shopping', items: [] });
    note.set('items[0]', { name: 'bread' });
    note.set('items[0].count', 2, (error, recordName) => console.log(error, recordName));
    note.set('done', undefined);
    await note.setWithAck('items[1].name', 'milk');
    await note.setWithAck({ title: 'Shopping' });
    note.setWithAck('title', 'Shopping!', (error: string) => console.log(error));
    note.erase('items[0]');
    await note.eraseWithAck('items');
    note.unsubscribe('title', onTitle);
    note.on('error', (error: string, event: any) => console.log(error, event));
    note.on(C.EVENT.RECORD_READY, () => console.log('ready'));
    note.once('discard', () => console.log('discarded'));
    note.setMergeStrategy((localValue, localVersion, remoteValue, remoteVersion, callback) => {
      callback(localVersion > remoteVersion ? null : 'behind', localValue || remoteValue);
    });
    const title: string = note.get('title') || note.get().title;
    console.log(title);
    note.discard();
    await note.delete();
    note.delete((error: string | null) => console.log(error));

    const list = await records.getList('notes').whenReady();
    list.on('entry-added', (entry: string, index: number) => console.log(entry, index));
    list.on(C.EVENT.ENTRY_MOVED_EVENT, (entry: string, index: number) => console.log(entry, index));
    list.subscribe((entries) => console.log(entries.length));
    list.setEntries(['a', 'b']);
    await list.setEntriesWithAck(['a']);
    list.addEntry('c', 0, (error) => console.log(error));
    list.removeEntry('a');
    const entries: string[] = list.isEmpty() ? [] : list.getEntries();
    list.discard();

    const queue = records.getDq('jobs');
    queue.push(entries[0]);
    queue.subscribe('first', (first: any) => console.log(first));
    console.log(queue.pop(), queue.shift(), queue.getFirst(), queue.getLast());

    const selected = records.getAnonymousRecord();
    selected.on('nameChanged', (newName: string) => console.log(newName));
    selected.subscribe('title', (value) => console.log(value));
    await selected.setName(name);
    selected.set({ title: 'x' }, (error) => console.log(error));
    console.log(selected.name, selected.get('title'));
    selected.discard();

    const version: number = await records.head(name);
    if (await records.has(name)) records.setData(name, 'title', version, (error) => console.log(error));
    records.setData(name, { title: 'x' });
    await records.setDataWithAck(name, { title: 'y' });
    records.has(name, (error, has) => console.log(error, has));
    records.snapshot(name, (error: string | null, data: C.RecordData) => console.log(error, data));
    await records.notify(records.names());
    records.setMergeStrategy(name, (_local, _localVersion, remote, _remoteVersion, done) => done(null, remote));
    records.setMergeStrategyRegExp(/^notes/, (local, _localVersion, _remote, _remoteVersion, done) => done(null, local));
    records.listen('^weather/', (subscription, response) => {
      response.onStop((stopped) => console.log(stopped));
      response.accept();
    });
    records.unlisten('^weather/');
    return records.snapshot(name);
  }

  public async keep(url: string): Promise<void> {
    const kept = new Map<string, { version: number; data: C.RecordData }>();
    const own = new DeepstreamClient(url, {
      offlineEnabled: true,
      saveUpdatesOffline: true,
      storage: {
        get: (recordName, callback) => {
          const { version, data } = kept.get(recordName) || { version: -1, data: null };
          callback(recordName, version, data);
        },
        set: (recordName, version, data, callback) => {
          kept.set(recordName, { version, data });
          callback(null, recordName);
        },
        delete: (recordName, callback) => callback(kept.delete(recordName) ? null : 'unknown', recordName),
        reset: (callback) => {
          kept.clear();
          callback(null);
        },
      },
    });
    own.close();
    this.client = new DeepstreamClient(url, {
      offlineEnabled: true,
      storageName: 'indexdb',
      ignorePrefixes: ['secret/'],
      indexdb: { ...DefaultOptions.indexdb, dbVersion: DefaultOptions.indexdb.dbVersion + 1, objectStoreNames: ['users'] },
    });
    this.client.record.saveToOfflineStorage();
    await this.client.record.clearOfflineStorage();
    this.client.record.clearOfflineStorage((error: string | null) => console.log(error));
  }

  public async interrupt(): Promise<void> {
    this.client!.pause();
    await this.client!.resume();
    this.client!.resume((error?: C.JSONObject) => console.log(error));
    if (this.client!.hasListeners('error')) this.client!.off('error');
    this.client!.off('connectionStateChanged', console.log);
  }

  public get isOpen(): boolean {
    return this.client !== null && this.client.getConnectionState() === C.CONNECTION_STATE.OPEN;
  }

  public close(): void {
    if (this.client) this.client.close();
    this.client = null;
  }

  private onError(error: string, event: string, topic: string): void {
    console.error(`${topic} ${event}: ${error}`);
  }
}

export function describe(message: C.Message): string {
  const actions = C.ACTIONS[message.topic];
  return `${C.TOPIC[message.topic]} ${actions ? actions[message.action] : message.action} ${message.name}`;
}

export const emitted: C.EventMessage = { topic: C.TOPIC.EVENT, action: C.EVENT_ACTION.EMIT, name: 'news', data: '1' };
export const isAnswer = (topic: C.TOPIC, action: number): boolean => action in C.RESPONSE_TO_REQUEST[topic];
