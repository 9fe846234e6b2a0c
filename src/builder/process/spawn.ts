import { Socket } from 'node:net';
import type { NamespaceIds } from '../../ns/index.js';
import { close, type Fd, type LateValues, type LaunchTurn } from '../../sys/index.js';
import { boxValue, compileInBox } from '../compile/box.js';
import { compile } from '../compile/compile.js';
import type { GroupWay } from '../compile/group-way.js';
import type { CommandGroup } from '../group/command-group.js';
import { type LaunchInGroup, startInGroup } from '../group/start-in-group.js';
import type { Plan } from '../plan.js';
import { Snapshot } from '../snapshot/snapshot.js';
import { hasGroup } from '../spec/group-of.js';
import type { Command, ProcessSpec } from '../spec/process-spec.js';
import { stdioEntries } from '../spec/stdio.js';
import { ttySpecOf } from '../spec/terminal.js';
import { thisHost } from '../this-host.js';
import './debug-log.js';
import { eitherSignal } from './either-signal.js';
import { LaunchEvents } from './events.js';
import { seenFromHere } from './identified.js';
import { reachOf } from './kill-tree.js';
import { endAtLimit, endOnAbort, LaunchLimit } from './limits.js';
import { listenEntryOf } from './listen-input.js';
import { type Compile, changed, planFor, type SpecChanges } from './plan-memory.js';
import { RunningProcess } from './running-process.js';
import { killWay, type SpawnOptions, timeLimit } from './spawn-options.js';
import { type Started, start } from './start.js';
import { entryOf } from './stdio-input.js';
import { Terminal } from './terminal.js';

/** Starts a command as a spec says. See {@link Sandbox.spawn}. */
export function spawn(spec: ProcessSpec, command: Command, options: SpawnOptions): Promise<RunningProcess> {
  return startCommand({ compile, spec, makesGroup: hasGroup(spec) }, command, options);
}

/** A box, for a command in it. */
export interface PlaceInBox {
  readonly spec: ProcessSpec;
  /** A pidfd of what holds it. */
  readonly box: Fd;
  /** Aborted when nothing is to be started in it any more. */
  readonly until: AbortSignal;
  /** What the command changes, where that is known to be its own. */
  readonly snapshot: Snapshot | undefined;
  /** Its control group. */
  readonly group: CommandGroup | undefined;
  /** Which namespaces the command is in, where that is asked for. */
  readonly namespaces: NamespaceIds | undefined;
}

/** Starts a command in a box that was opened for the same spec. See {@link Box.spawn}. */
export function spawnInBox(
  { spec, box, ...place }: PlaceInBox,
  command: Command,
  options: SpawnOptions,
): Promise<RunningProcess> {
  const values = { [boxValue]: box };
  return startCommand({ compile: compileInBox, spec, values, ...place }, command, options);
}

/** What is started, and where. */
interface Start {
  readonly compile: Compile;
  readonly spec: ProcessSpec;
  readonly values?: LateValues;
  /** That of its box. */
  readonly group?: CommandGroup | undefined;
  /** It is to have a control group that the spec asks for. */
  readonly makesGroup?: boolean;
  readonly until?: AbortSignal;
  readonly snapshot?: Snapshot | undefined;
  /** Known before: it does not find out. */
  readonly namespaces?: NamespaceIds | undefined;
}

