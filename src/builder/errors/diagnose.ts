import { errno, type Launched, type Step, type StepFailure } from '../../sys/index.js';
import type { ExecAttempt } from '../compile/exec.js';
import type { Plan, PlanParts } from '../plan.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { helpFor } from './help.js';
import { interpreterOf } from './interpreter.js';
import { StepError, type StepFailureReason } from './step-error.js';

/** A failure by its step, before it is put into words. */
interface Diagnosis {
  readonly step: Step;
  readonly errno: number;
  readonly reason?: StepFailureReason;
  readonly problem?: string;
}

/**
 * Why a launch did not end in the command; undefined if it did. `own` is a failure of the steps that were made here. Where both
 * sides failed, the one is the consequence of the other: the earlier step of the plan is the cause.
 */
export function diagnose(plan: Plan, spec: ProcessSpec, launched: Launched, own?: StepFailure): StepError | undefined {
  const found = [own, diagnoseLaunch(plan, launched)].flatMap((diagnosis) => {
    const failed = diagnosis && plan.find(diagnosis.step);
    return diagnosis && failed ? [{ ...(diagnosis as Diagnosis), failed }] : [];
  });
  const [first] = found.sort((a, b) => a.failed.index - b.failed.index);
  if (first === undefined) return undefined;
  const { step, errno: number, reason } = first;
  const help = helpFor({ step, errno: number, from: first.failed.from, reason, spec });
  return new StepError({ plan, ...first, help });
}

function diagnoseLaunch(plan: Plan, launched: Launched): Diagnosis | undefined {
  const { failure } = launched;
  const { attempts, workingDirectory } = plan.parts;
  if (failure === undefined) return diagnoseExec(plan.parts, launched) ?? diagnoseKill(plan, launched);
  const { step, errno: number } = failure;
  if (workingDirectory.steps.some(({ key }) => key === step.key)) {
    return {
      step,
      errno: number,
      reason: 'cwd-not-found',
      problem: `the working directory ${JSON.stringify(workingDirectory.path)} cannot be entered`,
    };
  }
  const attempt = attempts.find(({ exec }) => exec.key === step.key);
  if (attempt !== undefined && number === errno.ENOEXEC) {
    return {
      step,
      errno: number,
      reason: 'not-executable',
      problem: `${attempt.path} is not a program, and has no line that says what runs it`,
    };
  }
  return { step, errno: number };
}

/** Every attempt failed with an error that lets the next one try. The most telling of them is the answer, as in execvp(3). */
function diagnoseExec({ attempts, command }: PlanParts, launched: Launched): Diagnosis | undefined {
  const errorOf = ({ exec }: ExecAttempt) => -(launched.result(exec) ?? 0);
  const last = attempts.at(-1);
  if (last === undefined || errorOf(last) === 0) return undefined;
  const { file = '' } = command ?? {};
  const isPath = file.includes('/');
  const tried = attempts.map((attempt) => ({
    ...attempt,
    error: errorOf(attempt),
    exists: (launched.result(attempt.open) ?? -1) >= 0,
  }));

  // In PATH the directory may be what is denied: only a file that is there counts.
  const denied = tried.find(({ error, exists }) => error === errno.EACCES && (exists || isPath));
  if (denied !== undefined) {
    const { exec, path } = denied;
    return { step: exec, errno: errno.EACCES, reason: 'not-executable', problem: `${path} may not be run` };
  }
  const present = tried.find(({ exists, error }) => exists && error === errno.ENOENT);
  if (present !== undefined) {
    const { exec, path, head } = present;
    const interpreter = interpreterOf(launched.output(head, 1) as Buffer);
    const what = interpreter === undefined ? 'the loader that it names' : `its interpreter ${interpreter}`;
    return {
      step: exec,
      errno: errno.ENOENT,
      reason: 'interpreter-not-found',
      problem: `${path} is there, but ${what} is not`,
    };
  }
  const closed = tried.some(({ error }) => error === errno.EACCES) ? ' (some may not be searched)' : '';
  const where = isPath ? 'does not exist' : `is in none of the ${attempts.length} directories of PATH${closed}`;
  return {
    step: last.exec,
    errno: errorOf(last),
    reason: 'command-not-found',
    problem: `the command ${JSON.stringify(file)} ${where}`,
  };
}

/** A child that stopped between two steps was killed from outside, by the OOM killer for one. */
function diagnoseKill(plan: Plan, launched: Launched): Diagnosis | undefined {
  if (launched.isApart) return undefined;
  const { steps, exec, clone } = plan.parts.program;
  const at = steps.findIndex(({ step }) => step.key === exec.key);
  const before = steps[at - 1]?.step;
  if (before === undefined || launched.result(before) !== undefined) return undefined;
  const done = steps.filter(({ step }) => launched.result(step) !== undefined && step.key !== clone.key);
  const last = steps.slice(0, at).findLast(({ step }) => done.some((one) => one.step.key === step.key))?.step ?? clone;
  return {
    step: last,
    errno: 0,
    reason: 'killed',
    problem: 'the process was killed before it became the command, after this step',
  };
}
