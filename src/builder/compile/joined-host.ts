import type { IdMap, NamespaceKind } from '../../ns/index.js';
import type { Host } from '../spec/host.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { insideOf } from './ids.js';

/** Whoever enters a user namespace from its parent, as its owner or with privilege, has every capability there. */
const every = (1n << 64n) - 1n;

/** The host as a process finds it that has joined these namespaces, for what it does afterwards. */
export function joinedHost(spec: ProcessSpec, host: Host, kinds: readonly NamespaceKind[]): Host {
  const cwd = kinds.includes('mount') ? '/' : host.cwd;
  if (!kinds.includes('user')) return { ...host, cwd };
  const found = spec.join?.process && host.processes.find(spec.join.process);
  const { users = wholeMap, groups = wholeMap } = spec.join?.paths?.user === undefined ? (found?.maps ?? {}) : {};
  return {
    ...host,
    cwd,
    uid: insideOf(users, host.uid) ?? overflowId,
    gid: insideOf(groups, host.gid) ?? overflowId,
    capabilities: every,
    setgroupsAllowed: found?.setgroupsAllowed ?? false,
  };
}

/** Of a user namespace that is joined by its path nothing is known. */
const wholeMap: readonly IdMap[] = [{ inside: 0, outside: 0, count: 2 ** 32 - 1 }];

/** As whom the kernel shows somebody who does not exist in a user namespace. */
const overflowId = 65_534;

/**
 * The spec for who does not exist in the user namespace that is joined: root of it, or the process would stay who it is outside. See
 * nsenter(1), which does the same.
 */
export function somebodyInside(spec: ProcessSpec, host: Host, kinds: readonly NamespaceKind[]): ProcessSpec {
  const found = spec.join?.process && host.processes.find(spec.join.process);
  if (!kinds.includes('user') || found === undefined) return spec;
  const { users, groups } = found.maps;
  return {
    ...spec,
    ...(spec.uid === undefined && insideOf(users, host.uid) === undefined ? { uid: 0 } : {}),
    ...(spec.gid === undefined && insideOf(groups, host.gid) === undefined ? { gid: 0 } : {}),
  };
}
