import { joinNamespace, joinProcess, type NamespaceIds, type NamespaceKind, namespaceKinds } from '../../ns/index.js';
import {
  AT,
  CLONE,
  clone3,
  close,
  type Fd,
  O,
  type Operand,
  openat,
  pidfd_open,
  SpecError,
  type Step,
  type Stored,
} from '../../sys/index.js';
import type { Host } from '../spec/host.js';
import type { JoinSpec } from '../spec/join.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { methodCall, type Section, section } from './section.js';

/** The namespaces of others that a process enters. */
export interface JoinPlan {
  readonly kinds: readonly NamespaceKind[];
  /**
   * Processes that are in such a namespace could look into what enters it: so that is init, which has nothing of this program in its
   * memory. With the others, whoever is in them sees no more than before.
   */
  readonly byInit: boolean;
  /** Those of a process, as they were found. */
  readonly found: NamespaceIds;
  /** Those that have a path, open. */
  readonly files: readonly { readonly kind: NamespaceKind; readonly fd: Stored }[];
  /** In the parent: opens what is joined. */
  readonly before: readonly Section[];
  /** What is open then, to be taken along. */
  readonly opened: readonly (Stored | Fd)[];
  /** Enters them, given where those are open. */
  enter(places: readonly Operand<Fd>[]): Section;
  /** In the parent, at the end. */
  readonly after: readonly Section[];
}

/** Namespaces in which others could trace what enters, which need memory of its own, or in which no view can be made. */
const intimate: readonly NamespaceKind[] = ['user', 'mount', 'pid', 'time'];

/**
 * @throws SpecError - there is nothing to join; or it does not go together with the new namespaces.
 */
export function planJoin(spec: ProcessSpec, host: Host): JoinPlan | undefined {
  const { join } = spec;
  if (join === undefined) return undefined;
  const paths = Object.entries(join.paths ?? {}) as [NamespaceKind, string][];
  const found = namespacesOfProcess(join, host);
  const ofProcess = Object.keys(found) as NamespaceKind[];
  const kinds = namespaceKinds.filter((kind) => ofProcess.includes(kind) || join.paths?.[kind] !== undefined);
  const byInit = kinds.some((kind) => intimate.includes(kind));
  check(spec, kinds, byInit);

  const from = methodCall('join', shown(join));
  const opened: {
    readonly open: Step | undefined;
    readonly fd: Stored | Fd;
    readonly enter: (fd: Operand<Fd>) => Step;
  }[] = [];
  const files: { readonly kind: NamespaceKind; readonly fd: Stored }[] = [];
  if (join.process !== undefined && ofProcess.length > 0) {
    const open =
      'pid' in join.process
        ? pidfd_open.step(join.process.pid, 0).because('a handle that no other process can take over')
        : undefined;
    const fd = 'pidfd' in join.process ? join.process.pidfd : (open as Step).result;
    opened.push({ open, fd, enter: (fd) => joinProcess(fd, ofProcess) });
  }
  // The user namespace first: with it come the capabilities that entering the others takes.
  for (const [kind, path] of paths.sort(([a], [b]) => namespaceKinds.indexOf(a) - namespaceKinds.indexOf(b))) {
    // Whatever is there: a FIFO would keep the thread.
    const open = openat
      .step(AT.FDCWD, path, O.RDONLY | O.NONBLOCK | O.CLOEXEC, 0)
      .because(`the ${kind} namespace that is joined`);
    opened.push({ open, fd: open.result, enter: (fd) => joinNamespace(fd, kind) });
    files.push({ kind, fd: open.result });
  }
  const opens = opened.flatMap(({ open }) => open ?? []);
  const closes = opens.map((open) => close.step(open.result).because('it has been entered'));
  return {
    kinds,
    byInit,
    found,
    files,
    before: opens.length === 0 ? [] : [section(from, ...opens)],
    opened: opened.map(({ fd }) => fd),
    enter: (places) => section(from, ...opened.map(({ enter }, i) => enter(places[i] as Operand<Fd>))),
    after: closes.length === 0 ? [] : [section(from, ...closes)],
  };
}

/**
 * The step that goes on in a second child, which is born after others' namespaces were joined and has the new ones: those who enter
 * a user namespace of their own first would have no rights over the others any more.
 */
export function goOnInSecond(flags: number, unshare: string): Section {
  return section(
    unshare,
    clone3
      .step({
        flags: CLONE.VM + CLONE.VFORK + CLONE.PARENT + CLONE.PARENT_SETTID + CLONE.CLEAR_SIGHAND + flags,
      })
      .as('clone')
      .because('the new namespaces, made after the others were entered; this program stays the parent'),
  );
}

/** The namespaces of a process that are joined: of the kinds that were asked for, and that have no path. */
function namespacesOfProcess({ process, kinds, paths }: JoinSpec, host: Host): NamespaceIds {
  if (process === undefined) return {};
  const found = host.processes.find(process);
  const which = 'pid' in process ? `process ${process.pid}` : `the process of descriptor ${process.pidfd}`;
  if (found === undefined) {
    throw new SpecError(
      'join',
      `${which} is not there, or is another user's`,
      'look at /proc/PID/ns; join it as its owner or as root',
    );
  }
  const own = host.processes.own();
  const others = namespaceKinds.filter(
    (kind) => found.namespaces[kind] !== undefined && found.namespaces[kind] !== own[kind],
  );
  const same = kinds?.find((kind) => !others.includes(kind));
  if (same !== undefined) {
    throw new SpecError('join', `${which} has no other ${same} namespace than you`, 'leave that kind out');
  }
  if (others.length === 0)
    throw new SpecError('join', `${which} is in the same namespaces as you: there is nothing to join`);
  const joined = (kinds ?? others).filter((kind) => paths?.[kind] === undefined);
  return Object.fromEntries(joined.map((kind) => [kind, found.namespaces[kind]]));
}

function check({ unshare }: ProcessSpec, kinds: readonly NamespaceKind[], byInit: boolean): void {
  const both = kinds.find((kind) => unshare.includes(kind));
  if (both !== undefined) {
    throw new SpecError(
      'join',
      `the ${both} namespace is to be new, too`,
      `leave one out: .share('${both}') before .join(…)`,
    );
  }
  if (byInit && unshare.length > 0) {
    throw new SpecError(
      'join',
      `no namespaces (${unshare.join(', ')}) can be new beside a user, mount, PID or time namespace that is joined`,
      `take away what is new, .share(…), or join only others, as { net: … }`,
    );
  }
}

/** As the method takes it. */
function shown({ process, kinds, paths }: JoinSpec): unknown {
  if (process === undefined) return paths;
  const isPid = 'pid' in process && kinds === undefined;
  return isPid ? process.pid : { ...process, ...(kinds === undefined ? {} : { kinds }) };
}
