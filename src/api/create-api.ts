/** Composes the API: handlers, route table, request listener. The composition root listens. */
import type { RequestListener } from 'node:http'
import { createNoteTypes } from '../control-plane/drift/type-generation.ts'
import { createPreviewEmit } from '../control-plane/emits/preview-emit.ts'
import { createRecordChange } from '../control-plane/store/record-change.ts'
import { createEmitLimits } from '../ingress/emit-limits.ts'
import { createLoadShedder } from '../ingress/load-shedding.ts'
import { createSubmitEmit } from '../ingress/submit-emit.ts'
import { createSubmitPlatformEmit } from '../ingress/submit-platform-emit.ts'
import { INSPECTOR_PREFIX } from '../model/inspectors.ts'
import { runAs } from '../process/work.ts'
import { createFindQuarantined } from '../replay/quarantined-record.ts'
import { createRedelivery } from '../replay/redelivery.ts'
import { createStoredEvents } from '../replay/stored-events.ts'
import { createRunLooks } from '../run-calls/run-looks.ts'
import type { ApiDeps } from './api-deps.ts'
import { createAuditHandlers } from './audit/handlers.ts'
import { SCHEMA_NAMES } from './component-names.ts'
import { createConnectionHandlers } from './connections/handlers.ts'
import { createDeliveryHandlers } from './deliveries/handlers.ts'
import { createDocuments } from './document/documents.ts'
import { createDomainHandlers } from './domain/handlers.ts'
import { createAnswerEmit } from './emits/answer.ts'
import { createDirectEmit } from './emits/emit.ts'
import { createEmitHandlers } from './emits/handlers.ts'
import { createLineageHandler } from './emits/lineage.ts'
import { createQuarantineRedrive } from './emits/quarantine-redrive.ts'
import { createRedriveHandlers } from './emits/redrives.ts'
import { createWhyHandler } from './emits/why.ts'
import { createApp } from './http/app.ts'
import { createAuthenticate } from './http/authenticate.ts'
import { createKeyLookup } from './http/key-lookup.ts'
import { createRates } from './http/rates.ts'
import type { Route } from './http/route.ts'
import { createSessions } from './http/sessions.ts'
import { createInspecting } from './inspectors/create-inspectors.ts'
import { createKafkaCredentialHandlers } from './kafka/kafka-credentials.ts'
import { createPartitionHandlers } from './kafka/partitions.ts'
import { createSchemaRegistryRoutes } from './kafka/schema-registry.ts'
import { createLifecycleHandlers } from './lifecycle/routes.ts'
import { createMailTemplateHandlers } from './mail-templates/handlers.ts'
import { createChannelHandlers } from './notifications/channel-handlers.ts'
import { createDailyQuota } from './notifications/daily-quota.ts'
import { createNotificationHandlers } from './notifications/handlers.ts'
import { createOrganizationHandlers } from './organizations/handlers.ts'
import { createLoadHandlers } from './organizations/load.ts'
import { createPlatformHandlers } from './platform/handlers.ts'
import { createPlatformEventHandlers } from './platform-events/handlers.ts'
import { createPullHandlers } from './pulls/handlers.ts'
import { createQuarantineHandlers } from './quarantine/handlers.ts'
import { createQueueHandlers } from './queues/handlers.ts'
import { createMessageHandlers } from './queues/message-handlers.ts'
import { createQueueMessages } from './queues/queue-messages.ts'
import { createServeSqs, isForSqs } from './queues/sqs/serve.ts'
import { createRegistrationHandlers } from './registrations/handlers.ts'
import { createReplayHandlers } from './replays/handlers.ts'
import { createCheckEvents } from './replays/named-events.ts'
import { createPlaceOf } from './replays/place-of.ts'
import { createSubscriptionReplay } from './replays/subscription-replay.ts'
import { createServeRoute, ROUTES_PREFIX } from './route-calls/serve.ts'
import { createRoutes } from './routes.ts'
import { createDebugHandler } from './runs/debug.ts'
import { createDebugParamsHandler } from './runs/debug-params.ts'
import { createFindRun } from './runs/find-run.ts'
import { createRunHandlers } from './runs/handlers.ts'
import { createListRuns } from './runs/list-runs.ts'
import { createRunStreams } from './runs/stream-run.ts'
import { createSearchHandler } from './search/handlers.ts'
import { createSessionHandlers } from './sessions/handlers.ts'
import { createSignIn } from './sessions/sign-in.ts'
import { createSharingHandlers } from './sharing.ts'
import { createSinkHandlers } from './sinks/handlers.ts'
import { createStreams } from './streams/create-streams.ts'
import type { Upgrade } from './streams/web-socket.ts'
import { createSystemHandlers } from './system/handlers.ts'
import { createTableHandlers } from './tables/handlers.ts'
import { createUsageHandlers } from './usage/handlers.ts'
import { createNamedHandlers } from './variables/handlers.ts'
import { createWebhookHandlers } from './webhooks/handlers.ts'
import { createShadowHandlers } from './webhooks/shadow.ts'
import { createWebhookStats } from './webhooks/stats.ts'
import { createSubscriptionHandlers } from './webhooks/subscriptions.ts'
import { createDryRunHandler } from './workflows/dry-run.ts'
import { createEvaluateHandler } from './workflows/evaluate.ts'
import { createWorkflowHandlers } from './workflows/handlers.ts'
import { createApiRouteHandlers } from './workflows/route-handlers.ts'

