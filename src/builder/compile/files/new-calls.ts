import {
  type At,
  attachTree,
  copyTree,
  isNothing,
  makeFileSystem,
  openDirectory,
  setAttributes,
  setPropagation,
} from '../../../ns/index.js';
import { AT, type Step } from '../../../sys/index.js';
import type { Ground } from './ground.js';
import type { BindSource, MountCalls, NewRoot } from './mount-calls.js';

const slash = { dir: AT.FDCWD, path: '/' } as const;

/**
 * The calls of Linux 5.2 to 5.12: a tree is made or copied where nobody sees it, gets its attributes, and is then attached to what is
 * open, by descriptor. So nothing is ever writable that is not to be, and no path is looked up twice.
 */
export const newCalls: MountCalls = {
  onRoot(fileSystem) {
    const { steps, mounted } = makeFileSystem(fileSystem);
    return { steps: [...steps, attachTree(mounted, slash)], fd: mounted };
  },

  emptyRoot(fileSystem) {
    const { steps, mounted } = makeFileSystem(fileSystem);
    return newRoot(because('the new root, empty', steps), mounted);
  },

  boundRoot(source, attributes) {
    const copied = copyTree({ dir: AT.FDCWD, path: source }, { recursive: true }).because('the new root');
    const set = isNothing(attributes)
      ? []
      : [setAttributes({ dir: copied.result, path: '' }, attributes, { recursive: true }).because('with all below it')];
    return newRoot([copied, ...set], copied.result);
  },

  stage(ground, fileSystem, name) {
    const { steps, mounted } = makeFileSystem(fileSystem);
    ground.emit(...steps, attachTree(mounted, ground.staging.at(name)));
    return mounted;
  },

  stageBind(ground, source, name, recursive) {
    const copy = copyOf(ground, source, recursive, 'a layer');
    emitCopy(ground, source, copy);
    ground.emit(attachTree(copy.tree.result, ground.staging.at(name)));
    return copy.tree.result;
  },

  bind(ground, { source, place, attributes, recursive, verify, why }) {
    const copy = copyOf(ground, source, recursive, why);
    const { tree } = copy;
    emitCopy(ground, source, { ...copy, steps: [...copy.steps, ...(verify?.(tree.result) ?? [])] });
    if (!isNothing(attributes)) {
      const what = recursive ? 'before it can be seen, with all that is mounted below' : 'before it can be seen';
      ground.emit(setAttributes({ dir: tree.result, path: '' }, attributes, { recursive }).because(what));
    }
    ground.attach(tree.result, place);
    return tree.result;
  },

  create(ground, fileSystem, place, why) {
    const { steps, mounted } = makeFileSystem(fileSystem);
    ground.emit(...because(why, steps));
    ground.attach(mounted, place);
    return mounted;
  },

  change(ground, path, attributes, recursive) {
    const fd = ground.open(path, ground.typeOf(path));
    const why = recursive ? 'and all that is mounted below' : 'this mount alone';
    ground.emit(setAttributes({ dir: fd, path: '' }, attributes, { recursive }).because(why));
  },

  propagate(ground, path, kind, recursive) {
    ground.emit(setPropagation(ground.open(path, 'directory'), kind, { recursive }));
  },
};

function because(why: string, steps: readonly Step[]): Step[] {
  return steps.map((step) => step.because(why));
}

function newRoot(made: readonly Step[], fd: NewRoot['fd']): NewRoot {
  return { fd, steps: [...made, attachTree(fd, slash).because('on top of the old one, which is still the root')] };
}

/** Copies of what is on the host are made before anything is changed. */
function emitCopy(ground: Ground, source: BindSource, copy: Copy): void {
  const isOfHost = source.from === 'host' || source.from === 'directory';
  if (isOfHost) ground.emitEarly(...copy.steps);
  else ground.emit(...copy.steps);
}

interface Copy {
  /** The last of them makes the tree. */
  readonly steps: readonly Step[];
  readonly tree: Step;
}

function copyOf(ground: Ground, source: BindSource, recursive: boolean, why: string): Copy {
  const copy = (at: At, before: readonly Step[] = []): Copy => {
    const tree = copyTree(at, { recursive }).because(why);
    return { steps: [...before, tree], tree };
  };
  if (source.from === 'host') return copy({ dir: AT.FDCWD, path: source.path });
  if (source.from === 'staging') return copy(ground.staging.at(source.name));
  if (source.from === 'directory') {
    const directory = openDirectory(source.path);
    const { steps, opened } = ground.stepsTo(directory.result, source.name, source.what);
    return copy({ dir: opened, path: '' }, [directory, ...steps]);
  }
  return copy({ dir: ground.open(source.path, ground.typeOf(source.path)), path: '' });
}
