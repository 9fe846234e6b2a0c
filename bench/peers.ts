import { spawn, spawnSync } from 'node:child_process';
import { bare, isolate, type Sandbox } from 'linux-isolate';
import { track } from './stop.js';

/** A way to start a command from Node. */
export interface Peer {
  readonly name: string;
  /** Starts the command with its standard streams on /dev/null; resolves when it has ended with success. */
  run(command: string): Promise<void>;
  /** Why it cannot take part here, or undefined. */
  missing(): Promise<string | undefined>;
}

/** What everything is compared with. */
export const plain = 'child_process.spawn';
export const seven = 'isolate, seven namespaces';
export const bubblewrap = 'bwrap, seven namespaces';

const kinds = ['user', 'mount', 'pid', 'net', 'ipc', 'uts', 'cgroup'] as const;
const butNet = kinds.filter((kind) => kind !== 'net');

export const peers: readonly Peer[] = [
  nodePeer(plain, (command) => [command, []]),
  isolatePeer('isolate, no namespaces', bare()),
  isolatePeer('isolate, user', bare().unshare('user')),
  isolatePeer('isolate, all but net', bare().unshare(...butNet)),
  isolatePeer(seven, bare().unshare(...kinds)),
  isolatePeer('isolate() default', isolate()),
  nodePeer('unshare(1), seven namespaces', (command) => [
    'unshare',
    [...kinds.map((kind) => `--${kind}`), '--fork', '--map-current-user', '--mount-proc', command],
  ]),
  nodePeer(bubblewrap, (command) => [
    'bwrap',
    // A mount namespace is always new. The command is the init of its PID namespace, as with the others.
    [
      ...kinds.filter((kind) => kind !== 'mount').map((kind) => `--unshare-${kind}`),
      ...['--as-pid-1', '--dev-bind', '/', '/', '--proc', '/proc', command],
    ],
  ]),
];

function isolatePeer(name: string, sandbox: Sandbox): Peer {
  const quiet = sandbox.stdio('ignore');
  const run = async (command: string): Promise<void> => {
    const child = await quiet.spawn(command);
    const untrack = track(child);
    const exit = await child.exited;
    untrack();
    if (exit.kind !== 'exited' || exit.code !== 0) throw new Error(`${name}: ${JSON.stringify(exit)}`);
  };
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

function nodePeer(name: string, commandLine: (command: string) => [string, string[]]): Peer {
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
