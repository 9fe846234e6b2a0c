import {
  AT,
  errno,
  type Fd,
  futex_cmp_requeue,
  type Operand,
  readlinkat,
  STATX,
  type Step,
  statx,
  statxBuffer,
} from '../../sys/index.js';

/** Which device a file has to be. */
export interface Device {
  readonly major: number;
  readonly minor: number;
}

/** Steps that fail unless an open file is this device: EAGAIN. */
export function isDevice(fd: Operand<Fd>, name: string, { major, minor }: Device): Step[] {
  const asked = statx.step(fd, '', AT.EMPTY_PATH, STATX.TYPE).because(`is it the ${name} that it has to be?`);
  const equals = (member: 'stx_rdev_major' | 'stx_rdev_minor', value: number) =>
    futex_cmp_requeue
      .step(asked.place(4, statxBuffer.offsets[member]), value)
      .because(`${name} is the device ${major}:${minor}`);
  return [asked, equals('stx_rdev_major', major), equals('stx_rdev_minor', minor)];
}

/** A file by its device and its number there. */
export interface FileIdentity {
  readonly device: Device;
  readonly inode: bigint;
}

/** Steps that fail unless an open file is this one: EAGAIN. */
export function isFile(fd: Operand<Fd>, { device, inode }: FileIdentity): Step[] {
  const asked = statx.step(fd, '', AT.EMPTY_PATH, STATX.INO).because('is it still the file that was opened?');
  const equals = (offset: number, value: number) =>
    futex_cmp_requeue.step(asked.place(4, offset), value).because('the path still leads to the file that was opened');
  return [
    asked,
    equals(statxBuffer.offsets.stx_dev_major, device.major),
    equals(statxBuffer.offsets.stx_dev_minor, device.minor),
    equals(statxBuffer.offsets.stx_ino, Number(BigInt.asIntN(32, inode))),
    equals(statxBuffer.offsets.stx_ino + 4, Number(BigInt.asIntN(32, inode >> 32n))),
  ];
}

/** A step that fails where what was opened with `O_PATH | O_NOFOLLOW` is a symbolic link: its target would have a length. */
export function isNoLink(fd: Operand<Fd>): Step {
  return readlinkat.step(fd, '', 1).tolerating(errno.ENOENT, errno.EINVAL).expecting(0).because('no symbolic link');
}
