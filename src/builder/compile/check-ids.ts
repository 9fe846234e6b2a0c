import type { IdMap } from '../../ns/index.js';
import { CAP, SpecError } from '../../sys/index.js';
import { type Host, hasCapability } from '../spec/host.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { checkMap, isId, lastId } from './check-map.js';
import { identityOf, mapsOf, parentWritesMaps } from './ids.js';

/** NGROUPS_MAX: setgroups(2). */
const mostGroups = 65_536;

/** Refuses maps that the kernel would refuse, and ids that the maps do not have. */
export function checkIds(spec: ProcessSpec, host: Host): void {
  for (const field of ['userMap', 'groupMap'] as const) if (spec[field] !== undefined) checkMap(field, spec[field]);
  if (spec.mapRoot && (spec.userMap !== undefined || spec.groupMap !== undefined)) {
    throw new SpecError('mapRoot', 'a map of users or groups is given too', 'give the one or the other');
  }
  for (const field of ['uid', 'gid'] as const) {
    if (spec[field] !== undefined && !isId(spec[field]))
      throw new SpecError(field, `${spec[field]} is not an id from 0 to ${lastId}`);
  }
  if ((spec.groups?.length ?? 0) > mostGroups) {
    throw new SpecError('groups', `${spec.groups?.length} groups: a process has at most ${mostGroups}`);
  }
  for (const id of spec.groups ?? []) {
    if (!isId(id)) throw new SpecError('groups', `${id} is not an id from 0 to ${lastId}`);
  }
  if (!spec.unshare.includes('user')) return;

  if (parentWritesMaps(spec, host) && !(hasCapability(host, CAP.SETUID) && hasCapability(host, CAP.SETGID))) {
    throw new SpecError(
      spec.userMap !== undefined ? 'userMap' : spec.groupMap !== undefined ? 'groupMap' : 'groups',
      'without CAP_SETUID and CAP_SETGID you can map one id only, your own, and set no supplementary groups',
      'use .mapRoot(), or a map of your own id, or run as root',
    );
  }
  const maps = mapsOf(spec, host);
  if (
    maps.users.some(({ outside }) => outside === 0) &&
    host.rootMapTakesSetfcap &&
    !hasCapability(host, CAP.SETFCAP)
  ) {
    throw new SpecError(
      spec.userMap === undefined ? 'unshare' : 'userMap',
      'the kernel lets nobody map user 0 without CAP_SETFCAP, which you do not have (Linux 5.12)',
      "in a sandbox: the outer one has to keep it, .capabilities(['CAP_SETFCAP']), or has to run as another user",
    );
  }
  const identity = identityOf(spec, host);
  checkMapped('uid', identity.uid, maps.users, 'mapUsers');
  checkMapped('gid', identity.gid, maps.groups, 'mapGroups');
  for (const group of identity.groups ?? []) checkMapped('groups', group, maps.groups, 'mapGroups');
}

function checkMapped(field: string, id: number | undefined, map: readonly IdMap[], method: string): void {
  if (id === undefined || map.some(({ inside, count }) => id >= inside && id < inside + count)) return;
  throw new SpecError(
    field,
    `${id} does not exist in the new user namespace`,
    `map it with .${method}(), or choose a mapped one with .${field}()`,
  );
}
