import { posix } from 'node:path';
import { openRoot, walkBeneath } from '../../ns/index.js';
import { AT, chdir, fchdir, O, openat2, RESOLVE, type Step } from '../../sys/index.js';
import type { Host } from '../spec/host.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import type { FilesPlan } from './files/plan-files.js';
import { isBelow, walk } from './files/walk.js';
import { methodCall, type Section, section } from './section.js';

/** Where the command starts. */
export interface WorkingDirectoryPlan {
  readonly path: string | undefined;
  readonly sections: readonly Section[];
  /** The steps whose failure means that it cannot start there. */
  readonly steps: readonly Step[];
}

/**
 * Where the command starts. In a view of its own it enters its directory anew, by a path that starts at the root: the one that it
 * would inherit belongs to the tree of the host, and leads back there. No magic link of /proc is followed, behind which a directory
 * of the host may be open.
 */
export function planWorkingDirectory(
  { cwd, root }: ProcessSpec,
  host: Host,
  files: Pick<FilesPlan, 'hasView' | 'at'>,
): WorkingDirectoryPlan {
  if (!files.hasView) {
    const step = cwd === undefined ? undefined : chdir.step(cwd).because('where the command starts');
    return plan(cwd, methodCall('cwd', cwd), step === undefined ? [] : [step]);
  }
  // A root that is not the host's has no directory of the caller's.
  const start = root === undefined || root.type === 'host' ? (host.cwd ?? '/') : '/';
  const path = posix.resolve(start, cwd ?? '');
  const from = cwd === undefined ? 'every view of files' : methodCall('cwd', cwd);
  if (!host.openat2) {
    const root = openRoot();
    const walked = walk(files.at, path, { followLast: true });
    // In /proc links have to do with the process that follows them: they are not followed here.
    const isKnown = !isBelow(path, '/proc') && typeof walked === 'object' && walked.file !== undefined;
    const real = isKnown ? walked.path : path;
    const { steps, opened } = walkBeneath(root.result, real.slice(1), 'directory');
    return plan(path, from, [root, ...steps, fchdir.step(opened).because('where the command starts')]);
  }
  const flags = O.PATH | O.DIRECTORY | O.CLOEXEC;
  const opened = openat2
    .step(AT.FDCWD, path, { flags, resolve: RESOLVE.NO_MAGICLINKS })
    .because('where the command starts, as it is seen from the new root');
  return plan(path, from, [opened, fchdir.step(opened.result).because('it starts there')]);
}

function plan(path: string | undefined, from: string, steps: readonly Step[]): WorkingDirectoryPlan {
  return { path, sections: steps.length === 0 ? [] : [section(from, ...steps)], steps };
}
