/**
 * `admit`: emits.<org> → events.<org>, deliveries, outcomes, audit.emits, quarantine. The one place that judges an emit, exactly once:
 * positions, outputs and counters are in one Kafka transaction (the runtime's, `src/kafka/shard.ts`).
 */
import type { Clock } from '../../src/clock.ts'
import type { Finding } from '../../src/codes.ts'
import type { Registration } from '../../src/control-plane/records.ts'
import type { ControlView } from '../../src/control-plane/view.ts'
import type { ChainTokens } from '../../src/events/chain.ts'
import type { IngressTags } from '../../src/events/ingress.ts'
import type { LogRecord, Processor, ShardHandle, ShardTask } from '../../src/kafka/ports.ts'
import type { Logger } from '../../src/observability/logger.ts'
import { admissionCounters } from '../../topics/admission-counters.ts'
import { admissionKeys } from '../../topics/admission-keys.ts'
import { createAdmissionState } from './admission-state.ts'
import type { Emit, Failure, Progress, Verdict } from './emit.ts'
import { createInputs } from './inputs.ts'
import { type Judging, judge, keysRememberedBy } from './judge.ts'
import { createWebhookMatcher } from './match-webhooks.ts'
import { createOutputs } from './outputs.ts'
import { createReceiver } from './receive.ts'

/** Emits wait this long for the control plane to be as new as the api saw it; then they are judged by what is known. */
const CONTROL_WAIT_MS = 2_000

export interface AdmitDependencies {
  view: ControlView
  shards: number
  chains: ChainTokens
  tags: IngressTags
  validate(registration: Registration, value: unknown): Finding[]
  clock: Clock
  /** Added to the broker's time of each record (`CLARION_CLOCK_OFFSET_MS`). */
  clockOffsetMs: number
  logger: Logger
  onVerdict(verdict: Verdict, emit: Emit): void
}

export function createAdmit(deps: AdmitDependencies): Processor {
  const matchWebhooks = createWebhookMatcher(deps.view)
  return {
    role: 'admit',
    stateTopics: [admissionCounters.name, admissionKeys.name],
    isolatesRecords: true,
    open: handle => openShard(handle, deps, matchWebhooks),
  }
}

function openShard(handle: ShardHandle, deps: AdmitDependencies, matchWebhooks: Judging['matchWebhooks']): ShardTask {
  const state = createAdmissionState()
  const outputs = createOutputs(handle.shard)
  const inputs = createInputs({ handle, state, view: deps.view, shards: deps.shards, logger: deps.logger })
  const judging: Judging = { view: deps.view, state, chains: deps.chains, validate: deps.validate, matchWebhooks }
  const receiver = createReceiver({ ...deps, handle, controlWaitMs: CONTROL_WAIT_MS, inputs, settle })

  /** What made two transactions fail is either writing the event or judging the emit; neither is tried again in this one. */
  function judgeIsolated(emit: Emit, progress: Progress): Verdict {
    try {
      const judged = judge(emit, progress, judging)
      if (judged.verdict !== 'accepted') return judged
      const heldKey = judged.heldKey && { ...judged.heldKey, sequence: 0 }
      return { ...failed('The event could not be written to the log of the organization.'), heldKey }
    } catch (error) {
      deps.logger.error({ emitId: emit.emitId, error: error instanceof Error ? error.stack : String(error) }, 'emit cannot be judged')
      return failed('The emit could not be judged, by a fault of the platform.')
    }
  }

  /** Judges one emit and puts what follows from it into the transaction that is being filled. */
  function settle(emit: Emit, isolated: boolean): void {
    const progress: Progress = {}
    const verdict = isolated ? judgeIsolated(emit, progress) : judge(emit, progress, judging)
    if (verdict.verdict === 'accepted') state.count(emit.organizationId, emit.environment, emit.recordedAtMs)
    if ('heldKey' in verdict && verdict.heldKey && progress.organization) {
      state.hold(verdict.heldKey, keysRememberedBy(progress.organization))
    }
    handle.write(outputs.add(emit, verdict, progress))
    deps.onVerdict(verdict, emit)
  }

  return {
    restore: record => state.restore(record),
    start() {
      for (const organization of deps.view.organizations()) state.trim(organization.id, keysRememberedBy(organization), deps.clock.nowMs())
      inputs.start()
    },
    receive(records: LogRecord[], nextOffset: number, isolated: boolean) {
      receiver.receive(records, nextOffset, isolated)
    },
    seal: () => [...outputs.seal(), ...state.seal(handle.shard)],
    close() {
      inputs.close()
      receiver.close()
    },
  }
}

const failed = (message: string): Failure => ({ verdict: 'failed', code: 'bus_relay_failed', message })
