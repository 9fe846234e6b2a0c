import { mergeLimits } from '../cgroup/limits.js';
import type { ClockOffsets, NamespaceKind } from '../ns/index.js';
import { namespaceKinds } from '../ns/index.js';
import { SpecError } from '../sys/index.js';
import type { Duration } from '../units/index.js';
import type { Box } from './box/box.js';
import { type OpenOptions, openBox } from './box/open-box.js';
import { Pool, type PoolOptions } from './box/pool.js';
import { compile } from './compile/compile.js';
import { explain } from './explain.js';
import type { Plan } from './plan.js';
import type { OutputEncoding } from './process/collect/encoding.js';
import { collect, type RunResult } from './process/run.js';
import type { RunOptions } from './process/run-options.js';
import type { RunningProcess } from './process/running-process.js';
import { spawn } from './process/spawn.js';
import type { SpawnOptions } from './process/spawn-options.js';
import { type Change, SandboxFiles } from './sandbox-files.js';
import type { CapabilityName } from './spec/capability.js';
import { type CgroupInput, readCgroup } from './spec/cgroup.js';
import { type IdMapInput, readIdMap } from './spec/id-map.js';
import { addJoin, type JoinInput, readJoin } from './spec/join.js';
import { type Limits, type LimitsOptions, readFallback, readLimits } from './spec/limits.js';
import { checkListen, type ListenEntry } from './spec/listen.js';
import { checkKinds } from './spec/namespace-kind.js';
import type { ProcessSpec } from './spec/process-spec.js';
import { bareSpec, freeze, readSpec } from './spec/read-spec.js';
import { checkEntries, type StdioSpec, stdioEntries } from './spec/stdio.js';
import { type TtyOption, ttySpecOf } from './spec/terminal.js';
import { type KillOptions, readTimeout } from './spec/timeout.js';
import { thisHost } from './this-host.js';

/** A function that makes one sandbox of another: what {@link Sandbox.use} takes. */
export type Preset = (sandbox: Sandbox) => Sandbox;

/** What each kind of namespaces takes with it when it is shared again. */
const belongsTo: Readonly<Record<NamespaceKind, readonly (keyof ProcessSpec)[]>> = {
  user: ['mapRoot', 'userMap', 'groupMap'],
  mount: ['root', 'files', 'proc', 'propagation'],
  pid: ['proc', 'asPid1'],
  net: ['loopback'],
  ipc: [],
  uts: ['hostname', 'domainname'],
  cgroup: [],
  time: ['clock'],
};

/**
 * How processes are to be isolated, assembled step by step. A sandbox is immutable: every method returns another one, so one
 * can be kept, shared and built upon. Nothing is done before {@link Sandbox.spawn} or {@link Sandbox.run}.
 */
export class Sandbox extends SandboxFiles {
  /** The whole of it as plain data: give its JSON to {@link Sandbox.from} to have it back. */
  readonly spec: ProcessSpec;

  private constructor(spec: ProcessSpec) {
    super();
    this.spec = spec;
  }

  /** A sandbox that isolates nothing. */
  static bare(): Sandbox {
    return new Sandbox(bareSpec);
  }

  /**
   * A sandbox from its {@link Sandbox.spec}, as an object or as JSON text.
   *
   * @throws SpecError - it is not a spec, or has a field that this version does not know.
   */
  static from(spec: unknown): Sandbox {
    return new Sandbox(readSpec(typeof spec === 'string' ? parseJson(spec) : spec));
  }

  /** New namespaces of these kinds: see namespaces(7). A new PID and mount namespace also get a fresh `/proc`. */
  unshare(...kinds: readonly NamespaceKind[]): Sandbox {
    checkKinds('unshare', kinds);
    return this.with({
      unshare: namespaceKinds.filter((kind) => kinds.includes(kind) || this.spec.unshare.includes(kind)),
    });
  }

  /** The caller's own namespaces of these kinds; with them goes what only a new one could have, as a host name. */
  share(...kinds: readonly NamespaceKind[]): Sandbox {
    checkKinds('share', kinds);
    const gone = Object.fromEntries(kinds.flatMap((kind) => belongsTo[kind]).map((field) => [field, undefined]));
    const shared = this.with({ ...gone, unshare: this.spec.unshare.filter((kind) => !kinds.includes(kind)) });
    return kinds.includes('pid') ? shared.withoutProc() : shared;
  }

