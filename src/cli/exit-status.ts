import { constants } from 'node:os';
import { CommanderError } from 'commander';
import { match, P } from 'ts-pattern';
import { type Exit, LaunchTimeoutError, StepError } from '../index.js';
import { signalNumber } from '../units/index.js';

/** Exit statuses that are not the command's: those of env(1), timeout(1) and docker-run(1). */
export const exitStatus = {
  timedOut: 124,
  isolateFailed: 125,
  notExecutable: 126,
  notFound: 127,
  signalBase: 128,
} as const;

/** The exit status for how a command ended: its own, or 128 and the number of the signal, if it was not its time that was over. */
export function statusOf(exit: Exit): number {
  return match(exit)
    .with({ kind: 'timeout' }, () => exitStatus.timedOut)
    .with({ signal: P.string }, ({ signal }) => exitStatus.signalBase + signalNumber(signal))
    .otherwise(({ code }) => code ?? exitStatus.isolateFailed);
}

/** The exit status for an error of ours. The parser also throws where it has shown the help or the version. */
export function statusOfError(error: unknown): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  if (error instanceof LaunchTimeoutError) return exitStatus.timedOut;
  if (!(error instanceof StepError)) return exitStatus.isolateFailed;
  switch (error.reason) {
    case 'command-not-found':
    case 'interpreter-not-found':
      return exitStatus.notFound;
    case 'not-executable':
      return exitStatus.notExecutable;
    default:
      return exitStatus.isolateFailed;
  }
}

/** The exit status where what isolate prints could not be written: as of a program that SIGPIPE ends, if nobody reads it. */
export function statusOfOutputError(error: unknown): number {
  const isPipe = (error as NodeJS.ErrnoException).code === 'EPIPE';
  return isPipe ? exitStatus.signalBase + constants.signals.SIGPIPE : exitStatus.isolateFailed;
}
