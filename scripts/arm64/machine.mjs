// The virtual machine. It has no network, no disk and no input: only a serial line, on which it reports.
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { start } from '../machine/command.mjs';

/** The most capable processor that this qemu knows; pointer authentication by its own, much faster, algorithm. */
const processor = 'max,pauth-impdef=on';

/** The kernel says nothing that could break into a line of the report but its last words, and ends the machine with them. */
const kernelOptions = 'console=ttyAMA0 quiet loglevel=1 panic=-1';

/** Boots the kernel and gives the report every line, until the machine has switched itself off. */
export async function runMachine({ kernel, initramfs, report, showConsole }, signal) {
  const args = [
    ['-M', 'virt', '-cpu', processor, '-smp', '2', '-m', '1024', '-accel', 'tcg,thread=multi'],
    ['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ['-chardev', 'stdio,id=line,signal=off', '-serial', 'chardev:line'],
    ['-kernel', kernel, '-initrd', initramfs, '-append', kernelOptions],
  ].flat();
  const child = start('qemu-system-aarch64', args, { signal, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stderr.on('data', (text) => report.complaint(text.toString()));
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (showConsole) console.error(line);
    report.line(line);
  });
  await once(child, 'close');
  signal.throwIfAborted();
}
