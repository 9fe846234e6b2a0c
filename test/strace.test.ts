// What explain says is what the kernel is asked: call by call, and argument by argument, as strace(1) sees it.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { thisHost } from '../src/builder/this-host.js';
import { bare, type PlanStepJson } from '../src/index.js';
import {
  commandMissing,
  either,
  freshProcRefused,
  rootOnly,
  skipUnless,
  timeNamespacesRefused,
  userNamespacesRefused,
} from './helpers/can.js';
import { runEach } from './helpers/command-lines.js';
import { type Left, parseTrace, sameArgument, splitArguments, type TracedCall, whatWasLeft } from './helpers/strace.js';

const noTrace = either(commandMissing('strace'), userNamespacesRefused(), freshProcRefused());

const acceptance = ['--bare', '--unshare', 'user,mount,pid,net,ipc,uts,cgroup', '--map-root', '--hostname', 'box'];
const folder = mkdtempSync(join(tmpdir(), 'isolate-strace-'));
test.after(() => rmSync(folder, { recursive: true }));
const descriptors = join(folder, 'spec.json');
writeFileSync(descriptors, JSON.stringify(bare().stdio(['ignore', 2, 'pipe', 'pipe', 'ignore']).spec));

/** The last argument of each command tells its trace from the others. */
const cases: Record<string, string[]> = {
  'nothing isolated': ['--bare', '--', '/bin/true', 'case-bare'],
  'the main job': [...acceptance, '--', '/bin/true', 'case-main'],
  'the safe default, a command from PATH': ['--', 'true', 'case-default'],
  'what changes a process': [
    ...[
      '--bare',
      '--unshare',
      'user,uts,net',
      '--net',
      'loopback',
      '--domainname',
      'example.org',
      '--cap',
      'chown,kill',
    ],
    ...[
      '--umask',
      '027',
      '--cwd',
      '/',
      '--argv0',
      'name',
      '--clear-env',
      '--env',
      'A=b',
      '--',
      '/bin/true',
      'case-life',
    ],
  ],
  'descriptors of all kinds': ['--spec', descriptors, '--', '/bin/true', 'case-stdio'],
};
const timeCases: Record<string, string[]> = {
  'clocks that are ahead': [
    ...[
      '--bare',
      '--unshare',
      'user,time',
      '--monotonic',
      '3600.5',
      '--boottime',
      '-1',
      '--',
      '/bin/true',
      'case-time',
    ],
  ],
};
const rootCases: Record<string, string[]> = {
  'other users': ['--bare', '--uid', '33', '--gid', '34', '--groups', '35,36', '--', '/bin/true', 'case-ids'],
  'maps that the parent writes': [
    ...['--bare', '--unshare', 'user,mount', '--map-users', '0:100000:10', '--map-groups', '0:100000:10'],
    ...['--', '/bin/true', 'case-maps'],
  ],
};
/** Every case, with the reason why it cannot be tried here. */
const tried = (lines: Record<string, string[]>, reason?: string) =>
  Object.entries(lines).map(([name, line]) => ({ name, line, reason: noTrace ?? reason }));
const noTimeAtExec = timeNamespacesRefused() ?? (thisHost().timeEntersAtExec ? undefined : 'Linux 6.3 is needed');
const all = [...tried(cases), ...tried(timeCases, noTimeAtExec), ...tried(rootCases, rootOnly())];

interface Compared {
  readonly plan: readonly PlanStepJson[];
  readonly caller: readonly TracedCall[];
  /** Where among them the process is started. */
  readonly clone: number;
  readonly child: readonly TracedCall[];
  /** What the child does after it has become init, and what the command's own process does; empty without init. */
  readonly init: readonly TracedCall[];
  readonly command: readonly TracedCall[];
}

/** Explains and runs every case, under strace, and finds the calls of each. */
function compareAll(): Map<string, Compared> {
  const traces = join(folder, 'traces');
  mkdirSync(traces);
  const possible = all.filter(({ reason }) => reason === undefined);
  const lines = possible.map(({ line }) => line);
  const explained = runEach(lines.map((line) => ['explain', '--json', ...line]));
  const strace = ['strace', '-ff', '--pidns-translation', '-s', '4096', '-o', join(traces, 'trace')];
  const ended = runEach(
    lines.map((line) => ['run', ...line]),
    strace,
  );
  const threads = new Map(
    readdirSync(traces).map((name) => [
      Number(name.replace('trace.', '')),
      parseTrace(readFileSync(join(traces, name), 'utf8')),
    ]),
  );
  return new Map(
    possible.map(({ name, line }, i) => {
      assert.is(ended[i]?.status, 0, `${name}: ${ended[i]?.stderr}`);
      const { steps } = JSON.parse(explained[i]?.stdout as string) as { steps: PlanStepJson[] };
      return [name, { plan: steps, ...callsOf(threads, line.at(-1) as string) }];
    }),
  );
}

