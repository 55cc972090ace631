import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's own directory, absolute. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** An absolute path inside the repository. */
export const inRoot = (...parts) => join(root, ...parts);

/** Where setup installs command line tools, so that the user's own are never touched. */
export const toolsDirectory = inRoot('.tools');

const cargoBin = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'bin');

/** PATH for every child process: this project's tools first; cargo last, for shells opened before rustup was installed. */
export const searchPath = [
  join(toolsDirectory, 'bin'),
  inRoot('node_modules', '.bin'),
  ...(process.env.PATH ?? '').split(delimiter).filter((directory) => directory !== ''),
  cargoBin,
];

/** Whether the module with this `import.meta.url` is the one that node was started with. */
export const isMain = (moduleUrl) => process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(moduleUrl);
