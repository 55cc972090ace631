// The demo page, started and used as somebody would who sees it for the first time.
import { freePort } from '../harness/deepstream-server.mjs';
import { startDemo } from './support/demo.mjs';
import { expect, test } from './support/test.mjs';

let demo;

// @deepstream/client pings sockets that are closing, about which the browser complains.
test.use({ foreignScript: '/reference.js' });
test.beforeAll(async () => {
  demo = await startDemo();
});
test.afterAll(() => demo?.interrupt());

/** One of the two applications, by what one sees of it. */
class Application {
  constructor(page, name) {
    this.root = page.getByTestId(name);
    this.state = this.root.getByTestId('state');
    this.note = this.root.getByLabel('Shared note');
    this.people = this.root.getByRole('list', { name: 'Who else is here' });
    this.banner = this.root.locator('deepstream-status');
  }

  /** One of the counts: `lost`, `repeated`, `wrong`, `away`. */
  count(name) {
    return this.root.getByTestId(name);
  }

  line(text) {
    const lines = this.root.getByRole('list', { name: 'Lines of the chat, newest first' });
    return lines.locator('li').filter({ hasText: text });
  }

  async say(text) {
    await this.root.getByLabel('Say something').fill(text);
    await this.root.getByLabel('Say something').press('Enter');
  }
}

/** Waits until the script of the page has run: what is clicked before is lost. */
const isReady = (page) => expect(page.locator('body[data-ready]')).toBeAttached();

async function openReady(openPage, options) {
  const page = await openPage(demo.pageUrl, options);
  await isReady(page);
  return page;
}

/** Chooses one of the switches of the network, and waits until that is done. */
async function switchNetwork(page, name) {
  const isDone = page.waitForResponse((response) => response.url().endsWith(`/network/${name}`));
  await page.getByTestId(`network-${name}`).check();
  await isDone;
}

/** Opens the demo until both applications are connected. `writes` says whether they go on writing by themselves. */
async function openComparison(openPage, { writes = false, ...options } = {}) {
  const page = await openReady(openPage, options);
  const [theirs, ours] = ['theirs', 'ours'].map((name) => new Application(page, name));
  if (!writes) await page.getByTestId('writes').uncheck();
  for (const { state, people } of [theirs, ours]) {
    await expect(state).toHaveText('Connected');
    await expect(people).toContainText('Robin');
  }
  // What they wrote before they were told not to.
  if (!writes) await expect.poll(() => page.evaluate(() => globalThis.demo.ours.client.outbox.size)).toBe(0);
  return { page, theirs, ours };
}

test('a short outage costs one client lines and truth, and the other nothing', async ({ openPage }) => {
  const { page, theirs, ours } = await openComparison(openPage, { writes: true });
  await page.getByTestId('play').click();
  await expect(page.getByTestId('story')).toHaveText('The network is cut. Both go on writing.');
  for (const { state, people } of [theirs, ours]) {
    await expect(state).toHaveText('Reconnecting');
    await expect(people).toHaveAttribute('data-stale');
  }
  await expect(page.getByTestId('story')).toContainText('Over.', { timeout: 60_000 });
  await expect(page.getByTestId('story')).toContainText('Lost on the right: 0.');
  await expect(theirs.count('lost')).not.toHaveText('0');
  await expect(theirs.count('wrong')).not.toHaveText('0 s');
  await expect(ours.count('wrong')).toHaveText('0 s');
  for (const { people } of [theirs, ours]) await expect(people).not.toHaveAttribute('data-stale');
});

