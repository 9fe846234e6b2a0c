import { constants } from 'node:os';
import { type Exit, StepError } from '../index.js';

/** Exit statuses that are not the command's: those of env(1), timeout(1) and docker-run(1). */
export const exitStatus = { isolateFailed: 125, notExecutable: 126, notFound: 127, signalBase: 128 } as const;

/** The exit status for how a command ended: its own, or 128 and the number of the signal. */
export function statusOf(exit: Exit): number {
  if (exit.kind === 'exited') return exit.code;
  return exitStatus.signalBase + (constants.signals[exit.signal] ?? 0);
}

/** The exit status for an error of ours. */
export function statusOfError(error: unknown): number {
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
