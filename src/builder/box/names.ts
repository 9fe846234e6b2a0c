import { readdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IsolateError, SpecError } from '../../sys/index.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { readSpec } from '../spec/read-spec.js';
import { identify, type ProcessIdentity, stateOf } from './process-identity.js';
import { openStateFolder, whileLocked } from './state-folder.js';

/** What is written down of a named box. While it is being opened, the process is the program that opens it. */
export interface NamedBox {
  readonly name: string;
  readonly holder: ProcessIdentity;
  /** Undefined while it is being opened. */
  readonly spec: ProcessSpec | undefined;
}

/** A name that this program has. */
export interface NameHeld {
  /** From now on others find the box. */
  publish(pid: number, spec: ProcessSpec): Promise<void>;
  /** The name is free again. */
  release(): Promise<void>;
}

const ending = '.json';

/** @throws SpecError - it cannot be the name of a box. */
function fileOf(name: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/.test(name)) return `${name}${ending}`;
  throw new SpecError(
    'name',
    `${JSON.stringify(name)} is not a name for a box`,
    "1 to 64 letters, digits, '.', '_' and '-', the first no '.' or '-'",
  );
}

/** What is written down under a name; undefined for nothing, and for what is no such note. */
function read(folder: string, name: string): NamedBox | undefined {
  try {
    const { holder, spec } = JSON.parse(readFileSync(join(folder, fileOf(name)), 'utf8'));
    const isHolder = ['pid', 'startTime', 'boot', 'pidNamespace'].every((key) => Object.hasOwn(holder, key));
    return isHolder ? { name, holder, spec: spec === null ? undefined : readSpec(spec) } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError || error instanceof SpecError) return undefined;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes a note so that nobody sees half of it. */
function write(folder: string, { name, holder, spec }: NamedBox): void {
  const path = join(folder, fileOf(name));
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, JSON.stringify({ holder, spec: spec ?? null }), { mode: 0o600, flag: 'w' });
  renameSync(fresh, path);
}

function remove(folder: string, name: string): void {
  try {
    unlinkSync(join(folder, fileOf(name)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function isSame(one: ProcessIdentity | undefined, other: ProcessIdentity): boolean {
  return one?.pid === other.pid && one.startTime === other.startTime && one.boot === other.boot;
}

/**
 * Takes a name, which nobody else can take until it is released or this program and the box are gone.
 *
 * @throws SpecError - it is no name. IsolateError ERR_ISOLATE_NAME_TAKEN.
 */
export async function reserveName(name: string): Promise<NameHeld> {
  fileOf(name);
  const folder = openStateFolder();
  let holder = identifySelf();
  await whileLocked(folder, () => {
    const known = read(folder, name);
    if (known !== undefined && stateOf(known.holder) !== 'gone') throw takenError(name, known);
    write(folder, { name, holder, spec: undefined });
  });
  return {
    publish: async (pid, spec) => {
      const box = identify(pid);
      if (box === undefined) throw new IsolateError('ERR_ISOLATE_BOX_CLOSED', 'the box ended before it could be named');
      await whileLocked(folder, () => write(folder, { name, holder: box, spec }));
      holder = box;
    },
    release: () => forget(name, holder),
  };
}

function identifySelf(): ProcessIdentity {
  const self = identify(process.pid);
  if (self === undefined) throw new IsolateError('ERR_ISOLATE_STATE', '/proc does not show this program');
  return self;
}

function takenError(name: string, { holder, spec }: NamedBox): IsolateError {
  const what = spec === undefined ? 'is being opened by process' : 'is held by process';
  return new IsolateError(
    'ERR_ISOLATE_NAME_TAKEN',
    `a box with the name ${JSON.stringify(name)} ${what} ${holder.pid}`,
  );
}

/** Removes what is written down, if it is still of that process. */
export async function forget(name: string, holder: ProcessIdentity): Promise<void> {
  const folder = openStateFolder();
  await whileLocked(folder, () => {
    if (isSame(read(folder, name)?.holder, holder)) remove(folder, name);
  });
}

/** The box of a name; undefined where there is none. A note of one that is gone is removed. */
export async function lookUp(name: string): Promise<NamedBox | undefined> {
  fileOf(name);
  const folder = openStateFolder();
  const known = read(folder, name);
  if (known === undefined) return undefined;
  const state = stateOf(known.holder);
  if (state === 'gone') await forget(name, known.holder);
  return state === 'runs' && known.spec !== undefined ? known : undefined;
}

/** The names of all boxes that there are, sorted. Notes of those that are gone are removed. */
export async function allNames(): Promise<string[]> {
  const files = readdirSync(openStateFolder()).filter((file) => file.endsWith(ending));
  const found = await Promise.all(files.map((file) => lookUp(file.slice(0, -ending.length))));
  return found.flatMap((box) => box?.name ?? []).sort();
}
