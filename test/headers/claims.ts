import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { openFlagsOf } from '../../src/sys/constants/file.js';
import { RLIM64_INFINITY } from '../../src/sys/constants/resource.js';
import { contentsOf, type FlagSet } from '../../src/sys/flags.js';
import { syscallNumbers } from '../../src/sys/numbers.js';
import type { Struct } from '../../src/sys/struct.js';
import { CAPABILITY_VERSION_3 } from '../../src/sys/structs/capability.js';
import { epollEventOf } from '../../src/sys/structs/poll.js';
import { errnoTable } from '../../src/sys/tables/errno.js';
import type { Claim } from './compare.js';
import type { Compiler } from './compilers.js';

/** Claims about one header; `about` is what they are, for people. */
export interface ClaimSet {
  readonly about: string;
  readonly headers: readonly string[];
  readonly claims: readonly Claim[];
}

type Arch = Compiler['arch'];
const sources = new URL('../../src/sys/', import.meta.url);

/** What the modules of a folder export, by name: whatever is added there is compared, too. */
async function exportsOf(folder: 'constants' | 'structs'): Promise<[string, unknown][]> {
  const files = readdirSync(new URL(folder, sources)).filter((name) => name.endsWith('.ts'));
  const modules = await Promise.all(files.map((name) => import(new URL(`${folder}/${name}`, sources).href)));
  return modules.flatMap((module) => Object.entries(module as Record<string, unknown>));
}

/** Headers that use names of others without including them. */
const needs: Readonly<Record<string, readonly string[]>> = { 'linux/mount.h': ['linux/fcntl.h'] };
const withNeeds = (header: string): string[] => [...(needs[header] ?? []), header];

function isFlagSet(value: unknown): value is FlagSet {
  return typeof value === 'object' && value !== null && Object.getOwnPropertySymbols(value).length === 1;
}

/** Every flag set, as it is on an architecture. */
export async function flagClaims(arch: Arch): Promise<ClaimSet[]> {
  const sets = (await exportsOf('constants')).filter((entry): entry is [string, FlagSet] => isFlagSet(entry[1]));
  return sets.map(([name, set]) => {
    const { header, values } = contentsOf(name === 'O' ? openFlagsOf(arch) : set);
    const claims = Object.entries(values).map(([expression, value]) => ({ expression, value }));
    return { about: name, headers: withNeeds(header), claims };
  });
}

function isStruct(value: unknown): value is Struct<object> {
  return typeof value === 'object' && value !== null && 'offsets' in value && 'header' in value;
}

/** The size of every struct and the places of its members, as they are on an architecture. */
export async function structClaims(arch: Arch): Promise<ClaimSet[]> {
  const structs = (await exportsOf('structs')).filter((entry): entry is [string, Struct<object>] => isStruct(entry[1]));
  return structs.map(([name, ofThisMachine]) => {
    const type: Struct<object> = name === 'epollEvent' ? epollEventOf(arch) : ofThisMachine;
    const inC = type.name.endsWith('_t') ? type.name : `struct ${type.name}`;
    const offsets = Object.entries<number>(type.offsets);
    return {
      about: inC,
      headers: withNeeds(type.header),
      claims: [
        { expression: `sizeof(${inC})`, value: type.size },
        ...offsets.map(([member, value]) => ({ expression: `offsetof(${inC}, ${member})`, value })),
      ],
    };
  });
}

/** The numbers of the system calls on an architecture. */
export function numberClaims(arch: Arch): ClaimSet {
  const claims = Object.entries(syscallNumbers[arch] ?? {}).map(([name, value]) => ({
    expression: `__NR_${name}`,
    value,
  }));
  return { about: `the system calls of ${arch}`, headers: ['asm/unistd.h'], claims };
}

/** What `asm/unistd.h` defines beside system calls. */
const notCalls = ['syscalls', 'arch_specific_syscall'];

/** The names of the system calls that the headers have and the table of the architecture does not. */
export function callsWithoutNumber({ command, arch }: Compiler): string[] {
  const input = '#include <asm/unistd.h>\n';
  const { stdout } = spawnSync(command, ['-E', '-dM', '-'], { input, encoding: 'utf8' });
  const table = syscallNumbers[arch] ?? {};
  return [...stdout.matchAll(/^#define __NR_(\w+) /gm)]
    .map(([, name]) => name as string)
    .filter((name) => !Object.hasOwn(table, name) && !notCalls.includes(name));
}

/** The errors, and the few numbers that are in no flag set. */
export function otherClaims(): ClaimSet[] {
  return [
    {
      about: 'the errors',
      headers: ['asm/errno.h'],
      claims: errnoTable.map(([value, expression]) => ({ expression, value })),
    },
    {
      about: 'the version of capget(2)',
      headers: ['linux/capability.h'],
      claims: [{ expression: '_LINUX_CAPABILITY_VERSION_3', value: CAPABILITY_VERSION_3 }],
    },
    {
      about: 'no limit',
      headers: ['linux/resource.h'],
      claims: [{ expression: 'RLIM64_INFINITY', value: RLIM64_INFINITY }],
    },
    {
      about: 'seccomp in strict mode, which prctl(2) refuses',
      headers: ['linux/seccomp.h'],
      claims: [{ expression: 'SECCOMP_MODE_STRICT', value: 1 }],
    },
    {
      about: 'dispositions of rt_sigaction(2)',
      headers: ['asm/signal.h'],
      claims: [
        { expression: 'SIG_DFL', value: 0 },
        { expression: 'SIG_IGN', value: 1 },
        { expression: 'sizeof(sigset_t)', value: 8 },
      ],
    },
  ];
}
