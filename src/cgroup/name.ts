import { readlinkSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import { SpecError, startTimeOf } from '../sys/index.js';
import { shown } from '../sys/shown.js';
import { controllerNames } from './controllers/controller.js';
import { codeOf } from './files.js';

/** NAME_MAX of the kernel. */
const longest = 255;

/** What the names of files in a group begin with. */
const ofFiles = ['cgroup', 'blkio', 'cpuacct', 'freezer', ...controllerNames].map((name) => `${name}.`);

/** The files of v1 that begin otherwise. */
const ofFilesOfV1: readonly string[] = ['tasks', 'notify_on_release', 'release_agent'];

/** What the names of groups begin with that tell who made them, or that this package makes for another reason. */
const prefix = 'isolate-';

/**
 * Refuses what cannot be the name of a group.
 *
 * @throws SpecError - it is empty, `.` or `..`, longer than 255 bytes, has a slash or a control character, or is like the name of a file.
 */
export function checkName(name: string): void {
  const problem = problemOf(name);
  if (problem !== undefined) throw new SpecError('name', `${shown(name)} ${problem}`, "give one as 'job-17'");
}

/**
 * Refuses what cannot be the name of a new group: one that begins as those do that programs make for themselves, and that are removed when the program
 * is gone, is none to choose.
 *
 * @throws SpecError - as {@link checkName}; or it begins with `isolate-`.
 */
export function checkNewName(name: string): void {
  checkName(name);
  if (!name.startsWith(prefix)) return;
  const problem = `begins with ${prefix}, as the names of groups that are removed with the program that made them`;
  throw new SpecError('name', `${shown(name)} ${problem}`, "give one as 'job-17'");
}

function problemOf(name: unknown): string | undefined {
  if (typeof name !== 'string' || name === '') return 'is no name';
  if (name === '.' || name === '..') return 'is another directory';
  if (name.includes('/')) return 'is a path; give what comes before as parent';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
  if (/[\x00-\x1f\x7f]/.test(name)) return 'has a control character, which the kernel refuses';
  if (Buffer.byteLength(name) > longest) return `is longer than ${longest} bytes`;
  const isOfFile = ofFilesOfV1.includes(name) || ofFiles.some((prefix) => name.startsWith(prefix));
  if (isOfFile) return 'is like the name of a file of the kernel';
  return undefined;
}

/** Who made a group: from the group's name. */
export interface CgroupOwner {
  readonly pid: number;
  /** Ticks of the clock since the start of the machine: with the pid it tells a process from any other. */
  readonly startTime: string;
  /** The PID and the time namespace in which that is so. */
  readonly namespaces: string;
}

let counter = 0;
let self: CgroupOwner | undefined;

/** A name that tells who made the group: `isolate-PID-STARTTIME-NAMESPACES-THREAD.N`. No start of the machine: no group outlives it. */
export function ownName(): string {
  const { pid, startTime, namespaces } = ownIdentity();
  return `${prefix}${pid}-${startTime}-${namespaces}-${threadId}.${++counter}`;
}

function ownIdentity(): CgroupOwner {
  self ??= { pid: process.pid, startTime: startTimeOf(process.pid) ?? '0', namespaces: namespacesHere() };
  return self;
}

function namespacesHere(): string {
  return ['pid', 'time'].map(namespaceNumber).join('.');
}

/** Whether an owner is of the PID and the time namespace that this program is in. */
export function isFromHere({ namespaces }: CgroupOwner): boolean {
  return namespaces === namespacesHere();
}

/** Whether the start of an owner counts from the same moment as what this program reads of processes. */
export function isOfThisTime({ namespaces }: CgroupOwner): boolean {
  return namespaces.split('.')[1] === namespaceNumber('time');
}

/** 0 where the kernel has no such namespaces. */
function namespaceNumber(kind: string): string {
  try {
    return /\d+/.exec(readlinkSync(`/proc/self/ns/${kind}`))?.[0] ?? '0';
  } catch {
    return '0';
  }
}

/** Who made a group of this name; undefined where the name does not tell. */
export function ownerOf(name: string): CgroupOwner | undefined {
  const [, pid, startTime, namespaces] = /^isolate-(\d+)-(\d+)-(\d+\.\d+)-\d+\.\d+$/.exec(name) ?? [];
  if (pid === undefined || startTime === undefined || namespaces === undefined) return undefined;
  return { pid: Number(pid), startTime, namespaces };
}

/** Whether an owner is there: `elsewhere` where its pid means nothing here, or `/proc` does not show the process that has it. */
export function stateOfOwner(owner: CgroupOwner): 'lives' | 'gone' | 'elsewhere' {
  if (!isFromHere(owner)) return 'elsewhere';
  const { pid, startTime } = owner;
  const found = startTimeOf(pid);
  if (found === startTime) return 'lives';
  return found === undefined && isOfOthers(pid) ? 'elsewhere' : 'gone';
}

/** Whether there is a process of another user, which a `/proc` with `hidepid` shows as little as one that is gone. */
function isOfOthers(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
