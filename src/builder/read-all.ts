import { closeSync, openSync, readSync } from 'node:fs';
import { uninterrupted } from './uninterrupted.js';

const chunkSize = 65_536;

/**
 * What a file has, or a descriptor from where it stands: `readFileSync`, which gives up where a signal comes while it waits for
 * what a pipe brings.
 */
export function readAll(file: string | number): Buffer {
  if (typeof file === 'number') return readToEnd(file);
  const fd = openSync(file, 'r');
  try {
    return readToEnd(fd);
  } finally {
    closeSync(fd);
  }
}

function readToEnd(fd: number): Buffer {
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = Buffer.alloc(chunkSize);
    const size = uninterrupted(() => readSync(fd, chunk));
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, size));
  }
}
