/**
 * Every route of the API: the tables of the folders, one after the other. Where two paths overlap, the literal one
 * comes first, so a folder with paths on both sides of another's has several tables.
 */
import { type AuditHandlers, createAuditRoutes } from './audit/routes.ts'
import { type ConnectionHandlers, createConnectionRoutes } from './connections/routes.ts'
import { createDeliveryRoutes, type DeliveryHandlers } from './deliveries/routes.ts'
import type { DomainHandlers } from './domain/handlers.ts'
import { createDomainRoutes } from './domain/routes.ts'
import { createDriftRoutes, type DriftHandlers } from './drift/routes.ts'
import { createEmitRoutes, type EmitHandlers } from './emits/routes.ts'
import { createFederationRoutes, type FederationHandlers } from './federation/routes.ts'
import type { Handler, Route } from './http/route.ts'
import { createInspectorRoutes, type InspectorHandlers } from './inspectors/routes.ts'
import { createKafkaRoutes, type KafkaHandlers } from './kafka/routes.ts'
import { createLedgerRoutes, type LedgerHandlers } from './ledger/routes.ts'
import { createLifecycleRoutes, type LifecycleHandlers } from './lifecycle/routes.ts'
import { createMailTemplateRoutes, type MailTemplateHandlers } from './mail-templates/routes.ts'
import { createMarketplaceRoutes, type MarketplaceHandlers } from './marketplace/routes.ts'
import { createNotificationRoutes, type NotificationHandlers } from './notifications/routes.ts'
import { createOrganizationRoutes, type LoadHandlers, type OrganizationHandlers } from './organizations/routes.ts'
import { createPlatformRoutes, type PlatformHandlers } from './platform/routes.ts'
import { createPlatformEventRoutes, type PlatformEventHandlers } from './platform-events/routes.ts'
import { createPullRoutes, type PullHandlers } from './pulls/routes.ts'
import { createQuarantineRoutes, type QuarantineHandlers } from './quarantine/routes.ts'
import { createQueueRoutes, type QueueHandlers } from './queues/routes.ts'
import { createRegistrationRoutes, type RegistrationHandlers } from './registrations/routes.ts'
import { createReplayRoutes, type ReplayHandlers } from './replays/routes.ts'
import { createRunRoutes, type RunRoutesHandlers } from './runs/routes.ts'
import { createSearchRoutes } from './search/routes.ts'
import { createSessionRoutes, type SessionHandlers } from './sessions/routes.ts'
import { createSinkRoutes, type SinkHandlers } from './sinks/routes.ts'
import { createStreamRoutes, type StreamHandlers } from './streams/routes.ts'
import { createSystemRoutes, type SystemHandlers } from './system/routes.ts'
import { createTableRoutes, type TableHandlers } from './tables/routes.ts'
import { createUsageRoutes, type UsageHandlers } from './usage/routes.ts'
import { createVariableRoutes, type VariableHandlers } from './variables/routes.ts'
import { createWebhookRoutes, type WebhookHandlers } from './webhooks/routes.ts'
import type { createApiRouteHandlers } from './workflows/route-handlers.ts'
import { createApiRouteRoutes } from './workflows/route-routes.ts'
import { createWorkflowRoutes, type WorkflowHandlers } from './workflows/routes.ts'

export interface Handlers
  extends DeliveryHandlers,
    EmitHandlers,
    FederationHandlers,
    InspectorHandlers,
    NotificationHandlers,
    QueueHandlers,
    ReplayHandlers,
    RunRoutesHandlers,
    SinkHandlers,
    ConnectionHandlers,
    MailTemplateHandlers,
    VariableHandlers,
    WebhookHandlers,
    WorkflowHandlers {
  /** Undefined: it is switched off. */
  domain: DomainHandlers | undefined
  apiRoutes: ReturnType<typeof createApiRouteHandlers>
  system: SystemHandlers
  organizations: OrganizationHandlers
  organizationLoad: LoadHandlers
  kafka: KafkaHandlers
  lifecycle: LifecycleHandlers
  marketplace: MarketplaceHandlers
  drift: DriftHandlers
  pulls: PullHandlers
  quarantine: QuarantineHandlers
  registrations: RegistrationHandlers
  platform: PlatformHandlers
  search: Handler
  sessions: SessionHandlers
  platformEvents: PlatformEventHandlers
  streams: StreamHandlers
  tables: TableHandlers
  usage: UsageHandlers
  ledger: LedgerHandlers
  audit: AuditHandlers
}

export function createRoutes(on: Handlers): Route[] {
  const emits = createEmitRoutes(on)
  const kafka = createKafkaRoutes(on.kafka)
  const registrations = createRegistrationRoutes(on.registrations)
  const usage = createUsageRoutes(on.usage)
  return [
    ...createSystemRoutes(on.system),
    ...createOrganizationRoutes(on.organizations, on.organizationLoad),
    ...createPlatformRoutes(on.platform),
    ...createSessionRoutes(on.sessions),
    ...createSearchRoutes(on.search),
    ...kafka.credentials,
    ...createQuarantineRoutes(on.quarantine),
    emits.redriveQuarantined,
    ...kafka.cluster,
    ...registrations.all,
    ...createFederationRoutes(on),
    ...createMarketplaceRoutes(on.marketplace),
    ...emits.emits,
    ...createPlatformEventRoutes(on.platformEvents),
    ...createPullRoutes(on.pulls),
    ...createStreamRoutes(on.streams),
    ...createQueueRoutes(on),
    ...createLifecycleRoutes(on.lifecycle),
    emits.redrive,
    registrations.compare,
    registrations.dryRun,
    ...registrations.compatibility,
    usage.health,
    ...registrations.one,
    emits.why,
    emits.lineage,
    emits.history,
    ...createDeliveryRoutes(on),
    ...createWebhookRoutes(on),
    ...createSinkRoutes(on),
    ...createInspectorRoutes(on),
    ...createReplayRoutes(on),
    ...createNotificationRoutes(on),
    ...createRunRoutes(on),
    ...createWorkflowRoutes(on),
    ...createApiRouteRoutes(on.apiRoutes, on.dryRun),
    ...createVariableRoutes(on),
    ...createConnectionRoutes(on),
    ...createMailTemplateRoutes(on),
    ...createTableRoutes(on.tables),
    ...(on.domain === undefined ? [] : createDomainRoutes(on.domain)),
    ...usage.meters,
    ...createLedgerRoutes(on.ledger),
    ...createDriftRoutes(on.drift),
    ...createAuditRoutes(on.audit),
  ]
}
