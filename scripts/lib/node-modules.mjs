import { readFile } from 'node:fs/promises';
import { inRoot } from './paths.mjs';

/** Whether node_modules/ holds exactly what package-lock.json names (packages for other platforms left aside). */
export async function nodeModulesMatchLock() {
  const [wanted, installed] = await Promise.all([
    readPackages('package-lock.json'),
    // npm's own record of what it last installed.
    readPackages('node_modules/.package-lock.json'),
  ]);
  if (!wanted || !installed) return false;
  return (
    Object.keys(installed).every((path) => path in wanted) &&
    Object.entries(wanted).every(([path, { version, optional }]) => {
      // The empty path is this repository itself.
      if (path === '') return true;
      return path in installed ? installed[path].version === version : optional === true;
    })
  );
}

async function readPackages(file) {
  try {
    return JSON.parse(await readFile(inRoot(file), 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
