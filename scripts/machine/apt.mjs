// Debian's packages, by apt itself, with lists and archives of its own: what apt knows of this machine does not change, and
// nobody has to be root.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { output } from './command.mjs';

/** What Debian's lists of packages are signed with. */
export const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** One release of Debian for one architecture, whatever this machine is, as an apt that knows of nothing installed. */
export function aptOfRelease(folder, { release, mirror = ownMirror(), architecture }, signal) {
  mkdirSync(join(folder, 'parts'), { recursive: true });
  writeFileSync(join(folder, 'status'), '');
  writeFileSync(
    join(folder, 'sources.list'),
    `deb [arch=${architecture} lang=none target=Packages signed-by=${keyring}] ${mirror} ${release} main\n`,
  );
  const configuration = `
Dir::Etc::sourcelist "${folder}/sources.list";
Dir::Etc::sourceparts "${folder}/parts";
Dir::State::status "${folder}/status";
APT::Architecture "${architecture}";
#clear APT::Architectures;
APT::Architectures { "${architecture}"; };
`;
  return privateApt(folder, configuration, signal);
}

/** The release that this machine has, from where it has it, as an apt that knows what is installed here. */
export function aptOfThisMachine(folder, signal) {
  return privateApt(folder, '', signal);
}

/** An apt of its own in a folder that the caller removes. */
async function privateApt(folder, configuration, signal) {
  for (const part of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(folder, part), { recursive: true });
  const file = join(folder, 'apt.conf');
  writeFileSync(file, ownFolders(folder) + configuration);
  const run = (program, ...args) => output(program, ['-c', file, ...args], { signal, cwd: folder });

  await run('apt-get', 'update');
  return {
    /** The name of the package that a package for "the newest kernel" stands for. */
    async firstDependency(name) {
      const found = /^ {2}Depends: (\S+)/m.exec(await run('apt-cache', 'depends', name));
      if (found === null) throw new Error(`there is no package ${name}`);
      return found[1];
    },
    /** What would be installed for these packages, with versions: them and what they depend on, unless it is installed. */
    async wouldInstall(names) {
      const said = await run('apt-get', 'install', '--simulate', '--no-install-recommends', ...names);
      return [...said.matchAll(/^Inst (\S+) (?:\[\S+\] )?\((\S+)/gm)].map(([, name, version]) => `${name}=${version}`);
    },
    /** Unpacks packages below a folder, without their scripts. */
    async unpack(names, target) {
      if (names.length === 0) return;
      await run('apt-get', 'download', ...names);
      for (const deb of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
        await output('dpkg', ['-x', join(folder, deb), target], { signal });
        rmSync(join(folder, deb));
      }
    },
  };
}

/** Read after the machine's own configuration, from which proxies and the like remain. Its hooks are not for this apt. */
function ownFolders(folder) {
  return `
Dir::State::lists "${folder}/lists";
Dir::Cache "${folder}/cache";
Dir::Cache::archives "${folder}/cache/archives";
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