export interface Api {
  handler: RequestListener
  /** For requests that ask for a WebSocket. */
  upgrade: Upgrade
  /** Ends all streams, before the process stops listening. */
  drain(): Promise<void>
  routes: readonly Route[]
}

export function createApi(deps: ApiDeps): Api {
  const { controlPlane } = deps
  const keys = createKeyLookup(deps)
  const sessions = createSessions({ ...deps, keys, findLink: controlPlane.logins.findLink })
  const authenticate = createAuthenticate({ ...deps, keys, sessions, onUse: controlPlane.keyUses.mark })
  const loadShedder = createLoadShedder(deps)
  const emitLimits = createEmitLimits({ clock: deps.clock, apis: deps.knownProcesses.apis })
  const submitEmit = createSubmitEmit({ ...deps, loadShedder })
  const answerEmit = createAnswerEmit({ ...deps, submitEmit })
  const documents = createDocuments(() => routes, { ...deps, names: SCHEMA_NAMES })
  const submitPlatformEmit = createSubmitPlatformEmit(deps)
  const storedEvents = createStoredEvents(deps)
  const redelivery = createRedelivery({ ...deps, storedEvents })
  const replays = createReplayHandlers({
    ...controlPlane,
    ...deps,
    checkEvents: createCheckEvents({ clock: deps.clock, numbersOfEmits: deps.reads.numbersOfEmits }),
    placeOf: createPlaceOf(deps.streaming),
  })
  const findQuarantined = createFindQuarantined(deps)
  const messages = createQueueMessages(deps)
  const streams = createStreams({ ...deps, authenticate })
  const runLooks = createRunLooks(deps)
  const findRun = createFindRun({ ...deps, runLooks })
  const runStreams = createRunStreams({ ...deps, findRun })
  const inspecting = createInspecting({ ...deps, ...controlPlane })
  const routes = createRoutes({
    inspectors: inspecting.handlers,
    system: createSystemHandlers({ ...deps, authenticate, documents }),
    organizations: createOrganizationHandlers({ ...controlPlane, ...deps }),
    search: createSearchHandler(deps),
    platform: createPlatformHandlers(deps),
    sessions: createSessionHandlers({
      ...{ ...deps, ...controlPlane, sessions },
      signIn: createSignIn({ ...deps, ...controlPlane, keys, sessions }),
    }),
    registrations: createRegistrationHandlers({ ...deps, ...controlPlane }),
    emits: createEmitHandlers(deps),
    submit: createDirectEmit({
      ...deps,
      authenticate,
      answerEmit,
      loadShedder,
      emitLimits,
      previewEmit: createPreviewEmit(deps),
      noteTypes: createNoteTypes({ ...deps, drift: controlPlane.drift }),
    }),
    redrives: createRedriveHandlers({ ...deps, submitPlatformEmit }),
    why: createWhyHandler(deps),
    lineage: createLineageHandler(deps),
    redriveQuarantined: createQuarantineRedrive({ ...deps, authenticate, answerEmit, findQuarantined }),
    webhooks: createWebhookHandlers({ ...deps, ...controlPlane }),
    subscriptions: createSubscriptionHandlers(controlPlane),
    webhookStats: createWebhookStats(deps),
    shadows: createShadowHandlers({ ...deps, ...controlPlane }),
    organizationLoad: createLoadHandlers(deps),
    replays,
    replaySubscription: createSubscriptionReplay({ ...deps, replays }),
    deliveries: createDeliveryHandlers({ ...deps, redelivery, redrives: controlPlane.redrives }),
    notifications: createNotificationHandlers({ ...deps, quota: createDailyQuota(deps) }),
    channels: createChannelHandlers({ ...deps, ...controlPlane }),
    runs: createRunHandlers({ ...deps, findRun, listRuns: createListRuns({ ...deps, runLooks }) }),
    debug: createDebugHandler({ ...deps, findRun }),
    debugParams: createDebugParamsHandler(deps),
    runStreams,
    domain: deps.referenceDomain === 'on' ? createDomainHandlers(deps) : undefined,
    workflows: createWorkflowHandlers({ ...deps, ...controlPlane, sort: 'workflow' }),
    apiRoutes: createApiRouteHandlers(
      { ...deps, ...controlPlane },
      createWorkflowHandlers({ ...deps, ...controlPlane, sort: 'route' }),
    ),
    sinks: createSinkHandlers({ ...deps, ...controlPlane }),
    queues: createQueueHandlers({ ...deps, ...controlPlane }),
    queueMessages: createMessageHandlers({ ...deps, messages }),
    evaluate: createEvaluateHandler(deps),
    dryRun: createDryRunHandler(deps),
    variables: createNamedHandlers('variable', { named: controlPlane.variables, view: deps.view }),
    secrets: createNamedHandlers('secret', { named: controlPlane.environmentSecrets, view: deps.view, runLooks }),
    mailTemplates: createMailTemplateHandlers({ view: deps.view, mailTemplates: controlPlane.mailTemplates }),
    connections: createConnectionHandlers({ ...deps, connections: controlPlane.connections }),
    usage: createUsageHandlers(deps),
    audit: createAuditHandlers(deps),
    platformEvents: createPlatformEventHandlers({ ...deps, submitPlatformEmit }),
    ...createSharingHandlers({ ...deps, redelivery, storedEvents }),
    lifecycle: createLifecycleHandlers(controlPlane),
    pulls: createPullHandlers(deps),
    streams: streams.handlers,
    tables: createTableHandlers({ tables: deps.tables, recordChange: createRecordChange(deps) }),
    quarantine: createQuarantineHandlers({ ...deps, findQuarantined }),
    kafka: {
      credentials: createKafkaCredentialHandlers(deps),
      schemaRegistry: createSchemaRegistryRoutes({ ...deps, authenticate }),
      partitions: createPartitionHandlers({ ...controlPlane, view: deps.view }),
    },
  })
  const rates = createRates(deps)
  const app = createApp({ ...deps, authenticate, rates }, routes)
  const serveSqs = createServeSqs({
    ...{ ...deps, keys, messages, rates, credentials: deps.awsCredentials, onUse: controlPlane.keyUses.mark },
  })
  const serveRoute = createServeRoute({ ...deps, authenticate })
  return {
    handler(request, response) {
      const { url } = request
      const serve = [
        { isFor: url?.startsWith(ROUTES_PREFIX), handle: serveRoute },
        { isFor: url?.startsWith(INSPECTOR_PREFIX), handle: inspecting.handle },
        { isFor: isForSqs(url), handle: serveSqs },
      ].find(({ isFor }) => isFor === true)?.handle
      if (serve === undefined) app(request, response)
      else runAs({ of: 'request', requestId: undefined }, () => void serve(request, response))
    },
    upgrade: streams.webSockets.upgrade,
    async drain() {
      runStreams.drain()
      inspecting.drain()
      await deps.push.hub.drain()
      streams.webSockets.drain()
    },
    routes,
  }
}
