/** States of admission, and their restore from a changelog. */
import { type AdmissionState, createAdmissionState as createState } from '../../../processors/admit/admission-state.ts'
import { createSystemRandom } from '../../../src/clock.ts'
import type { LogRecord, OutRecord } from '../../../src/kafka/ports.ts'
import type { HeldKey } from '../../../topics/admission-keys.ts'

export const ORG = 'org_a'
export const JULY = Date.parse('2026-07-31T23:59:59.999Z')
export const AUGUST = Date.parse('2026-08-01T00:00:00.000Z')
export const DAY_MS = 86_400_000

/** `keysMax`: of every organization, while restoring; all by default. */
export const createAdmissionState = (nowMs = JULY, keysMax?: number) =>
  createState({ random: createSystemRandom(), nowMs: () => nowMs, keysRemembered: () => keysMax })

/** The state of the next owner of the shard, restored from nothing but the changelog. */
export function restored(changelog: OutRecord[], keysMax?: number): AdmissionState {
  const state = createAdmissionState(JULY, keysMax)
  for (const [offset, record] of changelog.entries()) state.restore(asRead(record, offset))
  return state
}

export const bytes = (of: Buffer | string | null) => (of === null ? null : Buffer.from(of))
export const asRead = ({ topic, partition, key, value }: OutRecord, offset: number): LogRecord => ({
  ...{ topic, partition, offset, timestampMs: 0, headers: {} },
  ...{ key: bytes(key), value: bytes(value) },
})

export const keyOf = (number: number, recordedAtMs = JULY, organizationId = ORG): HeldKey => ({
  ...{ organizationId, keyHash: hashOf(number), contentHash: hashOf(number + 1000), recordedAtMs },
  ...{
    emitId: `cee_${number}`,
    eventId: `evt_${number}`,
    canonicalName: 'TENANT_CUSTOM:org_a:a.b@1.0.0',
    sequence: number,
  },
})

export function hashOf(number: number): Buffer {
  const hash = Buffer.alloc(16)
  hash.writeUInt32BE(number, 12)
  return hash
}

export const remembers = (state: AdmissionState, numbers: number[], nowMs = JULY) =>
  numbers.filter(number => state.heldKey(ORG, hashOf(number), nowMs)?.emitId === `cee_${number}`)
