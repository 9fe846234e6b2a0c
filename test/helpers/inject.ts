import { Plan, type PlanStep } from '../../src/builder/plan.js';
import { defineSyscall, nothing, Step, type StepKey, SyscallError, type Where } from '../../src/sys/index.js';

/** A system call that Linux no longer has: it fails whatever it is asked. */
const refusedCall = 'nfsservctl';

/** How the kernel says no to it: ENOSYS, and EPERM below some seccomp filters. */
export const refusal = errnoOfRefusal();

function errnoOfRefusal(): { readonly errno: number; readonly code: string } {
  try {
    defineSyscall({ name: refusedCall, man: `${refusedCall}(2)`, scope: 'process', args: [], result: nothing })();
  } catch (error) {
    if (error instanceof SyscallError) return { errno: error.errno, code: error.code };
    throw error;
  }
  throw new Error(`the kernel has ${refusedCall}(2)`);
}

/** The plan, but the kernel refuses one step: its arguments are laid out as ever, and nothing is done. */
export function withRefused(plan: Plan, { step }: PlanStep): Plan {
  const { args, op, why, key } = step;
  return replace(plan, new Step({ ...step.call, name: refusedCall }, args, { op, why }, key));
}

/** The plan, but one step has to give a result that it cannot give: it is done, and counts as failed. */
export function withImpossibleResult(plan: Plan, { step }: PlanStep): Plan {
  const { call, args, op, why, key } = step;
  return replace(plan, new Step(call, args, { op, why, expect: -1 }, key));
}

/** The plan with another step in the place of the one that has the same key. */
function replace(plan: Plan, other: Step): Plan {
  const put = (step: Step): Step => (step.key === other.key ? other : step);
  const { program, handshake, waits, attempts } = plan.parts;
  return new Plan({
    ...plan.parts,
    program: {
      ...program,
      steps: program.steps.map(({ where, step }) => ({ where, step: put(step) })),
      clone: put(program.clone),
      exec: put(program.exec),
    },
    handshake: handshake.map(put),
    waits: waits && put(waits),
    attempts: attempts.map(({ path, exec, open, head }) => ({
      path,
      exec: put(exec),
      open: put(open),
      head: put(head),
    })),
  });
}

/** Where a step is made: each place has its own way out when the step fails. */
export type Place = 'before the child' | 'in the child' | 'by this program' | 'after the child';

/** The place of each step of a plan, by its key. */
export function placesOf(plan: Plan): ReadonlyMap<StepKey, Place> {
  const { program, handshake } = plan.parts;
  const clone = program.steps.findIndex(({ step }) => step.key === program.clone.key);
  const placeAt = (where: Where, index: number): Place =>
    where !== 'parent' ? 'in the child' : index <= clone ? 'before the child' : 'after the child';
  return new Map<StepKey, Place>([
    ...program.steps.map(({ step, where }, index) => [step.key, placeAt(where, index)] as const),
    ...handshake.map(({ key }) => [key, 'by this program'] as const),
  ]);
}
