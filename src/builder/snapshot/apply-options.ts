import type { Entry } from './entry.js';

/** How changes are applied. */
export interface ApplyOptions {
  /** Files may get set-user-ID and set-group-ID bits, which lend the rights of their owner to whoever runs them. */
  readonly setId?: boolean | undefined;
  /** Ends it before the next file, or within a long one, with its reason as the error. */
  readonly signal?: AbortSignal | undefined;
}

const SET_ID = 0o6000;

/** What a file of the command's is on the host. That of a directory only says which group new files in it have: it stays. */
export function allowed(wanted: Entry, { setId = false }: ApplyOptions): Entry {
  return setId || wanted.type !== 'file' ? wanted : { ...wanted, mode: wanted.mode & ~SET_ID };
}
