import { errnoName, errnoText, IsolateError } from '../../sys/index.js';
import type { Plan, PlanStep } from '../plan.js';

/** What went wrong with a command that could not be run; undefined where it was another step that failed. */
export type StepFailureReason =
  /** No file of that name, or none in PATH. */
  | 'command-not-found'
  /** The file is there, and may not be run, or is not a program. */
  | 'not-executable'
  /** The file is there; the interpreter that it names is not. */
  | 'interpreter-not-found'
  /** The working directory is not there, or may not be entered. */
  | 'cwd-not-found'
  /** The process was killed before it became the command. */
  | 'killed';

interface StepErrorParts {
  readonly plan: Plan;
  readonly failed: PlanStep;
  /** The error of the step; 0 where its result was not the one that it had to give. */
  readonly errno: number;
  readonly reason?: StepFailureReason | undefined;
  /** One sentence for a failure that has a reason. */
  readonly problem?: string | undefined;
  readonly help?: string | undefined;
}

/** The kernel refused a step of a plan. The process that it was for is gone, and nothing of it is left. */
export class StepError extends IsolateError {
  readonly reason: StepFailureReason | undefined;
  /** The name of the system call. */
  readonly syscall: string;
  /** The number of the error, negative as in Node's own errors; 0 where the call gave a result that it may not give. */
  readonly errno: number;
  /** The step of the plan, counted from 0, and how many there are. */
  readonly step: number;
  readonly steps: number;
  readonly where: PlanStep['where'];
  /** The part of the spec that the step comes from. */
  readonly from: string;
  /** The call as strace(1) writes it. */
  readonly call: string;
  /** The names of the calls that were made before. */
  readonly done: readonly string[];
  readonly help: string | undefined;

  constructor({ plan, failed, errno, reason, problem, help }: StepErrorParts) {
    const { index, where, step, from } = failed;
    const call = plan.render(step);
    const done = plan.steps.slice(0, index).map((earlier) => earlier.step.call.name);
    const code = reason === 'killed' ? 'ERR_ISOLATE_KILLED' : errno === 0 ? 'ERR_ISOLATE_RESULT' : errnoName(errno);
    super(
      code,
      renderMessage({
        call,
        errno,
        problem,
        index,
        total: plan.steps.length,
        where,
        from,
        done,
        help,
        man: step.call.man,
      }),
    );
    this.reason = reason;
    this.syscall = step.call.name;
    this.errno = -errno;
    this.step = index;
    this.steps = plan.steps.length;
    this.where = where;
    this.from = from;
    this.call = call;
    this.done = done;
    this.help = help;
  }
}

interface MessageParts {
  readonly call: string;
  readonly errno: number;
  readonly problem: string | undefined;
  readonly index: number;
  readonly total: number;
  readonly where: PlanStep['where'];
  readonly from: string;
  readonly done: readonly string[];
  readonly help: string | undefined;
  readonly man: string;
}

/** The one place where the message is made, always in this order: what, where, what was done, what to do, what to read. */
function renderMessage(parts: MessageParts): string {
  const { call, errno, problem, index, total, where, from, done, help, man } = parts;
  const outcome =
    errno === 0 ? 'did not give the result that it has to' : `failed: ${errnoName(errno)} (${errnoText(errno)})`;
  const lines = [
    problem ?? `${shorten(call)} ${outcome}`,
    ...(problem === undefined ? [] : [`  call  ${shorten(call)} ${outcome}`]),
    `  step  ${index} of ${total}, in the ${where}, from ${shorten(from)}`,
    `  done  ${done.length === 0 ? 'nothing' : summarize(done)}`,
    ...(help === undefined ? [] : [`  help  ${help}`]),
    `  see   ${man}`,
  ];
  return lines.join('\n');
}

const longestCall = 200;

function shorten(call: string): string {
  return call.length <= longestCall ? call : `${call.slice(0, longestCall)}…`;
}

/** Of a long list, the beginning and the end tell most. */
const shownFirst = 4;
const shownLast = 8;

/** `prctl (41 times)` for a run of the same call. */
function summarize(calls: readonly string[]): string {
  const runs: { name: string; times: number }[] = [];
  for (const name of calls) {
    const last = runs.at(-1);
    if (last?.name === name) last.times++;
    else runs.push({ name, times: 1 });
  }
  const texts = runs.map(({ name, times }) => (times === 1 ? name : `${name} (${times} times)`));
  const hidden = texts.length - shownFirst - shownLast;
  if (hidden <= 1) return texts.join(', ');
  return [...texts.slice(0, shownFirst), `… ${hidden} more …`, ...texts.slice(-shownLast)].join(', ');
}