test('what waited when the page was reloaded is lost on one side only', async ({ openPage }) => {
  const { page, theirs, ours } = await openComparison(openPage);
  for (const side of [theirs, ours]) {
    await side.say('before');
    await expect(side.line('before')).toHaveAttribute('data-mark', 'arrived');
  }
  await switchNetwork(page, 'refuse');
  for (const side of [theirs, ours]) {
    await expect(side.state).toHaveText('Reconnecting');
    await side.say('meanwhile');
    await expect(side.line('meanwhile')).toHaveAttribute('data-mark', 'waiting');
  }
  await page.reload();
  await isReady(page);
  await page.getByTestId('writes').uncheck();
  await switchNetwork(page, 'none');
  for (const side of [theirs, ours]) {
    await expect(side.state).toHaveText('Connected');
    await side.say('after');
    await expect(side.line('after')).toHaveAttribute('data-mark', 'arrived');
  }
  await expect(theirs.count('lost')).not.toHaveText('0');
  for (const name of ['lost', 'repeated']) await expect(ours.count(name)).toHaveText('0');
});

test('the note outlives the server, and what both wrote meanwhile comes together', async ({ openPage }) => {
  const { page, ours } = await openComparison(openPage);
  await ours.note.fill('Bread');
  await expect.poll(() => page.evaluate(() => globalThis.demo.ours.client.outbox.size)).toBe(0);
  await page.getByTestId('server-kill').click();
  await expect(page.getByTestId('server-status')).toHaveText('stopped');
  await expect(ours.state).toHaveText('Reconnecting');
  await expect(page.getByTestId('server-restart')).toHaveText('Start');
  await page.getByTestId('server-restart').click();
  await expect(ours.state).toHaveText('Connected');
  await expect(ours.note).toHaveValue('Bread');

  await switchNetwork(page, 'refuse');
  await expect(ours.state).toHaveText('Reconnecting');
  await ours.note.fill('Bread and milk');
  // Robin writes as long as both do; nobody writes into a note that somebody is typing into.
  await page.getByTestId('writes').check();
  await ours.note.focus();
  await expect.poll(() => page.evaluate(() => globalThis.demo.ours.client.outbox.size)).toBeGreaterThan(3);
  await switchNetwork(page, 'none');
  await expect(ours.state).toHaveText('Connected');
  await expect(ours.root.locator('[data-role="robins-note"]')).not.toBeEmpty();
  await expect(ours.count('lost')).toHaveText('0');
});

test('the banner is seen on the side of the package while that has no connection', async ({ openPage }) => {
  const { page, theirs, ours } = await openComparison(openPage);
  await expect(theirs.banner).toHaveCount(0);
  const verdict = ours.root.getByTestId('truth');
  const waits = async (words) => {
    await switchNetwork(page, 'refuse');
    await expect(ours.banner).toHaveAttribute('state', 'reconnecting');
    await expect(verdict).toBeHidden();
    await ours.say('meanwhile');
    await expect(ours.banner.getByText('1 change waiting', { exact: true })).toBeVisible();
    await ours.note.fill(words);
    await expect(ours.banner.getByText('2 changes waiting', { exact: true })).toBeVisible();
    await expect(ours.banner.getByRole('status')).toContainText('Reconnecting');
    await switchNetwork(page, 'none');
    await expect(ours.banner).not.toHaveAttribute('state', /./);
    await expect(verdict).toHaveText('What it shows is so.');
    await expect(verdict).toBeVisible();
  };
  await waits('Bread');
  // A client that takes the place of another one is shown in its place.
  await page.evaluate(() => globalThis.demo.ours.client.close());
  await ours.root.getByRole('button', { name: 'Start again' }).click();
  await expect(ours.state).toHaveText('Connected');
  await waits('Bread and milk');
});

