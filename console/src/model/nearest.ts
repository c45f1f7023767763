/** The known word that a mistyped one was most likely meant to be. */

/** At most a third of the letters may differ, or one begins the other; case, `_` and `-` do not count. */
export function closest(word: string, known: string[]): string | null {
  const plain = (text: string) => text.toLowerCase().replace(/[_-]/g, '');
  const typed = plain(word);
  let best: { name: string; distance: number } | null = null;
  for (const name of known) {
    const distance = editDistance(typed, plain(name));
    const begins = typed.length > 2 && (plain(name).startsWith(typed) || typed.startsWith(plain(name)));
    if ((begins || distance <= Math.max(1, Math.floor(name.length / 3))) && (!best || distance < best.distance)) {
      best = { name, distance };
    }
  }
  return best?.name ?? null;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
