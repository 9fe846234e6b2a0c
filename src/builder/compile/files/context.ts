import type { ProcessSpec } from '../../spec/process-spec.js';
import type { Identity } from '../ids.js';
import type { Snapshots } from './snapshots.js';

/** What entries depend on besides the view. */
export interface FilesContext {
  readonly spec: ProcessSpec;
  /** Who the command runs as, where that is not who makes the view. */
  readonly identity: Identity;
  readonly snapshots: Snapshots;
}
