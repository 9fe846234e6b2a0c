import { fstatSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { AT, close, O, openat, openat2, RESOLVE } from '../../sys/index.js';
import { named, SnapshotError } from './snapshot-error.js';

/** The contents of a file in the upper directory of an overlay. No link is followed, whoever made it. */
export function readChanged(upper: string, trail: string, shown: string): Promise<Buffer> {
  return named(shown, 'reading it', async () => {
    const top = openat(AT.FDCWD, upper, O.PATH | O.DIRECTORY | O.CLOEXEC, 0);
    try {
      // A FIFO does not wait for somebody to write.
      const flags = O.RDONLY | O.NONBLOCK | O.NOFOLLOW | O.CLOEXEC;
      const fd = openat2(top, trail, { flags, resolve: RESOLVE.BENEATH | RESOLVE.NO_SYMLINKS });
      try {
        if (!fstatSync(fd).isFile()) throw new SnapshotError(shown, 'it is no file');
        return await readFile(`/proc/self/fd/${fd}`);
      } finally {
        close(fd);
      }
    } finally {
      close(top);
    }
  });
}
