// Runs every test file in a process of its own: a test that changes its process cannot touch the next.
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

function runFile(name: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', `${folder}${name}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    let output = '';
    const take = (chunk: Buffer) => {
      output += chunk.toString();
      process.stdout.write(chunk);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const limit = setTimeout(() => {
      console.log(`${name} did not end within ${mostMilliseconds / 1000} s`);
      child.kill('SIGKILL');
    }, mostMilliseconds);
    child.on('close', (status) => {
      clearTimeout(limit);
      resolve(outcomeOf(output, status));
    });
  });
}

const sum: Outcome = { passed: 0, failed: 0, skipped: 0 };
for (const name of files) {
  console.log(`\n${name}`);
  const outcome = await runFile(name);
  if (outcome.failed > 0) console.log(`FAILED: ${name}`);
  sum.passed += outcome.passed;
  sum.failed += outcome.failed;
  sum.skipped += outcome.skipped;
}
console.log(`\n${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exitCode = sum.failed === 0 && sum.passed > 0 ? 0 : 1;
