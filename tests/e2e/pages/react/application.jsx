// A page that uses every hook; application.spec bundles it with each version of React, and renders it on a server too.
import { useState } from 'react';
import {
  DeepstreamProvider,
  useClient,
  useConnection,
  useEvent,
  useList,
  useOutbox,
  usePresence,
  useRecord,
  useRpc,
} from 'deepstream-wasm/react';
import 'deepstream-wasm/status';

/** How often each component was rendered. */
export const renderings = {};

function Connection() {
  renderings.connection = (renderings.connection ?? 0) + 1;
  const { state, attempt } = useConnection();
  const client = useClient();
  return (
    <p id="connection">
      {state} {attempt} {client ? 'with a client' : 'without a client'}
    </p>
  );
}

function Chat() {
  const client = useClient();
  const [lines, setLines] = useState([]);
  useEvent('chat', (line) => setLines([...lines, line]));
  return (
    <p>
      <button id="say" onClick={() => client.event.emit('chat', `line ${lines.length + 1}`)} />
      <span id="chat">{lines.join()}</span>
    </p>
  );
}

function Title() {
  renderings.title = (renderings.title ?? 0) + 1;
  const [title = '', setTitle, { isReady, error }] = useRecord('note', 'title');
  return (
    <p>
      <input id="title" value={title} onChange={({ target }) => setTitle(target.value)} />
      <button id="shout" onClick={() => setTitle((before) => `${before}!`)} />
      <span id="title-status">{error ? error.code : isReady ? 'ready' : 'loading'}</span>
    </p>
  );
}

function Note({ name }) {
  const [note, setNote] = useRecord(name);
  return (
    <p>
      <span id="note">{JSON.stringify(note) ?? 'nothing'}</span>
      <button id="replace" onClick={() => setNote({ title: 'replaced', by: name })} />
    </p>
  );
}

function Books() {
  const { entries, isReady, addEntry, removeEntry, setEntries } = useList('books');
  return (
    <p>
      <span id="books">{isReady ? `${entries.length}: ${entries.join()}` : 'loading'}</span>
      <button id="add" onClick={() => addEntry(`books/${entries.length + 1}`)} />
      <button id="remove" onClick={() => removeEntry(entries[0])} />
      <button id="empty" onClick={() => setEntries([])} />
    </p>
  );
}

function Sum() {
  const { call, result, error, isPending } = useRpc('add');
  return (
    <p>
      <button id="call" onClick={() => call([1, 2])} />
      <span id="sum">{isPending ? 'pending' : (error?.code ?? result ?? 'none')}</span>
    </p>
  );
}

function Presence() {
  const users = usePresence();
  const some = usePresence(['bob', 'cat']);
  return (
    <p id="presence">
      {users.join()} {JSON.stringify(some)}
    </p>
  );
}

function Outbox() {
  const { size, entries } = useOutbox();
  return (
    <p id="outbox">
      {size}: {entries.map(({ name }) => name).join()}
    </p>
  );
}

/** As docs/react.md shows it. */
function Banner() {
  const client = useClient();
  return <deepstream-status delay={500} ref={(banner) => { if (banner) banner.client = client; }} />;
}

export function Application({ client }) {
  const [name, setName] = useState('note');
  return (
    <DeepstreamProvider client={client}>
      <Connection />
      <Chat />
      <Title />
      <Note name={name} />
      <button id="other" onClick={() => setName('other')} />
      <button id="none" onClick={() => setName('')} />
      <Books />
      <Sum />
      <Presence />
      <Outbox />
      <Banner />
    </DeepstreamProvider>
  );
}
