import { SpecError } from '../../sys/index.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { stdioEntries } from '../spec/stdio.js';
import { ttyOf } from '../spec/terminal.js';
import { checkEncoding, type OutputEncoding } from './collect/encoding.js';
import type { RunInput } from './collect/run-input.js';
import type { SpawnOptions } from './spawn-options.js';
import type { StdioInput } from './stdio-input.js';

/** How many bytes of a stream are collected where nothing is said. */
export const usualMaxBuffer = 100 * 2 ** 20;

/**
 * How a command is run to its end: see {@link SpawnOptions}. Without `stdio`, here or in the spec, it has no input but `input`, and what
 * it prints is collected; with `tty`, all of it is in `stdout`, unless `stdio` says
 * something else of errors, and `input` is typed. A pipe above 2 is refused: nobody would be at its other end.
 */
export interface RunOptions<E extends OutputEncoding = 'text', A extends boolean = boolean> extends SpawnOptions {
  /** As what its output is given: `'text'` if not said otherwise. */
  readonly encoding?: E;
  /**
   * How many bytes of each stream are collected at most: 100 MiB (`100 * 1024 * 1024`) if not given; `Infinity` is no limit, but for
   * what Node can have in a string, 512 MiB, or a Buffer. A command that prints more is killed, and `run` rejects with a
   * {@link MaxBufferError}.
   */
  readonly maxBuffer?: number;
  /**
   * What the command reads as its stdin. It does not have to read it, nor all of it. A stream is read as fast as the command reads;
   * it is destroyed when the command reads no more. One that fails ends the command, and is what `run` rejects with.
   */
  readonly input?: RunInput;
  /**
   * {@link RunResult.all} is there: stdout and stderr in the order in which they arrived. They come through a pipe each, so the order
   * between two writes in quick succession may be lost; a command that has one pipe for both (`2>&1` in a shell) keeps it.
   */
  readonly all?: A;
}

/**
 * The options that the command of a run is started with.
 *
 * @throws SpecError - an option cannot be, or not together with the stdio.
 */
export function spawnOptionsOf<E extends OutputEncoding>(spec: ProcessSpec, options: RunOptions<E>): SpawnOptions {
  const { encoding = 'text', maxBuffer = usualMaxBuffer, input } = options;
  checkEncoding(encoding);
  checkMaxBuffer(maxBuffer);
  const { tty } = options;
  const hasTerminal = ttyOf(spec, tty) !== undefined;
  const collected = hasTerminal ? 'inherit' : ([input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] as const);
  const stdio = options.stdio ?? spec.stdio ?? collected;
  checkStdio(stdioEntries<StdioInput>(stdio), input !== undefined && !hasTerminal);
  return { ...options, stdio };
}

function checkMaxBuffer(maxBuffer: number): void {
  if (maxBuffer === Number.POSITIVE_INFINITY || (Number.isSafeInteger(maxBuffer) && maxBuffer >= 0)) return;
  const shown = typeof maxBuffer === 'number' ? maxBuffer : JSON.stringify(maxBuffer);
  throw new SpecError('maxBuffer', `${shown} is no number of bytes`, 'give a whole number, or Infinity for no limit');
}

function checkStdio(entries: readonly StdioInput[], hasInput: boolean): void {
  if (hasInput && entries[0] !== 'pipe') {
    const help = "leave stdio out, or make 'pipe' its first entry";
    throw new SpecError('input', 'stdin is something else: the stdio says so', help);
  }
  const extra = entries.findIndex((entry, fd) => fd > 2 && entry === 'pipe');
  if (extra >= 0) {
    const help = `use spawn(), which gives its stream as stdio[${extra}]`;
    throw new SpecError('stdio', `nobody would be at the other end of the pipe that is fd ${extra} of a run`, help);
  }
}
