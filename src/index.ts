/**
 * Start processes in Linux namespaces of their own.
 *
 * @module isolate
 */
export type { StepFailureReason } from './builder/errors/step-error.js';
export { StepError } from './builder/errors/step-error.js';
export { Plan, type PlanStep, type PlanStepJson } from './builder/plan.js';
export { bare, isolate, privateFiles } from './builder/presets.js';
export type { Exit, Usage } from './builder/process/exit.js';
export type { RunOptions, RunResult } from './builder/process/run.js';
export { RunningProcess } from './builder/process/running-process.js';
export type { SpawnOptions } from './builder/process/spawn.js';
export type { StdioInput } from './builder/process/stdio-input.js';
export { Terminal } from './builder/process/terminal.js';
export { type Preset, Sandbox } from './builder/sandbox.js';
export { type ProcOptions, SandboxFiles } from './builder/sandbox-files.js';
export type { Change } from './builder/snapshot/change.js';
export type { EntryType } from './builder/snapshot/entry.js';
export { Snapshot } from './builder/snapshot/snapshot.js';
export { SnapshotError } from './builder/snapshot/snapshot-error.js';
export type { CapabilityName } from './builder/spec/capability.js';
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
export type { Access, HostDescriptor, HostFile, HostFiles, HostMount } from './builder/spec/host-files.js';
export type { IdMapInput } from './builder/spec/id-map.js';
export type { BindOptions, FileContents, OverlayOptions } from './builder/spec/make-entry.js';
export type { Command, EnvSpec, ProcessSpec } from './builder/spec/process-spec.js';
export type { StdioEntry, StdioSpec } from './builder/spec/stdio.js';
export type { TerminalSize, TtyOption, TtySpec } from './builder/spec/terminal.js';
export type { ClockOffsets, IdMap, MountAttributes, NamespaceKind, Propagation } from './ns/index.js';
export { IsolateError, SpecError, SyscallError } from './sys/index.js';
