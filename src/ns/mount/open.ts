import { AT, type Fd, O, type Operand, openat, openat2, RESOLVE, type Step } from '../../sys/index.js';
import { isNoLink } from './same-file.js';

/** What is opened: a directory, or anything that is no directory. */
export type Opened = 'directory' | 'file';

const flagsOf = (what: Opened): number => O.PATH | O.CLOEXEC | (what === 'directory' ? O.DIRECTORY : 0);

/**
 * A step that opens a path below a root that somebody else may control. Nothing in it leads out of the root, however fast it changes:
 * a symbolic link, on the way or at the end, is an error (ELOOP). Who allows links has to know beforehand where they lead. See
 * openat2(2).
 */
export function openBeneath(root: Operand<Fd>, path: string, what: Opened): Step {
  const resolve = RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS | RESOLVE.NO_SYMLINKS;
  return openat2.step(root, path, { flags: flagsOf(what), resolve });
}

/**
 * The same where the kernel has no openat2(2), before Linux 5.6 or below a filter: one directory after the other, none of which may be
 * a link.
 */
export function walkBeneath(root: Operand<Fd>, path: string, what: Opened): { steps: Step[]; opened: Operand<Fd> } {
  const names = path.split('/').filter((name) => name !== '');
  const steps: Step[] = [];
  let opened: Operand<Fd> = root;
  for (const [i, name] of names.entries()) {
    const kind = i === names.length - 1 ? what : 'directory';
    const step = openat.step(opened, name, flagsOf(kind) | O.NOFOLLOW, 0);
    steps.push(step);
    opened = step.result;
  }
  // With O_PATH a link itself is opened, which only a directory cannot be.
  if (what === 'file' && steps.length > 0) steps.push(isNoLink(opened));
  return { steps, opened };
}

/** A step that opens a directory by a path of this process, the links of which are followed. */
export function openDirectory(path: string): Step {
  return openat.step(AT.FDCWD, path, flagsOf('directory'), 0);
}

/** A step that opens the root of this process. */
export function openRoot(): Step {
  return openat.step(AT.FDCWD, '/', flagsOf('directory'), 0);
}

/** A step that opens what is mounted on top of the root: a path through `..` of the root is the only one that leads there. */
export function openAboveRoot(): Step {
  return openat.step(AT.FDCWD, '/..', flagsOf('directory'), 0);
}
