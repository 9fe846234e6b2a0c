import { longestName, type NamespaceKind } from '../../ns/index.js';
import { CAP, SpecError } from '../../sys/index.js';
import { findCapability } from '../spec/capability.js';
import { type Host, hasCapability } from '../spec/host.js';
import { checkListen } from '../spec/listen.js';
import { checkKinds } from '../spec/namespace-kind.js';
import type { Command, ProcessSpec } from '../spec/process-spec.js';
import { checkEntries } from '../spec/stdio.js';
import { checkTimeout } from '../spec/timeout.js';
import { mayDropBounding } from './capabilities.js';
import { checkIds } from './check-ids.js';
import { descriptorsOf } from './descriptors.js';
import { checkTerminal } from './terminal.js';

const noNul = (text: string): boolean => !text.includes('\0');

/** Refuses what cannot be, with what to do about it. What only the kernel knows is left to the kernel. */
export function checkSpec(spec: ProcessSpec, host: Host): void {
  checkNamespaces(spec, host);
  checkIds(spec, host);
  checkNames(spec);
  checkEnvironment(spec);
  checkPrivileges(spec, host);
  checkTimeout(spec.timeout);
}

function checkNamespaces(spec: ProcessSpec, host: Host): void {
  checkKinds('unshare', spec.unshare);
  for (const kind of spec.unshare) {
    if (!host.namespaces.includes(kind)) {
      throw new SpecError('unshare', `this kernel has no ${kind} namespaces`, `leave it out: .share('${kind}')`);
    }
  }
  needs(spec, 'asPid1', 'pid', 'process 1 of the host is another');
  needs(spec, 'hostname', 'uts', 'it would rename the host');
  needs(spec, 'domainname', 'uts', 'it would rename the domain of the host');
  needs(spec, 'loopback', 'net', "it would change the host's interface");
  needs(spec, 'clock', 'time', 'the clocks of the host stay as they are');
  needs(spec, 'mapRoot', 'user', 'ids are mapped in a user namespace only');
  needs(spec, 'userMap', 'user', 'ids are mapped in a user namespace only');
  needs(spec, 'groupMap', 'user', 'ids are mapped in a user namespace only');
  needs(spec, 'root', 'mount', 'the host would see it too');
  needs(spec, 'files', 'mount', 'the host would see them too');
  needs(spec, 'propagation', 'mount', "it would change the host's mounts");
}

function needs(spec: ProcessSpec, field: keyof ProcessSpec, kind: NamespaceKind, otherwise: string): void {
  if (spec[field] === undefined || spec.unshare.includes(kind)) return;
  throw new SpecError(field, `it needs a new ${kind} namespace: ${otherwise}`, `add .unshare('${kind}')`);
}

function checkNames(spec: ProcessSpec): void {
  for (const field of ['hostname', 'domainname'] as const) {
    const name = spec[field];
    if (name === undefined) continue;
    checkText(field, name);
    const size = Buffer.byteLength(name);
    if (size === 0 || size > longestName || !noNul(name)) {
      throw new SpecError(
        field,
        `${JSON.stringify(name)} has ${size} bytes: 1 to ${longestName} are allowed, and no NUL`,
      );
    }
  }
  if (spec.cwd !== undefined) {
    checkText('cwd', spec.cwd);
    if (spec.cwd === '') throw new SpecError('cwd', '"" is not a path');
  }
  if (spec.umask !== undefined && !(Number.isInteger(spec.umask) && spec.umask >= 0 && spec.umask <= 0o777)) {
    throw new SpecError('umask', `${spec.umask} is not a mask from 0 to 0o777`);
  }
  for (const [clock, seconds] of Object.entries(spec.clock ?? {})) {
    if (clock !== 'monotonic' && clock !== 'boottime') {
      throw new SpecError('clock', `there is no clock ${JSON.stringify(clock)}`, 'monotonic or boottime');
    }
    if (!Number.isFinite(seconds) || Math.abs(seconds) > 2 ** 32) {
      throw new SpecError('clock', `${clock}: ${seconds} is not a number of seconds up to 2^32`);
    }
  }
}

