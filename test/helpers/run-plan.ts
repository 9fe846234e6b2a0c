// Carries out a plan that was compiled by hand, for a host that is not quite this one.
import { Socket } from 'node:net';
import type { Plan } from '../../src/builder/plan.js';
import { collect } from '../../src/builder/process/run.js';
import { RunningProcess } from '../../src/builder/process/running-process.js';
import { start } from '../../src/builder/process/start.js';
import { Terminal } from '../../src/builder/process/terminal.js';
import { Snapshot } from '../../src/builder/snapshot/snapshot.js';
import type { ProcessSpec, RunResult } from '../../src/index.js';
import type { LateValues } from '../../src/sys/index.js';

/** Runs the command of a plan to its end, and collects what it prints. Its descriptors 1 and 2 have to be pipes, or a terminal. */
export function runPlan(plan: Plan, spec: ProcessSpec, values?: LateValues): Promise<RunResult> {
  return collect(spec, {}, async () => {
    const { pid, pidfd, line, pipes, changes, master } = await start(plan, spec, undefined, values);
    const streams = new Map([...pipes].map(([target, fd]) => [target, new Socket({ fd, readable: true })]));
    const snapshot = changes === undefined ? undefined : new Snapshot(changes, plan.parts.snapshots);
    const terminal = master === undefined ? undefined : new Terminal(master);
    return new RunningProcess({
      pid,
      pidfd,
      line,
      isPid1: plan.parts.isPid1,
      reach: 'process',
      streams,
      snapshot,
      terminal,
    });
  });
}
