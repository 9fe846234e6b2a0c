import { AT, close, type Late, O, openat, type Step, write } from '../sys/index.js';

/** Steps that open a file and write it with a single write, which is all that the kernel takes for most of its own. */
export function writeFile(path: string | Late<string>, text: string, why: string): Step[] {
  const file = openat.step(AT.FDCWD, path, O.WRONLY | O.CLOEXEC, 0).because(why);
  return [
    file,
    write.step(file.result, text).expecting(text.length).because(why),
    close
      .step(file.result)
      .because('the file has taken its one write, and what is open for writing keeps its mount writable'),
  ];
}
