/** A unified diff of two texts by lines: what begins and ends alike is left out but for a few lines; between, the longest
 * common part is kept where both are short enough, else all of one goes and all of the other comes. */

const CONTEXT = 3;
const MOST_CELLS = 4_000_000;

export function unifiedDiff(before: readonly string[], after: readonly string[]): string {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  ) {
    end += 1;
  }
  if (start === before.length && start === after.length) return "";
  const lead = before.slice(Math.max(0, start - CONTEXT), start);
  const tail = before.slice(before.length - end, before.length - end + CONTEXT);
  const lines = middle(before.slice(start, before.length - end), after.slice(start, after.length - end));
  const [from, oldLength] = [start - lead.length, before.length - end - start + lead.length + tail.length];
  const newLength = after.length - end - start + lead.length + tail.length;
  return [
    `@@ -${from + 1},${oldLength} +${from + 1},${newLength} @@`,
    ...lead.map((line) => ` ${line}`),
    ...lines,
    ...tail.map((line) => ` ${line}`),
  ].join("\n");
}

function middle(before: readonly string[], after: readonly string[]): string[] {
  if (before.length * after.length > MOST_CELLS) {
    return [...before.map((line) => `-${line}`), ...after.map((line) => `+${line}`)];
  }
  const width = after.length + 1;
  const longest = new Uint32Array((before.length + 1) * width);
  const at = (row: number, column: number) => longest[row * width + column] ?? 0;
  for (let row = before.length - 1; row >= 0; row--) {
    for (let column = after.length - 1; column >= 0; column--) {
      longest[row * width + column] =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const lines: string[] = [];
  let [row, column] = [0, 0];
  while (row < before.length || column < after.length) {
    if (row < before.length && column < after.length && before[row] === after[column]) {
      lines.push(` ${before[row]}`);
      row += 1;
      column += 1;
    } else if (row < before.length && (column === after.length || at(row + 1, column) >= at(row, column + 1))) {
      lines.push(`-${before[row]}`);
      row += 1;
    } else {
      lines.push(`+${after[column]}`);
      column += 1;
    }
  }
  return lines;
}
