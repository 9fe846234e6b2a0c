import { attributeNames, type MountAttributes } from '../../../ns/index.js';

/** The attributes among the fields of an entry. */
export function attributesOf(entry: MountAttributes): MountAttributes {
  const given = attributeNames.flatMap((name) => (entry[name] === undefined ? [] : [[name, entry[name]]]));
  return Object.fromEntries(given) as MountAttributes;
}

/** Those that are set: `false` leaves a mount as its source is. */
export function attributesSet(entry: MountAttributes): MountAttributes {
  const set = attributeNames.filter((name) => entry[name] === true).map((name) => [name, true]);
  return Object.fromEntries(set) as MountAttributes;
}
