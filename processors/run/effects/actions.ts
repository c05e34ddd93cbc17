/** The performer of each action that has an effect. */
import { platformEmitAt } from '../../../src/ingress/platform-emit.ts'
import type { OutRecord, ShardHandle } from '../../../src/kafka/ports.ts'
import type { EffectType } from '../../../src/workflows/interpreter/run.ts'
import { isForeign } from '../../../src/workflows/language/actions/sql-query.ts'
import type { DelayedEmits } from '../delayed-emits.ts'
import type { RunDependencies } from '../dependencies.ts'
import type { ShardDomain } from '../domain/domain.ts'
import type { LiveRun } from '../live-run.ts'
import type { RunAnswers } from '../run-answers.ts'
import { optionsOf } from '../run-options.ts'
import type { Starts } from '../starts.ts'
import { emitOf } from './create-event.ts'
import { runCode } from './custom-code.ts'
import { foreignStep } from './foreign-step.ts'
import { performRequest } from './http-request.ts'
import { createInvoiceStep, scaleClusterStep } from './reference-domain.ts'
import { responseOf } from './respond.ts'
import { mailOf } from './send-email.ts'
import { notificationOf } from './send-notification.ts'
import { webhookMessageOf } from './send-webhook.ts'
import type { ActionPerformer, InwardCall, OutwardCall, StepAnswer } from './step.ts'
import { tableStep } from './table-step.ts'
import { wouldBeEvent } from './would-be-event.ts'

export type ActionPerformers = Readonly<Record<EffectType, ActionPerformer>>

export function createActionPerformers(context: {
  handle: ShardHandle
  deps: Pick<RunDependencies, 'view' | 'clock' | 'caller' | 'tables' | 'foreign' | 'secrets' | 'sandboxes' | 'validate'>
  answers: Pick<RunAnswers, 'responded'>
  starts: Starts
  domain: Pick<ShardDomain, 'changeBy'>
  delayed: Pick<DelayedEmits, 'delay'>
}): ActionPerformers {
  const { handle, deps, answers, starts, domain, delayed } = context
  const { view } = deps
  const inward = (perform: (call: InwardCall) => StepAnswer | undefined): ActionPerformer => ({
    way: 'inward',
    perform,
  })
  const onTable: ActionPerformer = {
    way: 'outward',
    kind: 'statements',
    perform: (call: OutwardCall) => tableStep(call, deps),
  }

  function written({ record, answer }: { record?: OutRecord; answer: StepAnswer }): StepAnswer {
    if (record !== undefined) handle.write([record])
    return answer
  }

  return {
    call_workflow: inward(({ live, effect, runs }) => starts.call(live, effect, runs)),
    create_event: inward(({ live, effect, stepId }) => {
      const emit = emitOf(live.facts, effect)
      if (isImagined(live)) return wouldBeEvent(emit, deps)
      const { delaySeconds = 0 } = effect.with as { delaySeconds?: number }
      if (delaySeconds > 0) return delayed.delay(stepId, emit, delaySeconds)
      handle.write([platformEmitAt(emit, handle.shard, view.appliedOffset)])
      return undefined
    }),
    send_notification: inward(({ live, effect, nowMs }) =>
      written(notificationOf(live.facts, effect, { view, shard: handle.shard, nowMs })),
    ),
    send_email: inward(call => written(mailOf(call, { view, shard: handle.shard }))),
    send_webhook: inward(call => written(webhookMessageOf(call, { view, shard: handle.shard }))),
    respond: inward(({ live, effect }) => {
      answers.responded(live.facts, responseOf(effect))
      return undefined
    }),
    create_invoice: inward(call => createInvoiceStep(call, domain)),
    scale_cluster: inward(call => scaleClusterStep(call, domain)),
    http_request: { way: 'outward', kind: 'requests', perform: call => performRequest(call, deps) },
    custom_code: { way: 'outward', kind: null, perform: call => runCode(call, deps) },
    sql_query: {
      way: 'outward',
      kind: 'statements',
      perform: call =>
        isForeign((call.effect.with as { connection?: string }).connection)
          ? foreignStep(call, deps)
          : tableStep(call, deps),
    },
    table_insert: onTable,
    table_update: onTable,
    table_delete: onTable,
    table_get: onTable,
  }
}

/** In a debug run an event reaches nobody, unless the call wants that. */
function isImagined({ facts }: LiveRun): boolean {
  if (facts.mode !== 'debug') return false
  const { debug } = optionsOf(facts)
  return debug?.emit !== true || debug.sideEffects === 'mock'
}
