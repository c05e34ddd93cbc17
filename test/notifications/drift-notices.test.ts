/** Which findings of drift are notices: by kind and severity. */
import { expect, it } from '@jest/globals'
import { noticeOfChange } from '../../src/notifications/change-notices.ts'
import type { ChangeRow } from '../../topics/audit-changes.ts'

function noticeOf(kind: string, severity: string) {
  const data = { kind, severity, finding: 'drf_1', entityType: 'webhook', entityId: 'wh_1', message: 'It differs.' }
  const row = { organizationId: 'org_1', type: 'DRIFT_DETECTED', entityId: 'drf_1', occurredAtMs: 0 }
  return noticeOfChange({ ...row, data: JSON.stringify(data) } as ChangeRow, 'live')
}

it.each([
  ['payload_shape', 'warning', 'drift_warning', 'warning'],
  ['federation_snapshot', 'warning', 'drift_warning', 'warning'],
  ['subscription_target', 'warning', 'drift_warning', 'warning'],
  ['fork_upstream', 'info', 'upstream_version', 'info'],
  ['admission', 'critical', 'drift_critical', 'critical'],
  ['materialisation', 'critical', 'drift_critical', 'critical'],
])('%s, when it is %s, is the notice %s', (kind, severity, notice, of) => {
  expect(noticeOf(kind, severity)).toMatchObject({
    kind: notice,
    severity: of,
    message: expect.stringContaining('It differs.'),
  })
})

it.each([
  ['declared_state', 'warning'],
  ['materialisation', 'warning'],
  ['type_generation', 'info'],
])('%s, when it is %s, is none', (kind, severity) => {
  expect(noticeOf(kind, severity)).toBeUndefined()
})

it('a thing that drifts again and again is a notice once a day', () => {
  expect(noticeOf('subscription_target', 'warning')!.oncePer).toEqual({
    ...{ key: 'subscription_target/wh_1', ms: 86_400_000 },
  })
})
