/** The lines of two texts, as what both have, what is new and what is gone. */
export interface DiffLine {
  kind: 'same' | 'added' | 'removed'
  text: string
}

/** Beyond it the whole text counts as changed: the table would be too large. */
const LINES_MAX = 2_000

export function linesOf(before: string, after: string): DiffLine[] {
  const [old, now] = [before.split('\n'), after.split('\n')]
  if (old.length > LINES_MAX || now.length > LINES_MAX)
    return [
      ...old.map(text => ({ kind: 'removed' as const, text })),
      ...now.map(text => ({ kind: 'added' as const, text })),
    ]
  const common = commonLengths(old, now)
  const lines: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < old.length || j < now.length) {
    const [left, right] = [old[i], now[j]]
    if (left !== undefined && left === right) {
      lines.push({ kind: 'same', text: left })
      i++
      j++
    } else if (
      right === undefined ||
      (left !== undefined && lengthAt(common, i + 1, j) >= lengthAt(common, i, j + 1))
    ) {
      lines.push({ kind: 'removed', text: left ?? '' })
      i++
    } else {
      lines.push({ kind: 'added', text: right })
      j++
    }
  }
  return lines
}

const lengthAt = (table: Uint16Array[], i: number, j: number) => table[i]?.[j] ?? 0

/** The length of the longest common subsequence of what follows each pair of lines. */
function commonLengths(old: readonly string[], now: readonly string[]): Uint16Array[] {
  const table = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1))
  for (let i = old.length - 1; i >= 0; i--) {
    const row = table[i]
    if (row === undefined) continue
    for (let j = now.length - 1; j >= 0; j--)
      row[j] =
        old[i] === now[j]
          ? lengthAt(table, i + 1, j + 1) + 1
          : Math.max(lengthAt(table, i + 1, j), lengthAt(table, i, j + 1))
  }
  return table
}
