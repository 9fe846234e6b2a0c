import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boxValue, compileBox, compileInBox } from '../src/builder/compile/box.js';
import { compile } from '../src/builder/compile/compile.js';
import { CommandGroup } from '../src/builder/group/command-group.js';
import type { Plan, PlanStep } from '../src/builder/plan.js';
import { RunningProcess } from '../src/builder/process/running-process.js';
import { type Started, start } from '../src/builder/process/start.js';
import type { Host } from '../src/builder/spec/host.js';
import { thisHost } from '../src/builder/this-host.js';
import { openCgroup } from '../src/cgroup/index.js';
import { type Box, bare, type Command, isolate, type ProcessSpec, type Sandbox, StepError } from '../src/index.js';
import { close, type LateValues, pidfd_open } from '../src/sys/index.js';
import {
  either,
  freshProcRefused,
  isRoot,
  memoryOverlaysRefused,
  otherOwnersRefused,
  rootOnly,
  skipUnless,
  timeNamespacesRefused,
  userNamespacesRefused,
} from './helpers/can.js';
import { withEveryFew } from './helpers/few-descriptors.js';
import { assertSameHost, hostState } from './helpers/host-state.js';
import { inTime } from './helpers/in-time.js';
import { placesOf, refusal, withImpossibleResult, withRefused } from './helpers/inject.js';
import { noOwnGroups } from './helpers/own-groups.js';

interface Case {
  readonly name: string;
  readonly sandbox: Sandbox;
  readonly host?: Host;
  /** How the plan is made, where it is not that of a command in new namespaces. */
  readonly compile?: (spec: ProcessSpec, command: Command, host: Host) => Plan;
  /** Nothing runs in the namespaces that are made. */
  readonly isBox?: boolean;
  /** Why it cannot be tried here. */
  readonly skip: string | undefined;
}

const namespaces = ['user', 'mount', 'pid', 'net', 'ipc', 'uts', 'cgroup'] as const;
const range = { inside: 0, outside: 100_000, count: 65_536 };
const beforeLinux63: Host = { ...thisHost(), timeEntersAtExec: false };
const noNamespaces = either(userNamespacesRefused(), freshProcRefused());
const noTime = either(noNamespaces, timeNamespacesRefused());

const noOverlay = memoryOverlaysRefused();
/** Each kind of entry that a user may have, on a root of its own. */
const richFiles = bare()
  .unshare(...namespaces)
  .emptyRoot()
  .roBind('/usr')
  .roBind('/bin')
  .tryRoBind('/lib')
  .tryRoBind('/lib64')
  .bind('/etc', '/data/etc', { topOnly: true })
  .dev()
  .tmpfs('/tmp', { mode: 0o1777, size: '1M' })
  .sysfs('/sys')
  .file('/text', 'contents')
  .file('/data/etc/passwd', 'covers the one below')
  .symlink('text', '/link')
  .mask('/usr/share')
  .readonly('/tmp')
  .remount('/usr', { noexec: false })
  .overlay('/srv', { lowers: ['/etc'] })
  .snapshot('/usr/lib')
  .propagation('shared', '/srv');

/** A box that is open as long as this file runs, for each sandbox whose commands are started in one. */
const inBox = isolate().hostname('box').cwd('/').umask(0o077).stdio(['pipe', 'pipe', 'ignore', 'pipe']);
const inBoxOfRanges = bare()
  .unshare('user', 'mount', 'pid')
  .mapUsers(range)
  .mapGroups(range)
  .uid(5)
  .gid(6)
  .groups(7)
  .capabilities(['KILL'])
  .stdio('ignore');
const noRanges = either(rootOnly(), noNamespaces);
const opened = new Map<Sandbox, { readonly box: Box; readonly pidfd: number }>();
for (const [sandbox, skip] of [
  [inBox, noNamespaces],
  [inBoxOfRanges, noRanges],
] as const) {
  if (skip !== undefined) continue;
  const box = await sandbox.open();
  opened.set(sandbox, { box, pidfd: pidfd_open(box.pid, 0) });
}
/** A control group that is there as long, with its descriptors open. */
const inGroup = isolate().limits({ pids: 64 });
const group = noOwnGroups
  ? undefined
  : new CommandGroup(await openCgroup({ limits: inGroup.spec.limits ?? {} }), 'own');
