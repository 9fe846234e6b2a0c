import { CLONE, close, Late, late, POLL, type PollFd, ppoll, read, type Step, write } from '../sys/index.js';
import type { Namespace } from './namespace.js';
import { writeFile } from './write-file.js';

/**
 * The user namespace: user and group ids, and the capabilities that go with them. A process that makes one has every
 * capability inside, over the namespaces that belong to it, and none that it did not have before over anything else. It is
 * what lets an unprivileged user make the others.
 *
 * Equivalent to: `unshare --user`. See user_namespaces(7).
 */
export const user: Namespace = {
  kind: 'user',
  flag: CLONE.NEWUSER,
  file: 'user',
  limit: 'max_user_namespaces',
  isolates: 'user ids, group ids and capabilities',
  man: 'user_namespaces(7)',
};

/** A range of ids: `count` ids from `inside` on are those from `outside` on in the parent namespace. */
export interface IdMap {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}

/** The maps of a user namespace. */
export interface IdMaps {
  readonly users: readonly IdMap[];
  readonly groups: readonly IdMap[];
}

/** The lines of a map file: `INSIDE OUTSIDE COUNT` each. */
export function formatIdMap(map: readonly IdMap[]): string {
  return map.map(({ inside, outside, count }) => `${inside} ${outside} ${count}\n`).join('');
}

/**
 * Whether the kernel lets a process write this map for itself: one line, for one id, its own. Everything else is written
 * by a process of the parent namespace that has CAP_SETUID (CAP_SETGID) there. See user_namespaces(7).
 */
export function isOwnMap(map: readonly IdMap[], own: number): boolean {
  const [only, ...more] = map;
  return only !== undefined && more.length === 0 && only.count === 1 && only.outside === own;
}

/**
 * Steps of a child that writes its own maps: allowed for maps of one id, the caller's, and only after it has given up
 * setgroups(2), which could otherwise be used to leave a group that denies something.
 *
 * Equivalent to: `unshare --user --map-user=UID --map-group=GID`. See user_namespaces(7).
 */
export function writeOwnMaps({ users, groups }: IdMaps): Step[] {
  return [
    ...writeFile('/proc/self/setgroups', 'deny', 'without privilege the kernel asks for this before a gid_map'),
    ...writeFile('/proc/self/uid_map', formatIdMap(users), 'which users exist inside'),
    ...writeFile('/proc/self/gid_map', formatIdMap(groups), 'which groups exist inside'),
  ];
}

/**
 * How long a child waits for its parent, seconds. It sees the end of the parent's process at once; a worker thread that ends
 * in between leaves copies of its end in children that were started at the same time.
 */
const longestWait = 30;

/** The two sides of a map that the parent writes while the child waits. */
export interface MapHandshake {
  /** Lets go of the end of the parent, which is seen to end only if nobody else holds it: each process that may hold it does so. */
  readonly letGo: Step;
  /** The child says that it is there, and waits. */
  readonly child: readonly Step[];
  /** The step of the child that waits. */
  readonly waits: Step;
  /** The parent writes the maps, and lets the child go on. */
  readonly parent: readonly Step[];
}

/**
 * The names under which a launch gives the values of a {@link MapHandshake}: the pid of the child, the two ends of a socket
 * pair that does not block, and a pidfd of the parent.
 */
export const handshakeValues = {
  child: 'child',
  childEnd: 'handshake, child',
  parentEnd: 'handshake, parent',
  parentPidfd: 'parent-pidfd',
} as const;

/**
 * Steps for maps that the kernel does not let the child write: several ids, or ids of others. The parent writes them, and
 * needs CAP_SETUID and CAP_SETGID. The two talk over a socket pair; the child also watches the parent, so that it does not
 * wait for one that is gone.
 *
 * Equivalent to: `unshare --user --map-users=… --map-groups=…`. See user_namespaces(7).
 */
export function mapsFromParent({ users, groups }: IdMaps): MapHandshake {
  const { child, childEnd, parentEnd, parentPidfd } = handshakeValues;
  const mapFile = (name: string) =>
    new Late<string>([child], `"/proc/<child>/${name}"`, (pid) => `/proc/${pid}/${name}`);
  const either = new Late<PollFd[]>(
    [childEnd, parentPidfd],
    '[{fd=<handshake, child>, events=POLLIN}, {fd=<parent-pidfd>, events=POLLIN}], 2',
    (...fds) => fds.map((fd) => ({ fd, events: POLL.IN, revents: 0 })),
  );
  const waits = ppoll
    .step(either, { tv_sec: longestWait, tv_nsec: 0 })
    .because('waits until they are written, or the parent is gone');
  return {
    letGo: close.step(late(parentEnd)).because('the end of the parent is seen only if nobody else holds its end'),
    child: [
      write.step(late(childEnd), '?').because('asks the parent for the maps'),
      waits,
      read.step(late(childEnd), 1).expecting(1).because('the parent has written them'),
    ],
    waits,
    parent: [
      ...writeFile(mapFile('uid_map'), formatIdMap(users), 'which users exist inside'),
      ...writeFile(mapFile('gid_map'), formatIdMap(groups), 'which groups exist inside'),
      write.step(late(parentEnd), '!').because('lets the child go on'),
    ],
  };
}
