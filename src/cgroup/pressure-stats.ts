import { readIfThere } from './files.js';

/** What there may be too little of: the first word of `cpu.pressure`, `memory.pressure` and `io.pressure`. */
export type PressureKind = 'cpu' | 'memory' | 'io';

export const pressureKinds: readonly PressureKind[] = ['cpu', 'memory', 'io'];

/** For how much of the time was waited: a line of a `….pressure` file. See https://docs.kernel.org/accounting/psi.html. */
export interface PressureLine {
  /** The share of the last 10 seconds, in percent: `avg10=`. */
  readonly avg10: number;
  /** The share of the last minute, in percent: `avg60=`. */
  readonly avg60: number;
  /** The share of the last 5 minutes, in percent: `avg300=`. */
  readonly avg300: number;
  /** All of the time, milliseconds: `total=`, which is in microseconds. */
  readonly total: number;
}

/** How long processes had to wait for something. See https://docs.kernel.org/accounting/psi.html. */
export interface Pressure {
  /** At least one of them waited: the line `some`. */
  readonly some: PressureLine;
  /** All that had something to do waited at once: the line `full`; undefined where the kernel does not tell, as of processors before Linux 5.13. */
  readonly full: PressureLine | undefined;
}

/**
 * By what was waited for: `cpu.pressure`, `memory.pressure` and `io.pressure` of v2; undefined where it is not told. See
 * https://docs.kernel.org/accounting/psi.html.
 */
export type CgroupPressure = Readonly<Record<PressureKind, Pressure | undefined>>;

/** Reads the pressure on a group; undefined where the kernel does not measure it. */
export function pressureIn(directory: string): CgroupPressure | undefined {
  const kinds = pressureKinds.map((kind) => [kind, parsePressure(textOf(`${directory}/${kind}.pressure`))] as const);
  if (kinds.every(([, pressure]) => pressure === undefined)) return undefined;
  return Object.fromEntries(kinds) as Record<PressureKind, Pressure | undefined>;
}

/** A kernel that was booted with `psi=0` has the files and does not let them be read. */
function textOf(path: string): string {
  return readIfThere(path) ?? '';
}

/** `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`, and `full` in the same way. */
function parsePressure(text: string): Pressure | undefined {
  const some = lineOf(text, 'some');
  return some && { some, full: lineOf(text, 'full') };
}

function lineOf(text: string, name: string): PressureLine | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  if (line === undefined) return undefined;
  const fields = Object.fromEntries(line.split(' ').map((field) => field.split('=')));
  const [avg10 = 0, avg60 = 0, avg300 = 0] = ['avg10', 'avg60', 'avg300'].map((field) => Number(fields[field]));
  return { avg10, avg60, avg300, total: Number(fields.total) / 1000 };
}
