// The clocks of a time namespace, both ways of entering one: by execve, and before Linux 6.3 by a second clone.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../src/builder/compile/compile.js';
import type { Host } from '../src/builder/spec/host.js';
import { thisHost } from '../src/builder/this-host.js';
import { bare, type Sandbox, StepError } from '../src/index.js';
import { either, freshProcRefused, rootOnly, skipUnless, timeNamespacesRefused } from './helpers/can.js';
import { printed } from './helpers/inside.js';
import { runPlan } from './helpers/run-plan.js';

const noTime = timeNamespacesRefused();

const ways: readonly [name: string, host: Host, reason: string | undefined][] = [
  [
    'entered by execve',
    { ...thisHost(), timeEntersAtExec: true },
    either(noTime, thisHost().timeEntersAtExec ? undefined : 'before Linux 6.3 it is not'),
  ],
  ['entered by a second clone', { ...thisHost(), timeEntersAtExec: false }, noTime],
];

/** What the clocks say: seconds. */
const clocks = `
  const uptime = require('node:fs').readFileSync('/proc/uptime', 'utf8').split(' ')[0];
  console.log(JSON.stringify({ monotonic: Number(process.hrtime.bigint()) / 1e9, boottime: Number(uptime), now: Date.now() / 1e3 }));
`;

interface Clocks {
  monotonic: number;
  boottime: number;
  now: number;
}

const ownClocks = (): Clocks => ({
  monotonic: Number(process.hrtime.bigint()) / 1e9,
  boottime: Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]),
  now: Date.now() / 1e3,
});

const path = { PATH: '/usr/bin:/bin' };
const folder = mkdtempSync(join(tmpdir(), 'isolate-clock-'));
test.after(() => rmSync(folder, { recursive: true }));

function script(name: string, text: string): string {
  writeFileSync(join(folder, name), text, { mode: 0o755 });
  return join(folder, name);
}