async function startCommand(
  { compile, spec, values, group: ofBox, makesGroup = false, until, snapshot: shared, namespaces: known }: Start,
  command: Command,
  options: SpawnOptions,
): Promise<RunningProcess> {
  const { signal, identify = false } = options;
  const limit = timeLimit(spec, options);
  const way = killWay(spec, options);
  const events = new LaunchEvents(command);
  const changes = changesOf(options);
  const host = thisHost();
  const planWith = (way?: GroupWay) => planFor(spec, { compile, command, changes, host, identify, group: way }, events);
  const isInGroup = makesGroup || ofBox !== undefined;
  let plan = isInGroup ? undefined : planWith();
  const asked = changed(spec, changes);
  const launchLimit = limit === undefined ? undefined : new LaunchLimit(limit);
  const early = eitherSignal(signal, until, launchLimit?.signal);
  const begin = (plan: Plan, values: LateValues | undefined, turn: LaunchTurn = {}) =>
    launchTold({ plan, spec: asked, signal: early.signal, values, turn: launchLimit?.during(turn) ?? turn }, events);
  let started: Started;
  let group: CommandGroup | undefined;
  try {
    if (plan === undefined) {
      const inGroup: LaunchInGroup['start'] = (plan, more, turn) => begin(plan, { ...values, ...more }, turn);
      ({ started, plan, group } = await startInGroup({ spec, host, shared: ofBox, planWith, start: inGroup }));
    } else started = await begin(plan, values);
  } finally {
    early.release();
    launchLimit?.end();
  }
  const parts = {
    ...started,
    isPid1: plan.parts.isPid1,
    reach: reachOf(asked, plan.parts.isPid1 || started.line !== undefined),
    streams: streamsOf(plan, started),
    snapshot: started.changes === undefined ? shared : new Snapshot(started.changes, plan.parts.snapshots),
    group,
    namespaces: started.namespaces ?? known ?? (identify ? seenFromHere(started.pid) : undefined),
  };
  const terminal = started.master === undefined ? undefined : await openTerminal(started.master, parts);
  const running = new RunningProcess({ ...parts, terminal });
  if (limit !== undefined) endAtLimit(running, limit, way);
  if (signal !== undefined) endOnAbort(running, signal, way);
  const { pid } = running;
  void running.exited.then((exit) => events.publish('isolate:exit', () => ({ pid, exit })));
  return running;
}

/** What the options say in the place of the spec. */
function changesOf({ stdio, listen, tty }: SpawnOptions): SpecChanges {
  return {
    ...(tty === undefined ? {} : { tty: ttySpecOf(tty) }),
    ...(stdio === undefined ? {} : { stdio: stdioEntries(stdio).map((input) => entryOf(input)) }),
    ...(listen === undefined ? {} : { listen: listen.map(listenEntryOf) }),
  };
}

/** Where that takes more descriptors than can be had, the command is ended again. */
async function openTerminal(master: Fd, parts: ConstructorParameters<typeof RunningProcess>[0]): Promise<Terminal> {
  try {
    return new Terminal(master);
  } catch (error) {
    close(master);
    await new RunningProcess(parts)[Symbol.asyncDispose]();
    await parts.snapshot?.discard();
    throw error;
  }
}

interface Launch {
  readonly plan: Plan;
  readonly spec: ProcessSpec;
  readonly signal: AbortSignal | undefined;
  readonly values: LateValues | undefined;
  readonly turn: LaunchTurn;
}

/** Starts the process, and tells of it. */
async function launchTold({ plan, spec, signal, values, turn }: Launch, events: LaunchEvents): Promise<Started> {
  const began = performance.now();
  const duration = () => performance.now() - began;
  events.publish('isolate:launch', () => ({ steps: plan.steps.length, namespaces: spec.unshare }));
  try {
    const started = await start(plan, spec, signal, values, turn);
    events.publish('isolate:exec', () => ({ pid: started.pid, duration: duration() }));
    return started;
  } catch (error) {
    events.publish('isolate:step-error', () => ({ error: error as Error, duration: duration() }));
    throw error;
  }
}

function streamsOf(plan: Plan, { pipes }: Started): Map<number, Socket> {
  return new Map(
    plan.parts.pipes.map(({ target, parent }) => {
      const options = { fd: pipes.get(target) as number, readable: parent !== 'writes', writable: parent !== 'reads' };
      return [target, new Socket(options)];
    }),
  );
}
