// Words for a shell.

/** Stands for the word itself, whatever is in it. */
export function quoted(word) {
  return `'${String(word).replaceAll("'", `'\\''`)}'`;
}
