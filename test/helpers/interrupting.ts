// Signals that come in between: with a handler that lets no call go on.
import { type ChildProcess, spawn } from 'node:child_process';
import { constant, int, word } from '../../src/sys/args.js';
import { Block } from '../../src/sys/block.js';
import { defineSyscall, nothing, SIG } from '../../src/sys/index.js';

const rt_sigaction = defineSyscall({
  name: 'rt_sigaction',
  man: 'sigaction(2)',
  scope: 'process',
  args: [
    int('int signum'),
    word('const struct sigaction *act'),
    word('struct sigaction *oldact'),
    constant('size_t sigsetsize', 8),
  ],
  result: nothing,
});

const tgkill = defineSyscall({
  name: 'tgkill',
  man: 'tgkill(2)',
  scope: 'process',
  args: [int('pid_t tgid'), int('pid_t tid'), int('int sig')],
  result: nothing,
});

const flagsAt = 8;
const restart = 0x1000_0000;

/** Handles SIGUSR2 so that the calls which it interrupts fail: Node lets them go on, what an addon has installed need not. */
export function handleWithoutRestart(): void {
  process.on('SIGUSR2', () => {});
  const block = new Block(64);
  rt_sigaction(SIG.USR2, 0, block.address);
  block.setInt32(flagsAt, block.int32(flagsAt) & ~restart);
  rt_sigaction(SIG.USR2, block.address, 0);
}

/** Sends SIGUSR2 to one thread of this process. */
export function interrupt(thread: number): void {
  try {
    tgkill(process.pid, thread, SIG.USR2);
  } catch {
    // It has ended.
  }
}

/** Another process that runs a shell script, with the id of this one as `$0`. */
export function besides(script: string, stdio: number | 'ignore' = 'ignore'): ChildProcess {
  return spawn('sh', ['-c', script, String(process.pid)], { stdio: ['ignore', stdio, 'inherit'] });
}
