import type { Opened } from '../../../ns/index.js';
import type { Fd, Operand, SpecError, Step } from '../../../sys/index.js';
import type { Place } from './place.js';
import type { Staging } from './staging.js';
import type { View } from './view.js';

/** What the calls that make mounts stand on: the view so far, and where their steps go. */
export interface Ground {
  readonly view: View;
  readonly staging: Staging;
  emit(...steps: readonly Step[]): void;
  /** Steps that open what is on the host before anything is changed: sources are what they are for the caller. */
  emitEarly(...steps: readonly Step[]): void;
  /** Opens what is at a path of the view now, whatever is mounted there. `path` has no symbolic links. */
  open(path: string, what: Opened): Operand<Fd>;
  /** Steps that open a path below a directory. No symbolic link on the way is followed, nor one at the end. */
  stepsTo(directory: Operand<Fd>, path: string, what: Opened): { steps: readonly Step[]; opened: Operand<Fd> };
  /** What is at a place by now. */
  openPlace(place: Place): Operand<Fd>;
  /** Attaches a tree to a place. */
  attach(tree: Operand<Fd>, place: Place): void;
  /** Whether there is a directory at a path of the view, or something else. */
  typeOf(path: string): Opened;
  refuse(problem: string, help?: string): SpecError;
}
