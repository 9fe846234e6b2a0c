import { type IdMap, type IdMaps, isOwnMap, mapsFromParent, writeOwnMaps } from '../../ns/index.js';
import { CAP, type Step, setgroups, setresgid, setresuid } from '../../sys/index.js';
import { type Host, hasCapability } from '../spec/host.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { methodCall, type Section, section } from './section.js';

/** The maps of the user namespace that a spec asks for: what is not given maps the caller to itself, or to root. */
export function mapsOf(spec: ProcessSpec, host: Host): IdMaps {
  const own = (id: number): IdMap[] => [{ inside: spec.mapRoot ? 0 : id, outside: id, count: 1 }];
  return { users: spec.userMap ?? own(host.uid), groups: spec.groupMap ?? own(host.gid) };
}

/** Whether the caller has to write the maps, because the kernel does not let the child. */
export function parentWritesMaps(spec: ProcessSpec, host: Host): boolean {
  if (!spec.unshare.includes('user')) return false;
  const { users, groups } = mapsOf(spec, host);
  return !isOwnMap(users, host.uid) || !isOwnMap(groups, host.gid) || spec.groups !== undefined;
}

/** The id inside a user namespace of an id outside, if it is mapped. */
export function insideOf(map: readonly IdMap[], outside: number): number | undefined {
  const range = map.find((entry) => outside >= entry.outside && outside < entry.outside + entry.count);
  return range && range.inside + (outside - range.outside);
}

/** Who the process is to be, by ids of its own user namespace; undefined where that needs no change. */
export interface Identity {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly groups: readonly number[] | undefined;
}

/**
 * Who the process becomes. A caller that is not in the maps would stay who it is outside, with the rights of that user over
 * the host's files: so it becomes root inside unless the spec says who. Its supplementary groups go the same way, and so they
 * do where the process becomes another user or group of the host.
 */
export function identityOf(spec: ProcessSpec, host: Host): Identity {
  if (!parentWritesMaps(spec, host)) {
    const groups = spec.groups ?? (becomesAnother(spec, host) ? [] : undefined);
    return { uid: spec.uid, gid: spec.gid, groups };
  }
  const { users, groups } = mapsOf(spec, host);
  return {
    uid: spec.uid ?? (insideOf(users, host.uid) === undefined ? 0 : undefined),
    gid: spec.gid ?? (insideOf(groups, host.gid) === undefined ? 0 : undefined),
    groups: spec.groups ?? [],
  };
}

/** Whether it would keep the groups of a caller that it no longer is, and may leave them. */
function becomesAnother(spec: ProcessSpec, host: Host): boolean {
  if (spec.unshare.includes('user') || !host.setgroupsAllowed) return false;
  const changes = (spec.uid ?? host.uid) !== host.uid || (spec.gid ?? host.gid) !== host.gid;
  return changes && hasCapability(host, CAP.SETGID);
}

/** How the maps of a new user namespace are written. */
export interface MapPlan {
  /** Before a second child is made, which would leave the first with a copy of what the parent holds. */
  readonly letGo: readonly Section[];
  readonly child: readonly Section[];
  /** Makes the child somebody who exists inside. */
  readonly becomeRoot: readonly Section[];
  /** What the parent does while the child waits. */
  readonly parent: Section | undefined;
  /** The step of the child that waits for it. */
  readonly waits: Step | undefined;
}

export function planMaps(spec: ProcessSpec, host: Host): MapPlan {
  if (!spec.unshare.includes('user'))
    return { letGo: [], child: [], becomeRoot: [], parent: undefined, waits: undefined };
  const maps = mapsOf(spec, host);
  const from = mapMethod(spec);
  if (!parentWritesMaps(spec, host)) {
    return {
      letGo: [],
      child: [section(from, ...writeOwnMaps(maps))],
      becomeRoot: [],
      parent: undefined,
      waits: undefined,
    };
  }
  const handshake = mapsFromParent(maps);
  return {
    letGo: [section(from, handshake.letGo)],
    child: [section(from, ...handshake.child)],
    becomeRoot: becomeRootInside(maps, host, from),
    parent: section(from, ...handshake.parent),
    waits: handshake.waits,
  };
}

function mapMethod(spec: ProcessSpec): string {
  if (spec.userMap !== undefined) return methodCall('mapUsers', ...spec.userMap);
  if (spec.groupMap !== undefined) return methodCall('mapGroups', ...spec.groupMap);
  return spec.mapRoot ? methodCall('mapRoot') : methodCall('unshare', 'user');
}

/** What an id that is not mapped creates belongs to nobody, or cannot be created: so the steps that follow are root's. */
function becomeRootInside({ users, groups }: IdMaps, host: Host, from: string): Section[] {
  const hasZero = (map: readonly IdMap[]) => map.some(({ inside }) => inside === 0);
  const steps: Step[] = [];
  if (insideOf(groups, host.gid) === undefined && hasZero(groups)) {
    steps.push(setresgid.step(0, 0, 0).because('the group of the caller does not exist inside'));
  }
  if (insideOf(users, host.uid) === undefined && hasZero(users)) {
    steps.push(setresuid.step(0, 0, 0).because('the user who calls does not exist inside'));
  }
  return steps.length === 0 ? [] : [section(from, ...steps)];
}

/** Steps that change who the process is, in the order that keeps the right to do so to the end. */
export function changeIdentity({ uid, gid, groups }: Identity, spec: ProcessSpec): Section[] {
  const sections: Section[] = [];
  if (groups !== undefined) {
    const why = 'only these groups grant it anything besides its own';
    sections.push(section(originOfGroups(groups, spec), setgroups.step(groups).because(why)));
  }
  if (gid !== undefined) {
    sections.push(
      section(
        spec.gid === undefined ? mapMethod(spec) : methodCall('gid', gid),
        setresgid.step(gid, gid, gid).because('its group'),
      ),
    );
  }
  if (uid !== undefined) {
    sections.push(
      section(
        spec.uid === undefined ? mapMethod(spec) : methodCall('uid', uid),
        setresuid.step(uid, uid, uid).because('its user'),
      ),
    );
  }
  return sections;
}

function originOfGroups(groups: readonly number[], spec: ProcessSpec): string {
  if (spec.groups !== undefined) return methodCall('groups', ...groups);
  if (spec.unshare.includes('user')) return mapMethod(spec);
  return spec.uid !== undefined ? methodCall('uid', spec.uid) : methodCall('gid', spec.gid);
}
