import { InvalidArgumentError } from 'commander';

/** Elements with commas between them. */
export function list(text: string): string[] {
  const items = text.split(',');
  if (items.includes('')) throw new InvalidArgumentError('One of its elements is empty.');
  return items;
}

/** The same; nothing is no element. */
export const listOrNone = (text: string): string[] => (text === '' ? [] : list(text));
/** One more of what may be given more than once. */
export const more = (text: string, before: string[] | undefined) => [...(before ?? []), text];
export const moreOf = (text: string, before: string[] | undefined) => [...(before ?? []), ...list(text)];
export const moreOrNone = (text: string, before: string[] | undefined) => [...(before ?? []), ...listOrNone(text)];