for (const [name, host, reason] of ways) {
  const run = (sandbox: Sandbox, file: string, ...args: string[]) =>
    runPlan(compile({ ...sandbox.spec, stdio: ['ignore', 'pipe', 'pipe'] }, { file, args }, host), sandbox.spec);

  const clocksInside = async (sandbox: Sandbox) =>
    JSON.parse(printed(await run(sandbox, process.execPath, '--eval', clocks))) as Clocks;

  /** Far more than a slow machine takes between two looks at a clock, far less than the offsets. */
  const near = (actual: number, expected: number, clock: string) =>
    assert.ok(Math.abs(actual - expected) < 300, `${clock}: ${actual} is not about ${expected}`);

  skipUnless(test, reason, `${name}: the clocks are ahead by their offsets`, async () => {
    const [inside, outside] = [
      await clocksInside(bare().unshare('user').clock({ monotonic: 500_000, boottime: 900_000.25 })),
      ownClocks(),
    ];
    near(inside.monotonic, outside.monotonic + 500_000, 'monotonic');
    near(inside.boottime, outside.boottime + 900_000, 'boottime');
    near(inside.now, outside.now, 'the wall clock');
  });

  skipUnless(test, either(reason, rootOnly()), `${name}: a caller outside of the maps has offsets too`, async () => {
    const ranges = bare().unshare('user').mapUsers('0:100000:1000').mapGroups('0:100000:1000');
    near(
      (await clocksInside(ranges.clock({ boottime: 900_000 }))).boottime,
      ownClocks().boottime + 900_000,
      'boottime',
    );
  });

  skipUnless(test, reason, `${name}: one offset leaves the other clock`, async () => {
    const [inside, outside] = [await clocksInside(bare().unshare('user').clock({ boottime: 900_000 })), ownClocks()];
    near(inside.monotonic, outside.monotonic, 'monotonic');
    near(inside.boottime, outside.boottime + 900_000, 'boottime');
  });

  skipUnless(test, reason, `${name}: the kernel has the offsets to the nanosecond`, async () => {
    const box = bare().unshare('user').clock({ monotonic: 2.000000001, boottime: -0.5 });
    const offsets = printed(await run(box, 'cat', '/proc/self/timens_offsets'));
    assert.equal(
      offsets.split('\n').map((line) => line.split(/ +/)),
      [
        ['monotonic', '2', '1'],
        ['boottime', '-1', '500000000'],
      ],
    );
  });

  skipUnless(test, reason, `${name}: without offsets the clocks are those of the host`, async () => {
    const [inside, outside] = [await clocksInside(bare().unshare('user', 'time')), ownClocks()];
    near(inside.monotonic, outside.monotonic, 'monotonic');
    near(inside.boottime, outside.boottime, 'boottime');
  });

  skipUnless(test, reason ?? freshProcRefused(), `${name}: together with a PID namespace`, async () => {
    const box = bare().unshare('user', 'mount', 'pid').mapRoot().clock({ boottime: 900_000 });
    const script = 'echo $$; cd /proc; echo [0-9]*; cat uptime; id -u; exit 3';
    const { stdout, exit } = await run(box, 'sh', '-c', script);
    const [pid, pids, uptime = '', id] = stdout.split('\n');
    assert.equal([pid, pids, id], ['2', '1 2', '0'], stdout);
    near(Number.parseFloat(uptime), ownClocks().boottime + 900_000, 'boottime');
    assert.is(exit.kind === 'exited' && exit.code, 3);
  });

  skipUnless(test, reason, `${name}: a signal ends the command, and is told`, async () => {
    const { exit } = await run(bare().unshare('user', 'time'), 'sh', '-c', 'kill -USR1 $$');
    assert.is(exit.kind === 'signaled' && exit.signal, 'SIGUSR1');
  });

  const failure = async (sandbox: Sandbox, file: string): Promise<StepError> => {
    try {
      await run(sandbox, file);
    } catch (error) {
      assert.instance(error, StepError);
      return error as StepError;
    }
    return assert.unreachable('it did not fail') as never;
  };

  skipUnless(test, reason, `${name}: a command that is not there`, async () => {
    const error = await failure(bare().unshare('user', 'pid', 'time').env(path), 'no-such-command-anywhere');
    assert.is(error.reason, 'command-not-found');
    assert.is(error.code, 'ENOENT');
    assert.match(error.message, /no-such-command-anywhere/);
  });

  skipUnless(test, reason, `${name}: a command that may not be run, and one whose interpreter is missing`, async () => {
    const box = bare().unshare('user', 'time');
    assert.is((await failure(box, '/etc/passwd')).reason, 'not-executable');
    assert.is((await failure(box, script('lost', '#!/no/such/interpreter\n'))).reason, 'interpreter-not-found');
    assert.is((await failure(box, script('text', 'no program\n'))).code, 'ENOEXEC');
  });

  skipUnless(test, reason, `${name}: a working directory that is not there`, async () => {
    const error = await failure(bare().unshare('user', 'pid', 'time').cwd('/no/such/directory'), 'true');
    assert.equal([error.reason, error.code, error.syscall], ['cwd-not-found', 'ENOENT', 'chdir']);
  });

  skipUnless(test, reason, `${name}: an offset that the kernel does not take`, async () => {
    const error = await failure(
      bare()
        .unshare('user', 'pid')
        .clock({ monotonic: -(2 ** 31) }),
      'true',
    );
    assert.equal([error.code, error.syscall, error.where], ['ERANGE', 'write', 'child']);
    assert.match(error.from, /^\.clock\(/);
  });

  skipUnless(test, reason, `${name}: a mount that fails after it`, async () => {
    // A directory that this program has in /proc, and no child of it.
    const own = `/proc/self/task/${process.pid}`;
    const error = await failure(bare().unshare('user', 'mount', 'pid', 'time').bind(own, '/tmp'), 'true');
    assert.equal([error.code, error.syscall], ['ENOENT', 'open_tree']);
    assert.match(error.from, /^\.bind\(/);
  });
}

test('the plan of the second way is another one', () => {
  const { spec } = bare().unshare('user', 'time');
  const clones = (timeEntersAtExec: boolean) =>
    compile(
      spec,
      { file: 'true', args: [] },
      { ...thisHost(), namespaces: [...thisHost().namespaces, 'time'], timeEntersAtExec },
    )
      .toJSON()
      .steps.filter(({ call }) => call === 'clone3').length;
  assert.equal([clones(true), clones(false)], [1, 2]);
});

test.run();
