// libuv's pool without a thread that is free.
import { closeSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { AT, mknodat, S_IF } from '../../src/sys/index.js';

/** Keeps all of its threads busy, until the function is called that this returns. The directory is an empty one. */
export function keepPoolBusy(directory: string): () => Promise<void> {
  const threads = Number(process.env.UV_THREADPOOL_SIZE ?? 4);
  const fifos = Array.from({ length: threads }, (_, i) => join(directory, String(i)));
  for (const fifo of fifos) mknodat(AT.FDCWD, fifo, S_IF.IFO | 0o600, 0);
  // Each has to wait for somebody who opens the other end.
  const opening = fifos.map((fifo) => open(fifo));
  return async () => {
    for (const fifo of fifos) closeSync(openSync(fifo, 'w'));
    for (const file of await Promise.all(opening)) await file.close();
  };
}
