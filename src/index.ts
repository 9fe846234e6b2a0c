/**
 * Start processes in Linux namespaces of their own.
 *
 * @module isolate
 */
export type { StepFailureReason } from './builder/errors/step-error.js';
export { StepError } from './builder/errors/step-error.js';
export { Plan, type PlanStep, type PlanStepJson } from './builder/plan.js';
export { bare, isolate } from './builder/presets.js';
export type { Exit, Usage } from './builder/process/exit.js';
export type { RunOptions, RunResult } from './builder/process/run.js';
export { RunningProcess } from './builder/process/running-process.js';
export type { SpawnOptions } from './builder/process/spawn.js';
export type { StdioInput } from './builder/process/stdio-input.js';
export { type Preset, Sandbox } from './builder/sandbox.js';
export type { CapabilityName } from './builder/spec/capability.js';
export type { Host } from './builder/spec/host.js';
export type { IdMapInput } from './builder/spec/id-map.js';
export type { Command, EnvSpec, ProcessSpec } from './builder/spec/process-spec.js';
export type { StdioEntry, StdioSpec } from './builder/spec/stdio.js';
export type { ClockOffsets, IdMap, NamespaceKind } from './ns/index.js';
export { IsolateError, SpecError, SyscallError } from './sys/index.js';
