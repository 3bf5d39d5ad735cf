/** How alike two texts are, from 0 to 1: twice the characters in common blocks over all characters (Ratcliff and
 * Obershelp, as Python's difflib counts them). */
export function likeness(a: string, b: string): number {
  const total = a.length + b.length;
  return total === 0 ? 1 : (2 * common(a, b)) / total;
}

function common(a: string, b: string): number {
  let [start, other, size] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < b.length; j++) {
      let length = 0;
      while (i + length < a.length && j + length < b.length && a[i + length] === b[j + length]) length += 1;
      if (length > size) [start, other, size] = [i, j, length];
    }
  }
  if (size === 0) return 0;
  return size + common(a.slice(0, start), b.slice(0, other)) + common(a.slice(start + size), b.slice(other + size));
}

/** The word most like the text; null when none is enough. */
export function closest(text: string, words: readonly string[], least = 0.4): string | null {
  let best: string | null = null;
  let most = least;
  for (const word of words) {
    const alike = likeness(word, text.slice(0, 100));
    if (alike > most || (alike === most && (best === null || word > best))) [best, most] = [word, alike];
  }
  return best;
}