/** The calls of the process that became the command, and of the thread that started it. */
function callsOf(threads: Map<number, TracedCall[]>, mark: string): Omit<Compared, 'plan'> {
  const becomes = ({ name, args, result }: TracedCall) =>
    name === 'execve' && result === 0 && args[1]?.includes(`"${mark}"`) === true;
  const starts =
    (pid: number) =>
    ({ name, result }: TracedCall) =>
      name === 'clone3' && result === pid;
  const [own, calls] = [...threads].find(([, calls]) => calls.some(becomes)) ?? [0, []];
  const toCommand = calls.slice(0, calls.findIndex(becomes) + 1);
  const [parent, above] = [...threads].find(([, calls]) => calls.some(starts(own))) ?? [0, []];
  const becomesInit = above.findIndex(({ name, args }) => name === 'execveat' && args[2]?.includes('isolate-init'));
  if (becomesInit < 0) {
    return { caller: above, clone: above.findIndex(starts(own)), child: toCommand, init: [], command: [] };
  }
  const caller = [...threads.values()].find((calls) => calls.some(starts(parent))) ?? [];
  return {
    caller,
    clone: caller.findIndex(starts(parent)),
    child: above.slice(0, becomesInit + 1),
    init: above.slice(becomesInit + 1),
    command: toCommand,
  };
}

const compared = noTrace === undefined ? compareAll() : new Map<string, Compared>();

/** The same calls, in the same order, with the same arguments. `left` is what the steps before them left. */
function compare(planned: readonly PlanStepJson[], traced: readonly TracedCall[], left: Left = new Map()): Left {
  assert.equal(
    traced.map(({ name }) => name),
    planned.map(({ call }) => call),
  );
  const known: Left = new Map(left);
  planned.forEach(({ index, call, args }, i) => {
    const [expected, actual] = [splitArguments(args.join(', ')), traced[i] as TracedCall];
    const same =
      expected.length === actual.args.length &&
      expected.every((arg, n) => sameArgument(arg, actual.args[n] as string, known));
    const shown = (all: readonly string[]) => `${call}(${all.join(', ')})`;
    assert.ok(same, `step ${index}: explain says ${shown(expected)}, strace says ${shown(actual.args)}`);
    for (const [place, value] of whatWasLeft(index, actual)) known.set(place, value);
  });
  return known;
}

/** What the caller does itself, with those steps left out that it makes while the child waits: another thread makes them. */
function stepsOfCaller(plan: readonly PlanStepJson[]): PlanStepJson[] {
  const child = plan.filter(({ where }) => where !== 'parent').map(({ index }) => index);
  const [first, last] = [child[0] as number, child.at(-1) as number];
  return plan.filter(({ index }) => index < first || index > last);
}

function compareCaller({ plan, caller, clone }: Compared): Left {
  const planned = stepsOfCaller(plan);
  const from = clone - planned.findIndex(({ call }) => call === 'clone3');
  return compare(planned, caller.slice(from, from + planned.length));
}

for (const { name, reason } of all) {
  skipUnless(test, reason, `${name}: the calls of the caller`, () => {
    compareCaller(compared.get(name) as Compared);
  });

  skipUnless(test, reason, `${name}: the calls of the new process`, () => {
    const one = compared.get(name) as Compared;
    const planned = one.plan.filter(({ where }) => where === 'child').slice(0, one.child.length);
    assert.ok(one.child.length > 5, `the trace has ${one.child.length} calls`);
    const left = compare(planned, one.child, compareCaller(one));
    const isInit = one.init.length > 0;
    assert.is(one.child.at(-1)?.name, isInit ? 'execveat' : 'execve');
    if (!isInit) return;
    // Before its steps init makes itself ready.
    const ofInit = one.plan.filter(({ where }) => where === 'init');
    const ready = one.init.findIndex(({ name, args }) => name === 'fcntl' && args[1] === 'F_SETFD') + 2;
    compare(ofInit, one.init.slice(ready, ready + ofInit.length), left);
    compare(one.plan.filter(({ where }) => where === 'command').slice(0, one.command.length), one.command, left);
    assert.is(one.command.at(-1)?.name, 'execve');
  });
}

test.run();
