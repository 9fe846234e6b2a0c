/** Numbers as the kernel lists them, `0-3,8`. */
export function numbersOf(list: string): Set<number> {
  const numbers = new Set<number>();
  for (const range of list.trim().split(',')) {
    const [first, last = first] = range.split('-').map(Number);
    if (range === '' || first === undefined || last === undefined) continue;
    for (let number = first; number <= last; number++) numbers.add(number);
  }
  return numbers;
}

/** Whether all of the first are in the second. */
export function isWithin(some: string, all: string): boolean {
  const there = numbersOf(all);
  return [...numbersOf(some)].every((number) => there.has(number));
}
