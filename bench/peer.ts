import { spawn, spawnSync } from 'node:child_process';
import type { Sandbox } from 'linux-isolate';
import { track } from './stop.js';

/** A way to start a command from Node. */
export interface Peer {
  readonly name: string;
  /** Starts the command with its standard streams on /dev/null; resolves when it has ended with success. */
  run(command: string): Promise<void>;
  /** It takes no part where many are started at once. */
  readonly isAlone?: boolean;
  /** Waits until it is ready for the next command, which is not counted. */
  ready?(): Promise<void>;
  /** Puts away what it keeps between commands. */
  end?(): Promise<void>;
  /** Why it cannot take part here, or undefined. */
  missing(): Promise<string | undefined>;
}

/** Starts the command by a sandbox, a box or a pool, and waits until it has ended. */
export async function runBy(starter: Pick<Sandbox, 'spawn'>, command: string, name: string): Promise<void> {
  const child = await starter.spawn(command);
  const untrack = track(child);
  const exit = await child.exited;
  untrack();
  if (exit.kind !== 'exited' || exit.code !== 0) throw new Error(`${name}: ${JSON.stringify(exit)}`);
}

/** A sandbox that starts the command. */
export function isolatePeer(name: string, sandbox: Sandbox): Peer {
  const quiet = sandbox.stdio('ignore');
  const run = (command: string) => runBy(quiet, command, name);
  return {
    name,
    run,
    missing: () =>
      run('/bin/true').then(
        () => undefined,
        (error: Error) => `is refused here: ${error.message.split('\n')[0]}`,
      ),
  };
}

/** A command line that starts the command. */
export function nodePeer(name: string, commandLine: (command: string) => [string, string[]]): Peer {
  const run = (command: string) =>
    new Promise<void>((resolve, reject) => {
      const [file, args] = commandLine(command);
      const child = spawn(file, args, { stdio: 'ignore' });
      const untrack = track(child);
      child.once('error', (error) => {
        untrack();
        reject(error);
      });
      child.once('exit', (code, signal) => {
        untrack();
        if (code === 0) resolve();
        else reject(new Error(`${name}: ended with ${signal ?? code}`));
      });
    });
  const missing = async () => {
    const [file, args] = commandLine('/bin/true');
    const { error, status, stderr } = spawnSync(file, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
    if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return `is not installed: there is no ${file}`;
    if (error === undefined && status === 0) return undefined;
    return `is refused here: ${error?.message ?? stderr.trim().split('\n')[0]}`;
  };
  return { name, run, missing };
}
