import type { Opened } from '../../../ns/index.js';
import type { Fd, Operand } from '../../../sys/index.js';

/** A place in the view where something is to be mounted: a name in a directory. */
export interface Place {
  readonly path: string;
  readonly what: Opened;
  readonly parent: Operand<Fd>;
  readonly name: string;
  /** It was made for this, so it can be no link. */
  readonly isNew: boolean;
}
