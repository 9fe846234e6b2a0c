// Writes the tables that come from the kernel's headers: src/sys/tables/*.ts.
//
//   npm run generate            needs: apt-get install linux-libc-dev linux-libc-dev-arm64-cross gcc
//
// A test compares the tables with the headers of the machine that it runs on.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const header = '// Generated from the kernel headers by scripts/generate-tables.mjs. Do not edit.\n';
const folder = new URL('../src/sys/tables/', import.meta.url);
mkdirSync(folder, { recursive: true });

/** The system calls of `asm/unistd.h`: names first, then values, because some are defined by way of another name. */
function systemCalls(flags) {
  const preprocess = (input, ...more) =>
    execFileSync('gcc', [...flags, '-E', ...more, '-'], { input, encoding: 'utf8' });
  const include = '#include <asm/unistd.h>\n';
  const names = [...preprocess(include, '-dM').matchAll(/^#define __NR_(\w+) /gm)]
    .map(([, name]) => name)
    .filter((name) => name !== 'syscalls' && name !== 'arch_specific_syscall');
  const values = preprocess(`${include}${names.map((name) => `=${name}= __NR_${name}\n`).join('')}`, '-P');
  const rows = [...values.matchAll(/^=(\w+)= (\d+)$/gm)].map(([, name, value]) => [name, Number(value)]);
  if (rows.length !== names.length) throw new Error(`${names.length - rows.length} system calls have no number`);
  return rows.sort((a, b) => a[1] - b[1]);
}

function writeNumbers(arch, flags) {
  const rows = systemCalls(flags).map(([name, value]) => `  ${name}: ${value},`);
  writeFileSync(
    new URL(`numbers-${arch}.ts`, folder),
    `${header}export const ${arch} = {\n${rows.join('\n')}\n} as const;\n`,
  );
}

/** Numbers, names and the kernel's own words, which no C library translates. */
function writeErrno() {
  const words = new Map();
  for (const file of ['errno-base.h', 'errno.h']) {
    const text = readFileSync(`/usr/include/asm-generic/${file}`, 'utf8');
    for (const [, name, number, comment] of text.matchAll(/^#define\s+(E\w+)\s+(\d+)\s*\/\* (.+?) \*\//gm)) {
      words.set(Number(number), [name, comment]);
    }
  }
  const rows = [...words]
    .sort((a, b) => a[0] - b[0])
    .map(([number, [name, comment]]) => `  [${number}, '${name}', ${JSON.stringify(comment)}],`);
  writeFileSync(new URL('errno.ts', folder), `${header}export const errnoTable = [\n${rows.join('\n')}\n] as const;\n`);
}

const arm64Headers = '/usr/aarch64-linux-gnu/include';
writeNumbers('x64', []);
if (!existsSync(arm64Headers))
  throw new Error(`${arm64Headers} is missing: apt-get install linux-libc-dev-arm64-cross`);
writeNumbers('arm64', ['-nostdinc', '-undef', '-D__aarch64__', '-D__LP64__', '-isystem', arm64Headers]);
writeErrno();