for (const viewport of [{ width: 1280, height: 900 }, { width: 360, height: 740 }]) {
  for (const colorScheme of ['light', 'dark']) {
    const screen = `${viewport.width} x ${viewport.height}, ${colorScheme}`;
    test(`one screen holds all that is compared (${screen})`, async ({ openPage }) => {
      const { page, theirs, ours } = await openComparison(openPage, { viewport, colorScheme });
      await switchNetwork(page, 'blackhole');
      for (const side of [theirs, ours]) {
        await side.say('x'.repeat(200));
        await side.note.fill('y'.repeat(200));
        await expect(side.line('xxx')).toHaveCount(1);
      }
      await expect(ours.state).toHaveText('Reconnecting', { timeout: 30_000 });
      await expect(ours.banner.getByText('2 changes waiting', { exact: true })).toBeVisible();
      const bottom = await page.locator('#timeline').evaluate((canvas) => canvas.getBoundingClientRect().bottom);
      expect(bottom).toBeLessThanOrEqual(viewport.height);
      expect(await stickingOut(page)).toEqual([]);
      await switchNetwork(page, 'none');
      await expect(ours.state).toHaveText('Connected', { timeout: 30_000 });
    });
  }
}

test('the tabs are used with the keyboard, and show one panel at a time', async ({ openPage }) => {
  const { page } = await openComparison(openPage);
  const panel = (name) => page.getByRole('tabpanel', { name, exact: true });
  await page.getByRole('tab', { name: 'How it is counted' }).focus();
  await expect(panel('How it is counted')).toBeVisible();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('tab', { name: 'What to try' })).toBeFocused();
  await expect(panel('What to try')).toBeVisible();
  await expect(panel('How it is counted')).toBeHidden();
  await page.keyboard.press('End');
  await expect(page.getByRole('tab', { name: 'Two of our own' })).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('ArrowRight');
  await expect(panel('How it is counted')).toBeVisible();
});

test('switches that arrow keys pass over do nothing', async ({ openPage }) => {
  const { page, ours } = await openComparison(openPage);
  const asked = [];
  page.on('request', (request) => request.method() === 'POST' && asked.push(new URL(request.url()).pathname));
  await page.evaluate(() => {
    // As fast as somebody who holds the key down.
    for (const name of ['refuse', 'reset', 'blackhole']) {
      const radio = document.querySelector(`[data-testid="network-${name}"]`);
      radio.checked = true;
      radio.dispatchEvent(new Event('change', { bubbles: true }));
    }
  });
  await expect(page.locator('#network-blackhole-explanation')).toBeVisible();
  await expect.poll(() => asked).toEqual(['/network/blackhole']);
  await switchNetwork(page, 'none');
  await expect.poll(() => asked).toEqual(['/network/blackhole', '/network/none']);
  await expect(ours.state).toHaveText('Connected', { timeout: 30_000 });
});

test('what repeats itself in a log is one row', async ({ openPage }) => {
  const { page } = await openComparison(openPage);
  await switchNetwork(page, 'refuse');
  await page.getByRole('tab', { name: 'Logs' }).click();
  const log = page.getByRole('list', { name: /^States and errors of deepstream-wasm/ });
  await expect(log.locator('[data-state="RECONNECTING"]').first()).toBeVisible();
  await switchNetwork(page, 'none');
  await expect(log.locator('li').first()).toContainText('OPEN');
  const texts = await log.locator('.log-text').allTextContents();
  expect(texts.filter((text, index) => text === texts[index - 1])).toEqual([]);
});

/** What reaches beyond the right edge of the page and cannot be scrolled to in a part of its own. */
function stickingOut(page) {
  return page.evaluate(() => {
    const isClipped = (element) =>
      element.parentElement !== null &&
      (getComputedStyle(element.parentElement).overflowX !== 'visible' || isClipped(element.parentElement));
    const elements = [...document.querySelectorAll('body, body *')];
    return elements
      .filter((element) => element.checkVisibility() && !isClipped(element))
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
      .map(({ outerHTML }) => outerHTML.slice(0, 80));
  });
}

/** One of the two panels of the tab "Two of our own", by what one sees of it. */
class Panel {
  constructor(page, name) {
    this.root = page.getByTestId(`client-${name}`);
    this.state = this.role('state');
  }

  role(name) {
    return this.root.locator(`[data-role="${name}"]`);
  }

  button(name) {
    return this.root.getByRole('button', { name, exact: true });
  }

