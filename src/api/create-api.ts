/** The API, put together: handlers, route table, request listener. Listening is the composition root's. */
import type { RequestListener } from 'node:http'
import type { LedgerReads } from '../analytics/ledger-reads.ts'
import type { Reads } from '../analytics/reads.ts'
import type { Clock } from '../clock.ts'
import type { ControlPlane } from '../control-plane/control-plane.ts'
import type { ControlView } from '../control-plane/view.ts'
import type { Ids } from '../events/ids.ts'
import type { IngressTags } from '../events/ingress.ts'
import type { Appender } from '../kafka/ports.ts'
import type { KafkaAccess } from '../kafka-access/access.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Logger } from '../observability/logger.ts'
import { createApp } from './app.ts'
import { createAuthenticate } from './authenticate.ts'
import { createEmitRoutes } from './emit-routes.ts'
import { createEmitting } from './emitting.ts'
import { createDeliveryHandlers } from './handlers/deliveries.ts'
import { createEmitHandlers } from './handlers/emits.ts'
import { createFederationHandlers } from './handlers/federation.ts'
import { createKafkaCredentialHandlers } from './handlers/kafka-credentials.ts'
import { createLedgerHandlers } from './handlers/ledger.ts'
import { createOrganizationHandlers } from './handlers/organizations.ts'
import { createRegistrationHandlers } from './handlers/registrations.ts'
import { createReplayHandlers } from './handlers/replays.ts'
import { createSystemHandlers } from './handlers/system.ts'
import { createUsageHandlers } from './handlers/usage.ts'
import { createWebhookHandlers } from './handlers/webhooks.ts'
import { createOpenApi } from './openapi.ts'
import type { OutcomeWaiter } from './outcomes.ts'
import type { LiveUsage, Positions, Readiness } from './ports.ts'
import type { Route } from './route.ts'
import { createRoutes } from './routes.ts'

export interface ApiDeps {
  view: ControlView
  controlPlane: ControlPlane
  appender: Appender
  kafkaAccess: KafkaAccess
  /** The composition root feeds it the topic `outcomes`. */
  outcomes: OutcomeWaiter
  tags: IngressTags
  reads: Reads
  ledger: Ledger
  ledgerReads: LedgerReads
  shards: number
  positions: Positions
  usage: LiveUsage
  readiness: Readiness
  /** See `createApp`. */
  onAnswer(route: string, status: number, seconds: number): void
  /** The text of `/metrics`. */
  metrics: () => Promise<string> | string
  adminKey: string
  aliasKeyHeader: string
  /** Of this release, for the OpenAPI document. */
  version: string
  ids: Ids
  clock: Clock
  logger: Logger
}

export interface Api {
  handler: RequestListener
  routes: readonly Route[]
}

export function createApi(deps: ApiDeps): Api {
  const { controlPlane } = deps
  const authenticate = createAuthenticate(deps)
  let document: string | undefined
  const openapi = () => (document ??= createOpenApi(routes, deps))
  const routes = createRoutes({
    system: createSystemHandlers({ ...deps, openapi }),
    organizations: createOrganizationHandlers({ ...controlPlane, view: deps.view }),
    registrations: createRegistrationHandlers({ ...deps, ...controlPlane }),
    emits: createEmitHandlers(deps),
    emitting: createEmitRoutes({ ...deps, authenticate, emitting: createEmitting(deps) }),
    webhooks: createWebhookHandlers({ ...controlPlane, view: deps.view }),
    replays: createReplayHandlers({ ...controlPlane, ...deps }),
    deliveries: createDeliveryHandlers(deps),
    usage: createUsageHandlers(deps),
    ledger: createLedgerHandlers({ ...deps, reads: deps.ledgerReads }),
    federation: createFederationHandlers({ ...deps, federation: controlPlane.federation }),
    kafka: { credentials: createKafkaCredentialHandlers(deps) },
  })
  return { handler: createApp({ ...deps, authenticate }, routes), routes }
}
