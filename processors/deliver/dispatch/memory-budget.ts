/** How much one process keeps in memory. Back-pressure: readers pause at the limit and resume at half of it. */
export interface MemoryBudget {
  take(bytes: number): void
  give(bytes: number): void
  full(): boolean
  /** Bytes of all payloads. */
  bytes(): number
  /** Whether more than half is in use. */
  aboveHalf(): boolean
  /** Calls back each time it is no longer full, until the returned function is called. */
  onFree(listener: () => void): () => void
}

export function createMemoryBudget({
  deliveriesMax,
  payloadBytesMax,
}: {
  deliveriesMax: number
  payloadBytesMax: number
}): MemoryBudget {
  const listeners = new Set<() => void>()
  let deliveries = 0
  let bytes = 0
  let full = false

  return {
    take(some) {
      deliveries++
      bytes += some
      if (deliveries >= deliveriesMax || bytes >= payloadBytesMax) full = true
    },
    give(some) {
      deliveries--
      bytes -= some
      if (!full || deliveries > deliveriesMax / 2 || bytes > payloadBytesMax / 2) return
      full = false
      for (const listener of [...listeners]) listener()
    },
    full: () => full,
    bytes: () => bytes,
    aboveHalf: () => deliveries > deliveriesMax / 2 || bytes > payloadBytesMax / 2,
    onFree(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