  async isIn(state, tone) {
    await expect(this.state).toHaveText(state);
    await expect(this.state).toHaveAttribute('data-tone', tone);
  }

  async send(message) {
    await this.role('message').fill(message);
    await this.button('Send').click();
  }

  /** The rows of calls that this client made or was asked to answer. */
  calls(kind, text) {
    return this.role('calls').locator(`li[data-kind="${kind}"]`).filter({ hasText: text });
  }

  /** The rows of this message that came from here (`local`) or from elsewhere (`remote`). */
  received(message, origin) {
    return this.role('received').locator(`li[data-origin="${origin}"]`).filter({ hasText: message });
  }
}

/** Opens the tab "Two of our own" at one of its own tabs; both clients log in by themselves. */
async function openDemo(openPage, { part = 'Events', ...options } = {}) {
  const page = await openReady(openPage, options);
  await page.getByTestId('writes').uncheck();
  await page.getByRole('tab', { name: 'Two of our own' }).click();
  await show(page, part);
  const [a, b] = ['a', 'b'].map((name) => new Panel(page, name));
  for (const panel of [a, b]) await panel.isIn('OPEN', 'good');
  return { page, a, b };
}

const show = (page, part) => page.getByRole('tab', { name: part, exact: true }).and(page.locator('.small *')).click();

test('both clients are green, and what one sends the other receives', async ({ openPage }) => {
  const { page, a, b } = await openDemo(openPage);
  await expect(page.getByTestId('server-status')).toHaveText('running');
  const isGreen = async () => {
    const colour = await a.state.evaluate((element) => getComputedStyle(element).backgroundColor);
    const [red, green, blue] = colour.match(/\d+/g).map(Number);
    return green > Math.max(red, blue);
  };
  await expect.poll(isGreen).toBe(true);

  await a.send('Hello there');
  await expect(a.received('Hello there', 'local')).toHaveCount(1);
  await expect(b.received('Hello there', 'remote')).toHaveCount(1);
  await b.send('Hello yourself');
  await expect(a.received('Hello yourself', 'remote')).toHaveCount(1);
  await a.button('Send 100').click();
  await expect(b.role('received-count')).toHaveText('101');
  for (const panel of [a, b]) {
    await expect(panel.role('missing-count')).toHaveText('0');
    await expect(panel.role('duplicate-count')).toHaveText('0');
  }
});

test('clients see who is here, and are told what they missed', async ({ openPage }) => {
  const { a, b } = await openDemo(openPage, { part: 'Who is here' });
  const sees = (panel, user) => panel.role('users').locator(`li[data-user="${user}"]`);
  const toldOf = (panel, user) => panel.role('presence-changes').locator(`li[data-user="${user}"]`);
  await expect(sees(a, 'B')).toHaveCount(1);
  await expect(sees(b, 'A')).toHaveCount(1);
  const logInAs = async (panel, user) => {
    await panel.role('user-name').fill(user);
    await panel.button('Log in as').click();
  };
  await logInAs(b, 'Beatrice');
  await expect(sees(a, 'Beatrice')).toHaveCount(1);
  await expect(sees(a, 'B')).toHaveCount(0);
  await expect(toldOf(a, 'B').first()).toHaveAttribute('data-online', 'false');

  await a.button('Pause').click();
  await a.isIn('OFFLINE', 'busy');
  await expect(a.role('users-label')).toHaveText('Others who were here');
  await expect(sees(b, 'A')).toHaveCount(0);
  await logInAs(b, 'Bernadette');
  await b.isIn('OPEN', 'good');
  await a.button('Resume').click();
  await expect(sees(a, 'Bernadette')).toHaveCount(1);
  await expect(sees(a, 'Beatrice')).toHaveCount(0);
  await expect(toldOf(a, 'Beatrice').first()).toHaveAttribute('data-online', 'false');
  await expect(sees(b, 'A')).toHaveCount(1);
});

