// Runs tests, or a command, on other kernels than this machine's: real ones, with nothing but control groups of version 2, and
// with systemd.
//
//   npm run test:kernels [-- OPTIONS] [WORD...]
//
// See docs/kernels.md, or --help.
import { whatIsNeeded } from './kernels/needs.mjs';
import { help, readOptions } from './kernels/options.mjs';
import { runOnKernel } from './kernels/run.mjs';
import { cacheFolder } from './machine/cache.mjs';
import { withinLimits } from './machine/limits.mjs';

/** What stands for a machine that could not be run, as env(1) and timeout(1) have it. */
const ownFailure = 125;

function describe({ kernel, systemd, uid }) {
  return `${kernel}, as ${uid === 0 ? 'root' : `user ${uid}`}${systemd ? ' under systemd' : ''}`;
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return console.log(help);
  const needed = whatIsNeeded(options.runs.map(({ kernel }) => kernel));
  if (needed.length > 0) throw new Error(`this machine lacks\n${needed.map((line) => `  ${line}`).join('\n')}`);

  const cache = cacheFolder('kernels', options.cache);
  for (const run of options.runs) {
    console.error(`== ${describe(run)}`);
    const begin = performance.now();
    const status = await withinLimits(options.seconds, (signal) => runOnKernel(cache, { ...options, ...run }, signal));
    console.error(`== ${describe(run)}: status ${status} after ${Math.round((performance.now() - begin) / 1000)} s`);
    if (status !== 0) process.exitCode ||= status;
  }
}

try {
  await main();
} catch (error) {
  console.error(`test:kernels: ${error.message}`);
  process.exitCode = error.exitCode ?? ownFailure;
}
