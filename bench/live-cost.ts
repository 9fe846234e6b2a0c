import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { isolate, type RunningProcess } from 'linux-isolate';
import { crunBundle } from './crun.js';
import { kinds } from './kinds.js';
import { stop, track } from './stop.js';

/** What there is beside a command that runs, and beside the program that has started it. */
export interface LiveCost {
  readonly name: string;
  readonly processes: number;
  /** KiB of memory, what is shared counted in parts. */
  readonly pss: number;
}

/** A command that runs: the process that was started for it, and its end. */
interface Live {
  readonly pid: number;
  end(): Promise<void>;
}

const command = ['sleep', '1000'] as const;

async function liveOf(started: Promise<RunningProcess>): Promise<Live> {
  const running = await started;
  const untrack = track(running);
  return {
    pid: running.pid,
    end: async () => {
      await running[Symbol.asyncDispose]();
      untrack();
    },
  };
}

async function liveProcess(file: string, args: readonly string[]): Promise<Live> {
  const child: ChildProcess = spawn(file, args, { stdio: 'ignore' });
  const pid = child.pid ?? -1;
  const kill = () => {
    for (const one of familyOf(pid).reverse()) killIfThere(one);
    return true;
  };
  const untrack = track({ kill });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()));
  return {
    pid,
    end: async () => {
      kill();
      await ended;
      untrack();
    },
  };
}

const isolateLives: Readonly<Record<string, () => Promise<Live>>> = {
  'isolate(), below its init': () => liveOf(isolate().spawn(command[0], [command[1]], { stdio: 'ignore' })),
  'isolate().asPid1()': () => liveOf(isolate().asPid1().spawn(command[0], [command[1]], { stdio: 'ignore' })),
  'isolate(), in an open box: with what holds the box': async () => {
    const box = await isolate().open();
    await box.spawn(command[0], [command[1]], { stdio: 'ignore' });
    return { pid: box.pid, end: () => box.close() };
  },
};

const namespaceFlags = kinds.map((kind) => `--${kind}`);
const otherLives: Readonly<Record<string, () => Promise<Live>>> = {
  'bwrap, seven namespaces': () =>
    liveProcess('bwrap', [
      ...kinds.filter((kind) => kind !== 'mount').map((kind) => `--unshare-${kind}`),
      ...['--dev-bind', '/', '/', '--proc', '/proc', ...command],
    ]),
  'unshare --fork, seven namespaces': () =>
    liveProcess('unshare', [...namespaceFlags, '--fork', '--map-current-user', '--mount-proc', ...command]),
  'crun run, seven namespaces': async () => {
    const bundle = crunBundle(tmpdir(), { args: ['/usr/bin/sleep', command[1]] });
    const live = await liveProcess(...bundle.commandLine());
    return { pid: live.pid, end: () => live.end().finally(bundle.remove) };
  },
};

/** What it costs to have each of them running; and why some are not here. */
export async function liveCosts(): Promise<{
  readonly costs: readonly LiveCost[];
  readonly missing: readonly string[];
}> {
  const costs: LiveCost[] = [];
  const missing: string[] = [];
  for (const [name, start] of Object.entries({ ...isolateLives, ...otherLives })) {
    stop.throwIfAborted();
    const live = await start();
    try {
      const cost = await settled(live.pid);
      if (cost === undefined) missing.push(`${name} does not run here, or its memory may not be read`);
      else costs.push({ name, ...cost });
    } finally {
      await live.end();
    }
  }
  return { costs, missing };
}

/** Waits until the command runs. */
async function settled(pid: number): Promise<Omit<LiveCost, 'name'> | undefined> {
  for (let times = 0; times < 100; times++) {
    const family = familyOf(pid);
    const others = family.filter((one) => nameOf(one) !== command[0]);
    const isHeld = nameOf(pid) === 'isolate-init';
    if (others.length < family.length || (isHeld && times > 20)) {
      await setTimeout(100);
      const pss = others.map(pssOf);
      return pss.includes(undefined)
        ? undefined
        : { processes: others.length, pss: (pss as number[]).reduce((sum, one) => sum + one, 0) };
    }
    await setTimeout(20);
  }
  return undefined;
}

/** A process and all that descend from it. */
function familyOf(pid: number): number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
    return [pid, ...children.flatMap(familyOf)];
  } catch {
    return [];
  }
}

function nameOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function pssOf(pid: number): number | undefined {
  try {
    return Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {}
}
