/** Shows on a terminal how far it is. */
export function teller(what: string, of: number): (round: number) => void {
  return (round) => {
    if (!process.stderr.isTTY) return;
    process.stderr.write(`\r\x1b[K${what}: round ${round} of ${of}${round === of ? '\r\x1b[K' : ''}`);
  };
}
