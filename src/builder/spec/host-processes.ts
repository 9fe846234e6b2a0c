import type { IdMaps, NamespaceIds } from '../../ns/index.js';
import type { JoinSpec } from './join.js';

/** A process whose namespaces may be joined, as far as the caller can see it. */
export interface HostProcess {
  readonly namespaces: NamespaceIds;
  /** Which ids its user namespace has, as the caller's sees them. */
  readonly maps: IdMaps;
  /** Whether its user namespace lets anybody in it change supplementary groups. */
  readonly setgroupsAllowed: boolean;
}

/** The processes of the host, as far as a plan asks for them. */
export interface HostProcesses {
  /** The caller's own namespaces. */
  own(): NamespaceIds;
  /** undefined for one that is not there, or that the caller may not look at. */
  find(process: NonNullable<JoinSpec['process']>): HostProcess | undefined;
}