  /**
   * Enters namespaces of others: those of a process, in which it is not together with this program, or some of them; or namespaces
   * that have a path, as `{ net: '/run/netns/NAME' }`. What is joined is shared first ({@link Sandbox.share}). With a user, PID, mount
   * or time namespace of others nothing else can be new; who is in there can see nothing of this program.
   *
   * In a user namespace of others, who does not exist there is root of it, unless {@link Sandbox.uid} says who. Without one, entering
   * takes CAP_SYS_ADMIN over the namespaces. See setns(2).
   */
  join(target: JoinInput): Sandbox {
    const added = readJoin(target);
    const kinds = Object.keys(added.paths ?? {}) as NamespaceKind[];
    return this.share(...kinds).with({ join: addJoin(this.spec.join, added) });
  }

  /** The caller is root inside: its own ids, and no others, are mapped to 0. Needs a new user namespace. */
  mapRoot(): Sandbox {
    return this.with({ mapRoot: true });
  }

  /** Which user ids exist inside, and who they are outside: `{ inside, outside, count }` or `'INSIDE:OUTSIDE:COUNT'`. */
  mapUsers(...map: readonly IdMapInput[]): Sandbox {
    return this.with({ userMap: map.map((line) => readIdMap('userMap', line)) });
  }

  /** Which group ids exist inside, and who they are outside: `{ inside, outside, count }` or `'INSIDE:OUTSIDE:COUNT'`. */
  mapGroups(...map: readonly IdMapInput[]): Sandbox {
    return this.with({ groupMap: map.map((line) => readIdMap('groupMap', line)) });
  }

  /** The host name, at most 64 bytes. Needs a new UTS namespace. */
  hostname(name: string): Sandbox {
    return this.with({ hostname: name });
  }

  /** The NIS domain name, at most 64 bytes. Needs a new UTS namespace. */
  domainname(name: string): Sandbox {
    return this.with({ domainname: name });
  }

  /** The loopback interface is up. Needs a new network namespace. */
  loopback(): Sandbox {
    return this.with({ loopback: true });
  }

  /** How many seconds the clocks are ahead of the host's, in a time namespace that is new with it. */
  clock(offsets: ClockOffsets): Sandbox {
    return this.unshare('time').with({ clock: { ...offsets } });
  }

  /** Sets variables of the environment; `undefined` takes one away. */
  env(variables: Readonly<Record<string, string | undefined>>): Sandbox {
    const given = Object.entries(variables).map(([name, value]) => [name, value ?? null]);
    const set = Object.fromEntries([...Object.entries(this.spec.env.set), ...given]);
    return this.with({ env: { ...this.spec.env, set } });
  }

  /** An empty environment: what was set so far goes too. */
  clearEnv(): Sandbox {
    return this.with({ env: { inherit: false, set: {} } });
  }

  /** The working directory that the command starts in. */
  cwd(path: string): Sandbox {
    return this.with({ cwd: path });
  }

  /**
   * The user that the command runs as, by its id inside. In the caller's own user namespace it loses the caller's supplementary
   * groups with it, unless {@link Sandbox.groups} says which to have, or nobody may
   * change them (no CAP_SETGID, or a user namespace that denies setgroups); its group is the caller's unless {@link Sandbox.gid} is
   * used.
   */
  uid(id: number): Sandbox {
    return this.with({ uid: id });
  }

  /** The group that the command runs as, by its id inside. Supplementary groups go as with {@link Sandbox.uid}. */
  gid(id: number): Sandbox {
    return this.with({ gid: id });
  }

  /** The supplementary groups of the command, by their ids inside: exactly these. */
  groups(...ids: readonly number[]): Sandbox {
    return this.with({ groups: ids });
  }

  /** Which rights new files do not have, as `0o077`. */
  umask(mask: number): Sandbox {
    return this.with({ umask: mask });
  }

  /** What the command sees as its own name, `argv[0]`. */
  argv0(name: string): Sandbox {
    return this.with({ argv0: name });
  }

  /** What the descriptors of the command are connected to, where `spawn` or `run` do not say otherwise. */
  stdio(stdio: StdioSpec): Sandbox {
    const entries = stdioEntries(stdio);
    checkEntries(entries);
    return this.with({ stdio: entries });
  }

  /**
   * Listening sockets, by their descriptors here, that the command takes over from descriptor 3 on: with `LISTEN_FDS`, `LISTEN_PID` and
   * `LISTEN_FDNAMES`, as systemd hands them to a service. See sd_listen_fds(3).
   *
   * @throws SpecError - what cannot be a descriptor or a name.
   */
  listen(...sockets: readonly ListenEntry[]): Sandbox {
    checkListen(sockets);
    return this.with({ listen: sockets.map((socket) => ({ ...socket })) });
  }

