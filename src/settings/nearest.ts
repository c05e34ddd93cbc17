/** The known word that was probably meant. */

/** Undefined when no known word is near: at most two edits away, or a third of its letters. */
export function nearest(text: string, known: readonly string[], distance = editDistance): string | undefined {
  let best: { word: string; edits: number } | undefined
  for (const word of known) {
    const edits = distance(text, word)
    if (edits <= Math.max(2, Math.floor(word.length / 3)) && edits < (best?.edits ?? Number.POSITIVE_INFINITY))
      best = { word, edits }
  }
  return best?.word
}

/**
 * Insertions, deletions, substitutions and transpositions that turn one text into the other (optimal string alignment).
 */
export function editDistance(a: string, b: string): number {
  let [beforeLast, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, column) => column)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substituted = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? beforeLast[j - 2]! + 1 : substituted
      row.push(Math.min(last[j]! + 1, row[j - 1]! + 1, substituted, swapped))
    }
    ;[beforeLast, last] = [last, row]
  }
  return last[b.length]!
}