test('what one calls the other answers, also over a server that was away', async ({ openPage }) => {
  const { page, a, b } = await openDemo(openPage, { part: 'Calls' });
  await expect(b.button('Providing')).toBeVisible();
  await a.button('Call').click();
  await expect(b.calls('asked', 'reverse(stressed)')).toHaveCount(1);
  await expect(a.calls('result', 'desserts, says B')).toHaveCount(1);
  await expect(b.calls('answered', 'reverse(stressed)')).toHaveCount(1);

  await a.role('argument').fill('lost');
  await a.button('Call').click();
  await expect(b.calls('asked', 'lost')).toHaveCount(1);
  await a.role('argument').fill('again');
  await a.role('idempotent').check();
  await a.button('Call').click();
  await expect(b.calls('asked', 'again')).toHaveCount(1);
  await page.getByTestId('server-kill').click();
  await expect(a.calls('failed', 'lost')).toContainText('OUTCOME_UNKNOWN');
  await a.isIn('RECONNECTING', 'busy');
  // Whoever is back first is answered by B only if that is B.
  await a.button('Pause').click();
  await a.isIn('OFFLINE', 'busy');
  await page.getByTestId('server-restart').click();
  await b.isIn('OPEN', 'good');
  await a.button('Resume').click();
  await expect(a.calls('result', 'niaga, says B')).toContainText('may run twice');

  await b.button('Providing').click();
  await a.role('argument').fill('nobody');
  await expect(async () => {
    await a.button('Call').click();
    await expect(a.calls('failed', 'nobody').first()).toContainText('NO_RPC_PROVIDER', { timeout: 3000 });
  }).toPass();
});

test('two write to one note, also while one is paused, and end the same', async ({ openPage }) => {
  const { a, b } = await openDemo(openPage, { part: 'Note' });
  const ends = async (title, text, items) => {
    for (const panel of [a, b]) {
      await expect(panel.role('note-title')).toHaveValue(title);
      await expect(panel.role('note-text')).toHaveValue(text);
      await expect(panel.role('items').locator('li span')).toHaveText(items);
    }
  };
  const add = async (panel, item) => {
    await panel.role('item').fill(item);
    await panel.button('Add').click();
  };
  await a.role('note-title').fill('Shopping');
  await add(a, 'bread');
  await ends('Shopping', '', ['bread']);
  await b.button('Pause').click();
  await b.role('note-text').fill('by B');
  await add(b, 'milk');
  await a.role('note-title').fill('by A');
  await b.button('Resume').click();
  await ends('by A', 'by B', ['bread', 'milk']);
  await a.button('Remove bread').click();
  await ends('by A', 'by B', ['milk']);
});

test('what waits and what is lost of a note is shown, and can be written again', async ({ openPage }) => {
  const { page, a, b } = await openDemo(openPage, { part: 'Note' });
  await a.role('note-text').fill('one two');
  await expect(b.role('note-text')).toHaveValue('one two');
  await b.role('note-text').evaluate((input) => {
    input.focus();
    input.setSelectionRange(3, 5);
  });
  // Not typed: then the focus would be in the other panel.
  await page.evaluate(() => globalThis.demo.lab.a.client.record.setData('demo/note', 'text', 'now one two'));
  await expect(b.role('note-text')).toHaveValue('now one two');
  const selection = await b.role('note-text').evaluate((input) => [input.selectionStart, input.selectionEnd]);
  expect(selection, 'what was selected stays selected').toEqual([7, 9]);

  await b.button('Pause').click();
  await b.role('note-title').pressSequentially('lost');
  await expect(b.role('note-waiting')).toHaveText('1 waiting');
  await expect(b.role('outbox-size')).toHaveText('1');
  await b.role('note-title').fill('lost');
  await a.role('note-title').fill('kept');
  await expect(a.role('note-waiting')).toBeHidden();
  await b.button('Resume').click();
  await expect(b.role('lost')).toContainText('title “lost”');
  await expect(b.role('note-title')).toHaveValue('kept');
  await expect(b.role('note-waiting')).toBeHidden();
  await b.button('Write it again').click();
  await expect(b.role('lost')).toBeHidden();
  await expect(a.role('note-title')).toHaveValue('lost');
});

