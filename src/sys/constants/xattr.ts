import { flagSet } from '../flags.js';

/** Whether an extended attribute may be there already, or has to be: setxattr(2). */
export const XATTR = flagSet('XATTR_', 'linux/xattr.h', { CREATE: 0x1, REPLACE: 0x2 });
