import { SIG } from '../../sys/index.js';
import { type Duration, readDuration, signalNumber } from '../../units/index.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import type { TtyOption } from '../spec/terminal.js';
import { checkKillOptions, type KillOptions } from '../spec/timeout.js';
import type { KillWay } from './ending.js';
import type { ListenInput } from './listen-input.js';
import type { StdioInput } from './stdio-input.js';

/** How a command is started, and ended. */
export interface SpawnOptions extends KillOptions {
  /**
   * What its descriptors are connected to: one word for the standard three, or an entry for each from 0 on. Without it, what
   * {@link Sandbox.stdio} says, and `'inherit'` where that says nothing.
   */
  readonly stdio?: StdioInput | readonly StdioInput[];
  /**
   * A terminal of its own for the command, in the place of descriptors 0, 1 and 2: {@link RunningProcess.terminal}. Without it, what
   * {@link Sandbox.tty} says. Of 0 and 1 `stdio` may then say `'inherit'`, which is as much as nothing. Errors go where it says of 2,
   * if that is anything else: `['inherit', 'inherit', 2]` leaves them where those of this program go.
   */
  readonly tty?: TtyOption;
  /**
   * Listening sockets that the command takes over from descriptor 3 on, as systemd hands them to a service: with `LISTEN_FDS`,
   * `LISTEN_PID` and `LISTEN_FDNAMES`. See sd_listen_fds(3). Without it, what {@link Sandbox.listen} says.
   */
  readonly listen?: readonly ListenInput[];
  /** Ends the command when it is aborted. Before the command runs, `spawn` rejects with an AbortError. */
  readonly signal?: AbortSignal;
  /**
   * How long the command may run from its start: milliseconds, or text as `'10s'`; `false` for no limit. Its launch may take as long,
   * too: then `spawn` rejects with a {@link LaunchTimeoutError}. Without it, what {@link Sandbox.timeout} says, as with `killSignal` and
   * `grace`.
   */
  readonly timeout?: Duration | false;
  /**
   * It is found out which namespaces the command is in, also if it ends at once: {@link RunningProcess.namespaces}. That needs the
   * host's `/proc`.
   */
  readonly identify?: boolean;
}

/** How long a command may run, milliseconds; undefined for as long as it likes. */
export function timeLimit(spec: ProcessSpec, { timeout }: SpawnOptions): number | undefined {
  if (timeout === undefined) return spec.timeout?.limit;
  return timeout === false ? undefined : readDuration('timeout', timeout);
}

/** Milliseconds. */
const usualGrace = 5000;

/** How it is ended at a limit or by an abort: what the options say, then the spec. */
export function killWay(spec: ProcessSpec, options: SpawnOptions): KillWay {
  const { killSignal = SIG.KILL, grace = usualGrace } = { ...spec.timeout, ...checkKillOptions(options) };
  return { signal: signalNumber(killSignal, 'killSignal'), grace };
}
