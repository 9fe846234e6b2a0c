import type { Difference } from './compare.js';
import type { Entry } from './entry.js';
import { SnapshotError } from './snapshot-error.js';

/** Refuses what could not be made on the host, before anything is. `above` is how the directory is called for people. */
export function checkApplicable(differences: readonly Difference[], above: string): void {
  for (const { name, kind, metadataOnly, upper, lower, below } of differences) {
    const path = `${above}/${name.toString()}`;
    if (upper?.type === 'file' && !metadataOnly && upper.size > Number.MAX_SAFE_INTEGER) {
      throw new SnapshotError(path, `it is too big, with ${upper.size} bytes`, { code: 'EFBIG' });
    }
    const problem = kind === undefined || upper === undefined ? undefined : problemOf(upper, lower);
    if (problem !== undefined) throw new SnapshotError(path, problem);
    checkApplicable(below, path);
  }
}

function problemOf(upper: Entry, lower: Entry | undefined): string | undefined {
  if (['character', 'block'].includes(upper.type)) return 'it is a device, which is not made on the host';
  if (upper.type === 'socket') return 'it is a socket, which is nothing without the process that listens to it';
  const user = process.geteuid?.();
  if (user === 0 || upper.uid === user || upper.uid === lower?.uid) return undefined;
  return `it belongs to the user ${upper.uid}, and only root gives files to others`;
}
