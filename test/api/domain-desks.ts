/** The reference domain behind the API without a broker: the same commands on the same books, one desk for each environment. */

import type { Clock } from '../../src/clock.ts'
import { createBooks, type OwnBooks } from '../../src/domain/books.ts'
import type { DomainCalls } from '../../src/domain/calls.ts'
import { settle } from '../../src/domain/settle.ts'

const TIMINGS = { provisioningMs: 2_000, scalingMs: 2_000, certificateMs: 2_000 }

export function createDomainDesks({ clock }: { clock: Clock }): DomainCalls {
  const desks = new Map<string, OwnBooks>()
  return {
    async call({ organizationId, environment, name, id, part, body, expectedRevision, ...facts }) {
      const owner = `${organizationId}/${environment}`
      const books = desks.get(owner) ?? createBooks()
      desks.set(owner, books)
      const { actorId, requestId: seed, recordsMax } = facts
      const given = { id, part, body: JSON.parse(body), expectedRevision: expectedRevision ?? undefined }
      const situation = { books, environment, actorId, seed, recordsMax, nowMs: clock.nowMs(), cause: null }
      const { change, ...answer } = settle(name, given, books, { ...situation, timings: TIMINGS })
      if (change !== undefined) books.apply(change)
      return answer
    },
  }
}
