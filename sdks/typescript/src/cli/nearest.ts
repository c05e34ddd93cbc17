/** "Did you mean …": the nearest of the words that there are. */

const DISTANCE_MAX = 2

/** Undefined where none is near. */
export function nearest(given: string, words: readonly string[]): string | undefined {
  const [best] = words
    .map(word => ({ word, distance: distanceOf(given, word) }))
    .sort((one, other) => one.distance - other.distance)
  return best !== undefined && best.distance <= Math.min(DISTANCE_MAX, given.length - 1) ? best.word : undefined
}

/** For a command that there is not: the nearest one, or those that begin so, or the main ones. */
export function suggestion(argv: readonly string[], all: readonly string[], main: readonly string[]): string {
  const words = argv.filter(word => !word.startsWith('-'))
  const given = [2, 1].map(count => words.slice(0, count).join(' '))
  const near = given.map(line => nearest(line, all)).find(name => name !== undefined)
  const family = nearest(words[0] ?? '', [...new Set(all.map(name => name.split(' ')[0]!))])
  if (near !== undefined) return `did you mean clarion ${near}?`
  return family === undefined ? `one of: ${main.join(', ')}` : `did you mean clarion ${family} …?`
}

/** Letters to insert, remove, change or swap. */
function distanceOf(one: string, other: string): number {
  const rows = [Array.from({ length: other.length + 1 }, (_, at) => at)]
  for (let i = 1; i <= one.length; i++) {
    const row = [i]
    for (let j = 1; j <= other.length; j++) {
      const change = rows[i - 1]![j - 1]! + Number(one[i - 1] !== other[j - 1])
      let least = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, change)
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1])
        least = Math.min(least, rows[i - 2]![j - 2]! + 1)
      row.push(least)
    }
    rows.push(row)
  }
  return rows[one.length]![other.length]!
}
