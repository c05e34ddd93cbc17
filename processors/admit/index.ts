/**
 * `admit`: emits.<org>, platform.emits → events.<org>, deliveries, outcomes, audit.emits, quarantine. The only place
 * that judges an emit, exactly once: positions, outputs and counters are in one Kafka transaction (the runtime's,
 * `src/kafka/runtime/shard.ts`).
 */
import type { Clock, Random } from '../../src/clock.ts'
import { createLifecycle, type Lifecycle } from '../../src/control-plane/store/lifecycle.ts'
import type { ChainTokens } from '../../src/events/chain.ts'
import type { IngressTags } from '../../src/events/ingress.ts'
import type { LogRecord, OutRecord, Processor, ShardHandle, ShardTask } from '../../src/kafka/ports.ts'
import type { Logger } from '../../src/logger.ts'
import type { Finding } from '../../src/model/codes.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import type { Registration } from '../../src/model/registrations.ts'
import { startAdmissionSpan } from '../../src/observability/tracing/spans.ts'
import type { Tracing } from '../../src/observability/tracing/tracing.ts'
import { admissionCounters } from '../../topics/admission-counters.ts'
import { admissionDeferred } from '../../topics/admission-deferred.ts'
import { admissionKeys } from '../../topics/admission-keys.ts'
import { admissionRelays } from '../../topics/admission-relays.ts'
import { isEmits } from '../../topics/emits.ts'
import { logOf } from '../../topics/events.ts'
import { createAdmissionState } from './admission-state.ts'
import { noteArrival } from './admit-relay.ts'
import { createAnnounce } from './announce.ts'
import { createDeferredEmits, logOfDeferred } from './deferred-emits.ts'
import { isForgotten, isOutOfReach } from './deleted-organizations.ts'
import type { Acceptance, Emit, Progress, Verdict } from './emit.ts'
import { createFederate, type FederateDeps } from './federate.ts'
import { createHousekeeping } from './housekeeping.ts'
import { createIngressPace } from './ingress-pace.ts'
import { createInputs } from './inputs.ts'
import { type JudgeContext, keysRememberedBy } from './judge.ts'
import { createIsolatedJudge } from './judge-isolated.ts'
import {
  comesOnce,
  isPlatformIds,
  organizationOf,
  PLATFORM_IDS_KEPT,
  platformIdOf,
  platformIdsOf,
} from './judge-platform.ts'
import { isOwn, judgeAny } from './judge-step.ts'
import { createWebhookMatcher } from './match-webhooks.ts'
import { createWorkflowMatcher } from './match-workflows.ts'
import { createOutputs } from './outputs.ts'
import { createPlatformEmitReader } from './read-platform-emit.ts'
import { createReceiver } from './receive.ts'
import { createRelayLog } from './relay-log.ts'
import { createPauseReports } from './report-pauses.ts'
import { createWaitingRelays } from './waiting-relays.ts'

/** Emits wait at most this long for a control view as new as the api's; then they are judged by the current one. */
const CONTROL_WAIT_MS = 2_000

/**
 * The most that one organization's partition may take of a transaction, and of a fetch. With 2,000 records and a
 * megabyte, a producer at full speed made another organization's emits wait 290 ms (p99); a quarter of it halves the
 * wait, and admission is no slower.
 */
const PARTITION_SHARE_MAX = 500
const PARTITION_FETCH_BYTES_MAX = 256 * 1024

/**
 * After a transaction of three emits or more, the next one gathers until this long after that one began; a single emit
 * is never delayed. A transaction costs the broker as much as about twenty records: 1,000 emits/s of one organization
 * took 400 a second, and take half of them with this delay.
 */
const COMMIT_PACE_MS = 5
const COMMIT_PACE_FROM = 3

export interface AdmitDependencies extends Pick<FederateDeps, 'noteMismatch'> {
  view: ControlView
  shards: number
  chains: ChainTokens
  tags: IngressTags
  validate(registration: Registration, value: unknown): Finding[]
  clock: Clock
  random: Pick<Random, 'bytes'>
  /** Added to the broker's time of each record (`CLARION_CLOCK_OFFSET_MS`). */
  clockOffsetMs: number
  /** Maximum number of records in one producer batch. */
  batchRecordsMax: number
  logger: Logger
  tracing?: Tracing | undefined
  onVerdict(verdict: Verdict, emit: Emit): void
}

