import type { CgroupOptions, CgroupPart, CgroupPlan } from '../../cgroup/index.js';

/** The control groups of the host, as far as a plan asks for them. */
export interface HostCgroups {
  /** What would be done to make a group, and what of it cannot be. */
  plan(options: CgroupOptions): CgroupPlan;
  /** The parts of a group that is there; undefined for none. */
  find(path: string): readonly CgroupPart[] | undefined;
  /**
   * The scope of systemd that the caller is moved into before it makes a group: below a slice, if one is given, or since it may make none where
   * it is. Undefined where it is to stay, or there is no systemd, as if this were left out.
   *
   * @throws SpecError - there is no such slice.
   */
  scope?(slice: string | undefined): HostScope | undefined;
}

/** A scope that systemd would give the caller. */
export interface HostScope {
  readonly name: string;
  /** The command by which it is asked for: its file and its arguments. */
  readonly file: string;
  readonly args: readonly string[];
  /** What would be done to make a group in there, and what of it cannot be. */
  plan(options: CgroupOptions): CgroupPlan;
}
