/**
 * Start processes in Linux namespaces of their own.
 *
 * @module isolate
 */
export { Box, type BoxSpawnOptions } from './builder/box/box.js';
export { boxNames, findBox } from './builder/box/find-box.js';
export type { OpenOptions } from './builder/box/open-box.js';
export { Pool, type PoolOptions } from './builder/box/pool.js';
export type { StepFailureReason } from './builder/errors/step-error.js';
export { StepError } from './builder/errors/step-error.js';
export type { Resources } from './builder/group/resources.js';
export { Plan, type PlanStep, type PlanStepJson } from './builder/plan.js';
export { bare, isolate, privateFiles } from './builder/presets.js';
export type { Output, OutputEncoding } from './builder/process/collect/encoding.js';
export { MaxBufferError } from './builder/process/collect/max-buffer-error.js';
export type { RunInput } from './builder/process/collect/run-input.js';
export type {
  CompileEvent,
  ExecEvent,
  ExitEvent,
  IsolateEvents,
  LaunchEvent,
  LaunchedCommand,
  StepErrorEvent,
} from './builder/process/events.js';
export type {
  Ended,
  Exit,
  Exited,
  Killed,
  OutOfMemory,
  Remains,
  Signaled,
  TimedOut,
  Usage,
} from './builder/process/exit.js';
export { LaunchTimeoutError } from './builder/process/launch-timeout-error.js';
export type { ListenInput } from './builder/process/listen-input.js';
export type { RunResult } from './builder/process/run.js';
export type { RunOptions } from './builder/process/run-options.js';
export { RunningProcess } from './builder/process/running-process.js';
export type { SpawnOptions } from './builder/process/spawn-options.js';
export type { StdioInput } from './builder/process/stdio-input.js';
export { Terminal } from './builder/process/terminal.js';
export { type Preset, Sandbox } from './builder/sandbox.js';
export { type ProcOptions, SandboxFiles } from './builder/sandbox-files.js';
export type { Change } from './builder/snapshot/change.js';
export type { EntryType } from './builder/snapshot/entry.js';
export { Snapshot } from './builder/snapshot/snapshot.js';
export { SnapshotError } from './builder/snapshot/snapshot-error.js';
export type { CapabilityName } from './builder/spec/capability.js';
export type { CgroupInput, CgroupSpec } from './builder/spec/cgroup.js';
export type {
  BindEntry,
  DirEntry,
  DirectoryRoot,
  EmptyRoot,
  FileEntry,
  FilesEntry,
  HomeEntry,
  HostRoot,
  KernelEntry,
  KernelGuardsEntry,
  MaskEntry,
  OverlayEntry,
  ProcEntry,
  PropagationEntry,
  ReadonlyEntry,
  RemountEntry,
  ResolverEntry,
  RootSpec,
  SymlinkEntry,
  TmpfsEntry,
  WorkingDirectoryEntry,
} from './builder/spec/file-entry.js';
export type { Host } from './builder/spec/host.js';
export type { HostCgroups, HostScope } from './builder/spec/host-cgroups.js';
export type { Access, HostDescriptor, HostFile, HostFiles, HostMount } from './builder/spec/host-files.js';
export type { HostProcess, HostProcesses } from './builder/spec/host-processes.js';
export type { IdMapInput } from './builder/spec/id-map.js';
export type { JoinInput, JoinSpec } from './builder/spec/join.js';
export type { Limits, LimitsOptions } from './builder/spec/limits.js';
export type { ListenEntry } from './builder/spec/listen.js';
export type { BindOptions, FileContents, OverlayOptions } from './builder/spec/make-entry.js';
export type { Command, EnvSpec, ProcessSpec } from './builder/spec/process-spec.js';
export type { StdioEntry, StdioSpec } from './builder/spec/stdio.js';
export type { TerminalSize, TtyOption, TtySpec } from './builder/spec/terminal.js';
export type { KillOptions, TimeoutSpec } from './builder/spec/timeout.js';
export type { ClockOffsets, IdMap, MountAttributes, NamespaceIds, NamespaceKind, Propagation } from './ns/index.js';
export { IsolateError, SpecError, SyscallError } from './sys/index.js';
export type { Duration, Signal } from './units/index.js';
