import { existsSync, readdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { close, type Fd, IsolateError, SpecError } from '../../sys/index.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { readSpec } from '../spec/read-spec.js';
import { holdName, isNameHeld } from './name-socket.js';
import { identify, isIdentity, type ProcessIdentity, stateOf } from './process-identity.js';
import { openStateFolder, whileLocked } from './state-folder.js';

/** What is written down of a named box. While it is being opened, the process is the program that opens it. */
export interface NamedBox {
  readonly name: string;
  readonly holder: ProcessIdentity;
  readonly isOpen: boolean;
  /** Undefined while it is being opened, and where it is of another version of this package, and means nothing to this one. */
  readonly spec: ProcessSpec | undefined;
}

/** A name that this program has. */
export interface NameHeld {
  /** Its socket, for what holds the box to keep. */
  readonly socket: Fd;
  /** From now on others find the box. */
  publish(pid: number, spec: ProcessSpec): Promise<void>;
  /** The name is free again. */
  release(): Promise<void>;
}

const ending = '.json';
/** Nothing that would be another file; and no number, which is a pid wherever a name or a pid can be given. */
const pattern = /^(?![0-9]+$)[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/;

/** @throws SpecError - it cannot be the name of a box. */
function fileOf(name: string): string {
  if (typeof name === 'string' && pattern.test(name)) return `${name}${ending}`;
  throw new SpecError(
    'name',
    `${JSON.stringify(name)} is not a name for a box`,
    "1 to 64 letters, digits, '.', '_' and '-', the first no '.' or '-', and not digits only, which are a pid",
  );
}

/** What is written down under a name; undefined for nothing, and for what is no such note. */
function read(folder: string, name: string): NamedBox | undefined {
  const note = parsed(join(folder, fileOf(name)));
  const { holder, spec } = (note ?? {}) as { holder?: unknown; spec?: unknown };
  return isIdentity(holder) ? { name, holder, isOpen: spec !== null, spec: understood(spec) } : undefined;
}

function parsed(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function understood(spec: unknown): ProcessSpec | undefined {
  try {
    return readSpec(spec);
  } catch (error) {
    if (error instanceof SpecError) return undefined;
    throw error;
  }
}

/** Writes a note so that nobody sees half of it. Only who has the folder locked does. */
function write(folder: string, { name, holder, spec }: Omit<NamedBox, 'isOpen'>): void {
  const fresh = join(folder, '.new');
  writeFileSync(fresh, JSON.stringify({ holder, spec: spec ?? null }), { mode: 0o600, flag: 'w' });
  renameSync(fresh, join(folder, fileOf(name)));
}

const socketEnding = '.sock';
const socketOf = (name: string) => `${name}${socketEnding}`;

function namesIn(files: readonly string[], ending: string): string[] {
  return files
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .filter((name) => pattern.test(name));
}

/** Sockets of programs that were killed before they had written a note to them. */
function removeUnheld(folder: string, names: readonly string[]): void {
  for (const name of names) {
    if (!existsSync(join(folder, fileOf(name))) && !isNameHeld(folder, socketOf(name))) remove(folder, name);
  }
}

function remove(folder: string, name: string): void {
  for (const file of [fileOf(name), socketOf(name)]) {
    try {
      unlinkSync(join(folder, file));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

/** Whether who has a name is there. One whose pid means nothing here is, as long as somebody has its socket. */
function holderState(folder: string, { name, holder }: NamedBox): ReturnType<typeof stateOf> {
  const state = stateOf(holder);
  return state === 'elsewhere' && !isNameHeld(folder, socketOf(name)) ? 'gone' : state;
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
  const socket = await whileLocked(folder, () => {
    const known = read(folder, name);
    if (known !== undefined && holderState(folder, known) !== 'gone') throw takenError(name, known);
    const taken = holdName(folder, socketOf(name));
    try {
      write(folder, { name, holder, spec: undefined });
      return taken;
    } catch (error) {
      close(taken);
      throw error;
    }
  });
  let isOurs = true;
  const letGo = () => {
    if (isOurs) close(socket);
    isOurs = false;
  };
  return {
    socket,
    publish: async (pid, spec) => {
      const box = identify(pid);
      if (box === undefined) throw new IsolateError('ERR_ISOLATE_BOX_CLOSED', 'the box ended before it could be named');
      await whileLocked(folder, () => write(folder, { name, holder: box, spec }));
      holder = box;
      letGo();
    },
    release: () => {
      letGo();
      return forget(folder, name, holder);
    },
  };
}

function identifySelf(): ProcessIdentity {
  const self = identify(process.pid);
  if (self === undefined) throw new IsolateError('ERR_ISOLATE_STATE', '/proc does not show this program');
  return self;
}

function takenError(name: string, { holder, isOpen }: NamedBox): IsolateError {
  const what = isOpen ? 'is held by process' : 'is being opened by process';
  const where = stateOf(holder) === 'elsewhere' ? ' of another PID or time namespace' : '';
  return new IsolateError(
    'ERR_ISOLATE_NAME_TAKEN',
    `a box with the name ${JSON.stringify(name)} ${what} ${holder.pid}${where}`,
  );
}

/** Removes what is written down, if it is still of that process. */
export async function forget(folder: string, name: string, holder: ProcessIdentity): Promise<void> {
  await whileLocked(folder, () => {
    if (isSame(read(folder, name)?.holder, holder)) remove(folder, name);
  });
}

/** The box of a name; undefined where there is none, or not yet. A note of one that is gone is removed. */
export async function lookUp(folder: string, name: string): Promise<NamedBox | undefined> {
  return ifThere(folder, read(folder, name));
}

async function ifThere(folder: string, known: NamedBox | undefined): Promise<NamedBox | undefined> {
  if (known === undefined) return undefined;
  const state = holderState(folder, known);
  if (state === 'gone') await forget(folder, known.name, known.holder);
  return state === 'runs' && known.isOpen ? known : undefined;
}

const unreadable: readonly unknown[] = ['EACCES', 'EPERM', 'EISDIR', 'ELOOP'];

/** As {@link read}, and undefined for what cannot be read: it is in the way of no other. */
function readIfReadable(folder: string, name: string): NamedBox | undefined {
  try {
    return read(folder, name);
  } catch (error) {
    if (unreadable.includes((error as NodeJS.ErrnoException).code)) return undefined;
    throw error;
  }
}

/** The names of all boxes that there are, sorted. Notes of those that are gone are removed, and those that nobody can read left out. */
export async function allNames(folder: string): Promise<string[]> {
  const files = readdirSync(folder);
  const names = namesIn(files, ending);
  const bare = namesIn(files, socketEnding).filter((name) => !names.includes(name));
  if (bare.length > 0) await whileLocked(folder, () => removeUnheld(folder, bare));
  const found = await Promise.all(names.map((name) => ifThere(folder, readIfReadable(folder, name))));
  return found.flatMap((box) => box?.name ?? []).sort();
}