const groupWay = group?.wayInto(thisHost().cloneIntoCgroup);
let groupValues: LateValues = {};
let closeGroup = () => {};
if (group !== undefined && groupWay !== undefined) {
  const isOpen = new Promise<void>((resolve) => {
    closeGroup = resolve;
  });
  void group.whileOpen(groupWay, async (values) => {
    groupValues = values;
    await isOpen;
  });
}
test.after(async () => {
  closeGroup();
  await group?.end();
  await Promise.all([...opened.values()].map(({ box }) => box.close()));
});

const cases: readonly Case[] = [
  {
    name: 'a box with clocks, a snapshot and names',
    sandbox: isolate().clock({ boottime: 60 }).hostname('box').snapshot('/etc').stdio('pipe').dieWithParent(),
    compile: (spec, _command, host) => compileBox(spec, host),
    isBox: true,
    skip: either(noTime, noOverlay),
  },
  {
    name: 'a box with maps that this program writes, for another user',
    sandbox: inBoxOfRanges.dieWithParent(),
    compile: (spec, _command, host) => compileBox(spec, host),
    isBox: true,
    skip: noRanges,
  },
  {
    name: 'in a control group',
    sandbox: inGroup,
    compile: (spec, command, host) => compile(spec, command, host, { group: groupWay }),
    skip: either(noNamespaces, noOwnGroups),
  },
  { name: 'in a box', sandbox: inBox, compile: compileInBox, skip: noNamespaces },
  { name: 'in a box, as somebody of its ranges', sandbox: inBoxOfRanges, compile: compileInBox, skip: noRanges },
  {
    name: 'isolate() with a host name, clocks, a directory, a mask and pipes',
    sandbox: isolate()
      .hostname('box')
      .domainname('example')
      .clock({ monotonic: 3600, boottime: 7200 })
      .cwd('/')
      .umask(0o077)
      .stdio('pipe'),
    skip: noTime,
  },
  {
    name: 'bare() with new namespaces, root inside, and descriptors above 2',
    sandbox: bare()
      .unshare(...namespaces)
      .mapRoot()
      .uid(0)
      .gid(0)
      .stdio(['ignore', 'pipe', 1, 'pipe', 'ignore', 2]),
    skip: noNamespaces,
  },
  {
    name: 'a time namespace that is entered by a second clone',
    sandbox: bare()
      .unshare(...namespaces, 'time')
      .clock({ boottime: 60 })
      .dieWithParent()
      .stdio(['pipe', 'pipe', 'ignore']),
    host: beforeLinux63,
    skip: noTime,
  },
  {
    name: 'maps of many ids, written by this program, and another user and groups',
    sandbox: bare()
      .unshare(...namespaces)
      .mapUsers(range)
      .mapGroups(range)
      .uid(5)
      .gid(6)
      .groups(7, 8)
      .stdio('pipe'),
    skip: either(rootOnly(), noNamespaces),
  },
  {
    name: 'maps of many ids, and a second clone',
    sandbox: bare()
      .unshare('user', 'time', 'pid', 'mount')
      .mapUsers(range)
      .mapGroups(range)
      .stdio(['ignore', 'ignore', 'pipe']),
    host: beforeLinux63,
    skip: either(rootOnly(), noTime),
  },
  {
    name: 'a new root with every kind of entry',
    sandbox: richFiles.stdio('pipe'),
    skip: either(noNamespaces, noOverlay),
  },
  {
    name: 'the same by mount(2) alone, and without openat2',
    sandbox: richFiles.stdio('ignore'),
    host: { ...thisHost(), mountCalls: 'classic', openat2: false },
    skip: either(noNamespaces, noOverlay),
  },
  {
    name: 'a terminal of its own /dev, a snapshot and another descriptor',
    sandbox: bare()
      .unshare(...namespaces)
      .dev()
      .snapshot('/etc')
      .tty()
      .stdio(['inherit', 'inherit', 'inherit', 'pipe']),
    skip: either(noNamespaces, noOverlay),
  },
  {
    name: 'a terminal of the host, for another user',
    sandbox: bare().uid(1000).gid(1000).cwd('/').tty({ columns: 100, rows: 30 }),
    skip: rootOnly(),
  },
  {
    name: 'a bind with other owners',
    sandbox: bare()
      .unshare('user', 'mount')
      .bind('/etc', '/mnt', { idmap: { users: ['0:1000:1'] } })
      .stdio('ignore'),
    skip: either(rootOnly(), noNamespaces, otherOwnersRefused('/etc')),
  },
  {
    name: 'a network namespace of others, and new ones in a second child with maps that this program writes',
    sandbox: isolate().mapUsers(range).mapGroups(range).join({ net: '/proc/self/ns/net' }).stdio('pipe'),
    skip: either(rootOnly(), noNamespaces),
  },
  {
    name: 'bare() as another user of the host',
    sandbox: bare()
      .uid(1000)
      .gid(1000)
      .groups(1000)
      .capabilities(['NET_BIND_SERVICE'])
      .noNewPrivs()
      .cwd('/')
      .dieWithParent()
      .stdio('pipe'),
    skip: rootOnly(),
  },
];

