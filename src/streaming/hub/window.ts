/** At most so many events that the client has not acknowledged. */
export interface Window {
  readonly isUsed: boolean
  isFull(): boolean
  add(cursor: string): void
  /** Everything up to this cursor; false: it is none of those that wait. */
  acknowledge(cursor: string): boolean
}

export const WINDOW_MAX = 1_000

const NONE: Window = { isUsed: false, isFull: () => false, add: () => {}, acknowledge: () => false }

export function createWindow(size: number | undefined): Window {
  if (size === undefined) return NONE
  const waiting: string[] = []
  return {
    isUsed: true,
    isFull: () => waiting.length >= size,
    add: cursor => void waiting.push(cursor),
    acknowledge(cursor) {
      const at = waiting.indexOf(cursor)
      if (at < 0) return false
      waiting.splice(0, at + 1)
      return true
    },
  }
}
