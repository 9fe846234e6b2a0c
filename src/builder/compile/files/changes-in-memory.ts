import type { Fd, Operand } from '../../../sys/index.js';
import type { Assembly } from './assembly.js';
import { tmpfsOptions } from './tmpfs-options.js';

/** A file system in memory for what is changed in overlays; `name` is where it is in the staging file system. */
export interface ChangesInMemory {
  readonly fd: Operand<Fd>;
  readonly name: string;
}

export function changesInMemory(assembly: Assembly, size: number | string | undefined): ChangesInMemory {
  const { name, steps } = assembly.staging.directory('changes');
  assembly.emit(...steps);
  const options = tmpfsOptions({ mode: 0o700, ...(size === undefined ? {} : { size }) });
  const attributes = { nosuid: true, nodev: true };
  return { fd: assembly.calls.stage(assembly, { type: 'tmpfs', options, attributes }, name), name };
}
