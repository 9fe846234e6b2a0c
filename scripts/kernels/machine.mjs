// A machine, from its start until it has switched itself off.
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { start } from '../machine/command.mjs';

/** How much of what the machine prints by itself is kept, for when it fails. */
const mostLines = 30;

/**
 * Starts a machine, passes on what the command in it prints, and gives the command's exit status. Of the machine's descriptors
 * 1 is its console, 2 for complaints of the emulator, 3 and 4 for what the command prints, 5 for the status.
 */
export async function runMachine({ program, args, env }, { showConsole }, signal) {
  const child = start(program, args, { signal, env, stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'] });
  const [, ownOutput, complaints, out, err, status] = child.stdio;
  out.pipe(process.stdout, { end: false });
  err.pipe(process.stderr, { end: false });

  let last = [];
  for (const input of [ownOutput, complaints]) {
    createInterface({ input }).on('line', (line) => {
      if (showConsole) console.error(line);
      last = [...last, line].slice(-mostLines);
    });
  }
  let said = '';
  status.on('data', (text) => {
    said += text;
  });
  await once(child, 'close');
  signal.throwIfAborted();

  if (/^\d+\n$/.test(said)) return Number(said);
  throw new Error(
    `the machine ended without an exit status of the command. The last that it printed:\n${last.join('\n')}`,
  );
}
