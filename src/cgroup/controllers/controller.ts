/** The controllers that this package sets limits of, by their names of cgroup v2. */
export const controllerNames: readonly ControllerName[] = [
  'cpu',
  'cpuset',
  'hugetlb',
  'io',
  'memory',
  'misc',
  'pids',
  'rdma',
];

/** A controller, by its name of cgroup v2 in `cgroup.controllers`: `io` is `blkio` in v1. See cgroups(7). */
export type ControllerName = 'cpu' | 'cpuset' | 'hugetlb' | 'io' | 'memory' | 'misc' | 'pids' | 'rdma';

/** The version of a hierarchy: 2 for the unified one. See cgroups(7). */
export type CgroupVersion = 1 | 2;

/** What the kernel calls a controller in a version. */
export function kernelName(controller: ControllerName, version: CgroupVersion): string {
  return controller === 'io' && version === 1 ? 'blkio' : controller;
}

/** Something that is written to a file of a group: `echo VALUE > FILE`. */
export interface CgroupValue {
  /** The controller whose file it is. */
  readonly controller: ControllerName;
  /** The file, below the directory of the group, as `memory.max`. */
  readonly file: string;
  /** What is written, in the unit of the file. */
  readonly value: string;
  /** The limit that asks for it, as `memory.max`. */
  readonly field: string;
  /** Where the kernel documents it: an address. */
  readonly documentation: string;
  /** In a file with a line for each device: which line it is, as `8:0`. */
  readonly key?: string;
  /** What is written to take the line away again. */
  readonly reset?: string;
  /** A second file for the same, and its value: there may be the one or the other, or both. What is there of them is written. */
  readonly also?: { readonly file: string; readonly value: string };
  /** What it means when the group has no such file. */
  readonly missing?: Problem;
  /** A file that tells afterwards whether the kernel really does it: it holds the value, or all that is in it. */
  readonly confirm?: { readonly file: string; readonly by: 'equal' | 'all of it' };
}

/** Why something cannot be, and what to do. */
export interface Problem {
  /** What is in the way. */
  readonly problem: string;
  /** The way out, where there is one. */
  readonly help?: string | undefined;
}

/** A limit that cannot be, on this host or at all. */
export interface CgroupRefusal extends Problem {
  /** The limit, as `memory.high`. */
  readonly field: string;
}

/** What a controller makes of its limits. */
export interface Emission {
  readonly values: readonly CgroupValue[];
  readonly refusals: readonly CgroupRefusal[];
}

/** Turns the limits of one controller into values for the files of a version, and writes nothing. */
export type Controller<Limits> = (limits: Limits, version: CgroupVersion) => Emission;