const dumpableAtFirst = hostState().dumpable;

/** A command that goes on until it is killed, and one that is in neither directory of PATH. */
const commands = {
  'a command that runs': { file: '/bin/sleep', args: ['3600'] },
  'a command that is not there': { file: 'no-such-command', args: [] },
} as const;

for (const given of cases) {
  const { name, sandbox, host = thisHost(), skip } = given;
  const kinds = given.isBox ? { 'it is opened': commands['a command that runs'] } : commands;
  for (const [kind, command] of Object.entries(kinds)) {
    const title = `${name}: ${kind}`;
    if (skip !== undefined) {
      skipUnless(test, skip, title, () => {});
      continue;
    }
    const { spec } = sandbox.env({ PATH: '/usr/bin:/bin' });
    const plan = (given.compile ?? compile)(spec, command, host);
    const places = placesOf(plan);
    const runs = kind !== 'a command that is not there';
    const values = { [boxValue]: opened.get(sandbox)?.pidfd ?? -1, ...groupValues };
    const launch = (changed: Plan, what = title) => inTime(start(changed, spec, undefined, values), what);

    test(`${title}: the plan itself`, async () => {
      const before = await warmState(launch, plan);
      const error = await failureOf(launch(plan));
      if (runs) assert.is(error, undefined, error?.message);
      else assert.is(error?.reason, 'command-not-found');
      assertSameHost(before, title);
      if (runs) return;
      const left = plan.steps.filter(
        (planned) => isOfLaunch(planned) && !mayBeLeftOut(planned) && !returns(planned) && !isToldOfFailure(planned),
      );
      assert.equal(
        left.map(({ step }) => step.op),
        ['exit'],
        'what the launcher does itself, and cannot fail, is all that is not made to fail',
      );
    });

    test(`${title}: each step is refused`, async () => {
      const before = await warmState(launch, plan);
      const injected = plan.steps.filter((planned) => isReached(planned) && mayBeLeftOut(planned));
      assert.ok(injected.length > 0);
      for (const planned of injected) {
        const changed = withRefused(plan, planned);
        const error = await failureOf(launch(changed, describe(planned)));
        assertNames(error, changed, planned);
        assert.is(error?.errno, refusal.errno, describe(planned));
        assert.is(error?.code, refusal.code, describe(planned));
        assertSameHost(before, describe(planned));
      }
    });

    test(`${title}: each step gives a wrong result`, async () => {
      const before = await warmState(launch, plan);
      const injected = plan.steps.filter((planned) => isReached(planned) && returns(planned));
      assert.ok(injected.length > 0);
      for (const planned of injected) {
        const changed = withImpossibleResult(plan, planned);
        const error = await failureOf(launch(changed, describe(planned)));
        assertNames(error, changed, planned);
        const { tolerate } = planned.step;
        if (error?.errno === 0) assert.is(error.code, 'ERR_ISOLATE_RESULT', describe(planned));
        else assert.ok(tolerate.includes(-(error?.errno ?? 0)), `${describe(planned)}: ${error?.message}`);
        assertSameHost(before, describe(planned));
      }
    });

    /** What follows an execve(2) that works is never made. */
    function isReached(planned: PlanStep): boolean {
      const { index } = planned;
      if (!isOfLaunch(planned)) return false;
      const exec = plan.steps.findIndex(({ step }) => step.call.name === 'execve');
      const cleanup = plan.steps.findIndex(({ step }) => places.get(step.key) === 'after the child');
      return !runs || exec < 0 || index <= exec || index >= cleanup;
    }

    /** What is done to make a control group is done before the launch. */
    function isOfLaunch({ step }: PlanStep): boolean {
      return places.has(step.key);
    }

    /** Where the command is not there, init says so: what fails afterwards is not the first to fail. */
    function isToldOfFailure({ index }: PlanStep): boolean {
      const { init } = plan.parts.program;
      return !runs && init !== undefined && index >= (plan.find(init.told)?.index ?? 0);
    }

    /** What puts something away leaves it there if it is not made: those are made, and then count as failed. */
    function mayBeLeftOut({ step }: PlanStep): boolean {
      const place = places.get(step.key);
      if (step.op === 'hold' || step.op === 'exit' || place === 'after the child') return false;
      return !(place === 'by this program' && step.call.name === 'close');
    }

    function returns(planned: PlanStep): boolean {
      const { step } = planned;
      if (isToldOfFailure(planned)) return false;
      return step.call.name !== 'exit_group' && step.call.name !== 'execveat' && !(runs && step.call.name === 'execve');
    }
  }
}

