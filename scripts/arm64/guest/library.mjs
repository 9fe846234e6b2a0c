// The library as a user of it has it, and what several checks ask of it.
import { readdirSync, readFileSync } from 'node:fs';

export const { bare, isolate, SpecError, StepError } = await import('/machine/project/dist/index.js');
export const sys = await import('/machine/project/dist/sys/index.js');
export const ns = await import('/machine/project/dist/ns/index.js');

/** All kinds of namespaces but that of time, which has checks of its own. */
export const kinds = ['user', 'mount', 'pid', 'net', 'ipc', 'uts', 'cgroup'];

/** All of those namespaces new in one launch, with the caller as root. */
export const everything = bare()
  .unshare(...kinds)
  .mapRoot();

/** Runs a shell script in a sandbox; gives the lines that it printed. */
export async function linesOf(sandbox, script) {
  const { stdout, stderr, exit } = await sandbox.run('/bin/sh', ['-c', script]);
  if (exit.kind !== 'exited' || exit.code !== 0 || stderr !== '') {
    throw new Error(`the script ended with ${JSON.stringify(exit)}: ${stderr}`);
  }
  return stdout.trim().split('\n');
}

/** The error of a run that has to fail. */
export async function errorOf(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

/** What a launch must not leave behind: open descriptors, and children that run or were not waited for. */
export function leftovers() {
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    children: readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => parentOf(pid) === process.pid).length,
  };
}

/** The parent of a process; undefined if the process has just ended. */
function parentOf(pid) {
  try {
    return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}
