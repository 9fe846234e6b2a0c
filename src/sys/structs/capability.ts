import { i32, shownAs, struct, u32 } from '../struct.js';

/** The version of the structs that has room for 64 capabilities. */
export const CAPABILITY_VERSION_3 = 0x20080522;

/** `struct __user_cap_header_struct` of capget(2). */
export const capHeader = struct('__user_cap_header_struct', 'linux/capability.h', {
  version: shownAs(u32, (value) =>
    value === CAPABILITY_VERSION_3 ? '_LINUX_CAPABILITY_VERSION_3' : `0x${value.toString(16)}`,
  ),
  pid: i32,
});

/** `struct __user_cap_data_struct` of capget(2): 32 capabilities. Version 3 has two of them in a row. */
export const capData = struct('__user_cap_data_struct', 'linux/capability.h', {
  effective: u32,
  permitted: u32,
  inheritable: u32,
});

/** The sets of a thread, a bit for each capability: `1n << BigInt(CAP.SYS_ADMIN)`. */
export interface CapabilitySets {
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly inheritable: bigint;
}
