/**
 * The API of one process over real HTTP, on the run's real broker and ClickHouse. The state of admission (positions, counters) comes
 * from the test; verdicts are written to the real topic `outcomes`.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLedgerReads } from '../../src/analytics/read/ledger-reads.ts'
import { createReads } from '../../src/analytics/read/reads.ts'
import { createApi } from '../../src/api/create-api.ts'
import { openLedger } from '../../src/compose/compose-ledger.ts'
import { createControlPlane } from '../../src/control-plane/control-plane.ts'
import { createCheckBroker } from '../../src/control-plane/sinks/check-broker.ts'
import { createAwsCredentials } from '../../src/crypto/aws-credentials.ts'
import { createSecretBox } from '../../src/crypto/secret-box.ts'
import { signingKeys } from '../../src/crypto/signing-key.ts'
import { createAddressGuard } from '../../src/delivery/address-guard.ts'
import { createPings } from '../../src/delivery/ping.ts'
import { createBuildAttempt } from '../../src/delivery/request.ts'
import { createSender } from '../../src/delivery/send.ts'
import { createSigningContexts } from '../../src/delivery/signing-context.ts'
import { createChainTokens } from '../../src/events/chain.ts'
import { createIngressTags } from '../../src/events/ingress.ts'
import { createPausedOrganizations } from '../../src/ingress/paused-organizations.ts'
import { createVerdictWaiter, type VerdictWaiter } from '../../src/ingress/verdict-waiter.ts'
import { openInspecting } from '../../src/inspectors/inspecting.ts'
import type { Appender } from '../../src/kafka/ports.ts'
import { createLogReader } from '../../src/kafka/read/log-reader.ts'
import { createReaderWatch } from '../../src/kafka/read/reader-watch.ts'
import { createAppender } from '../../src/kafka/write/appender.ts'
import { createKafkaAccess } from '../../src/kafka-access/access.ts'
import { createIds } from '../../src/model/ids.ts'
import { createMetrics } from '../../src/observability/metrics.ts'
import { createKnownProcesses } from '../../src/process-reports/known-processes.ts'
import { createQueueCalls } from '../../src/queue-calls/queue-calls.ts'
import { createReceipts } from '../../src/queues/receipts.ts'
import { createValidators } from '../../src/registry/validators.ts'
import { createRunCalls } from '../../src/run-calls/run-calls.ts'
import { createRunWatches } from '../../src/run-calls/run-watches.ts'
import { createPush } from '../../src/streaming/hub/push.ts'
import { createMeters } from '../../src/streaming/meters.ts'
import { openStreaming } from '../../src/streaming/streaming.ts'
import type { AttemptRow } from '../../topics/audit-attempts.ts'
import { inspectorsRequests } from '../../topics/inspectors-requests.ts'
import { outcomesCodec, outcomes as outcomesTopic } from '../../topics/outcomes.ts'
import { migratedDatabase } from '../analytics/database.ts'
import { clock, logger, openControlProcess, random } from '../control-plane/control-plane-harness.ts'
import { testBroker } from '../support/kafka.ts'
import { PATIENT_SERVER } from '../support/patient-server.ts'
import { testTables } from '../support/tables.ts'
import { type CallAs, caller, type Reply } from './api-caller.ts'
import { describedBy } from './described.ts'
import { createDomainDesks } from './domain-desks.ts'
import type { TestApi, TestApiOptions } from './test-api.ts'

export type { CallAs, Reply, TestApi, TestApiOptions }

export const ADMIN_KEY = 'ck_admin_of_the_tests'
const SECRET_KEY = 'the secret of the tests'

export async function openTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const control = await openControlProcess()
  const analytics = await migratedDatabase()
  const history = options.openHistory?.(analytics.database) ?? analytics
  const ids = createIds({ clock, random })
  const outcomes = createVerdictWaiter({ clock, processId: ids.next('api') })
  const pauses = createPausedOrganizations({ clock })
  const onFatal = (error: Error) => {
    throw error
  }
  const onRecords = (_topic: string, _partition: number, records: Parameters<VerdictWaiter['onRecord']>[0][]) => {
    for (const record of records) {
      outcomes.onRecord(record)
      pauses.onRecord(record)
    }
  }
  const reader = createLogReader({ kafka: control.kafka, clock, logger, events: { onRecords, onFatal } })
  for (let partition = 0; partition < control.provisioning.shards; partition++)
    reader.assign(outcomesTopic.name, partition, 'earliest')
  const appender = createAppender({ kafka: control.kafka, clock, logger, persistMs: 5_000 })
  const guard = createAddressGuard({ ...(options.egress ?? { allow: [], allowHttp: false }), ownAddresses: () => [] })
  const validators = createValidators({ cacheMax: 100 })
  const { timeScale = 1 } = options
  const controlPlane = createControlPlane({
    ...{ ...control, secretKey: SECRET_KEY, checkUrl: guard.checkUrl, validators, ids, clock, random, timeScale },
    checkBroker: createCheckBroker({ guard, allowPlain: options.egress?.allowHttp ?? false }),
  })
  const sender = createSender({ guard, clock })
  const tested: AttemptRow[] = []
  const secrets = createSecretBox({ secretKey: SECRET_KEY, random })
  const contexts = createSigningContexts({
    secrets,
    view: control.view,
    logger,
  })
  const pings = createPings({
    ...{ sender, build: createBuildAttempt(contexts), chains: createChainTokens(SECRET_KEY), ids, clock },
    record: async row => void tested.push(row),
  })
  const tags = createIngressTags(SECRET_KEY)
  const positions = new Map<string, number>()
  const used = new Map<string, number>()
  const sequences = new Map<string, number>()
  const missing: string[] = []
  let refusing = false
  const { clientBrokers } = await testBroker()
  const listener = { bootstrapServers: clientBrokers.join(','), securityProtocol: 'SASL_PLAINTEXT' as const }
  const kafkaAccess = createKafkaAccess({
    ...control,
    credentials: controlPlane.kafkaCredentials,
    listener,
    ids,
    clock,
    random,
    logger,
  })
  const parts = {
    ...control,
    analytics,
    ids,
    clock,
    logger,
    metrics: createMetrics(),
    shards: control.provisioning.shards,
  }
  const streaming = await openStreaming({
    ...{ kafka: control.kafka, clock, logger, watch: createReaderWatch(), onFatal },
    ...{ secretKey: SECRET_KEY, previousSecretKey: undefined },
    partitions: organizationId => control.view.organization(organizationId)?.partitions ?? 1,
    newest: ({ organizationId, environment }) => sequences.get(`${organizationId}/${environment}`) ?? 0,
  })
  const meters = createMeters({ ...parts, appender, processId: ids.next('api'), meter: 'streamed_events' })
  const push = createPush({
    ...parts,
    ...{ streaming, meters, appender, view: control.view, processId: ids.next('api'), secretKey: SECRET_KEY },
    ...{ previousSecretKey: undefined, random, metrics: parts.metrics.streams },
    ...(options.streamTimings && { timings: options.streamTimings }),
  })
  const ledger = openLedger({
    drift: controlPlane.drift,
    ...parts,
    wire: control.wire,
    readers: createReaderWatch(),
  })
  const rowStore = testTables()
  const refusable: Appender = {
    ...appender,
    append: record => (refusing ? Promise.reject(new Error('no broker')) : appender.append(record)),
  }
  const inspecting = openInspecting({ ...parts, view: control.view, secrets, appender, processId: ids.next('api') })
  const inspected = createLogReader({
    ...{ kafka: control.kafka, clock, logger },
    events: { onRecords: (_topic, _partition, records) => records.forEach(inspecting.kept.onRecord), onFatal },
  })
  inspected.assign(inspectorsRequests.name, 0, 'earliest')
  const knownProcesses = createKnownProcesses({ clock, appender })
  const api = createApi({
    publicUrl: undefined,
    knownProcesses,
    platformView: {
      brokers: async () => [{ id: 1, host: 'broker:9092', alive: true }],
      ailing: () => [],
      historyAnswers: async () => true,
    },
    inspecting,
    view: control.view,
    controlPlane,
    appender: refusable,
    kafkaAccess,
    validators,
    chains: createChainTokens(SECRET_KEY),
    pings,
    verdictWaiter: outcomes,
    runCalls: createRunCalls({ ...parts, appender: refusable, processId: ids.next('api') }),
    ...{ referenceDomain: options.referenceDomain ?? 'on', domainCalls: createDomainDesks({ clock }) },
    runWatches: createRunWatches({ ...parts, appender: refusable, processId: ids.next('api') }),
    queueCalls: createQueueCalls({ ...parts, appender: refusable, processId: ids.next('api') }),
    receipts: createReceipts(signingKeys(SECRET_KEY, undefined, 'queue-receipts')),
    awsCredentials: createAwsCredentials(signingKeys(SECRET_KEY, undefined, 'aws-credentials')),
    ...{ streaming, meters, push },
    pauses,
    tags,
    reads: createReads(history),
    ...{ ledger, ledgerReads: createLedgerReads(history), shards: control.provisioning.shards },
    positions: { position: (topic, partition) => positions.get(`${topic}/${partition}`) },
    usage: { used: (organizationId, environment, month) => used.get(`${organizationId}/${environment}/${month}`) ?? 0 },
    tables: rowStore.tables,
    foreign: {
      run: () => Promise.reject(new Error('These tests have no foreign databases')),
      close: async () => undefined,
    },
    secrets,
    waiting: { of: () => null },
    readiness: { missing: () => missing, degraded: () => [] },
    metrics: () => 'clarion_up 1\n',
    openMetrics: options.openMetrics ?? true,
    onAnswer: () => undefined,
    onRouteAnswer: () => undefined,
    routesHost: '',
    waitingMax: 100_000,
    ...{ adminKey: ADMIN_KEY, aliasKeyHeader: 'x-platphorm-api-key', version: '0.0.0', ids, clock, logger },
  })
  const server = createServer(PATIENT_SERVER, api.handler)
  server.on('upgrade', api.upgrade)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const check = describedBy(api.routes)
  const as = (key: string | undefined): CallAs => caller(base, key, check)
  const operator = as(ADMIN_KEY)

  return {
    ...control,
    ...{
      base,
      routes: api.routes,
      controlPlane,
      tags,
      appender,
      outcomes,
      analytics,
      positions,
      used,
      sequences,
      streaming,
      missing,
      tested,
      as,
      operator,
    },
    refuseAppends: refuse => {
      refusing = refuse
    },
    async organization(plan = 'PRO') {
      const slug = `t${random.bytes(6).toString('hex')}`
      const made = await operator('POST', '/api/v1/organizations', {
        name: slug,
        slug,
        plan,
        ownerEmail: `${slug}@example.test`,
      })
      return { id: made.data.organization.id, slug, apiKey: made.data.apiKey, call: as(made.data.apiKey) }
    },
    async answer(row) {
      await appender.append({
        topic: outcomesTopic.name,
        partition: 0,
        key: outcomes.processId,
        value: outcomesCodec.encode({ outcomes: [row] }),
      })
    },
    async close() {
      await new Promise(resolve => {
        server.close(resolve)
        server.closeAllConnections()
      })
      outcomes.close()
      await rowStore.close()
      sender.close()
      await kafkaAccess.close()
      await push.close()
      await streaming.close()
      await meters.close()
      await Promise.allSettled([
        ledger.close(),
        reader.close(),
        inspected.close(),
        appender.close(),
        analytics.close(),
        history.close(),
      ])
      await control.close()
    },
  }
}
