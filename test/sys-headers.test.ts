// Every number of src/sys that comes from the kernel, against the headers of the kernel: for each architecture that this
// machine has a compiler for.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type ClaimSet,
  callsWithoutNumber,
  flagClaims,
  numberClaims,
  otherClaims,
  structClaims,
} from './headers/claims.js';
import { compare } from './headers/compare.js';
import { type Compiler, compilerFor, headersVersion } from './headers/compilers.js';

/** The headers that the tables were made from. Older ones may lack names, newer ones may not. */
const madeFrom: [number, number] = [6, 1];

/** Names that came to the kernel later than that. */
const newer: Readonly<Record<string, [number, number]>> = {
  F_SEAL_EXEC: [6, 3],
  MFD_EXEC: [6, 3],
  MFD_NOEXEC_SEAL: [6, 3],
  PR_GET_MDWE: [6, 3],
  PR_SET_MDWE: [6, 3],
  MOVE_MOUNT_BENEATH: [6, 5],
  PIDFD_THREAD: [6, 9],
};

const isBefore = (a: readonly [number, number], b: readonly [number, number]): boolean =>
  a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);

/** One set for all claims about the same header: a compiler takes longer to start than to compare. */
function byHeader(sets: readonly ClaimSet[]): ClaimSet[] {
  const merged = new Map<string, ClaimSet>();
  for (const { about, headers, claims } of sets) {
    const header = headers.join(' ');
    const before = merged.get(header);
    merged.set(header, {
      about: before === undefined ? about : `${before.about}, ${about}`,
      headers,
      claims: [...(before?.claims ?? []), ...claims],
    });
  }
  return [...merged.values()];
}

/** Fails if the headers say anything else; what they do not know has to be newer than they are. */
function holdsFor(compiler: Compiler, sets: readonly ClaimSet[]): void {
  const version = headersVersion(compiler) as [number, number];
  const headersOf = `the headers of Linux ${version.join('.')}`;
  const wrong: string[] = [];
  const unexplained: string[] = [];
  const notCompared: string[] = [];
  let agreed = 0;
  for (const { about, headers, claims } of byHeader(sets)) {
    const result = compare(compiler, headers, claims);
    agreed += result.agreed;
    wrong.push(...result.wrong.map((problem) => `${about}: ${problem}`));
    for (const name of result.unknown) {
      const isNewer = isBefore(version, newer[name] ?? madeFrom);
      (isNewer ? notCompared : unexplained).push(name);
    }
  }
  console.log(`  ${compiler.arch}: ${agreed} values agree with ${headersOf}`);
  if (notCompared.length > 0) console.log(`  not compared, newer than ${headersOf}: ${notCompared.join(', ')}`);
  assert.equal(wrong, []);
  assert.equal(unexplained, [], `names that ${headersOf} should know`);
  assert.ok(agreed > 0, 'nothing was compared');
}

/** Headers that are newer than the tables may have more. */
function hasAllCalls(compiler: Compiler): void {
  const missing = callsWithoutNumber(compiler);
  const version = headersVersion(compiler) as [number, number];
  if (isBefore(madeFrom, version)) {
    console.log(`  not compared: the headers are newer than the table, and have ${missing.length} more calls`);
    return;
  }
  assert.equal(missing, []);
}

for (const arch of ['x64', 'arm64'] as const) {
  const compiler = compilerFor(arch);
  const subjects: [string, (compiler: Compiler) => Promise<void>][] = [
    ['flags', async (by) => holdsFor(by, await flagClaims(arch))],
    ['structs', async (by) => holdsFor(by, await structClaims(arch))],
    ['numbers in the table of system calls', async (by) => holdsFor(by, [numberClaims(arch)])],
    ['all system calls that the headers have', async (by) => hasAllCalls(by)],
    ['errors and other numbers', async (by) => holdsFor(by, otherClaims())],
  ];
  for (const [name, check] of subjects) {
    const title = `${name}: as in the headers, on ${arch}`;
    if (typeof compiler === 'string') {
      console.log(`  skipped: ${title}: ${compiler}`);
      test.skip(title, () => {});
    } else {
      test(title, () => check(compiler));
    }
  }
}

const some = [compilerFor('x64'), compilerFor('arm64')].find((compiler) => typeof compiler !== 'string');
if (some !== undefined && typeof some !== 'string') {
  test('a wrong value and an unknown name are told apart from right ones', () => {
    const result = compare(
      some,
      ['linux/fcntl.h'],
      [
        { expression: 'AT_FDCWD', value: -100 },
        { expression: 'AT_REMOVEDIR', value: 0x201 },
        { expression: 'AT_NOTHING_LIKE_IT', value: 1 },
        { expression: 'sizeof(struct nothing_like_it)', value: 1 },
      ],
    );
    assert.is(result.agreed, 1);
    assert.is(result.wrong.length, 1);
    assert.match(result.wrong[0] as string, 'AT_REMOVEDIR is not 513');
    assert.equal(result.unknown, ['AT_NOTHING_LIKE_IT', 'sizeof(struct nothing_like_it)']);
  });
} else {
  console.log('  skipped: no compiler for the headers at all');
}

test('flags and structs are found to be compared', async () => {
  const flags = await flagClaims('x64');
  const structs = await structClaims('x64');
  for (const name of ['MS', 'CLONE', 'O', 'CAP', 'SIG'])
    assert.ok(
      flags.some(({ about }) => about === name),
      name,
    );
  for (const name of ['clone_args', 'open_how', 'epoll_event']) {
    assert.ok(
      structs.some(({ about }) => about === `struct ${name}`),
      name,
    );
  }
});

test.run();
