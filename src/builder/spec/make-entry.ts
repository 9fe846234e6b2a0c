import { resolve } from 'node:path';
import { attributeNames, type MountAttributes } from '../../ns/index.js';
import { SpecError } from '../../sys/index.js';
import { readAll } from '../read-all.js';
import type { BindEntry, FileEntry, OverlayEntry } from './file-entry.js';
import { type IdMapInput, readIdMap } from './id-map.js';

/** How a bind mount is made: see {@link MountAttributes}. */
export interface BindOptions extends MountAttributes {
  /** What is mounted below the source stays behind: a plain bind, where the usual one is recursive. */
  readonly topOnly?: boolean;
  /**
   * Other owners for its files, as `X-mount.idmap` of mount(8) has it: `'ON-DISK:ON-HOST:COUNT'`. Of a side that is named, the other ids are nobody's.
   * Needs CAP_SYS_ADMIN on the host, and Linux 5.12.
   */
  readonly idmap?: { readonly users?: readonly IdMapInput[]; readonly groups?: readonly IdMapInput[] };
}

/** Refuses options that there are not: a protection with a typo would be none. */
export function checkOptions(method: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new SpecError(
    'files',
    `.${method}() has no option ${JSON.stringify(unknown)}`,
    `there are: ${known.join(', ')}`,
  );
}

/** What a bind has unless it is told otherwise: what comes from the host gives no privileges, and no devices. */
export const bindDefaults: MountAttributes = { nosuid: true, nodev: true };

/** Only the fields that say something. */
export function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined | false> } {
  const said = Object.entries(fields).filter(([, value]) => value !== undefined && value !== false);
  return Object.fromEntries(said) as { [K in keyof T]?: Exclude<T[K], undefined | false> };
}

/** The attributes that are named, as `false` too: it takes back what the source has. */
export function attributesGiven(options: MountAttributes): MountAttributes {
  const named = attributeNames.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]]));
  return Object.fromEntries(named) as MountAttributes;
}

/** A bind of a path of the host, which is followed from the working directory, or of an open descriptor. */
export function bindEntry(
  source: string | number,
  target: string | undefined,
  options: BindOptions & { readonly optional?: boolean },
): BindEntry {
  checkOptions('bind', options, [...attributeNames, 'topOnly', 'optional', 'idmap']);
  const from = typeof source === 'string' ? resolve(checkText('bind', source)) : source;
  const to = target ?? (typeof from === 'string' ? from : undefined);
  if (to === undefined) throw new SpecError('bind', 'a descriptor has no place of its own', 'say where it is to be');
  return {
    type: 'bind',
    source: from,
    target: to,
    ...attributesGiven(options),
    ...given({ topOnly: options.topOnly, optional: options.optional }),
    ...(options.idmap === undefined ? {} : { idmap: readIdmap(options.idmap) }),
  } as BindEntry;
}

function readIdmap({ users, groups }: NonNullable<BindOptions['idmap']>): NonNullable<BindEntry['idmap']> {
  const read = (map: readonly IdMapInput[]) => map.map((line) => readIdMap('bind', line));
  return {
    ...(users === undefined ? {} : { users: read(users) }),
    ...(groups === undefined ? {} : { groups: read(groups) }),
  };
}

/** What `resolve` would take for the working directory. */
function checkText(field: string, path: string): string {
  if (typeof path !== 'string' || path === '') throw new SpecError(field, `${JSON.stringify(path)} is not a path`);
  return path;
}

/** The contents of a file: text, bytes, or what is read from an open descriptor, now. */
export type FileContents = string | Uint8Array | number;

/** A file with contents; bytes that are no text are kept as base64. */
export function fileEntry(target: string, contents: FileContents, mode: number | undefined): FileEntry {
  const bytes = typeof contents === 'number' ? readAll(contents) : contents;
  const text = typeof bytes === 'string' ? bytes : textOf(bytes);
  const said =
    text === undefined
      ? { contents: Buffer.from(bytes).toString('base64'), encoding: 'base64' as const }
      : { contents: text };
  return { type: 'file', target, ...said, ...(mode === undefined ? {} : { mode }) };
}

/** Bytes as text, where they are text. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** How an overlay is made. */
export interface OverlayOptions {
  /** Directories of the host, the topmost first. If not given, what is at the target. */
  readonly lowers?: readonly string[];
  /** A directory of the host where changes are kept. If not given, they are kept in memory, and end with the command. */
  readonly upper?: string;
  /** An empty directory on the same file system as `upper`, for the kernel. */
  readonly work?: string;
  /** How much memory the changes take at most: bytes, or text as `'64M'` or `'25%'` of the memory. */
  readonly size?: number | string;
}

export function overlayEntry(target: string, options: OverlayOptions): OverlayEntry {
  checkOptions('overlay', options, ['lowers', 'upper', 'work', 'size']);
  const { lowers, upper, work, size } = options;
  const path = (one: string) => resolve(checkText('overlay', one));
  return {
    type: 'overlay',
    target,
    ...(lowers === undefined ? {} : { lowers: lowers.map(path) }),
    ...(upper === undefined ? {} : { upper: path(upper) }),
    ...(work === undefined ? {} : { work: path(work) }),
    ...(size === undefined ? {} : { size }),
  };
}