test('with a server that is named there is nothing to compare, and nothing is said of it', async ({ openPage }) => {
  const page = await openPage(`${demo.pageUrl}/?server=${new URL(demo.serverUrl).host}`);
  await isReady(page);
  await expect(page.getByRole('tab', { name: 'Two of our own' })).toHaveAttribute('aria-selected', 'true');
  for (const name of ['a', 'b']) await new Panel(page, name).isIn('OPEN', 'good');
  await expect(page.locator('body')).not.toContainText(/Break it|network above/);
  await expect(page.getByText('npm start', { exact: true })).toBeVisible();
});

test('two windows hear each other', async ({ openPage }) => {
  const one = await openDemo(openPage);
  const other = await openDemo(openPage);
  await one.a.send('From the other window');
  await expect(other.a.received('From the other window', 'remote')).toHaveCount(1);
  await expect(other.b.received('From the other window', 'remote')).toHaveCount(1);
});

test('what is sent while the server is away arrives once it is back', async ({ openPage }) => {
  const { page, a, b } = await openDemo(openPage);
  await page.getByTestId('server-kill').click();
  await expect(page.getByTestId('server-status')).toHaveText('stopped');
  for (const panel of [a, b]) await panel.isIn('RECONNECTING', 'busy');

  await a.send('Are you there?');
  await expect(a.role('waiting-count')).toHaveText('1');
  await expect(a.received('Are you there?', 'local')).toHaveCount(1);
  // Whoever is back first sends first; B shall be there to hear it.
  await a.button('Pause').click();
  await a.isIn('OFFLINE', 'busy');

  await page.getByTestId('server-restart').click();
  await expect(page.getByTestId('server-status')).toHaveText('running');
  await b.isIn('OPEN', 'good');
  await expect(b.received('Are you there?', 'remote')).toHaveCount(0);
  await a.button('Resume').click();
  await a.isIn('OPEN', 'good');
  await expect(b.received('Are you there?', 'remote')).toHaveCount(1);
  await expect(b.received('Are you there?', 'remote')).toContainText('queued while RECONNECTING');
  await expect(a.role('waiting-count')).toHaveText('0');

  await b.send('Here I am');
  await expect(a.received('Here I am', 'remote')).toHaveCount(1);
  await expect(b.role('duplicate-count')).toHaveText('0');
});

test('what waits is listed, outlives the page, and is sent by the next one', async ({ openPage }) => {
  const { page, a } = await openDemo(openPage);
  await page.getByTestId('server-kill').click();
  await a.isIn('RECONNECTING', 'busy');
  await a.button('Send 100').click();
  await a.send('Still there?');
  await expect(a.role('outbox-size')).toHaveText('101');
  await expect(a.role('outbox-oldest')).toContainText('old');
  await expect(a.role('outbox-entries').locator('li')).toHaveCount(51);
  await expect(a.role('outbox-entries').locator('li').first()).toHaveAttribute('data-where', 'stored');

  await page.reload();
  await isReady(page);
  await page.getByRole('tab', { name: 'Two of our own' }).click();
  await page.getByTestId('server-restart').click();
  for (const panel of [a, new Panel(page, 'b')]) await panel.isIn('OPEN', 'good');
  await expect(a.received('Still there?', 'remote')).toBeVisible();
  await expect(a.role('outbox-size')).toHaveText('0');
});

test('the outbox can be cleared', async ({ openPage }) => {
  const { page, a } = await openDemo(openPage);
  await a.button('Pause').click();
  await a.send('Never mind');
  await show(page, 'Outbox');
  await expect(a.role('outbox-size')).toHaveText('1');
  await a.button('Clear').click();
  await expect(a.role('outbox-size')).toHaveText('0');
  await a.button('Resume').click();
  await a.isIn('OPEN', 'good');
});

