// What of the project goes into the machine: exactly what a user who installs it on arm64 would have.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export const inProject = (...path) => join(root, ...path);

const readJson = (file) => JSON.parse(readFileSync(inProject(file), 'utf8'));

/** The addon of ffi-rs for arm64 and glibc: npm installs only that of its own machine, so this one is fetched. */
export const addon = '@yuuang/ffi-rs-linux-arm64-gnu';

/** The version and the checksum that the project is locked to, of a package. */
export function locked(name) {
  const entry = readJson('package-lock.json').packages[`node_modules/${name}`];
  if (entry === undefined) throw new Error(`package-lock.json does not name ${name}`);
  return { version: entry.version, integrity: entry.integrity };
}

/** The oldest major version of Node that the project supports. */
export function oldestNode() {
  return /\d+/.exec(readJson('package.json').engines.node)[0];
}

/** The folders of what the project needs at run time, but for the addon. */
export function dependencies() {
  const { packages } = readJson('package-lock.json');
  const folders = Object.entries(packages)
    .filter(([folder, { dev, optional }]) => folder.startsWith('node_modules/') && !dev && !optional)
    .map(([folder]) => folder);
  const missing = folders.find((folder) => !existsSync(inProject(folder)));
  if (missing !== undefined) throw new Error(`${missing} is missing: npm ci`);
  return folders;
}
