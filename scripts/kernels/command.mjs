// The command of a run, as a script for the guest.
import { dirname } from 'node:path';
import { quoted } from './shell.mjs';

/** Runs the words as this account, in the project's folder, with little more of an environment than what finds programs. */
export function commandScript({ words, account, systemd, project }) {
  const { uid, gid, name, home } = account;
  const variables = {
    PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
    LANG: process.env.LANG ?? 'C.UTF-8',
    HOME: home,
    USER: name,
    LOGNAME: name,
    ...(systemd && uid !== 0 ? userBus(uid) : {}),
  };
  const user = uid === 0 ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--init-groups'];
  const environment = ['env', '-i', ...Object.entries(variables).map(([key, value]) => `${key}=${value}`)];
  const scope = systemd ? ['systemd-run', ...(uid === 0 ? [] : ['--user']), ...delegatedScope] : [];
  const all = [...user, ...environment, ...scope, ...words];
  return `cd ${quoted(project)} && PATH=${quoted(variables.PATH)} && exec ${all.map(quoted).join(' ')}\n`;
}

const delegatedScope = ['--scope', '--quiet', '--property=Delegate=yes', '--'];

/** How programs find the user's own systemd. */
const userBus = (uid) => ({
  XDG_RUNTIME_DIR: `/run/user/${uid}`,
  DBUS_SESSION_BUS_ADDRESS: `unix:path=/run/user/${uid}/bus`,
});
