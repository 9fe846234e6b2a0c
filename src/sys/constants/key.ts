import { flagSet } from '../flags.js';

/** The operations of keyctl(2). */
export const KEYCTL = flagSet('KEYCTL_', 'linux/keyctl.h', {
  GET_KEYRING_ID: 0,
  JOIN_SESSION_KEYRING: 1,
  UPDATE: 2,
  REVOKE: 3,
  CHOWN: 4,
  SETPERM: 5,
  DESCRIBE: 6,
  CLEAR: 7,
  LINK: 8,
  UNLINK: 9,
  SEARCH: 10,
  READ: 11,
  INSTANTIATE: 12,
  NEGATE: 13,
  SET_REQKEY_KEYRING: 14,
  SET_TIMEOUT: 15,
  ASSUME_AUTHORITY: 16,
  GET_SECURITY: 17,
  SESSION_TO_PARENT: 18,
  REJECT: 19,
  INSTANTIATE_IOV: 20,
  INVALIDATE: 21,
  GET_PERSISTENT: 22,
  DH_COMPUTE: 23,
  PKEY_QUERY: 24,
  PKEY_ENCRYPT: 25,
  PKEY_DECRYPT: 26,
  PKEY_SIGN: 27,
  PKEY_VERIFY: 28,
  RESTRICT_KEYRING: 29,
  MOVE: 30,
  CAPABILITIES: 31,
  WATCH_KEY: 32,
});

/** Keyrings that have a number of their own, relative to the caller: keyrings(7). */
export const KEY_SPEC = flagSet('KEY_SPEC_', 'linux/keyctl.h', {
  THREAD_KEYRING: -1,
  PROCESS_KEYRING: -2,
  SESSION_KEYRING: -3,
  USER_KEYRING: -4,
  USER_SESSION_KEYRING: -5,
  GROUP_KEYRING: -6,
});
