// What `npm start` shows: a shell in namespaces of its own, beside the same shell on the host.
import { bare } from 'linux-isolate';

const script = `
echo "user        $(id -u) ($(id -un))"
echo "host name   $(uname -n)"
echo "process id  $$"
echo "processes   $(ls /proc | grep -c '^[0-9]')"
echo "interfaces  $(grep -c : /proc/net/dev) ($(grep -o '[^ ]*:' /proc/net/dev | tr -d ':' | xargs))"
echo "mounts      $(grep -c . /proc/self/mountinfo)"
for kind in user mnt pid net ipc uts cgroup; do
  printf '%-11s %s\\n' "$kind" "$(readlink /proc/self/ns/$kind | tr -dc 0-9)"
done
`;

const host = bare();
const box = bare().unshare('user', 'mount', 'pid', 'net', 'ipc', 'uts', 'cgroup').mapRoot().hostname('box').loopback();

const [outside, inside] = await Promise.all([host, box].map((sandbox) => sandbox.run('sh', ['-c', script])));
for (const { exit, stderr } of [outside, inside]) {
  if (exit.kind !== 'exited' || exit.code !== 0)
    throw new Error(`the shell ended with ${JSON.stringify(exit)}: ${stderr}`);
}

const rows = (text) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => [line.slice(0, 12).trim(), line.slice(12).trim()]);
const [left, right] = [rows(outside.stdout), rows(inside.stdout)];
const width = Math.max('on the host'.length, ...left.map(([, value]) => value.length));

console.log('A shell on the host, and the same shell in seven new namespaces:\n');
console.log(`${''.padEnd(12)}${'on the host'.padEnd(width)}  isolated`);
for (const [i, [name, value]] of left.entries())
  console.log(`${name.padEnd(12)}${value.padEnd(width)}  ${right[i]?.[1]}`);
console.log('\nThe numbers below "mounts" name the namespaces: not one is shared.');
console.log('Every system call behind this:\n  node dist/cli/main.js explain --bare --map-root --hostname box \\');
console.log('    --unshare user,mount,pid,net,ipc,uts,cgroup --net loopback -- sh');
