import type { IdMaps } from '../../../ns/index.js';
import type { Fd, Operand } from '../../../sys/index.js';
import type { Section } from '../section.js';

/** A bind whose tree the caller makes before there is a process: only who owns a file system may map its ids. */
export interface IdmappedTree {
  /** The name of the user namespace with the maps, for the launch. */
  readonly namespace: string;
  readonly maps: IdMaps;
  readonly before: Section;
  readonly after: Section;
  readonly fd: Operand<Fd>;
}
