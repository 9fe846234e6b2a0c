// Whom the command runs as.
import { readFileSync } from 'node:fs';

/** The account with this number: that of this machine, or one that the guest gets. */
export function accountOf(uid) {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.split(':')[2] === `${uid}`);
  if (line !== undefined) {
    const [name, , , gid, , home] = line.split(':');
    return { uid, gid: Number(gid), name, home, passwdLine: '', groupLine: '' };
  }
  const name = `user-${uid}`;
  const home = `/home/${name}`;
  const passwdLine = `${name}:x:${uid}:${uid}::${home}:/bin/sh`;
  return { uid, gid: uid, name, home, passwdLine, groupLine: `${name}:x:${uid}:` };
}