function checkEnvironment({ env }: ProcessSpec): void {
  for (const [name, value] of Object.entries(env.set)) {
    if (name === '' || name.includes('=') || !noNul(name)) {
      throw new SpecError(
        'env',
        `${JSON.stringify(name)} is not the name of a variable: it is empty, or has a '=' or a NUL`,
      );
    }
    if (value !== null && (typeof value !== 'string' || !noNul(value))) {
      throw new SpecError('env', `the value of ${name} is not a string without a NUL`);
    }
  }
}

/** What the kernel would refuse for want of a capability is refused here, where the way out can be named. */
function checkPrivileges(spec: ProcessSpec, host: Host): void {
  const has = (capability: number) => hasCapability(host, capability);
  const others = spec.unshare.filter((kind) => kind !== 'user');
  if (others.length > 0 && !spec.unshare.includes('user') && !has(CAP.SYS_ADMIN)) {
    throw new SpecError(
      'unshare',
      `new namespaces (${others.join(', ')}) need CAP_SYS_ADMIN, which you do not have`,
      "add .unshare('user'): inside a user namespace of its own everybody has it",
    );
  }
  if (!spec.unshare.includes('user')) {
    const ids = { uid: CAP.SETUID, gid: CAP.SETGID, groups: CAP.SETGID } as const;
    const isOwn = (field: string) =>
      (field === 'uid' && spec.uid === host.uid) || (field === 'gid' && spec.gid === host.gid);
    for (const [field, capability] of Object.entries(ids)) {
      if (spec[field as keyof typeof ids] === undefined || isOwn(field) || has(capability)) continue;
      throw new SpecError(
        field,
        'another user or group needs privileges that you do not have',
        'run as root, or use .mapRoot()',
      );
    }
  }
  for (const name of spec.capabilities ?? []) {
    const number = findCapability(name);
    if (number === undefined || number > host.lastCapability) {
      throw new SpecError('capabilities', `this kernel has no capability ${JSON.stringify(name)}`);
    }
    if (!spec.unshare.includes('user') && !has(number)) {
      throw new SpecError('capabilities', `you do not have ${name} yourself, so the process cannot keep it`);
    }
  }
  if (spec.capabilities !== undefined && !mayDropBounding(spec, host) && !spec.noNewPrivs) {
    throw new SpecError(
      'capabilities',
      'without CAP_SETPCAP a set-user-ID program could bring back what is taken',
      "add .noNewPrivs(), or .unshare('user')",
    );
  }
}

/** Enough for every listening socket of a service, and below what the launcher keeps for itself. */
const mostDescriptors = 256;

/** Refuses a command that cannot be run. */
export function checkCommand(spec: ProcessSpec, command: Command): void {
  if (command.file === '') throw new SpecError('command', 'it is empty');
  if (!Array.isArray(command.args)) {
    throw new SpecError('command', 'the arguments are not a list', "give them as ['a', 'b'], before the options");
  }
  for (const text of [command.file, ...command.args]) checkText('command', text);
  if (spec.argv0 !== undefined) checkText('argv0', spec.argv0);
  const entries = descriptorsOf(spec);
  if (entries.length > mostDescriptors) {
    throw new SpecError('stdio', `${entries.length} descriptors: at most ${mostDescriptors} can be given`);
  }
  checkEntries(entries);
  if (spec.listen !== undefined) checkListen(spec.listen);
  checkTerminal(spec);
}

function checkText(field: string, text: unknown): void {
  if (typeof text !== 'string') throw new SpecError(field, `${JSON.stringify(text)} is not a string`);
  if (!noNul(text)) throw new SpecError(field, `${JSON.stringify(text)} has a NUL inside`);
}
