// Runs the programs that this machine has.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Starts a program that does not outlive this one, even if this one is killed outright (PR_SET_PDEATHSIG), and is killed
 * when `signal` is aborted.
 */
export function start(program, args, { signal, ...options } = {}) {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], options);
  const kill = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', kill, { once: true });
  child.once('close', () => signal?.removeEventListener('abort', kill));
  if (signal?.aborted) kill();
  return child;
}

/** Runs a program to its end, and gives what it printed. What it complains about is shown if it fails. */
export async function output(program, args, options = {}) {
  const child = start(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = [child.stdout, child.stderr].map(textOf);
  const [status] = await once(child, 'close');
  options.signal?.throwIfAborted();
  const [stdout, stderr] = await Promise.all(texts);
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')} failed:\n${stderr.trim() || stdout.trim()}`);
}

async function textOf(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
