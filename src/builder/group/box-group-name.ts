import { type CgroupOwner, ownerOf, ownName } from '../../cgroup/name.js';

/**
 * What the group of a detached box is called: `isolate-box-NAME-…`, and then as of any group of this program. It goes on without this program, and is
 * not one that this has left behind; but who opens the box has to be known, since until then nobody is in it.
 */
export function boxGroupName(box: string): string {
  return ownName().replace(/^isolate-/, `isolate-box-${box}-`);
}

/** Who has opened the box of a group, or is at it; undefined where it is of none. */
export function openerOf(name: string): CgroupOwner | undefined {
  const [, own] = /^isolate-box-[A-Za-z0-9._-]+-(\d+-\d+-\d+\.\d+-\d+\.\d+)$/.exec(name) ?? [];
  return own === undefined ? undefined : ownerOf(`isolate-${own}`);
}
