// What explain says, as text and as JSON, and what neither it nor any message may ever say.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../src/builder/compile/compile.js';
import { explain } from '../src/builder/explain.js';
import type { Host } from '../src/builder/spec/host.js';
import { thisHost } from '../src/builder/this-host.js';
import { bare, IsolateError, isolate, type PlanStepJson, type Sandbox } from '../src/index.js';
import { namespaceKinds } from '../src/ns/index.js';
import { runEach } from './helpers/command-lines.js';

const host: Host = {
  ...thisHost(),
  uid: 0,
  gid: 0,
  capabilities: 2n ** 41n - 1n,
  lastCapability: 40,
  namespaces: namespaceKinds,
  timeEntersAtExec: true,
};

/** A sandbox that asks for everything. */
const everything = isolate()
  .unshare('time')
  .mapUsers('0:0:1', '1000:100000:1000')
  .mapGroups('0:0:1', '1000:100000:1000')
  .uid(1001)
  .gid(1002)
  .groups(1003)
  .hostname('box')
  .domainname('example.org')
  .proc('/proc')
  .clock({ monotonic: 60 })
  .capabilities(['NET_BIND_SERVICE'])
  .cwd('/srv')
  .umask(0o027)
  .stdio(['ignore', 'pipe', 'inherit', 'pipe']);

const planOf = (sandbox: Sandbox) => compile(sandbox.spec, { file: 'sh', args: ['-c', 'exit'] }, host);

test('every part of the spec is named by the steps that come from it', () => {
  const text = explain(planOf(everything));
  for (const part of [
    '.unshare("user", "mount", "pid", "net", "ipc", "uts", "cgroup", "time")',
    '.mapUsers(',
    '.clock({"monotonic":60})',
    '.proc("/proc")',
    '.hostname("box")',
    '.domainname("example.org")',
    '.loopback()',
    '.capabilities(["NET_BIND_SERVICE"])',
    '.groups(1003)',
    '.gid(1002)',
    '.uid(1001)',
    '.umask(',
    '.cwd("/srv")',
    '.newSession()',
    '.noNewPrivs()',
    '.dieWithParent()',
    'stdio: ["ignore","pipe","inherit","pipe"]',
    'command "sh"',
  ]) {
    assert.ok(text.includes(part), `${part} is not in the text`);
  }
});

