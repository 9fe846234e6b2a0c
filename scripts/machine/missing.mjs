// What is not on this machine.
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';

/** A line for each program that is not in PATH and each file that is not there, with what brings it. */
export function whatIsMissing({ programs = {}, files = {} }) {
  const absent = [
    ...Object.entries(programs).filter(([program]) => !isProgram(program)),
    ...Object.entries(files).filter(([file]) => !existsSync(file)),
  ];
  return absent.map(([name, remedy]) => `${name} (${remedy})`);
}

function isProgram(name) {
  return (process.env.PATH ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