  /**
   * A terminal of its own for the command: its standard input, output and errors, unless {@link Sandbox.stdio} says something else of
   * errors; and the controlling terminal of a session of its own. It is one of those of the sandbox where there are some (see {@link SandboxFiles.dev}), and of the host otherwise.
   *
   * @param tty - how large it is in characters; 80 columns and 24 rows if not given. `false`: none, as without this.
   * @throws SpecError - it is not a size from 1 to 65535 each.
   */
  tty(tty: TtyOption = true): Sandbox {
    return this.with({ tty: ttySpecOf(tty) });
  }

  /** No program that the command runs gains privileges by set-user-ID bits or file capabilities: PR_SET_NO_NEW_PRIVS. */
  noNewPrivs(): Sandbox {
    return this.with({ noNewPrivs: true });
  }

  /** The capabilities that the command keeps, and no others: none at all for an empty list. See capabilities(7). */
  capabilities(keep: readonly CapabilityName[]): Sandbox {
    return this.with({ capabilities: [...keep] });
  }

  /**
   * The command itself is the first process of its new PID namespace. Otherwise that is a small init of ours, which the command is
   * a child of: it reaps orphans, passes signals on, and ends when the command does. A process 1 has to do that itself, and the
   * kernel does not deliver signals to it that it has no handler for: see pid_namespaces(7).
   */
  asPid1(): Sandbox {
    return this.with({ asPid1: true });
  }

  /** A session of its own, without a controlling terminal: the command cannot type into the caller's. See setsid(2). */
  newSession(): Sandbox {
    return this.with({ newSession: true });
  }

  /** The command is killed when this program ends, however it ends. */
  dieWithParent(): Sandbox {
    return this.with({ dieWithParent: true });
  }

  /**
   * How long the command may run, from its start. Then it gets SIGKILL, with all that is in its new PID namespace, or else in its new
   * session. With another `killSignal` it gets that, and after a `grace` SIGKILL comes for all. Its exit is of kind `'timeout'`. The launch
   * may take as long, too, from when it has its turn: after that `spawn` rejects with a {@link LaunchTimeoutError}.
   *
   * @param limit - milliseconds, or text as `'500ms'`, `'10s'`, `'1.5m'` or `'2h'`; `false` takes a limit away.
   * @param options - how it is ended; an `AbortSignal` ends it in the same way.
   * @throws SpecError - it is no length of time, or longer than 2^31-1 ms; or there is no such signal.
   */
  timeout(limit: Duration | false, options: KillOptions = {}): Sandbox {
    return this.with({ timeout: readTimeout(limit, options) });
  }

  /**
   * Limits on what the command may use, with all that it starts: by a control group of its own, which is removed with what is left in it when
   * the command has ended. A limit that was asked for is applied, or the command does not start. Others that were given before stay as they are.
   *
   * ```ts
   * isolate().limits({ memory: '256M', pids: 64, cpus: 0.5 })
   * ```
   *
   * In a box all of its commands have the limits together.
   *
   * Equivalent to: `mkdir GROUP; echo 256M > GROUP/memory.max`, in v1 `memory.limit_in_bytes`, and so on, before each command; and the command in it:
   * CLONE_INTO_CGROUP of clone3(2), or a write to `GROUP/cgroup.procs`, in v1 `GROUP/tasks`. See cgroups(7),
   * https://docs.kernel.org/admin-guide/cgroup-v2.html#controllers.
   *
   * @param limits - memory, swap and rates of disks in bytes, `cpus` in processors, `pids` in processes and threads; or what each controller has.
   * @param options - `fallback: 'rlimit'`: where no control group can be had, single processes are limited as far as setrlimit(2) can.
   * @returns a sandbox with them; this one stays as it is.
   * @throws SpecError - there is no such limit or option; or one is given in both ways. That one cannot be had on this host is told when a command is
   * started, by a SpecError; that the kernel refused it, by a CgroupError.
   */
  limits(limits: Limits, options: LimitsOptions = {}): Sandbox {
    const fallback = readFallback(options);
    const all = mergeLimits(this.spec.limits ?? {}, readLimits(limits));
    return this.with({ limits: all, ...(fallback === undefined ? {} : { limitsFallback: fallback }) });
  }

