/**
 * A quarantined record as an emit of the API: its producer's request, with another payload or version where it is
 * corrected. Nothing is judged here; admission judges it like any emit.
 */
import type { QuarantinedRecord } from '../../analytics/read/quarantine-reads.ts'
import { type IngressTags, readIngress } from '../../events/ingress.ts'
import type { ReadEmit } from '../../ingress/submit-emit.ts'
import { sliceMembers } from '../../json/json-slices.ts'
import type { Headers, LogRecord } from '../../kafka/ports.ts'
import { eventOfSchema } from '../../kafka-access/schema-ids.ts'
import { ClarionError } from '../../model/codes.ts'
import type { Registration } from '../../model/registrations.ts'
import { isNear } from '../../model/time.ts'
import { malformed } from '../http/body.ts'

export interface Correction {
  /** In its original bytes. */
  payload?: Buffer
  version?: string
}

const VERSION_CHARACTERS_MAX = 255

/** The body of a redrive: `{ payload?, version? }`. Throws `validation_failed`. */
export function readCorrection(bytes: Buffer): Correction {
  const sliced = sliceMembers(bytes)
  if (!sliced.ok) throw malformed(sliced.findings, bytes)
  const correction: Correction = {}
  for (const [field, { path, value, start, end }] of sliced.members) {
    if (field === 'payload') correction.payload = bytes.subarray(start, end)
    else if (field !== 'version')
      throw malformed([{ path, rule: 'unknown_field', message: 'is not a field of this call' }])
    else if (typeof value === 'string' && value.length > 0 && value.length <= VERSION_CHARACTERS_MAX)
      correction.version = value
    else
      throw malformed([
        { path, rule: 'type', message: `must be a string of 1 to ${VERSION_CHARACTERS_MAX} characters` },
      ])
  }
  return correction
}

/**
 * Without a key of its own the emit gets one derived from the record, so that a quarantined record is emitted once,
 * however often it is redriven. A time more than a day from now is left out, since it would be refused. Throws
 * `conflict` when a required part of the record was not kept.
 */
export function correctedEmit(
  found: QuarantinedRecord,
  correction: Correction,
  with_: { schemas: readonly Registration[]; tags: IngressTags; nowMs: number },
): ReadEmit {
  for (const part of found.leftOut)
    if (part !== 'value' || correction.payload === undefined)
      throw new ClarionError(
        'conflict',
        `The record's ${part} was larger than 1 MB and is not kept${part === 'value' ? ': give a payload' : ''}.`,
      )
  const { fullName, version, idempotencyKey, subject, timeMs, correlationId, chainToken, traceparent, payload } =
    readIngress(recordOf(found), with_.tags, id => eventOfSchema(with_.schemas, id))
  return {
    emit: {
      fullName,
      version: correction.version ?? version,
      idempotencyKey: idempotencyKey ?? `redrive:${found.emitId}`,
      subject,
      time: timeMs !== undefined && isNear(timeMs, with_.nowMs) ? new Date(timeMs).toISOString() : undefined,
      correlationId,
      chainToken,
      traceparent,
    },
    payload: correction.payload ?? payload,
  }
}

function recordOf({ topic, partition, offset, recordedAt, key, headers, payload }: QuarantinedRecord): LogRecord {
  const byName: Headers = Object.assign(Object.create(null), Object.fromEntries(headers))
  return { topic, partition, offset, timestampMs: Date.parse(recordedAt), key, value: payload, headers: byName }
}
