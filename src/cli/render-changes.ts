import type { Change } from '../index.js';

const letters = { added: 'A', modified: 'M', deleted: 'D' } as const;

/**
 * A line for each change, as `M /etc/hosts`. A directory ends in a slash; a name that could forge a line is quoted. A file
 * that lends the rights of its owner or its group to whoever runs it is marked.
 */
export function renderChanges(changes: readonly Change[]): string {
  return changes
    .map((change) => {
      const { kind, type, path } = change;
      const shown = `${path}${type === 'directory' ? '/' : ''}`;
      const notes = notesOf(change).map((note) => ` (${note})`);
      return `${letters[kind]} ${isPlain(shown) ? shown : quoted(shown)}${notes.join('')}\n`;
    })
    .join('');
}

function notesOf({ kind, type, mode = 0, metadataOnly }: Change): string[] {
  const lends = kind !== 'deleted' && type === 'file';
  return [
    ...(metadataOnly ? ['metadata'] : []),
    ...(lends && (mode & 0o4000) !== 0 ? ['set-user-ID'] : []),
    ...(lends && (mode & 0o2000) !== 0 ? ['set-group-ID'] : []),
  ];
}

const isControl = (character: string): boolean => character < ' ' || (character >= '\u007f' && character <= '\u009f');

function isPlain(text: string): boolean {
  return ![...text].some((character) => isControl(character) || character === '"' || character === '\\');
}

/** As JSON has it; the control characters that JSON leaves as they are speak to terminals too. */
function quoted(text: string): string {
  const escaped = (character: string) => `\\u00${character.charCodeAt(0).toString(16)}`;
  return [...JSON.stringify(text)].map((character) => (isControl(character) ? escaped(character) : character)).join('');
}
