/** One bound on the bytes of all connections that were written and that no peer has taken yet. */
export interface Budget {
  /** Whether a connection with so many unsent bytes may write: beyond the bound only those with none. */
  allows(unsentBytes: number): boolean
  /** The change of one connection's unsent bytes. */
  add(bytes: number): void
  readonly used: number
}

export const UNSENT_BYTES_MAX = 128 * 1024 * 1024

export function createBudget(bytesMax: number = UNSENT_BYTES_MAX): Budget {
  let used = 0
  return {
    allows: unsentBytes => unsentBytes === 0 || used < bytesMax,
    add(bytes) {
      used += bytes
    },
    get used() {
      return used
    },
  }
}
