import { spawnSync } from 'node:child_process';

/** A C compiler of this machine, and the architecture that it compiles for, as Node names it. */
export interface Compiler {
  readonly command: string;
  readonly arch: 'x64' | 'arm64';
}

const archOf: Readonly<Record<string, Compiler['arch']>> = { x86_64: 'x64', aarch64: 'arm64' };

/** The compiler for an architecture that has the kernel's headers, or why there is none. */
export function compilerFor(arch: Compiler['arch']): Compiler | string {
  const cross = arch === 'x64' ? 'x86_64-linux-gnu-gcc' : 'aarch64-linux-gnu-gcc';
  for (const command of ['gcc', cross]) {
    const machine = spawnSync(command, ['-dumpmachine'], { encoding: 'utf8' });
    if (machine.status !== 0 || archOf[machine.stdout.split('-')[0] as string] !== arch) continue;
    const compiler = { command, arch };
    return headersVersion(compiler) === undefined ? `${command} finds no <linux/version.h>` : compiler;
  }
  return `neither gcc nor ${cross} of this machine compiles for ${arch}`;
}

/** The version of the kernel's headers, as 6.1 is [6, 1]. */
export function headersVersion({ command }: Compiler): [number, number] | undefined {
  const input = '#include <linux/version.h>\nLINUX_VERSION_CODE\n';
  const { stdout, status } = spawnSync(command, ['-E', '-P', '-'], { input, encoding: 'utf8' });
  const code = Number(stdout.trim());
  return status === 0 && Number.isInteger(code) ? [code >> 16, (code >> 8) & 0xff] : undefined;
}
