import {
  type Program,
  renderArguments,
  renderCall,
  type Step,
  type StepKey,
  type Stored,
  type Where,
} from '../sys/index.js';
import type { ExecAttempt } from './compile/exec.js';
import type { IdmappedTree } from './compile/files/idmapped-tree.js';
import type { GroupWay } from './compile/group-way.js';
import type { IdentifyPlan } from './compile/identify.js';
import type { Pipe } from './compile/stdio.js';
import type { WorkingDirectoryPlan } from './compile/working-directory.js';
import type { SnapshotPart } from './snapshot/part.js';
import type { Command } from './spec/process-spec.js';

/** One step of a plan: a system call, who makes it, and which part of the spec asked for it. */
export interface PlanStep {
  readonly index: number;
  /** `helper`: a command that the caller runs, and waits for. */
  readonly where: Where | 'helper';
  readonly step: Step;
  readonly from: string;
}

/** A step as data for other programs. */
export interface PlanStepJson {
  readonly index: number;
  /** `helper`: a command that the caller runs, and waits for. */
  readonly where: Where | 'helper';
  /** The name of the system call. */
  readonly call: string;
  /** Its arguments, as strace(1) writes them. */
  readonly args: readonly string[];
  readonly from: string;
  readonly why: string;
}

/** What a launch needs besides the steps of the launcher. */
export interface PlanParts {
  readonly program: Program;
  /** How the command gets into its control group, and what is done before anything else: to move this program, and to make the group. */
  readonly group: {
    readonly way: GroupWay | undefined;
    readonly moved: readonly Step[];
    readonly made: readonly Step[];
  };
  /** Steps that this program makes itself while the child waits. */
  readonly handshake: readonly Step[];
  /** The step of the child that waits for them. */
  readonly waits: Step | undefined;
  /** The pid of the process that they are for. */
  readonly mapped: Stored;
  readonly pipes: readonly Pipe[];
  /** Undefined where namespaces are made, and nothing runs in them yet. */
  readonly command: Command | undefined;
  readonly attempts: readonly ExecAttempt[];
  /** Where the command starts: a failure to go there has a name of its own. */
  readonly workingDirectory: WorkingDirectoryPlan;
  /** Overlays whose changes come back to the caller. */
  readonly snapshots: readonly SnapshotPart[];
  /** User namespaces that the launch makes for idmapped binds. */
  readonly idmaps: readonly Pick<IdmappedTree, 'namespace' | 'maps'>[];
  /** The names of descriptors that the launch keeps for steps that have to know their numbers. */
  readonly keeps: readonly string[];
  /** A step of the child looks at a pidfd of this program. */
  readonly watchesParent: boolean;
  /** The command runs as the first process of a PID namespace. */
  readonly isPid1: boolean;
  /** How it is found out which namespaces the command is in, where that was asked for. */
  readonly identify: Pick<IdentifyPlan, 'known' | 'steps'> | undefined;
  readonly origins: ReadonlyMap<StepKey, string>;
}

/** Everything that will be asked of the kernel to start a process, in order, before anything of it is done. */
export class Plan {
  readonly steps: readonly PlanStep[];
  /** @internal */
  readonly parts: PlanParts;
  readonly #places: ReadonlyMap<StepKey, number>;

  /** @internal */
  constructor(parts: PlanParts) {
    this.parts = parts;
    const { program, group, handshake, waits, origins } = parts;
    const ofParent = (step: Step) => ({ where: 'parent' as const, step });
    const all = [
      ...group.moved.map((step) => ({ where: 'helper' as const, step })),
      ...group.made.map(ofParent),
      ...program.steps.flatMap((placed) => (placed.step === waits ? [placed, ...handshake.map(ofParent)] : [placed])),
    ];
    this.steps = all.map(({ where, step }, index) => ({
      index,
      where,
      step,
      from: origins.get(step.key) ?? 'every launch',
    }));
    this.#places = new Map(this.steps.map(({ step, index }) => [step.key, index]));
  }

  /** The place of a step in this plan. */
  find(step: Step): PlanStep | undefined {
    return this.steps[this.#places.get(step.key) ?? -1];
  }

  /** A step's call as strace(1) writes it; `#3` is what step 3 returned. */
  render({ call, args }: Step): string {
    return renderCall(call, args, this.#renderStored);
  }

  toJSON(): { steps: PlanStepJson[] } {
    return {
      steps: this.steps.map(({ index, where, step, from }) => ({
        index,
        where,
        call: step.call.name,
        args: renderArguments(step.call, step.args, this.#renderStored),
        from,
        why: step.why,
      })),
    };
  }

  readonly #renderStored = (stored: Stored): string => {
    const place = `#${this.#places.get(stored.step)}`;
    if (stored.take === 'address') return `${place}.saved${stored.output?.offset ? `+${stored.output.offset}` : ''}`;
    return stored.output === undefined ? place : `${place}[${stored.output.offset / 4}]`;
  };
}
