// Debian's packages for arm64, by apt itself, with lists and archives of its own: what apt knows of this machine does not
// change, and nobody has to be root.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { output } from './command.mjs';

/** What Debian's lists of packages are signed with. */
export const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** An apt of its own in a folder that the caller removes. */
export async function privateApt(folder, { release, mirror = ownMirror() }, signal) {
  for (const part of ['lists/partial', 'cache/archives/partial', 'parts'])
    mkdirSync(join(folder, part), { recursive: true });
  writeFileSync(join(folder, 'status'), '');
  writeFileSync(
    join(folder, 'sources.list'),
    `deb [arch=arm64 lang=none target=Packages signed-by=${keyring}] ${mirror} ${release} main\n`,
  );
  const file = join(folder, 'apt.conf');
  writeFileSync(file, configuration(folder));
  const run = (program, ...args) => output(program, ['-c', file, ...args], { signal, cwd: folder });

  await run('apt-get', 'update');
  return {
    /** The name of the package that a package for "the newest kernel" stands for. */
    async firstDependency(name) {
      const found = /^ {2}Depends: (\S+)/m.exec(await run('apt-cache', 'depends', name));
      if (found === null) throw new Error(`${release} has no ${name}`);
      return found[1];
    },
    /** Unpacks packages below a folder, without their scripts. */
    async unpack(names, target) {
      await run('apt-get', 'download', ...names);
      for (const deb of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
        await output('dpkg', ['-x', join(folder, deb), target], { signal });
        rmSync(join(folder, deb));
      }
    },
  };
}

/** Read after the machine's own configuration, from which proxies and the like remain. Its hooks are not for this apt. */
function configuration(folder) {
  return `
Dir::Etc::sourcelist "${folder}/sources.list";
Dir::Etc::sourceparts "${folder}/parts";
Dir::State::lists "${folder}/lists";
Dir::State::status "${folder}/status";
Dir::Cache "${folder}/cache";
Dir::Cache::archives "${folder}/cache/archives";
APT::Architecture "arm64";
#clear APT::Architectures;
APT::Architectures { "arm64"; };
APT::Sandbox::User "${userInfo().username}";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
`;
}

/** The mirror of Debian that this machine's own apt uses. */
function ownMirror() {
  const folder = '/etc/apt/sources.list.d';
  const files = ['/etc/apt/sources.list', ...listed(folder).map((name) => join(folder, name))];
  for (const line of files.flatMap(lines)) {
    const found = /(?:^|\s)([a-z+]+:\S+\/debian(?:\/|\.list)?)(?:\s|$)/.exec(line);
    if (found !== null) return found[1];
  }
  throw new Error("this machine's apt knows no mirror of Debian: name one with --mirror URL");
}

function listed(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function lines(file) {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => !line.startsWith('#'));
  } catch {
    return [];
  }
}
