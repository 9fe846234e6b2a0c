// Many commands at once, of all kinds and with all ends, each of which has to come out right.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { bare, isolate, type RunResult, type Sandbox, StepError } from '../../src/index.js';
import { mostAtOnce } from '../../src/sys/launcher/turns.js';
import { howItEnded } from './how-it-ended.js';
import type { Starter } from './starters.js';

/** How many came out how. */
export type Tally = Record<string, number>;

interface Ways {
  readonly sandboxes: readonly Sandbox[];
  readonly all: readonly Starter[];
  /** Those in which the host's files can be written. */
  readonly writing: readonly Sandbox[];
  readonly directory: string;
}

/** One command: its number is in all that it prints, and in its exit code. */
type Kind = (ways: Ways, id: number) => Promise<string>;

const pick = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)] as T;
const random = (most: number) => 1 + Math.floor(Math.random() * most);

const script = 'echo out $0; echo err $0 >&2; exit $1';
const scriptOf = (id: number) => ['-c', script, String(id), String(id % 256)];

function assertRight({ stdout, stderr, exit }: RunResult, id: number): void {
  assert.equal([stdout, stderr, howItEnded(exit)], [`out ${id}\n`, `err ${id}\n`, `exit ${id % 256}`]);
}

/** What it rejects with. It has to, unless it comes out right. */
async function errorOf(promise: Promise<unknown>): Promise<Error | undefined> {
  return promise.then(
    () => undefined,
    (error) => error,
  );
}

async function failsWith(promise: Promise<unknown>, reason: string): Promise<string> {
  const error = await errorOf(promise);
  assert.instance(error, StepError, String(error));
  assert.is((error as StepError).reason, reason);
  return reason;
}

const kinds: readonly Kind[] = [
  async ({ all }, id) => {
    assertRight(await pick(all).run('sh', scriptOf(id)), id);
    return 'ran';
  },
  async ({ all }, id) => {
    const { stdout, exit } = await pick(all).run('cat', [], { input: `in ${id}` });
    assert.equal([stdout, howItEnded(exit)], [`in ${id}`, 'exit 0']);
    return 'read';
  },
  ({ all }) => failsWith(pick(all).run('/nonexistent'), 'command-not-found'),
  ({ all }) => failsWith(pick(all).run('/etc/passwd'), 'not-executable'),
  ({ sandboxes }) => failsWith(pick(sandboxes).cwd('/nonexistent').run('true'), 'cwd-not-found'),
  async ({ all }, id) => {
    const waits = ['-c', 'echo $0; exec sleep 100', String(id)];
    const { stdout, exit } = await pick(all).run('sh', waits, { timeout: random(30) });
    assert.is(exit.kind, 'timeout');
    // Among so many others it may not even have begun.
    const hasBegun = howItEnded(exit) !== 'exit null';
    if (hasBegun) assert.is(howItEnded(exit), 'signal 9');
    assert.ok(['', ...(hasBegun ? [`${id}\n`] : [])].includes(stdout), stdout);
    return hasBegun ? 'timeout' : 'timeout before it began';
  },
  async ({ all }, id) => {
    const controller = new AbortController();
    const { signal } = controller;
    const running = pick(all).run('sh', ['-c', `sleep 0.005; ${script}`, ...scriptOf(id).slice(2)], { signal });
    const outcome = running.then((result) => assertRight(result, id));
    void setTimeout(random(pick([3, 30, 300]))).then(() => controller.abort());
    const error = await errorOf(outcome);
    assert.is(error?.name ?? 'AbortError', 'AbortError', error?.stack);
    return error === undefined ? 'not aborted any more' : 'aborted';
  },
  async ({ sandboxes, writing, directory }, id) => {
    const file = join(directory, String(id));
    const controller = new AbortController();
    // In one turn of the event loop, so that none is free when the one comes that is aborted.
    const others = Array.from({ length: mostAtOnce }, () => pick(sandboxes).run('true'));
    const outcome = errorOf(pick(writing).run('mkdir', [file], { signal: controller.signal }));
    controller.abort();
    assert.is((await outcome)?.name, 'AbortError');
    for (const { exit } of await Promise.all(others)) assert.is(howItEnded(exit), 'exit 0');
    assert.not(existsSync(file), 'it has run');
    return 'aborted before its turn';
  },
  async ({ all }) => {
    const error = await errorOf(pick(all).run('sleep', ['100'], { signal: AbortSignal.timeout(random(30)) }));
    assert.is(error?.name, 'TimeoutError', error?.stack);
    return 'aborted by a timer';
  },
  async ({ all }) => {
    const running = await pick(all).spawn('sleep', ['100'], { stdio: 'ignore' });
    const signal = pick([1, 2, 9, 15, 40]);
    running.kill(signal);
    assert.is(howItEnded(await running.exited), `signal ${signal}`);
    return 'killed';
  },
  async ({ all }) => {
    await using running = await pick(all).spawn('cat', [], { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
    running.stdin?.write('never read');
    return 'disposed';
  },
  async ({ sandboxes }, id) => {
    await using box = await pick(sandboxes.filter(({ spec }) => spec.unshare.length > 0)).open();
    const left = box.spawn('sleep', ['100'], { stdio: 'ignore' });
    assertRight(await box.run('sh', scriptOf(id)), id);
    await left;
    return 'box';
  },
];

/** Runs `count` commands, `atOnce` at a time; tells how they came out. */
export async function storm(count: number, atOnce: number): Promise<Tally> {
  const namespaces = bare().unshare('user', 'mount', 'pid').mapRoot();
  const writing = [bare(), namespaces, bare().unshare('user', 'uts')];
  const sandboxes = [...writing, isolate()];
  await using box = await isolate().open();
  await using pool = isolate().pool({ size: 4 });
  const directory = mkdtempSync(join(tmpdir(), 'isolate-storm-'));
  const ways: Ways = { sandboxes, all: [...sandboxes, box, pool], writing, directory };
  const tally: Tally = {};
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const id = next++;
      const outcome = await (kinds[id % kinds.length] as Kind)(ways, id);
      tally[outcome] = (tally[outcome] ?? 0) + 1;
    }
  };
  // All of them come to their end, also where one has gone wrong.
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, lane));
  rmSync(directory, { recursive: true });
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return tally;
}
