/** An overlay of a snapshot. */
export interface SnapshotPart {
  /** Where it is for the command. */
  readonly target: string;
  /** The directory of the host below it. */
  readonly lower: string;
  /** Where its changes are, by a path in the file system of the snapshot. */
  readonly upper: string;
}
