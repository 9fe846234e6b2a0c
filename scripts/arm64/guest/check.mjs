// Runs checks and reports them, a line of JSON each, to the program that started the machine: see ../report.mjs.
import { inspect } from 'node:util';

const report = (message) => console.log(`@check ${JSON.stringify(message)}`);

/** Emulated, everything takes ten times as long as on a real machine. */
const mostMilliseconds = 60_000;

/** Runs them one after another. A check that fails does not end the others. What a check returns is shown beside it. */
export async function runChecks(heading, checks) {
  report({ heading, due: checks.length });
  for (const [name, body] of checks) {
    const started = performance.now();
    const outcome = await Promise.race([attempt(body), tooLong()]);
    report({ name, ...outcome, milliseconds: Math.round(performance.now() - started) });
  }
}

async function attempt(body) {
  try {
    return { shows: await body() };
  } catch (error) {
    return { error: error instanceof Error ? `${error.stack}` : inspect(error) };
  }
}

async function tooLong() {
  await new Promise((resolve) => setTimeout(resolve, mostMilliseconds).unref());
  return { error: `it did not end within ${mostMilliseconds / 1000} s` };
}
