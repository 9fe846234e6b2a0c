// A stock kernel, in a computer that qemu emulates. No support by hardware is used: where there is some it may not work.
import { join } from 'node:path';
import { kernelOptions, memory } from './kernels.mjs';

/** Where the guest finds the host's files, and prints to: see machine.mjs. */
export const emulatedGuest = {
  transport: '9p',
  out_line: '/dev/vport0p1',
  err_line: '/dev/vport0p2',
  status_line: '/dev/vport0p3',
  disk: '/dev/vda',
};

const program = 'qemu-system-x86_64';

/** `emulator` is where qemu is, if it is not installed. */
export function emulatedComputer({ kernel, emulator, initramfs, disk }) {
  const ports = ['3', '4', '5'].flatMap((fd, index) => [
    ...['-chardev', `socket,id=port${fd},fd=${fd}`],
    ...['-device', `virtserialport,chardev=port${fd},nr=${index + 1}`],
  ]);
  const args = [
    ['-M', 'q35', '-cpu', 'max', '-smp', '2', '-m', memory, '-accel', 'tcg,thread=multi'],
    ['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ['-kernel', join(kernel, 'kernel'), '-initrd', initramfs],
    ['-append', ['console=ttyS0', ...kernelOptions].join(' ')],
    ['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    // The first of the devices: its number is in the names of the lines.
    ['-device', 'virtio-serial-pci', ...ports],
    ['-drive', `file=${disk},format=raw,if=virtio,cache=unsafe`],
    ['-fsdev', 'local,id=host,path=/,security_model=none,multidevs=remap,readonly=on'],
    ['-device', 'virtio-9p-pci,fsdev=host,mount_tag=host'],
  ].flat();
  if (emulator === undefined) return { program, args };

  const at = (path) => join(emulator, 'usr', path);
  const firmware = ['share/qemu', 'share/seabios'].flatMap((path) => ['-L', at(path)]);
  const libraries = at('lib/x86_64-linux-gnu');
  const env = { ...process.env, LD_LIBRARY_PATH: libraries, QEMU_MODULE_DIR: join(libraries, 'qemu') };
  return { program: at(`bin/${program}`), args: [...firmware, ...args], env };
}
