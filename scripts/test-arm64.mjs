// Runs this library, not a model of it, on an arm64 kernel: its own dist, its arm64 launcher, arm64 Node and ffi-rs's
// arm64 addon, in a virtual machine that qemu emulates. Made for machines that are not arm64 themselves.
//
//   npm run test:arm64 [-- OPTIONS]
//
// See docs/arm64.md, or --help.
import { parseArgs } from 'node:util';
import { buildInitramfs } from './arm64/initramfs.mjs';
import { runMachine } from './arm64/machine.mjs';
import { needs } from './arm64/needs.mjs';
import { fetchParts } from './arm64/parts.mjs';
import { Report } from './arm64/report.mjs';
import { cacheFolder } from './machine/cache.mjs';
import { withinLimits } from './machine/limits.mjs';
import { whatIsMissing } from './machine/missing.mjs';
import { withRunFolder } from './machine/run-folder.mjs';

const help = `npm run test:arm64 [-- OPTIONS]

  --release NAME   the Debian release whose kernel and C library are used (bookworm: Linux 6.1; trixie: Linux 6.12)
  --mirror URL     where Debian's packages come from; without it the one that this machine's own apt uses
  --cache DIR      where what was fetched is kept: linux-isolate/arm64 in $XDG_CACHE_HOME or ~/.cache
  --timeout SEC    how long all of it may take (300)
  --console        also shows all that the machine prints

Exit status: 0 all passed; 1 a check failed; 2 it could not be run, or took too long.`;

/** The words of the command line, or the reason why they make no sense. */
function readOptions() {
  const { values } = parseArgs({
    options: {
      release: { type: 'string', default: 'bookworm' },
      mirror: { type: 'string' },
      cache: { type: 'string' },
      timeout: { type: 'string', default: '300' },
      console: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const seconds = Number(values.timeout);
  if (!(seconds > 0)) throw new Error(`--timeout ${values.timeout}: it is not a number of seconds`);
  return { ...values, seconds };
}

async function checkOnArm64(options, report) {
  const missing = whatIsMissing(needs);
  if (missing.length > 0) throw new Error(`this machine lacks\n${missing.map((line) => `  ${line}`).join('\n')}`);

  const cache = cacheFolder('arm64', options.cache);
  await withinLimits(options.seconds, async (signal) => {
    const parts = await fetchParts(cache, options, signal);
    await withRunFolder(cache, async (folder) => {
      const initramfs = buildInitramfs(folder, parts);
      console.log(`starting ${parts.kernelName} of Debian with Node ${parts.nodeVersion} for arm64`);
      await runMachine({ kernel: parts.kernel, initramfs, report, showConsole: options.console }, signal);
    });
  });
}

async function main() {
  const report = new Report();
  let reason;
  try {
    const options = readOptions();
    if (options.help) return console.log(help);
    await checkOnArm64(options, report);
  } catch (error) {
    reason = error;
  }
  const passed = report.finish(reason?.message);
  process.exitCode = passed ? 0 : reason === undefined ? 1 : (reason.exitCode ?? 2);
}

await main();
