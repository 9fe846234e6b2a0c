// Control groups for tests: always some of our own, below the group of the test, and removed after it.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  type Cgroup,
  type CgroupAccess,
  type CgroupOptions,
  type ControllerName,
  cgroupAccess,
  checkCgroup,
  openCgroup,
} from '../../src/cgroup/index.js';

/** A way to make groups here: with all that there is, and where there are both versions, with v1 alone. */
export interface Layout {
  readonly name: string;
  readonly options: Pick<CgroupOptions, 'parent' | 'access'>;
}

/** Where groups can be made: in the group of this program; or in the root of all, if the first has processes of others in it. */
async function place(): Promise<Pick<CgroupOptions, 'parent'> | string> {
  let reason = '';
  for (const options of [{}, ...(process.geteuid?.() === 0 ? [{ parent: '/' }] : [])]) {
    try {
      await (await openCgroup({ ...options, controllers: ['memory', 'pids'] })).remove();
      return options;
    } catch (error) {
      reason ||= (error as Error).message.split('\n')[0] as string;
    }
  }
  return reason;
}

const found = await place();

/** Why no groups can be made here. */
export const noGroups: string | undefined = typeof found === 'string' ? found : undefined;

/** The ways that there are here. A test that goes by one of them is made for each. */
export function layouts(): Layout[] {
  if (typeof found === 'string') return [{ name: 'none', options: {} }];
  const access = cgroupAccess();
  const all = [{ name: access.layout, options: found }];
  return access.layout === 'hybrid' ? [...all, { name: 'v1 alone', options: { access: withoutUnified(access) } }] : all;
}

function withoutUnified(access: CgroupAccess): CgroupAccess {
  return { ...access, bases: access.bases.filter(({ version }) => version === 1) };
}

/** Why there is no such controller. */
export function noController(...names: ControllerName[]): string | undefined {
  if (noGroups !== undefined) return noGroups;
  const { controllers } = cgroupAccess();
  for (const name of names) {
    const access = controllers[name];
    if (!access.usable) return access.problem;
  }
  return undefined;
}

/** Why a group cannot be made like that here; undefined where it can. */
export async function refusalOf(options: CgroupOptions): Promise<string | undefined> {
  return typeof found === 'string' ? found : refusalOfOwn({ ...found, ...options });
}

/** The same where nothing else is said of its place. */
export async function refusalOfOwn(options: CgroupOptions): Promise<string | undefined> {
  try {
    await checkCgroup(options);
    return undefined;
  } catch (error) {
    return (error as Error).message.split('\n')[0];
  }
}

/** Makes a group for as long as something is done, and makes sure that nothing of it is left. */
export async function withGroup<T>(options: CgroupOptions, act: (group: Cgroup) => Promise<T>): Promise<T> {
  const group = await openCgroup(options);
  const result = await act(group).finally(() => group.remove());
  for (const path of group.paths) if (existsSync(path)) throw new Error(`${path} is left`);
  return result;
}

export interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }>;
}

/** Starts a script of sh that waits until it is in the group. */
export async function startIn(group: Cgroup, script: string): Promise<Started> {
  const child = spawn('sh', ['-c', `read go; ${script}`], { stdio: 'pipe' });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk;
  });
  const ended = new Promise<Awaited<Started['ended']>>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  const pid = child.pid as number;
  await group.attach(pid);
  child.stdin.end('\n');
  return { child, pid, ended };
}

/** What is not right away so. */
export async function soon(isSo: () => boolean, what: string, seconds = 10): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
