// The browser engines of `npm test` and `npm run test:engines`: finds them, and installs what is missing where apt-get and
// root allow it.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { canUseApt, ensureBrowser, find } from './browser.mjs';
import { run } from './process.mjs';

/** Where Debian puts the browser that WebKitWebDriver starts. */
const miniBrowserPlaces = () => {
  const libraries = '/usr/lib';
  if (!existsSync(libraries)) return [];
  return readdirSync(libraries)
    .flatMap((architecture) => ['4.1', '6.0', '4.0'].map((version) => join(libraries, architecture, `webkit2gtk-${version}`)))
    .map((directory) => join(directory, 'MiniBrowser'));
};

const searches = {
  firefox: {
    packages: ['firefox-esr'],
    programs: () => ({ firefox: find('FIREFOX', ['firefox', 'firefox-esr'], []) }),
  },
  webkit: {
    packages: ['webkit2gtk-driver', 'xvfb'],
    programs: () => ({
      driver: find('WEBKIT_DRIVER', ['WebKitWebDriver'], []),
      miniBrowser: find('WEBKIT_BROWSER', [], miniBrowserPlaces()),
      xvfb: find('XVFB', ['Xvfb'], []),
    }),
  },
};

/**
 * Finds Chromium, Firefox and WebKitGTK.
 * @returns {Promise<{ found: Record<string, Record<string, string>>, missing: Record<string, string> }>} by engine: the paths of
 * its programs, or why there are none
 */
export async function ensureEngines() {
  const { chrome } = await ensureBrowser();
  const look = () => Object.entries(searches).map(([name, { programs }]) => [name, programs()]);
  const isComplete = ([, programs]) => Object.values(programs).every(Boolean);
  let engines = look();
  const wanted = engines.filter((engine) => !isComplete(engine)).flatMap(([name]) => searches[name].packages);
  if (wanted.length > 0 && canUseApt()) {
    console.log(`Installing ${wanted.join(', ')} with apt-get.`);
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    // What cannot be had is told of below.
    const impatient = ['-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=30', '-o', 'Acquire::https::Timeout=30'];
    await run('apt-get', ['update', '-qq', ...impatient], { env }).catch(() => {});
    for (const name of wanted) await run('apt-get', ['install', '-y', '-qq', ...impatient, name], { env }).catch(() => {});
    engines = look();
  }
  return {
    found: { chromium: { chrome }, ...Object.fromEntries(engines.filter(isComplete)) },
    missing: Object.fromEntries(
      engines
        .filter((engine) => !isComplete(engine))
        .map(([name]) => [name, `was not found (Debian: apt-get install ${searches[name].packages.join(' ')})`]),
    ),
  };
}
