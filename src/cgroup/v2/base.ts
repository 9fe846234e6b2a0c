import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { lgetxattr } from '../../sys/index.js';
import type { Problem } from '../controllers/controller.js';
import { hasSystemd } from '../delegation.js';
import { readIfThere } from '../files.js';
import type { Hierarchy } from '../hierarchies.js';
import { leafName } from './leaf.js';

/** The group below which new ones are made: that of this process, or the one above if it has moved into a leaf. */
export function unifiedBase(directory: string): string {
  return directory.endsWith(`/${leafName}`) ? dirname(directory) : directory;
}

/** The controllers that a group of v2 may pass on to groups below. */
export function availableIn(directory: string): string[] {
  return words(`${directory}/cgroup.controllers`);
}

/** Those that it does pass on. */
export function enabledIn(directory: string): string[] {
  return words(`${directory}/cgroup.subtree_control`);
}

function words(path: string): string[] {
  return (readIfThere(path) ?? '')
    .trim()
    .split(' ')
    .filter((word) => word !== '');
}

/** The root of all has no such file, and is the one group that may have both processes and controllers below. */
export function isTrueRoot(directory: string): boolean {
  return !existsSync(`${directory}/cgroup.type`);
}

/** What systemd calls its groups. */
const unitName = /\.(service|scope|slice|mount|socket|swap)$/;

/**
 * Why a group is not ours to make others in, though this user might: systemd manages every group that it has not delegated, and marks
 * those that it has. See https://systemd.io/CGROUP_DELEGATION.
 */
export function managedBySystemd(
  directory: string,
  { mountPoint = '/' }: Pick<Hierarchy, 'mountPoint'>,
): Problem | undefined {
  if (!hasSystemd()) return undefined;
  const unit = lineOf(directory, mountPoint).find((at) => unitName.test(at)) ?? mountPoint;
  if (isMarked(unit)) return undefined;
  // The managers of users mark none of their units in some versions: then a unit of this user's own is taken for delegated.
  const { uid } = statSync(unit);
  const isOwn = uid !== 0 && uid === process.geteuid?.() && /\.(service|scope)$/.test(unit);
  if (isOwn && attributeOf(unit, 'user.invocation_id') === undefined) return undefined;
  return {
    problem: `systemd manages the group ${unit}, and has not delegated it`,
    help: `\`systemd-run${uid === 0 ? '' : ' --user'} --scope -p Delegate=yes COMMAND\`, \`Delegate=yes\` in the unit; or a parent of your own`,
  };
}

/** A group and those above it, as far as this process can see. */
function lineOf(directory: string, mountPoint: string): string[] {
  const line = [directory];
  for (let at = directory; at !== mountPoint && at !== '/'; ) {
    at = dirname(at);
    line.push(at);
  }
  return line;
}

function isMarked(directory: string): boolean {
  return ['user.delegate', 'trusted.delegate'].some((name) => attributeOf(directory, name) === '1');
}

function attributeOf(path: string, name: string): string | undefined {
  try {
    return lgetxattr(path, name, 64).toString();
  } catch {
    return undefined;
  }
}
