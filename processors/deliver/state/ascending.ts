/** Ascending lists of numbers without repetition, mostly extended at the end. */

/** The index of the number, or the index at which it would be inserted. */
function placeOf(list: readonly number[], number: number): number {
  let low = 0
  let high = list.length
  if (high === 0 || list[high - 1]! < number) return high
  while (low < high) {
    const middle = (low + high) >> 1
    if (list[middle]! < number) low = middle + 1
    else high = middle
  }
  return low
}

export const includes = (list: readonly number[], number: number): boolean => list[placeOf(list, number)] === number

export function insert(list: number[], number: number): void {
  const at = placeOf(list, number)
  if (list[at] !== number) list.splice(at, 0, number)
}

export function remove(list: number[], number: number): void {
  const at = placeOf(list, number)
  if (list[at] === number) list.splice(at, 1)
}

/** Each as the difference from the one before, the first from 0. */
export function stepsOf(numbers: Iterable<number>): number[] {
  let before = 0
  return [...numbers]
    .sort((a, b) => a - b)
    .map(number => {
      const step = number - before
      before = number
      return step
    })
}

/** The numbers with these differences. */
export function fromSteps(steps: readonly number[]): number[] {
  let number = 0
  return steps.map(step => {
    number += step
    return number
  })
}
