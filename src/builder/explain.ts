import type { Plan, PlanStep } from './plan.js';

/** Who makes a call, for people. */
const whose: Readonly<Record<PlanStep['where'], string>> = {
  helper: 'a command that the caller runs',
  parent: 'the caller',
  child: 'the new process',
  init: 'the new process as init',
  command: 'the process of the command',
};

/** A plan as text for people: each call, and why it is made, under the part of the spec that asked for it. */
export function explain(plan: Plan): string {
  const lines: string[] = [];
  let heading = '';
  for (const run of runsOf(plan)) {
    const [first] = run;
    if (first === undefined) continue;
    const title = `${whose[first.where]}, ${shorten(first.from)}`;
    if (title !== heading) lines.push(...(heading === '' ? [] : ['']), title);
    heading = title;
    lines.push(...renderRun(plan, run));
  }
  return `${lines.join('\n')}\n`;
}

/** Neighbouring steps that make the same call for the same reason are told once. */
function runsOf(plan: Plan): PlanStep[][] {
  const runs: PlanStep[][] = [];
  for (const step of plan.steps) {
    const last = runs.at(-1);
    const like = last?.[0];
    const same =
      like !== undefined &&
      like.step.call.name === step.step.call.name &&
      like.step.why === step.step.why &&
      like.from === step.from &&
      like.where === step.where;
    if (same) last?.push(step);
    else runs.push([step]);
  }
  return runs;
}

/** Runs up to this length are shown whole. */
const shownWhole = 3;

function renderRun(plan: Plan, run: readonly PlanStep[]): string[] {
  const [first, last] = [run[0], run.at(-1)];
  if (first === undefined || last === undefined) return [];
  const why = `       ${first.step.why}`;
  if (run.length <= shownWhole) return [...run.map((step) => renderStep(plan, step)), why];
  return [renderStep(plan, first), `   …   ${run.length - 2} more`, renderStep(plan, last), why];
}

function renderStep(plan: Plan, { index, step }: PlanStep): string {
  return `${String(index).padStart(4)}   ${shorten(plan.render(step))}`;
}

const longest = 110;

function shorten(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