test('both come back by themselves when the server is restarted', async ({ openPage }) => {
  const { page, a, b } = await openDemo(openPage);
  await page.getByTestId('server-restart').click();
  for (const panel of [a, b]) {
    await expect(panel.role('log').locator('li[data-state="RECONNECTING"]').first()).toBeAttached();
    await panel.isIn('OPEN', 'good');
  }
  await a.send('Back again');
  await expect(b.received('Back again', 'remote')).toHaveCount(1);
});

test('a black hole is noticed, told, and left', async ({ openPage }) => {
  test.setTimeout(90_000);
  const { page, a, b } = await openDemo(openPage);
  await switchNetwork(page, 'blackhole');
  for (const panel of [a, b]) {
    await expect(panel.role('reason')).toHaveAttribute('data-kind', 'heartbeat', { timeout: 30_000 });
    await expect(panel.role('lost-banner')).toHaveText('Connection lost.', { timeout: 30_000 });
  }
  await switchNetwork(page, 'none');
  for (const panel of [a, b]) {
    await expect(panel.state).toHaveText('OPEN', { timeout: 30_000 });
    await expect(panel.role('lost-banner')).toBeEmpty();
  }
  await a.send('after the dark');
  await expect(b.received('after the dark', 'remote')).toHaveCount(1);
});

test('pause, resume, close and a new client do what they say', async ({ openPage }) => {
  const { a, b } = await openDemo(openPage);
  await a.button('Pause').click();
  await a.isIn('OFFLINE', 'busy');
  await a.send('Later');
  await b.send('Into the void');
  await expect(b.received('Into the void', 'local')).toHaveCount(1);
  await a.button('Resume').click();
  await a.isIn('OPEN', 'good');
  await expect(b.received('Later', 'remote')).toHaveCount(1);
  await expect(a.received('Into the void', 'remote')).toHaveCount(0);

  const uid = await a.role('uid').textContent();
  await a.button('Close').click();
  await a.isIn('CLOSED', 'bad');
  await expect(a.button('Close')).toBeHidden();
  await expect(a.button('Resume')).toBeDisabled();
  await a.button('New client').click();
  await a.isIn('OPEN', 'good');
  await expect(a.role('uid')).not.toHaveText(uid);
  await b.send('Nice to meet you');
  await expect(a.received('Nice to meet you', 'remote')).toHaveCount(1);
  await expect(a.role('log')).not.toContainText('ERROR');
});

test('at the width of a phone nothing of two clients sticks out', async ({ openPage }) => {
  const { page, a, b } = await openDemo(openPage, { viewport: { width: 360, height: 740 } });
  await a.send('word '.repeat(40));
  await a.send('x'.repeat(400));
  await expect(b.received('xxxx', 'remote')).toHaveCount(1);
  await show(page, 'Who is here');
  await b.role('user-name').fill('y'.repeat(60));
  await b.button('Log in as').click();
  await expect(a.role('users').locator('li').filter({ hasText: 'yyyy' })).toHaveCount(1);
  await b.isIn('OPEN', 'good');
  await page.getByTestId('server-kill').click();
  await b.isIn('RECONNECTING', 'busy');
  await show(page, 'Events');
  await b.send('y'.repeat(400));
  for (const part of ['Events', 'Calls', 'Note', 'Who is here', 'Outbox', 'Log']) {
    await show(page, part);
    expect(await stickingOut(page), part).toEqual([]);
  }
  await page.getByTestId('server-restart').click();
  for (const panel of [a, b]) await panel.isIn('OPEN', 'good');
});

test('Ctrl-C stops everything', async () => {
  const ports = [demo.pageUrl, demo.serverUrl].map((url) => Number(new URL(url).port));
  for (const port of ports) expect(await freePort(port)).not.toBe(port);
  expect(await demo.interrupt()).toBe(130);
  for (const port of ports) expect(await freePort(port)).toBe(port);
});
