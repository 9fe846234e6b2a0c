import { isUtf8 } from 'node:buffer';

/** What is longer than this is cut where it is shown: a message is for people. */
const mostShown = 256;

/** Bytes as strace(1) writes them, except that text in UTF-8 stays readable: `"0 1000 1\n"`, `"\\1\\0\\377"`. */
export function quoted(data: string | Uint8Array): string {
  const bytes = Buffer.from(typeof data === 'string' ? data : data.subarray(0, mostShown));
  const text = typeof data === 'string' ? data : isUtf8(bytes) ? bytes.toString() : undefined;
  const shown = text === undefined ? octal(bytes) : JSON.stringify(text.slice(0, mostShown));
  return data.length > mostShown ? `${shown}...` : shown;
}

/** `"\1\0\377"`: ASCII as it is, the rest in octal. */
function octal(bytes: Buffer): string {
  const characters = Array.from(bytes, (byte, i) => {
    if (byte >= 0x20 && byte < 0x7f)
      return byte === 0x22 || byte === 0x5c ? `\\${String.fromCharCode(byte)}` : String.fromCharCode(byte);
    const next = bytes[i + 1] ?? 0;
    const digitFollows = next >= 0x30 && next <= 0x39;
    return `\\${byte.toString(8).padStart(digitFollows ? 3 : 1, '0')}`;
  });
  return `"${characters.join('')}"`;
}
