import { posix } from 'node:path';
import {
  type MountAttributes,
  mountFileSystem,
  mountFlags,
  openAboveRoot,
  openDirectory,
  setPropagationAt,
} from '../../../ns/index.js';
import {
  dup3,
  type Fd,
  fchdir,
  Late,
  late,
  MS,
  mount,
  O,
  type Operand,
  openat,
  type Step,
} from '../../../sys/index.js';
import type { Ground } from './ground.js';
import type { BindSource, MountCalls, NewRoot } from './mount-calls.js';
import { walk } from './walk.js';

/** Two descriptors that a launch keeps free: mount(2) takes paths alone, and theirs in /proc are known beforehand. */
export const placeholders = { target: 'mount target', source: 'mount source' } as const;

const openFlags = O.PATH | O.DIRECTORY | O.NOFOLLOW | O.CLOEXEC;

/** A step that gives an open file a path, so that no name of it is looked up again. */
function pathOf(fd: Operand<Fd>, placeholder: string): { step: Step; path: Late<string> } {
  const why = 'mount(2) takes a path: this one leads to what is open';
  const step = dup3.step(fd, late(placeholder), O.CLOEXEC).because(why);
  const path = new Late<string>([placeholder], `"/proc/self/fd/<${placeholder}>"`, (n) => `/proc/self/fd/${n}`);
  return { step, path };
}

/**
 * mount(2) and nothing newer, for Linux before 5.12. A bind gets its attributes by a second call, after it is in its place: only this
 * process can look at it in between. What is mounted below is told from the list of the host's mounts.
 */
export const classicCalls: MountCalls = {
  onRoot(fileSystem) {
    const opened = openAboveRoot();
    return { steps: [mountFileSystem(fileSystem, '/'), opened], fd: opened.result };
  },

  emptyRoot(fileSystem) {
    return newRoot(mountFileSystem(fileSystem, '/'));
  },

  boundRoot(source, attributes) {
    const root = newRoot(mount.step(source, '/', null, MS.BIND | MS.REC, null));
    const finish = (ground: Ground) => {
      if (mountFlags(attributes).named === 0) return;
      const { attributes: own, below } = ground.view.hostMounts(source);
      remount(ground, root.fd, attributes, own);
      for (const { path, attributes: known } of below) changeBelow(ground, path, attributes, known);
    };
    return { ...root, finish };
  },

  stage(ground, fileSystem, name) {
    const opened = openat.step(ground.staging.fd, name, openFlags, 0);
    ground.emit(fchdir.step(ground.staging.fd), mountFileSystem(fileSystem, name), opened);
    return opened.result;
  },

  stageBind(ground, source, name, recursive) {
    const from = sourcePath(ground, source, recursive);
    const flags = MS.BIND | (recursive ? MS.REC : 0);
    const opened = openat.step(ground.staging.fd, name, openFlags, 0);
    ground.emit(fchdir.step(ground.staging.fd), mount.step(from.path, name, null, flags, null), opened);
    return opened.result;
  },

  bind(ground, { source, place, attributes, recursive, verify, why }) {
    const from = sourcePath(ground, source, recursive);
    const target = pathOf(ground.openPlace(place), placeholders.target);
    const flags = MS.BIND | (recursive ? MS.REC : 0);
    ground.emit(target.step, mount.step(from.path, target.path, null, flags, null).because(why));
    const fd = ground.open(place.path, place.what);
    ground.emit(...(verify?.(fd) ?? []));
    if (mountFlags(attributes).named !== 0) {
      remount(ground, fd, attributes, from.attributes);
      for (const one of recursive ? from.below : []) {
        changeBelow(ground, `${place.path}${one.path}`, attributes, one.attributes);
      }
    }
    return fd;
  },

  create(ground, fileSystem, place, why) {
    const target = pathOf(ground.openPlace(place), placeholders.target);
    ground.emit(target.step, mountFileSystem(fileSystem, target.path).because(why));
    return ground.open(place.path, 'directory');
  },

  change(ground, path, attributes, recursive) {
    changeOne(ground, path, attributes, ground.view.attributesAt(path));
    for (const one of recursive ? ground.view.mountsBelow(path) : []) {
      changeBelow(ground, path === '/' ? one.path : `${path}${one.path}`, attributes, one.attributes);
    }
  },

  propagate(ground, path, kind, recursive) {
    const { step, path: target } = pathOf(ground.open(path, 'directory'), placeholders.target);
    ground.emit(step, setPropagationAt(target, kind, { recursive }));
  },
};

function newRoot(mountIt: Step): NewRoot {
  const opened = openAboveRoot().because('the new root: nothing else leads there');
  return { fd: opened.result, steps: [mountIt.because('on top of the old one, which is still the root'), opened] };
}

/** A path for what is bound, and what is known of its mounts. */
function sourcePath(ground: Ground, source: BindSource, recursive: boolean) {
  const { view, staging } = ground;
  if (source.from === 'host') {
    // It would have itself in it, and all that is being put together.
    if (recursive && source.path === '/') throw ground.refuse('the whole tree can be bound from Linux 5.12 on');
    return { path: source.path, ...view.hostMounts(source.path) };
  }
  if (source.from === 'directory') {
    const directory = openDirectory(source.path);
    const { steps, opened } = ground.stepsTo(directory.result, source.name, source.what);
    const { step, path } = pathOf(opened, placeholders.source);
    ground.emit(directory, ...steps, step);
    return { path, ...view.hostMounts(posix.join(source.path, source.name)) };
  }
  if (source.from === 'staging') {
    const opened = openat.step(staging.fd, source.name, O.PATH | O.NOFOLLOW | O.CLOEXEC, 0);
    const { step, path } = pathOf(opened.result, placeholders.source);
    ground.emit(opened, step);
    return { path, attributes: { nosuid: true, nodev: true }, below: [] };
  }
  const what = ground.typeOf(source.path);
  const fd = ground.open(source.path, what);
  const { step, path } = pathOf(fd, placeholders.source);
  ground.emit(step);
  return { path, attributes: view.attributesAt(source.path), below: view.mountsBelow(source.path) };
}

/** What the caller cannot reach, nobody inside can: it has no more rights there. */
function changeBelow(ground: Ground, path: string, attributes: MountAttributes, known: MountAttributes): void {
  if (walk(ground.view.at, path, { followLast: false }) === 'denied') return;
  changeOne(ground, path, attributes, known);
}

function changeOne(ground: Ground, path: string, attributes: MountAttributes, known: MountAttributes): void {
  remount(ground, ground.open(path, ground.typeOf(path)), attributes, known);
}

/** What the mount has and is not named stays: the kernel would take it away, or refuse to. */
function remount(ground: Ground, fd: Operand<Fd>, attributes: MountAttributes, known: MountAttributes): void {
  const { step, path } = pathOf(fd, placeholders.target);
  const { set } = mountFlags({ ...known, ...attributes });
  ground.emit(
    step,
    mount.step(null, path, null, MS.REMOUNT | MS.BIND | set, null).because('what it allows, and keeps what it had'),
  );
}
