/** The hand-written answers to emits, byte for byte. */
import { describe, expect, it } from '@jest/globals'
import { answerOf } from '../../src/api/emits/answer.ts'
import { failureBody, failureOf } from '../../src/api/http/envelope.ts'
import { presentEmitResult } from '../../src/api/shared/emit-result.ts'
import { platformEmit } from '../../src/ingress/platform-emit.ts'
import { createSubmitPlatformEmit } from '../../src/ingress/submit-platform-emit.ts'
import type { OutcomeRow } from '../../topics/outcomes.ts'

const accepted: OutcomeRow = {
  ...{ ticket: 1, verdict: 'accepted', code: null, message: null, findings: null, warnings: [] },
  ...{ emitId: 'cee_1', eventId: 'evt_1', canonicalName: 'org/a.b@1.0.0', sequence: 7, quotaUsed: 3, quotaLimit: 1000 },
}
const rejected: OutcomeRow = {
  ...accepted,
  ...{
    verdict: 'rejected',
    code: 'payload_invalid',
    message: 'It is wrong.',
    eventId: null,
    canonicalName: null,
    sequence: null,
  },
  findings: '[{"path":"/a","rule":"type","message":"must be string"}]',
}
const failed: OutcomeRow = {
  ...rejected,
  verdict: 'failed',
  code: 'bus_relay_failed',
  message: 'It was not written.',
  findings: null,
}

describe('the answer to an emit', () => {
  it.each([
    [
      'accepted',
      accepted,
      202,
      '{"emitId":"cee_1","eventId":"evt_1","canonicalName":"org/a.b@1.0.0","status":"queued","sequence":7,"deduplicated":false,"quota":{"used":3,"limit":1000}}',
    ],
    [
      'a duplicate with warnings and without a limit',
      { ...accepted, verdict: 'duplicate' as const, quotaUsed: null, quotaLimit: null, warnings: ['"near" the quota'] },
      202,
      '{"emitId":"cee_1","eventId":"evt_1","canonicalName":"org/a.b@1.0.0","status":"queued","sequence":7,"deduplicated":true,"quota":{"used":0,"limit":null},"warnings":["\\"near\\" the quota"]}',
    ],
    [
      'pending',
      { verdict: 'pending' as const, emitId: 'cee_1' },
      202,
      '{"emitId":"cee_1","status":"queued","verdict":"pending"}',
    ],
    [
      'rejected',
      rejected,
      400,
      '{"code":"payload_invalid","message":"It is wrong.","details":[{"path":"/a","rule":"type","message":"must be string"}],"requestId":"req_1","retryable":false}',
    ],
    [
      'failed',
      failed,
      502,
      '{"code":"bus_relay_failed","message":"It was not written.","requestId":"req_1","retryable":false,"emitId":"cee_1"}',
    ],
  ])('is what it was: %s', (_, outcome, status, json) => {
    expect(answerOf(outcome, 'req_1')).toEqual({ status, json, emitId: 'cee_1' })
  })

  it('has the same fields where it is not written by hand', () => {
    for (const outcome of [
      accepted,
      { ...accepted, verdict: 'duplicate' as const },
      { verdict: 'pending' as const, emitId: 'cee_1' },
    ])
      expect(JSON.stringify(presentEmitResult(outcome))).toBe(answerOf(outcome, 'req_1').json)
  })
})

it('a failed platform emit is an error whose envelope shows the id to redrive it by', async () => {
  const submit = createSubmitPlatformEmit({
    appender: { append: async () => ({ offset: 0, timestampMs: 0 }), close: async () => undefined } as never,
    verdictWaiter: { processId: 'api_1', ticket: () => 1, wait: async () => failed, forget: () => undefined } as never,
    view: { appliedOffset: 0 } as never,
    shards: 1,
  })
  const emit = platformEmit({
    ...{
      kind: 'builtin',
      id: 'builtin/1',
      organizationId: 'org_1',
      type: 'tenant.created',
      canonicalName: 'org/tenant.created@1',
    },
    ...{ schemaVersion: '1', schemaHash: 'x', source: 'platform', actorId: 'operator', payload: Buffer.from('{}') },
  })
  const error = await submit(emit).catch(thrown => thrown)
  expect(failureBody(failureOf(error, 'req_1'))).toBe(`{"success":false,"error":${answerOf(failed, 'req_1').json}}`)
})