export function createAdmit(deps: AdmitDependencies): Processor {
  const { view } = deps
  const matching = { matchWebhooks: createWebhookMatcher(view), matchWorkflows: createWorkflowMatcher(view) }
  const lifecycle = createLifecycle(deps)
  return {
    role: 'admit',
    stateTopics: [admissionCounters.name, admissionKeys.name, admissionRelays.name, admissionDeferred.name],
    isolatesRecords: true,
    commitPaceMs: COMMIT_PACE_MS,
    commitPaceFrom: COMMIT_PACE_FROM,
    partitionShareMax: PARTITION_SHARE_MAX,
    partitionFetchBytesMax: PARTITION_FETCH_BYTES_MAX,
    pausesOn: input => (isEmits(input) ? logOf(input) : logOfDeferred(input)),
    foreign: topic => (isEmits(topic) ? { recordsMax: deps.batchRecordsMax } : undefined),
    open: handle => openShard(handle, deps, matching, lifecycle),
  }
}

function openShard(
  handle: ShardHandle,
  deps: AdmitDependencies,
  matching: Pick<JudgeContext, 'matchWebhooks' | 'matchWorkflows'>,
  lifecycle: Lifecycle,
): ShardTask {
  const state = createAdmissionState({ random: deps.random, nowMs: () => deps.clock.nowMs(), keysRemembered })
  const outputs = createOutputs(handle.shard, deps.view)
  const inputs = createInputs({ handle, state, view: deps.view, shards: deps.shards, logger: deps.logger })
  const context: JudgeContext = { view: deps.view, state, chains: deps.chains, validate: deps.validate, ...matching }
  const relayLog = createRelayLog(handle.shard)
  const waitingRelays = createWaitingRelays()
  const federate = createFederate({ ...deps, lifecycle, shard: handle.shard, log: relayLog, waiting: waitingRelays })
  const announce = createAnnounce({ lifecycle, state, shard: handle.shard })
  const readPlatformEmit = createPlatformEmitReader(deps)
  const deferred = createDeferredEmits({ handle, isOutOfReach: isGone })
  const { isFull } = waitingRelays
  const receiver = createReceiver({
    ...deps,
    readPlatformEmit,
    handle,
    controlWaitMs: CONTROL_WAIT_MS,
    inputs,
    settle,
    deferred,
    pace: createIngressPace(deps),
    isFull,
  })

  const housekeeping = createHousekeeping({
    clock: deps.clock,
    handle,
    state,
    inputs,
    waiting: waitingRelays,
    deferred,
  })
  const pauseReports = createPauseReports({ clock: deps.clock, handle })
  let isDraining = false
  let isClosed = false

  function keysRemembered(organizationId: string): number | undefined {
    const organization = deps.view.organization(organizationOf(organizationId))
    if (organization && isForgotten(organization, deps.clock.nowMs())) return 0
    if (isPlatformIds(organizationId)) return PLATFORM_IDS_KEPT
    return organization && keysRememberedBy(organization)
  }

  /** Its log is no longer written to, and its topics may be gone. */
  function isGone(organizationId: string): boolean {
    const organization = deps.view.organization(organizationId)
    return organization !== undefined && isOutOfReach(organization, deps.clock.nowMs())
  }

  const judgeOne = (emit: Emit, progress: Progress) => judgeAny(emit, progress, context)

  const judgeIsolated = createIsolatedJudge({ judge: judgeOne, logger: deps.logger })

  /** Judges one emit and adds the resulting records to the current transaction. */
  function settle(emit: Emit, isolated: boolean): void {
    const progress: Progress = {}
    const judged = deps.tracing && startAdmissionSpan(deps.tracing, emit)
    const verdict = isolated ? judgeIsolated(emit, progress) : judgeOne(emit, progress)
    judged?.(verdict)
    if (verdict === 'repeated') return
    const federated = verdict.verdict === 'accepted' ? accepted(emit, verdict) : undefined
    if ('heldKey' in verdict && verdict.heldKey && progress.organization) {
      state.hold(verdict.heldKey, keysRememberedBy(progress.organization))
    }
    handle.write(outputs.add(emit, verdict, progress))
    if (federated) handle.write(federated)
    if (emit.platform?.kind === 'relay')
      handle.write(noteArrival({ lifecycle, log: relayLog }, emit, emit.platform, verdict))
    const announced = announce(emit, verdict, progress)
    if (announced.length > 0) handle.write(announced)
    deps.onVerdict(verdict, emit)
  }

  /**
   * Counts the event; returns its targets among peers. Platform emits have no quota, and go to no peer, but for those
   * that an organization's own emit or workflow is behind.
   */
  function accepted(emit: Emit, acceptance: Acceptance): OutRecord[] | undefined {
    const { organizationId, environment, platform } = emit
    if (platform && !comesOnce(platform)) state.hold(platformIdOf(emit, platform, acceptance), PLATFORM_IDS_KEPT)
    if (platform && !isOwn(platform)) {
      state.number(organizationId, environment)
      return undefined
    }
    state.count(organizationId, environment, emit.recordedAtMs)
    const federated = federate.accept(acceptance.event, emit.payload, emit.judgedAtMs)
    if (!federated) return undefined
    acceptance.webhookIds = [...acceptance.webhookIds, ...federated.webhookIds]
    acceptance.skipped = [...acceptance.skipped, ...federated.skipped]
    return federated.records
  }

  /** Each transaction takes a part of the waiting relays, so that other emits of the shard are judged in between. */
  function goOnRelaying(): void {
    if (isDraining || isClosed) return
    try {
      const records = federate.goOn(Math.round(deps.clock.nowMs()))
      if (records.length > 0) handle.write(records)
      receiver.resume()
    } catch (error) {
      handle.fail(error as Error)
    }
  }

  return {
    restore(record) {
      if (record.topic === admissionRelays.name) waitingRelays.restore(record)
      else if (record.topic === admissionDeferred.name) deferred.restore(record)
      else state.restore(record)
    },
    start() {
      const nowMs = deps.clock.nowMs()
      for (const organization of deps.view.organizations()) {
        state.trim(organization.id, keysRememberedBy(organization), nowMs)
        state.trim(platformIdsOf(organization.id), PLATFORM_IDS_KEPT, nowMs)
      }
      deferred.start()
      inputs.start()
      housekeeping.start()
      pauseReports.start()
      goOnRelaying()
    },
    receive(records: LogRecord[], nextOffset: number, isolated: boolean) {
      receiver.receive(records, nextOffset, isolated)
    },
    seal() {
      federate.seal()
      return [
        ...outputs.seal(),
        ...relayLog.seal(),
        ...state.seal(handle.shard),
        ...waitingRelays.seal(handle.shard),
        ...deferred.seal(),
      ]
    },
    committed() {
      state.committed()
      waitingRelays.committed()
      deferred.committed()
      // The shard takes inputs first: otherwise a record that must be alone in its transaction would wait for the last
      // relay.
      setImmediate(goOnRelaying)
    },
    rollback() {
      outputs.rollback()
      relayLog.rollback()
      state.rollback()
      waitingRelays.rollback()
      deferred.rollback()
      inputs.rollback()
      federate.seal()
      receiver.rollback()
      setImmediate(goOnRelaying)
    },
    pausesChanged: pauseReports.changed,
    degraded: () =>
      deferred.isFull()
        ? `shard ${handle.shard} reads no more of platform.emits: too much waits for paused organizations`
        : undefined,
    // Waiting relays are in the state, and the next owner of the shard goes on with them.
    async drain() {
      isDraining = true
      pauseReports.close()
    },
    close() {
      isClosed = true
      housekeeping.close()
      pauseReports.close()
      inputs.close()
      receiver.close()
    },
  }
}
