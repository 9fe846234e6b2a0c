// What is told on the channels of node:diagnostics_channel, and printed with NODE_DEBUG=isolate.
import { spawnSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { channelNames } from '../src/builder/process/events.js';
import { bare, type IsolateEvents, isolate, StepError } from '../src/index.js';
import { either, freshProcRefused, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { runIsolate } from './helpers/command-lines.js';
import { programOf, repository } from './helpers/program.js';

const noProc = either(userNamespacesRefused(), freshProcRefused());

type Name = keyof IsolateEvents;
interface Told {
  readonly name: Name;
  readonly event: IsolateEvents[Name];
}

/** What is told while something is done. */
async function told(action: () => Promise<unknown>): Promise<Told[]> {
  const all: Told[] = [];
  const listeners = channelNames.map((name) => {
    const listener = (event: unknown) => void all.push({ name, event: event as IsolateEvents[Name] });
    subscribe(name, listener);
    return () => unsubscribe(name, listener);
  });
  try {
    await action();
    return all;
  } finally {
    for (const stop of listeners) stop();
  }
}

const names = (all: readonly Told[]) => all.map(({ name }) => name.replace('isolate:', ''));
const find = <N extends Name>(all: readonly Told[], name: N) =>
  all.find((one) => one.name === name)?.event as IsolateEvents[N];

test('a command that is run: compile, launch, exec, exit', async () => {
  const all = await told(async () => {
    const running = await bare().spawn('sh', ['-c', 'exit 3'], { stdio: 'ignore' });
    await running.exited;
  });
  assert.equal(names(all), ['compile', 'launch', 'exec', 'exit']);
  const ids = new Set(all.map(({ event }) => event.id));
  assert.is(ids.size, 1);
  for (const { event } of all) assert.equal(event.command, { file: 'sh', args: ['-c', 'exit 3'] });
  const { steps, duration } = find(all, 'isolate:compile');
  assert.is(steps, bare().stdio('ignore').plan('sh', ['-c', 'exit 3']).steps.length);
  const { pid, exit } = find(all, 'isolate:exit');
  const exec = find(all, 'isolate:exec');
  assert.is(exec.pid, pid);
  assert.equal([exit.kind, exit.kind === 'exited' && exit.code], ['exited', 3]);
  for (const time of [duration, exec.duration, exit.wallTime]) assert.ok(time > 0 && time < 60_000, `${time}`);
});

test('the same again is not compiled; each launch has an id of its own', async () => {
  const sandbox = bare();
  const all = await told(async () => {
    for (let i = 0; i < 3; i++) await (await sandbox.spawn('true', [], { stdio: 'ignore' })).exited;
    await Promise.all([1, 2].map(async () => (await sandbox.spawn('true', [], { stdio: 'ignore' })).exited));
  });
  assert.is(names(all).filter((name) => name === 'compile').length, 1);
  const ids = [...new Set(all.map(({ event }) => event.id))];
  assert.is(ids.length, 5);
  for (const id of ids) {
    const of = names(all.filter(({ event }) => event.id === id)).filter((name) => name !== 'compile');
    assert.equal(of, ['launch', 'exec', 'exit']);
  }
});

test('a launch that comes to nothing: the step that failed', async () => {
  let thrown: unknown;
  const all = await told(async () => {
    thrown = await bare()
      .run('/nonexistent')
      .catch((error) => error);
  });
  assert.equal(names(all), ['compile', 'launch', 'step-error']);
  const { error, duration } = find(all, 'isolate:step-error');
  assert.instance(error, StepError);
  assert.is(error, thrown);
  assert.is((error as StepError).reason, 'command-not-found');
  assert.ok(duration > 0);
});

test('a launch that is aborted has an end too; what cannot be compiled has no event', async () => {
  const controller = new AbortController();
  const all = await told(async () => {
    const spawned = bare().spawn('sleep', ['100'], { signal: controller.signal, stdio: 'ignore' });
    controller.abort();
    await spawned.then(
      (running) => running.exited,
      () => {},
    );
  });
  const last = all.at(-1)?.event as IsolateEvents['isolate:exit' | 'isolate:step-error'];
  if ('error' in last) assert.is(last.error.name, 'AbortError');
  else assert.is(last.exit.kind, 'killed');
  const none = await told(() =>
    bare()
      .hostname('box')
      .run('true')
      .catch(() => {}),
  );
  assert.equal(none, []);
});

skipUnless(test, noProc, 'the new namespaces are told', async () => {
  const all = await told(() => isolate().run('true'));
  assert.equal(find(all, 'isolate:launch').namespaces, isolate().spec.unshare);
});

test('nothing of the environment is told, not even by a failure', async () => {
  const secret = 'correct-horse-battery-staple';
  const sandbox = bare().env({ SECRET: secret });
  const all = await told(async () => {
    await sandbox.run('true');
    await sandbox.run('/nonexistent').catch(() => {});
  });
  assert.is(all.length, 7);
  const { inspect } = await import('node:util');
  const text = inspect(all, { depth: Number.POSITIVE_INFINITY, showHidden: true, maxStringLength: null });
  assert.match(text, '/nonexistent');
  assert.not.match(text, secret);
});

test('what a subscriber throws does not hurt the launch', () => {
  const [file, args] = programOf(`
    const { subscribe } = await import('node:diagnostics_channel');
    const caught = [];
    process.on('uncaughtException', (error) => caught.push(error.message));
    const channels = ${JSON.stringify(channelNames)};
    for (const name of channels) subscribe(name, () => { throw new Error(name); });
    const { exit } = await bare().run('sh', ['-c', 'exit 7']);
    await new Promise(setImmediate);
    console.log(exit.code, caught.join());
  `);
  const { stdout, stderr } = spawnSync(file, args, { cwd: repository, encoding: 'utf8' });
  assert.is(stdout, '7 isolate:compile,isolate:launch,isolate:exec,isolate:exit\n', stderr);
});

test('NODE_DEBUG=isolate prints a line for each', () => {
  const [file, args] = programOf(`
    await bare().run('sh', ['-c', 'exit 7']);
    await bare().run('sleep', ['100'], { timeout: 500 });
    await bare().run('/nonexistent').catch(() => {});
  `);
  const debug = (value: string) => {
    const env = { ...process.env, NODE_DEBUG: value };
    return spawnSync(file, args, { cwd: repository, encoding: 'utf8', env }).stderr.trimEnd().split('\n');
  };
  const milliseconds = String.raw`\d+\.\d ms`;
  const expected = [
    `#1 compile \\d+ steps, ${milliseconds}`,
    String.raw`#1 launch \["sh","-c","exit 7"\], \d+ steps, no new namespaces`,
    `#1 exec pid \\d+, ${milliseconds}`,
    `#1 exit pid \\d+, exited 7, ${milliseconds}`,
    `#2 compile \\d+ steps, ${milliseconds}`,
    String.raw`#2 launch \["sleep","100"\], \d+ steps, no new namespaces`,
    `#2 exec pid \\d+, ${milliseconds}`,
    `#2 exit pid \\d+, timeout of 500 ms: SIGKILL, ${milliseconds}`,
    `#3 compile \\d+ steps, ${milliseconds}`,
    String.raw`#3 launch \["/nonexistent"\], \d+ steps, no new namespaces`,
    `#3 step-error "the command .*, ${milliseconds}`,
  ];
  const lines = debug('isolate');
  assert.is(lines.length, expected.length, lines.join('\n'));
  lines.forEach((line, i) => {
    assert.match(line, new RegExp(`^ISOLATE \\d+: ${expected[i]}$`));
  });
  assert.equal(debug('other'), ['']);
});

test('the command line prints them too', () => {
  const before = process.env.NODE_DEBUG;
  process.env.NODE_DEBUG = 'isolate';
  try {
    const { status, stdout, stderr } = runIsolate(['run', '--bare', '--', 'sh', '-c', 'echo $1', 'sh', 'out']);
    assert.equal([status, stdout], [0, 'out\n']);
    assert.match(stderr, /^ISOLATE \d+: #1 compile .*\n(ISOLATE .*\n){3}$/);
  } finally {
    if (before === undefined) delete process.env.NODE_DEBUG;
    else process.env.NODE_DEBUG = before;
  }
});

test.run();
