// Builds the launcher and init, the only native code of this project, for every architecture whose compiler is here.
//
//   npm run build:launcher            writes prebuilds/linux-{x64,arm64}/{launcher.so,init} and prebuilds/launcher.json
//   npm run build:launcher -- --out DIR   the same below DIR, for comparing with what is committed
//
// Debian's compilers: apt-get install gcc gcc-aarch64-linux-gnu
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Freestanding: no libc, no start files, no thread-local storage; the same objects serve glibc and musl. */
const flags = [
  '-std=c11',
  '-O2',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-ffreestanding',
  '-nostdlib',
  '-fno-stack-protector',
  '-fno-builtin',
  '-fno-tree-loop-distribute-patterns',
  '-fno-asynchronous-unwind-tables',
  '-fomit-frame-pointer',
  '-Wl,--build-id=none',
  '-s',
];
const objects = {
  'launcher.so': {
    source: 'src/sys/launcher/launcher.c',
    flags: ['-fPIC', '-shared', '-fvisibility=hidden', '-Wl,--hash-style=both', '-Wl,-z,noexecstack,-z,relro,-z,now'],
  },
  // One segment, so that starting it is as few page faults as can be.
  init: {
    source: 'src/sys/launcher/init.c',
    flags: ['-static', '-fno-pie', '-no-pie', '-Wl,-z,noexecstack,-z,noseparate-code'],
  },
};
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
  record[arch] = { compiler: version, objects: {} };
  for (const [name, { source, flags: ofObject }] of Object.entries(objects)) {
    const object = join(folder, name);
    const all = [...flags, ...ofObject, ...target.flags];
    execFileSync(target.compiler, [...all, '-o', object, source], { cwd: root, stdio: 'inherit' });
    const sha256 = createHash('sha256').update(readFileSync(object)).digest('hex');
    record[arch].objects[name] = { command: [target.compiler, ...all].join(' '), sha256 };
    console.log(`${arch}: ${object} ${sha256}`);
  }
}
writeFileSync(recordFile, `${JSON.stringify(record, null, 2)}\n`);