/** The indices and calls that a text shows, with what stands for several filled in. */
function shownCalls(text: string): Map<number, string> {
  return new Map([...text.matchAll(/^ *(\d+) {3}(\w+)\(/gm)].map(([, index, name]) => [Number(index), name as string]));
}

test('the text shows the calls in the order in which they are made, and says how many it leaves out', () => {
  const plan = planOf(everything);
  const text = explain(plan);
  const shown = shownCalls(text);
  const indices = [...shown.keys()];
  assert.equal(
    indices,
    [...indices].sort((a, b) => a - b),
  );
  for (const [index, name] of shown) assert.is(name, plan.steps[index]?.step.call.name);
  const left = [...text.matchAll(/^ +… {3}(\d+) more$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
  assert.is(shown.size + left, plan.steps.length);
});

test('what the text leaves out is the same call, for the same reason', () => {
  const plan = planOf(everything);
  const shown = shownCalls(explain(plan));
  plan.steps.forEach(({ index, step, from }) => {
    if (shown.has(index)) return;
    const before = plan.steps[index - 1];
    assert.equal([step.call.name, step.why, from], [before?.step.call.name, before?.step.why, before?.from]);
  });
});

test('who makes a call is told', () => {
  const text = explain(planOf(everything));
  const titles = text.match(/^\S.*$/gm) as string[];
  assert.ok(
    titles.every((title) =>
      /^(the caller|the new process|the new process as init|the process of the command), /.test(title),
    ),
    titles.join('\n'),
  );
  assert.ok(titles.some((title) => title.startsWith('the caller, .mapUsers(')));
});

test('no line is longer than a wide terminal', () => {
  const long = everything.hostname('x'.repeat(64)).cwd(`/${'y'.repeat(500)}`);
  for (const line of explain(planOf(long)).split('\n')) assert.ok(line.length <= 132, line);
});

test('the JSON has every step, with its place, its caller, its call and its reason', () => {
  const plan = planOf(everything);
  const { steps, ...more } = JSON.parse(JSON.stringify(plan)) as { steps: PlanStepJson[] };
  assert.equal(more, {});
  assert.is(steps.length, plan.steps.length);
  steps.forEach((step, i) => {
    assert.equal(Object.keys(step), ['index', 'where', 'call', 'args', 'from', 'why']);
    assert.is(step.index, i);
    assert.ok(['parent', 'child', 'init', 'command'].includes(step.where));
    assert.match(step.call, /^[a-z][a-z0-9_]*$/);
    assert.ok(Array.isArray(step.args) && step.args.every((arg) => typeof arg === 'string' && arg !== ''));
    assert.ok(step.from !== '' && step.why !== '', `step ${i} (${step.call}) says where it comes from and why`);
  });
});

test('explain() of a sandbox is the text of its plan', () => {
  const box = bare().cwd('/').umask(0);
  assert.is(box.explain('true', ['x']), explain(box.plan('true', ['x'])));
});

const secret = 'correct-horse-battery-staple';

/** What an attempt says when it fails. */
async function complaint(attempt: () => unknown): Promise<string> {
  try {
    await attempt();
  } catch (error) {
    assert.instance(error, IsolateError);
    return `${(error as Error).stack}\n${JSON.stringify(error)}\n${JSON.stringify(Object.values(error as object))}`;
  }
  return assert.unreachable('it did not fail') as never;
}

test('no value of the environment is ever shown in a plan', () => {
  process.env.ISOLATE_SECRET = secret;
  const box = bare().env({ TOKEN: secret, [`NAME_${1}`]: `${secret}=` });
  const plan = box.plan('env', []);
  for (const text of [
    box.explain('env'),
    JSON.stringify(plan),
    plan.steps.map(({ step }) => plan.render(step)).join('\n'),
  ]) {
    assert.not.match(text, secret);
  }
  assert.match(box.explain('env'), /\/\* \d+ vars \*\//);
});

test('nor in the message of an error, whatever goes wrong', async () => {
  const box = bare().env({ TOKEN: secret });
  const failures = [
    () => box.run('no-such-command-anywhere'),
    () => box.run('/etc/passwd'),
    () => box.cwd('/no/such/directory').run('true'),
    () => box.stdio([0, 1, 987_654]).run('true'),
    () =>
      bare()
        .env({ TOKEN: `${secret}\0` })
        .plan('true'),
    () =>
      bare()
        .env({ TOKEN: { secret } as never })
        .plan('true'),
    () =>
      bare()
        .env({ TOKEN: secret.repeat(10_000) })
        .plan('true'),
    () =>
      bare()
        .env(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`N${i}`, secret.repeat(400)])))
        .plan('true'),
    () => isolate.from({ version: 1, unshare: [], env: { inherit: 'yes', set: { TOKEN: secret } } }),
    () => isolate.from({ version: 1, unshare: [], env: { inherit: true, set: [secret] } }),
    () => isolate.from({ ...bare().env({ TOKEN: secret }).spec, env: [secret] }),
    () => isolate.from({ ...bare().env({ TOKEN: secret }).spec, more: true }),
    () => isolate.from(`{ "env": { "set": { "TOKEN": "${secret}" ] }`),
    () => isolate.from({ version: 1, unshare: [], env: { inherit: true, set: { TOKEN: [secret] } } }).plan('true'),
  ];
  const telling: string[] = [];
  for (const failure of failures) if ((await complaint(failure)).includes(secret)) telling.push(String(failure));
  assert.equal(telling, []);
});

test('nor does what the JSON parser says of a text get through, which may quote it', async () => {
  const text = '{ "version": 1, "unshare": [], "env": { "inherit": true, "set": { "TOKEN": "pw7-", "U": x } } }';
  assert.not.match(await complaint(() => isolate.from(text)), 'pw7-');
});

test('nor on the command line', () => {
  const ended = runEach([
    ['run', '--bare', '--env', `=${secret}`, 'true'],
    ['run', '--bare', '--env', 'PATH=/bin', '--env', `TOKEN=${secret}`, 'no-such-command-anywhere'],
    ['run', '--bare', '--env', `TOKEN=${secret}`, '--no-such-option', 'true'],
    ['explain', '--bare', '--env', `TOKEN=${secret}`, 'env'],
    ['explain', '--bare', '--json', '--env', `TOKEN=${secret}`, 'env'],
  ]);
  assert.equal(
    ended.map(({ stdout, stderr }) => `${stdout}${stderr}`.includes(secret)),
    ended.map(() => false),
  );
  assert.equal(
    ended.map(({ status }) => status),
    [125, 127, 125, 0, 0],
  );
});

test.run();
