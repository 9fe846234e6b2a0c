import { flags, string } from '../args.js';
import { joined } from '../constants/joined.js';
import { MNT, MS, UMOUNT } from '../constants/mount.js';
import { defineSyscall, nothing, type Syscall } from '../syscall.js';

/**
 * `mount(source, target, filesystemtype, mountflags, data)`: attaches a file system, binds a tree elsewhere, or changes
 * what a mount allows or propagates. See mount(2).
 *
 * Acts on the mount namespace of the calling thread.
 *
 * @param source - a device, a directory to bind, or a name that only `/proc/mounts` shows; `null` where none is needed.
 * @param target - where to attach it.
 * @param filesystemtype - a name from `/proc/filesystems`; `null` for a bind, a remount or a change of propagation.
 * @param mountflags - {@link MS} bits.
 * @param data - options of the file system, separated by commas; `null` for none.
 * @throws SyscallError EPERM: without CAP_SYS_ADMIN in the user namespace that owns the mount namespace; a fresh proc
 * without a PID namespace of the same owner. EBUSY: the target is busy. EINVAL: the target is no mount point (remount),
 * or a bad superblock. ENODEV: no such file system. ENOENT, ENOTDIR: a path that is not there.
 */
export const mount: Syscall<
  [source: string | null, target: string, filesystemtype: string | null, mountflags: number, data: string | null],
  void
> = defineSyscall({
  name: 'mount',
  man: 'mount(2)',
  scope: 'thread',
  args: [
    string<string | null>('const char *source'),
    string('const char *target'),
    string<string | null>('const char *filesystemtype'),
    flags('unsigned long mountflags', MS),
    string<string | null>('const void *data'),
  ],
  result: nothing,
});

/**
 * `umount2(target, flags)`: detaches the mount that is on top of a path. See umount(2).
 *
 * Acts on the mount namespace of the calling thread, and on those that the mount's events propagate to.
 *
 * @param target - where it is mounted.
 * @param flags - {@link MNT} bits, and `UMOUNT.NOFOLLOW` against a link at the end of the path. `MNT_DETACH` takes it
 * from the tree at once, with what is mounted below, and ends it when nobody uses it any more.
 * @throws SyscallError EBUSY: it is in use. EINVAL: not a mount point; or locked, as those are that a new user
 * namespace got from its parent. EPERM: without CAP_SYS_ADMIN in the user namespace that owns the mount namespace.
 * EAGAIN: `MNT_EXPIRE` marked it. ENOENT: the path is not there.
 */
export const umount2: Syscall<[target: string, flags: number], void> = defineSyscall({
  name: 'umount2',
  man: 'umount(2)',
  scope: 'thread',
  args: [string('const char *target'), flags('int flags', joined(MNT, UMOUNT))],
  result: nothing,
});

/**
 * `pivot_root(new_root, put_old)`: makes a mount the root of the mount namespace, and attaches the old root below it.
 * See pivot_root(2).
 *
 * Acts on the mount namespace of the calling thread, and on all processes whose root or working directory was the old
 * root. `pivot_root(".", ".")` puts the old root on top of the new one, from where `umount2(".", MNT_DETACH)` takes it.
 *
 * @param new_root - a directory that is a mount point, and not on the root's own mount. Bind it to itself if it is
 * none.
 * @param put_old - a directory at or below `new_root`.
 * @throws SyscallError EINVAL: `new_root` is no mount point; or a mount that takes part is shared (make `/` private
 * first); or the root is the initramfs, which cannot be moved. EBUSY: one of them is on the root's mount. EPERM:
 * without CAP_SYS_ADMIN in the user namespace that owns the mount namespace. ENOTDIR: one of them is no directory.
 */
export const pivot_root: Syscall<[new_root: string, put_old: string], void> = defineSyscall({
  name: 'pivot_root',
  man: 'pivot_root(2)',
  scope: 'thread',
  args: [string('const char *new_root'), string('const char *put_old')],
  result: nothing,
});

export {
  fsconfig_cmd_create,
  fsconfig_cmd_reconfigure,
  fsconfig_set_fd,
  fsconfig_set_flag,
  fsconfig_set_string,
  fsmount,
  fsopen,
  fspick,
  mount_setattr,
  move_mount,
  open_tree,
} from './mount-fd.js';