  /**
   * Which control group the command is in: one that is there and stays, which several sandboxes may have together; or where its own is made,
   * what that is called, and what it measures.
   *
   * ```ts
   * const group = await openCgroup({ limits: { memory: { max: '1G' } } }); // of linux-isolate/cgroup
   * isolate().cgroup(group); // and others: at most 1 GiB for all of them
   * isolate().limits({ pids: 64 }).cgroup({ parent: group });
   * ```
   *
   * Equivalent to: `echo PID > GROUP/cgroup.procs`, in each hierarchy, before the command begins; with CLONE_INTO_CGROUP of clone3(2) it is born
   * there. `slice`: as `systemd-run --scope --slice SLICE -p Delegate=yes`, for this program. See cgroups(7),
   * https://systemd.io/CGROUP_DELEGATION.
   *
   * @param group - one that is there, with `parts` or a `path`; or where and how one is made. `{}`: one is made, without limits.
   * @returns a sandbox with it, in the place of what was given before; this one stays as it is.
   * @throws SpecError - it is neither; or it says two things that cannot both be. That there is no such group, or that none can be made, is told when a
   * command is started: by a SpecError; a CgroupError, where the kernel refused, EAGAIN: the group is full; an IsolateError ERR_ISOLATE_SCOPE, where
   * systemd did.
   */
  cgroup(group: CgroupInput): Sandbox {
    return this.with({ cgroup: readCgroup(group) });
  }

  /** Applies a preset. */
  use(preset: Preset): Sandbox {
    return preset(this);
  }

  /**
   * What would be done to run a command: every system call, in order. Nothing is done.
   *
   * @throws SpecError - what was asked for cannot be.
   */
  plan(file: string, args: readonly string[] = []): Plan {
    return compile(this.spec, { file, args }, thisHost());
  }

  /** The same as {@link Sandbox.plan}, as text for people. */
  explain(file: string, args: readonly string[] = []): string {
    return explain(this.plan(file, args));
  }

  /**
   * Starts a command. Resolves when it has replaced the process that was made for it, so that whatever goes wrong before is
   * an error here.
   *
   * It takes a thread of libuv's pool for a moment, on which `fs` and `dns` run too; one of the usual four is left to them. Workers share
   * that pool, and each has as many launches in it: where several start commands all the time, set `UV_THREADPOOL_SIZE`.
   *
   * A worker that is ended by `terminate()` can clean up nothing: its commands run on, and what is left of them when they end
   * stays until this program does. Let it end its commands first, or use {@link Sandbox.dieWithParent}.
   *
   * @throws SpecError - what was asked for cannot be. StepError - the kernel refused a step, or the command is not there.
   * LaunchTimeoutError - it had not begun when its time was over.
   */
  spawn(file: string, args: readonly string[] = [], options: SpawnOptions = {}): Promise<RunningProcess> {
    return spawn(this.spec, { file, args }, options);
  }

  /**
   * Runs a command to its end and collects what it prints. A command that fails, or takes too long to run or to begin, is a result, not an
   * error. What it left behind may go on printing: until the time limit, if there is one, that is collected too.
   *
   * @throws SpecError, StepError - as {@link Sandbox.spawn}. MaxBufferError - it printed more than is to be collected. AbortError - the
   * signal was aborted. What the source of its input fails with. In each case the command has ended.
   */
  async run<E extends OutputEncoding = 'text', A extends boolean = false>(
    file: string,
    args: readonly string[] = [],
    options: RunOptions<E, A> = {},
  ): Promise<RunResult<E, A>> {
    return collect(this.spec, options, (spawnOptions) => this.spawn(file, args, spawnOptions));
  }

  /**
   * Makes the namespaces and what belongs to them, and keeps them: commands are started in there with {@link Box.spawn}, which has
   * nothing to make any more. It ends with this program, unless it is `detached`.
   *
   * @throws SpecError - what was asked for cannot be; there are no new namespaces to keep; {@link Sandbox.asPid1}, since process 1 of
   * a box is an init of ours. StepError - the kernel refused a step. AbortError - the signal was aborted. IsolateError
   * ERR_ISOLATE_NAME_TAKEN - another box has the name. ERR_ISOLATE_STATE - there is nowhere to write the name down.
   */
  open(options: OpenOptions = {}): Promise<Box> {
    return openBox(this.spec, options);
  }

  /**
   * A pool of open boxes, each for one command: for the least time from the call to the command.
   *
   * @throws SpecError - the size is no number of boxes.
   */
  pool(options: PoolOptions): Pool {
    return new Pool(this.spec, options);
  }

  /** @internal */
  protected override with(change: Change): this {
    const fields = Object.entries({ ...this.spec, ...change }).filter(([, value]) => value !== undefined);
    return new Sandbox(freeze(Object.fromEntries(fields) as unknown as ProcessSpec)) as this;
  }
}

/** What the parser says may quote the text, and with it what is in an environment: only the place is told. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const place = / at position \d+/.exec((cause as Error).message)?.[0] ?? '';
    throw new SpecError('spec', `it is not JSON${place}`);
  }
}
