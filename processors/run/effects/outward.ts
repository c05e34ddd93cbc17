/** Requests of all shards of the process on their way out: organizations take turns, and workflows within one. */
import { createFairQueue } from '../../../src/delivery/fair-queue.ts'

const IN_FLIGHT_MAX = 256
const IN_FLIGHT_PER_ORGANIZATION_MAX = 32

export interface Outward {
  /** `begin` runs when it is its turn, and its place is free again when it resolves. It must not reject. */
  offer(organizationId: string, workflowId: string, begin: () => Promise<void>): void
}

export function createOutward(): Outward {
  const queue = createFairQueue<{ workflowId: string; begin: () => Promise<void> }>({
    maxInFlight: IN_FLIGHT_MAX,
    maxInFlightPerOrganization: IN_FLIGHT_PER_ORGANIZATION_MAX,
    maxWaitingPerWebhook: Number.POSITIVE_INFINITY,
  })

  function pump(): void {
    for (let next = queue.take(); next !== undefined; next = queue.take()) {
      const { workflowId, begin } = next
      void begin().finally(() => {
        queue.done(workflowId)
        pump()
      })
    }
  }

  return {
    offer(organizationId, workflowId, begin) {
      queue.offer(organizationId, workflowId, IN_FLIGHT_PER_ORGANIZATION_MAX, { workflowId, begin })
      pump()
    },
  }
}
