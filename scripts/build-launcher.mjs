// Builds the launcher, the only native code of this project, for every architecture whose compiler is here.
//
//   npm run build:launcher            writes prebuilds/linux-{x64,arm64}/launcher.so and prebuilds/launcher.json
//   npm run build:launcher -- --out DIR   the same below DIR, for comparing with what is committed
//
// Debian's compilers: apt-get install gcc gcc-aarch64-linux-gnu
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = 'src/sys/launcher/launcher.c';

/** Freestanding: no libc, no start files, no thread-local storage; the same object serves glibc and musl. */
const flags = [
  '-std=c11',
  '-O2',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-fPIC',
  '-shared',
  '-ffreestanding',
  '-nostdlib',
  '-fvisibility=hidden',
  '-fno-stack-protector',
  '-fno-builtin',
  '-fno-tree-loop-distribute-patterns',
  '-fno-asynchronous-unwind-tables',
  '-fomit-frame-pointer',
  '-Wl,--build-id=none',
  '-Wl,--hash-style=both',
  '-Wl,-z,noexecstack,-z,relro,-z,now',
  '-s',
];
/** No outline atomics on arm64: they would call into libgcc. */
const targets = {
  x64: { compiler: 'x86_64-linux-gnu-gcc', flags: ['-fcf-protection=none'] },
  arm64: { compiler: 'aarch64-linux-gnu-gcc', flags: ['-mno-outline-atomics'] },
};

/** The first line of `cc --version`, or undefined where the compiler is missing. */
function compilerVersion(compiler) {
  try {
    return execFileSync(compiler, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split(
      '\n',
    )[0];
  } catch {
    return undefined;
  }
}

const outFlag = process.argv.indexOf('--out');
const out = outFlag < 0 ? join(root, 'prebuilds') : process.argv[outFlag + 1];
const recordFile = join(out, 'launcher.json');
const record = existsSync(recordFile) ? JSON.parse(readFileSync(recordFile, 'utf8')) : {};

for (const [arch, target] of Object.entries(targets)) {
  const version = compilerVersion(target.compiler);
  if (version === undefined) {
    console.error(`${arch}: ${target.compiler} is not here, left as it is`);
    continue;
  }
  const folder = join(out, `linux-${arch}`);
  mkdirSync(folder, { recursive: true });
  const object = join(folder, 'launcher.so');
  const args = [...flags, ...target.flags, '-o', object, source];
  execFileSync(target.compiler, args, { cwd: root, stdio: 'inherit' });
  const sha256 = createHash('sha256').update(readFileSync(object)).digest('hex');
  record[arch] = { compiler: version, command: [target.compiler, ...flags, ...target.flags].join(' '), sha256 };
  console.log(`${arch}: ${object} ${sha256}`);
}
writeFileSync(recordFile, `${JSON.stringify(record, null, 2)}\n`);
