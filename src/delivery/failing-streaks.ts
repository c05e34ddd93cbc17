/**
 * Webhooks whose recent attempts have all failed. "The last 20 attempts failed" needs no ring of results: one count per
 * webhook that is failing now, and nothing for the healthy ones.
 */
const FAILING_AT = 20
const WEBHOOKS_MAX = 100_000

export interface FailingStreaks {
  recordResult(webhookId: string, ok: boolean): void
  /** Whether its last 20 attempts all failed. */
  isFailing(webhookId: string): boolean
  /** The webhook was deleted or its URL changed: its past no longer counts. */
  forget(webhookId: string): void
}

export function createFailingStreaks(): FailingStreaks {
  const failures = new Map<string, number>()
  return {
    recordResult(webhookId, ok) {
      const before = failures.get(webhookId) ?? 0
      failures.delete(webhookId)
      if (ok) return
      // Deleting first keeps the map in order of the last failure; the entry with the oldest failure is evicted.
      if (failures.size >= WEBHOOKS_MAX) failures.delete(failures.keys().next().value!)
      failures.set(webhookId, Math.min(before + 1, FAILING_AT))
    },
    isFailing: webhookId => failures.get(webhookId) === FAILING_AT,
    forget: webhookId => void failures.delete(webhookId),
  }
}
