// What a command in a sandbox sees.
import * as assert from 'uvu/assert';
import type { RunResult, Sandbox } from '../../src/index.js';

/** What a command prints, without the last newline; it has to end with 0. */
export async function output(sandbox: Sandbox, file: string, ...args: string[]): Promise<string> {
  return printed(await sandbox.run(file, args));
}

/** The same of a shell script. */
export function shell(sandbox: Sandbox, script: string, ...args: string[]): Promise<string> {
  return output(sandbox, 'sh', '-c', script, 'sh', ...args);
}

/** What JavaScript prints that a Node in the sandbox evaluates. */
export function script(sandbox: Sandbox, code: string): Promise<string> {
  return output(sandbox, process.execPath, '--input-type=commonjs', '--eval', code);
}

export function printed({ stdout, stderr, exit }: RunResult): string {
  const { usage: _usage, wallTime: _wallTime, ...end } = exit;
  assert.equal(end, { kind: 'exited', code: 0 }, stderr);
  return stdout.replace(/\n$/, '');
}

/** The fields of `/proc/PID/status`. */
export function statusFields(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => line.split(/:\s*/, 2) as [string, string]),
  );
}

/** The fields of `/proc/self/status` of a command itself. */
export async function statusInside(sandbox: Sandbox): Promise<Record<string, string>> {
  return statusFields(await output(sandbox, 'cat', '/proc/self/status'));
}
