/**
 * Emits of workflows' steps: judged as any emit, schema, quota and idempotency key included. A step that emits once more,
 * since its verdict was late, is answered with the verdict of its first emit.
 */

import type { OutRecord } from '../../src/kafka/ports.ts'
import type { PlatformEmit } from '../../topics/platform-emits.ts'
import { runInputCodec, runs, type StepVerdict } from '../../topics/runs.ts'
import type { Emit, Progress, Verdict } from './emit.ts'
import { quotaLimit } from './enforce-quota.ts'
import { type JudgeContext, judge } from './judge.ts'
import { heldPlatformId, judgePlatform } from './judge-platform.ts'

/** `repeated`: it was accepted before, and nobody waits for its answer. */
export function judgeAny(emit: Emit, progress: Progress, context: JudgeContext): Verdict | 'repeated' {
  const { platform } = emit
  if (!platform) return judge(emit, progress, context)
  const judgeIt = platform.step ? judgeStep : judgePlatform
  return judgeIt(emit, platform, progress, context)
}

/** Behind it is an emit or a workflow of the organization: it has a quota, and goes to peers. */
export const isOwn = ({ kind, step }: PlatformEmit): boolean => kind === 'redrive' || Boolean(step)

function judgeStep(emit: Emit, platform: PlatformEmit, progress: Progress, context: JudgeContext): Verdict {
  const original = heldPlatformId(emit, platform, context.state)
  const organization = context.view.organization(emit.organizationId)
  if (original === undefined || organization === undefined) return judge(emit, progress, context)
  progress.organization = organization
  const { used } = context.state.peek(emit.organizationId, emit.environment, emit.recordedAtMs)
  return { verdict: 'duplicate', original, quota: { used, limit: quotaLimit(organization, emit.environment) } }
}

/** For the run that waits. */
export function verdictRecord(
  emit: Emit,
  step: NonNullable<PlatformEmit['step']>,
  verdict: Verdict,
  shard: number,
): OutRecord {
  const value = runInputCodec.encode({ start: null, verdict: { ...step, ...judged(emit, verdict) } })
  return { topic: runs.name, partition: shard, key: emit.organizationId, value }
}

function judged(emit: Emit, verdict: Verdict): Omit<StepVerdict, 'runId' | 'path' | 'attempt'> {
  const depth = emit.platform?.depth ?? 0
  const none = { code: null, message: null, eventId: null, canonicalName: null, depth, emitId: emit.emitId }
  if (verdict.verdict === 'accepted' || verdict.verdict === 'duplicate') {
    const { emitId, eventId, canonicalName } = verdict.verdict === 'accepted' ? verdict.event : verdict.original
    return { ...none, verdict: verdict.verdict, emitId, eventId, canonicalName }
  }
  const [finding] = verdict.verdict === 'rejected' ? (verdict.findings ?? []) : []
  const where = finding === undefined ? '' : ` ${finding.path || '/'}: ${finding.message}.`
  return { ...none, verdict: verdict.verdict, code: verdict.code, message: verdict.message + where }
}
