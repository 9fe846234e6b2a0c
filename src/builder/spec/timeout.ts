import { SpecError } from '../../sys/index.js';
import { type Duration, readDuration, type Signal, signalNumber } from '../../units/index.js';

/** How long a command may run, and how it is ended then. */
export interface TimeoutSpec {
  /** Milliseconds from its start; and as many for its launch. */
  readonly limit: number;
  /** What it gets then; left out, SIGKILL. */
  readonly killSignal?: Signal;
  /** Milliseconds from there to SIGKILL. */
  readonly grace?: number;
}

/** How a command is ended: the same at a time limit and by an `AbortSignal`. */
export interface KillOptions {
  /** What the command gets. SIGKILL if not given: it cannot be ignored. */
  readonly killSignal?: Signal;
  /** How long it has after any other signal before all of it gets SIGKILL: milliseconds or text, 5 s if not given. */
  readonly grace?: Duration;
}

/** What a spec says of a time limit; `false` is none. */
export function readTimeout(limit: Duration | false, options: KillOptions): TimeoutSpec | undefined {
  const { killSignal, grace } = checkKillOptions(options);
  if (limit === false) return undefined;
  return {
    limit: readDuration('timeout', limit),
    ...(killSignal === undefined ? {} : { killSignal }),
    ...(grace === undefined ? {} : { grace }),
  };
}

/** Refuses what came as JSON and cannot be. */
export function checkTimeout(timeout: TimeoutSpec | undefined): void {
  if (timeout !== undefined) readTimeout(timeout.limit, { ...timeout });
}

/** The same options, with the grace in milliseconds. */
export function checkKillOptions({ killSignal, grace }: KillOptions): Pick<TimeoutSpec, 'killSignal' | 'grace'> {
  if (killSignal !== undefined && signalNumber(killSignal, 'killSignal') === 0) {
    throw new SpecError('killSignal', 'signal 0 ends nothing', "leave it out for SIGKILL, or give one as 'SIGTERM'");
  }
  return {
    ...(killSignal === undefined ? {} : { killSignal }),
    ...(grace === undefined ? {} : { grace: readDuration('grace', grace) }),
  };
}
