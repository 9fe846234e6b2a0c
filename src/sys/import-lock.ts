import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { threadId } from 'node:worker_threads';

/** How long a thread waits for the others, milliseconds. What they do takes a few, and many times that on a busy machine. */
const longestWait = 60_000;

/** Another user of the host who takes the name can delay this program by no more, milliseconds. */
const longestForOthers = 500;

/**
 * Runs `work` while no other thread of this process does. Workers share no memory that they were not given, and Node has no
 * lock between them: so it is an abstract socket, whose name only one of them can have, and which goes with whoever has it.
 * Where none can be had, `work` runs all the same.
 */
export function oneThreadAtATime<T>(work: () => T): T {
  const lock = takeName(nameOfProcess());
  try {
    return work();
  } finally {
    lock?.close();
  }
}

/** The server that has the name for this thread; undefined where nobody can have one, or not in time. */
function takeName(name: string): Server | undefined {
  const began = performance.now();
  const waited = () => performance.now() - began;
  const sleep = new Int32Array(new SharedArrayBuffer(4));
  let lookedAt = 0;
  for (let times = 0; waited() < longestWait; times++) {
    const server = tryName(name);
    if (server.listening) return server;
    if (times === 0 && !areThereNames(name)) return undefined;
    if (waited() - lookedAt > longestForOthers) {
      if (!isOurs(name)) return undefined;
      lookedAt = waited();
    }
    Atomics.wait(sleep, 0, 0, 1);
  }
  return undefined;
}

/** Whether a thread of this process has the name, or nobody has it any more: the sockets of a process are among its descriptors. */
function isOurs(name: string): boolean {
  const line = readFileSync('/proc/self/net/unix', 'utf8')
    .split('\n')
    .find((line) => line.endsWith(` @${name.slice(1)}`));
  // Num RefCount Protocol Flags Type St Inode Path
  const inode = line?.trim().split(/\s+/)[6];
  return inode === undefined || readdirSync('/proc/self/fd').some((fd) => targetOf(fd) === `socket:[${inode}]`);
}

/** What a descriptor of this process is; undefined where it has just been closed. */
function targetOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
}

/** Whether names can be had at all here: nobody else has this one. */
function areThereNames(name: string): boolean {
  const server = tryName(`${name}/${threadId}/${process.hrtime.bigint()}`);
  const { listening } = server;
  if (listening) server.close();
  return listening;
}

/** The id of the process, and when it started, in clock ticks: the same in every thread. See proc_pid_stat(5). */
function nameOfProcess(): string {
  const afterName = readFileSync('/proc/self/stat', 'utf8').replace(/^.*\) /s, '');
  return `\0linux-isolate/${process.pid}/${afterName.split(' ')[19]}`;
}

/** A server that listens under this name, if nobody else does: it is bound before `listen` returns. */
function tryName(path: string): Server {
  return createServer()
    .on('error', () => {})
    .listen({ path, exclusive: true })
    .unref();
}
