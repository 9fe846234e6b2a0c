// Runs every test file in a process of its own: a test that changes its process cannot touch the next. Two of them at once, but for those
// that have to be alone. What a file prints comes when it has ended.
//
//   npm test                    all of them
//   npm test -- plan errors     those whose name contains one of the words
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const words = process.argv.slice(2);
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.test.ts'))
  .filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
  .sort();

interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
}

/** A file that says nothing of its tests has failed, whatever its exit status. */
function outcomeOf(output: string, status: number | null): Outcome {
  const count = (label: string) => {
    const found = [...output.matchAll(new RegExp(`^  ${label}:\\s+(\\d+)`, 'gm'))];
    return found.length === 0 ? undefined : found.reduce((sum, [, number]) => sum + Number(number), 0);
  };
  const [total, passed, skipped] = [count('Total'), count('Passed'), count('Skipped')];
  if (total === undefined || passed === undefined || (total === 0 && !skipped)) {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const failed = total - passed;
  return { passed, failed: failed === 0 && status !== 0 ? 1 : failed, skipped: skipped ?? 0 };
}

/** A test that hangs is a failure, and says so. */
const mostMilliseconds = 900_000;

interface Ran {
  readonly output: string;
  readonly outcome: Outcome;
}

function runFile(name: string): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', `${folder}${name}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    let output = '';
    const take = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const limit = setTimeout(() => {
      output += `${name} did not end within ${mostMilliseconds / 1000} s\n`;
      child.kill('SIGKILL');
    }, mostMilliseconds);
    child.on('close', (status) => {
      clearTimeout(limit);
      resolve({ output, outcome: outcomeOf(output, status) });
    });
  });
}

/**
 * Those that change what others look at, as the mounts of the host; that measure how much of a processor something gets; or that have
 * enough going on at once by themselves.
 */
const alone = /^(boxes-pin|cgroup|life-killed|limits|storm)/;

const sum: Outcome = { passed: 0, failed: 0, skipped: 0 };

async function runLane(names: string[]): Promise<void> {
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const { output, outcome } = await runFile(name);
    process.stdout.write(`\n${name}\n${output}`);
    if (outcome.failed > 0) console.log(`FAILED: ${name}`);
    sum.passed += outcome.passed;
    sum.failed += outcome.failed;
    sum.skipped += outcome.skipped;
  }
}

const together = files.filter((name) => !alone.test(name));
await Promise.all([runLane(together), runLane(together)]);
await runLane(files.filter((name) => alone.test(name)));
console.log(`\n${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exitCode = sum.failed === 0 && sum.passed > 0 ? 0 : 1;