for (const [name, sandbox] of [
  ['pipes', isolate().stdio(['pipe', 'pipe', 'pipe', 'pipe'])],
  ['a terminal', isolate().tty()],
] as const)
  skipUnless(test, noNamespaces, `no descriptor is left to open: each in turn, with ${name}`, async () => {
    const whole = isRoot ? sandbox.mapUsers(range).mapGroups(range) : sandbox;
    await withEveryFew(async () => {
      await using running = await whole.spawn('/bin/cat');
      assert.ok(running.pid > 0);
    });
  });

/** How the host looks once everything is there that is made once: descriptors of the library, threads of the pool. */
async function warmState(launch: (plan: Plan) => Promise<Started>, plan: Plan): Promise<ReturnType<typeof hostState>> {
  const first = plan.steps.find(({ step }) => step.call.name === 'clone3') as PlanStep;
  for (let i = 0; i < 8; i++) await failureOf(launch(withImpossibleResult(plan, first)));
  const state = hostState();
  assert.is(state.dumpable, dumpableAtFirst, 'the tests before have changed it');
  return state;
}

/** The error of a launch; undefined where it worked: then the command is ended, and its pipes are closed. */
async function failureOf(launched: Promise<Started>): Promise<StepError | undefined> {
  let started: Started;
  try {
    started = await launched;
  } catch (error) {
    if (error instanceof StepError) return error;
    throw error;
  }
  const { pid, pidfd, line, pipes, changes, master } = started;
  for (const fd of [...pipes.values(), changes, master]) if (fd !== undefined) close(fd);
  await new RunningProcess({ pid, pidfd, line, isPid1: false, reach: 'process', streams: new Map() })[
    Symbol.asyncDispose
  ]();
  return undefined;
}

function assertNames(error: StepError | undefined, plan: Plan, planned: PlanStep): void {
  const context = describe(planned);
  assert.ok(error !== undefined, `${context}: nothing failed`);
  const { index, where, from } = planned;
  const { step } = plan.find(planned.step) as PlanStep;
  const facts = {
    step: index,
    steps: plan.steps.length,
    syscall: step.call.name,
    call: plan.render(step),
    where,
    from,
    done: plan.steps.slice(0, index).map((earlier) => earlier.step.call.name),
  };
  for (const [fact, value] of Object.entries(facts)) {
    assert.equal(error[fact as keyof StepError], value, `${context}: ${fact} of\n${error.message}`);
  }
}

function describe({ index, where, step }: PlanStep): string {
  return `step ${index}, ${step.call.name} in the ${where}`;
}

test.run();
