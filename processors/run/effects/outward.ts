/** Effects of all shards of the process on their way out: organizations take turns, and workflows within one. */
import { createFairQueue } from '../../../src/delivery/fair-queue.ts'

export interface Outward {
  /** `begin` runs when it is its turn, and its place is free again when it resolves. It must not reject. */
  offer(organizationId: string, workflowId: string, begin: () => Promise<void>): void
}

/** Under way together: of the process, and of one organization. */
export interface OutwardLimits {
  inFlight: number
  perOrganization: number
}

/** What is scarce, and how much of it there is: sockets of requests, and sessions of the tables. */
export const OUTWARD_LIMITS = {
  requests: { inFlight: 256, perOrganization: 32 },
  statements: { inFlight: 32, perOrganization: 4 },
} as const satisfies Record<string, OutwardLimits>

export type OutwardKind = keyof typeof OUTWARD_LIMITS
export type Outwards = Readonly<Record<OutwardKind, Outward>>

export const createOutwards = (): Outwards => ({
  requests: createOutward(OUTWARD_LIMITS.requests),
  statements: createOutward(OUTWARD_LIMITS.statements),
})

export function createOutward({ inFlight, perOrganization }: OutwardLimits): Outward {
  const queue = createFairQueue<{ workflowId: string; begin: () => Promise<void> }>({
    maxInFlight: inFlight,
    maxInFlightPerOrganization: perOrganization,
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
      queue.offer(organizationId, workflowId, perOrganization, { workflowId, begin })
      pump()
    },
  }
}
