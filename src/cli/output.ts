const ignore = () => {};

/** Writes a text of isolate's own to its stdout or stderr; rejects where not all of it could be written. */
export async function print(name: 'stdout' | 'stderr', text: string): Promise<void> {
  // Node makes a pipe non-blocking when it is looked at first, and the command has the same one.
  if (text === '') return;
  const stream = process[name];
  // The error comes as an event too, which would end us with a stack.
  stream.off('error', ignore).on('error', ignore);
  await new Promise<void>((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
