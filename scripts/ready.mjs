// Makes a checkout ready to run: installs the packages and builds, each only where it is needed.
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const inRoot = (...parts) => join(root, ...parts);
const changed = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

/** When the newest file below a folder was changed. */
function newest(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Math.max(...files.map((entry) => changed(join(entry.parentPath ?? entry.path, entry.name))));
}

// `npm ci` would empty the folder that it leads to.
if (lstatSync(inRoot('node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) {
  console.error(
    'node_modules is a symbolic link, and its packages may be those of another checkout: remove the link first',
  );
  process.exit(1);
}
if (changed(inRoot('node_modules', '.package-lock.json')) < changed(inRoot('package-lock.json'))) {
  console.error('installing the packages…');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: ['ignore', 2, 2] });
}
const sources = Math.max(newest(inRoot('src')), changed(inRoot('tsconfig.json')));
if (changed(inRoot('dist', 'index.js')) < sources) {
  console.error('building…');
  execFileSync(process.execPath, [inRoot('scripts', 'build.mjs')], { cwd: root, stdio: ['ignore', 2, 2] });
}
