import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot, searchPath } from './paths.mjs';
import { capture, Failure, run } from './process.mjs';

const chromeNames = ['google-chrome', 'google-chrome-stable', 'chrome', 'chromium', 'chromium-browser'];
const chromePlaces = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];
const driverNames = ['chromedriver'];
const driverPlaces = ['/usr/lib/chromium/chromedriver', '/usr/lib/chromium-browser/chromedriver'];

/** The flags every test layer starts the browser with; webdriver.json is where they are kept. */
export const browserFlags = JSON.parse(readFileSync(inRoot('webdriver.json'), 'utf8'))['goog:chromeOptions'].args;

/**
 * Finds Chrome or Chromium and the chromedriver of the same version, and installs them where apt-get and root allow it.
 * The environment variables CHROME and CHROMEDRIVER come before everything else.
 * @returns {Promise<{ chrome: string, chromedriver: string }>} paths of the two programs
 */
export async function ensureBrowser() {
  let browser = await findBrowser();
  if (browser.problem && canUseApt()) {
    console.log(`${browser.problem} Installing chromium and chromium-driver with apt-get.`);
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    await run('apt-get', ['update', '-qq'], { env });
    await run('apt-get', ['install', '-y', '-qq', 'chromium', 'chromium-driver'], { env });
    browser = await findBrowser();
  }
  if (browser.problem) {
    throw new Failure(
      `${browser.problem} Install Chrome or Chromium with the chromedriver of the same version ` +
        '(Debian: apt-get install chromium chromium-driver), or name them in CHROME and CHROMEDRIVER.',
    );
  }
  return { chrome: browser.chrome, chromedriver: browser.chromedriver };
}

async function findBrowser() {
  const chrome = find('CHROME', chromeNames, chromePlaces);
  const chromedriver = find('CHROMEDRIVER', driverNames, driverPlaces);
  if (!chrome) return { problem: 'Neither Chrome nor Chromium was found.' };
  if (!chromedriver) return { problem: 'chromedriver was not found.' };
  const [chromeVersion, driverVersion] = await Promise.all([majorVersion(chrome), majorVersion(chromedriver)]);
  if (!chromeVersion) return { problem: `${chrome} --version did not run.` };
  if (!driverVersion) return { problem: `${chromedriver} --version did not run.` };
  if (chromeVersion !== driverVersion) {
    return { problem: `${chromedriver} is of version ${driverVersion}, but ${chrome} of version ${chromeVersion}.` };
  }
  return { chrome, chromedriver };
}

/** The program that a variable of the environment names, or the first that is there. */
export function find(variable, names, places) {
  const override = process.env[variable];
  if (override) {
    if (!existsSync(override)) throw new Failure(`${variable} names ${override}, which does not exist.`);
    return override;
  }
  return [...names.map(findOnPath), ...places].find((path) => path !== undefined && existsSync(path));
}

function findOnPath(name) {
  return searchPath.map((directory) => join(directory, name)).find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function majorVersion(program) {
  return /(\d+)\.\d+\.\d+/.exec((await capture(program, ['--version'])) ?? '')?.[1];
}

export function canUseApt() {
  return process.getuid?.() === 0 && findOnPath('apt-get') !== undefined;
}
