/** The calls of operators and load balancers. See docs/specification/conventions.md#health-of-a-process. */
import { ClarionError } from '../../model/codes.ts'
import { type Authenticate, authorize } from '../http/authenticate.ts'
import { JSON_TYPE } from '../http/envelope.ts'
import type { Answer, Call } from '../http/route.ts'

export interface Readiness {
  /** Missing conditions before every role of this process serves; empty when ready. */
  missing(): string[]
  /** Faults of the cluster that no other process could handle better; the process serves nevertheless. */
  degraded(): string[]
}

export function createSystemHandlers(deps: {
  readiness: Readiness
  metrics: () => Promise<string> | string
  /** Whether `/metrics` needs no key. */
  openMetrics: boolean
  authenticate: Authenticate
  documents: { openapi(): string; openapi30(): string }
}) {
  return {
    health: (): Answer => ({ data: { status: 'alive' } }),
    ready(): Answer {
      const missing = deps.readiness.missing()
      if (missing.length === 0) return { data: { status: 'ready', degraded: deps.readiness.degraded() } }
      const details = missing.map(what => ({ path: '', rule: 'not_ready', message: what }))
      throw new ClarionError('service_unavailable', `Not ready: ${missing.join(', ')}.`, { details, retryAfterS: 1 })
    },
    async metrics({ headers, caller }: Call): Promise<Answer> {
      if (!deps.openMetrics) authorize(deps.authenticate(headers, caller.ip), 'operator')
      return { plain: { contentType: 'text/plain; version=0.0.4; charset=utf-8', body: await deps.metrics() } }
    },
    openapi: (): Answer => ({ plain: { contentType: JSON_TYPE, body: deps.documents.openapi() } }),
    openapi30: (): Answer => ({ plain: { contentType: JSON_TYPE, body: deps.documents.openapi30() } }),
  }
}
