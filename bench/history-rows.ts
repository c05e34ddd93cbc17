/**
 * A history of thirty days, made inside ClickHouse: verdicts, ends and attempts as `record` would have written them, into the same tables
 * and through the same views. One organization has a tenth of it, the other 999 (with few rows: fewer) have as much as each other. Payloads are kept
 * for the one alone.
 */
import type { AnalyticsClient } from '../src/analytics/client.ts'
import { originOf } from '../src/model/ids.ts'

const DAYS = 30
const DAY_MS = 86_400_000
const OTHERS_MAX = 999
/** RFC 4648's base32 and ours write the same bits with other characters. */
const ALPHABETS = ['abcdefghijklmnopqrstuvwxyz234567', '0123456789abcdefghjkmnpqrstvwxyz']

export interface Fill {
  client: AnalyticsClient
  /** Verdicts in all. */
  rows: number
  /** The number of the first one: rows of the same number are the same. */
  first: number
  /** Of the newest row. */
  untilMs: number
  /** The one with a tenth of the rows. Its id comes after `one` in their order. */
  big: string
  /** One of the others that a query can name; the rest have made-up ids. */
  one: string
  /** Names of events: the earlier, the more often. */
  names: string[]
}

interface Day {
  rows: number
  /** The number of its first row. */
  first: number
  fromMs: number
}

/** Inserts day by day. `onDay` gets the number of days that are in. */
export async function fillHistory(fill: Fill, onDay: (days: number) => void): Promise<void> {
  const rows = Math.ceil(fill.rows / DAYS)
  for (let number = 0; number < DAYS; number++) {
    const day = { rows, first: fill.first + number * rows, fromMs: fill.untilMs - (DAYS - number) * DAY_MS }
    const verdicts = verdictsOf(fill, day)
    await fill.client.command(`INSERT INTO payloads (organizationId, environment, emitId, recordedAt, payload)
      SELECT organizationId, environment, emitId, recordedAt, ${PAYLOAD} FROM (${verdictsOf(fill, day, 'of the big one')})
      WHERE verdict IN ('accepted', 'failed')`)
    await fill.client.command(`INSERT INTO emits (${EMIT_COLUMNS}) SELECT ${EMIT_COLUMNS} FROM (${verdicts})`)
    await fill.client.command(
      `INSERT INTO attempts (${ATTEMPT_COLUMNS}) SELECT ${ATTEMPT_COLUMNS} FROM (${attemptsOf(verdicts)})`,
    )
    await fill.client.command(`INSERT INTO completions (organizationId, environment, emitId, eventId, state, recordedAt, completedAt)
      SELECT organizationId, environment, emitId, assumeNotNull(eventId), if(tries = 3, 'FAILED', 'DELIVERED'), recordedAt, recordedAt + INTERVAL tries SECOND
      FROM (${verdicts}) WHERE subscriberCount > 0 AND NOT isOpen`)
    onDay(number + 1)
  }
}

const EMIT_COLUMNS = `organizationId, environment, emitId, eventId, verdict, code, message, findings, name, canonicalName, registrationId,
  schemaVersion, schemaHash, sequence, subject, actorId, source, time, recordedAt, judgedAt, idempotencyKey, correlationId, rootEventId, depth,
  channel, requestId, payloadBytes, webhooks, subscriberCount`

const ATTEMPT_COLUMNS = `organizationId, environment, webhookId, deliveryId, attemptId, eventId, emitId, eventType, canonicalName, sequence, number,
  maxAttempts, trigger, state, reason, url, startedAt, durationMs, connectMs, firstByteMs, responseStatus, requestHeaders, responseBody,
  errorKind, error, createdAt`

const PAYLOAD = `concat('{"orderId":', toString(chance % 1000000), ',"status":"placed","customer":{"id":"', subject, '","country":"DE"},"note":"', hex(chance), '"}')`

/**
 * One day of verdicts in the order of their table: 95.5 % accepted, 1 % duplicates, 3.4 % rejected, 0.1 % failed; one in five of those accepted has
 * a webhook, of which one in a hundred fails for good and one in a thousand is still under way.
 */
function verdictsOf(
  { big, one, names }: Fill,
  { rows, first, fromMs }: Day,
  which: 'all' | 'of the big one' = 'all',
): string {
  const others = Math.min(OTHERS_MAX, Math.floor(rows / 10))
  const each = Math.floor((rows * 0.9) / others)
  const ofBig = rows - each * others
  const origin = (id: string) => `toUInt64(${originOf('emits', id, 'live')})`
  return `
    WITH
      number >= ${each * others} AS isBig,
      if(isBig, ${others}, intDiv(number, ${each})) AS organization,
      if(isBig, number - ${each * others}, number % ${each}) AS nth,
      toUInt64(${fromMs} + floor(nth * ${DAY_MS} / if(isBig, ${ofBig}, ${each}))) AS recordedAtMs,
      ${first} + number AS offset,
      cityHash64(offset) AS dice,
      dice % 1000 AS verdictDice,
      intDiv(dice, 1000) % 1000 AS webhookDice,
      intDiv(dice, 1000000) % 1000 AS endDice,
      intDiv(dice, 1000000000) % 1000 AS nameDice,
      multiIf(isBig, ${origin(big)}, organization = ${others - 1}, ${origin(one)}, bitShiftRight(cityHash64(organization), 16)) AS origin,
      concat(${bigEndian('bitShiftLeft(recordedAtMs, 16)')}, substring(${bigEndian('offset')}, 3), substring(${bigEndian('origin')}, 3)) AS bits,
      translate(lower(base32Encode(bits)), '${ALPHABETS[0]}', '${ALPHABETS[1]}') AS place,
      verdict = 'accepted' AS isAccepted
    SELECT
      multiIf(isBig, '${big}', organization = ${others - 1}, '${one}', concat('org_', leftPad(toString(organization), 26, '0'))) AS organizationId,
      'live' AS environment,
      concat('cee_', place) AS emitId,
      if(isAccepted, concat('evt_', place), NULL) AS eventId,
      multiIf(verdictDice < 955, 'accepted', verdictDice < 965, 'duplicate', verdictDice < 999, 'rejected', 'failed') AS verdict,
      multiIf(verdict = 'failed', 'bus_relay_failed', verdict != 'rejected', NULL, endDice < 700, 'payload_invalid', endDice < 900, 'event_not_registered', 'event_not_published') AS code,
      multiIf(verdict IN ('accepted', 'duplicate'), NULL, code = 'payload_invalid', 'The payload is not what the schema asks for.', 'It was refused.') AS message,
      if(code = 'payload_invalid', '[{"path":"/orderId","rule":"type","message":"must be integer"}]', NULL) AS findings,
      arrayElement([${names.map(name => `'${name}'`).join(', ')}], 1 + toUInt32(floor(${names.length} * pow(nameDice / 1000, 2)))) AS name,
      if(isAccepted, concat('TENANT_CUSTOM:', organizationId, ':', name, '@1.2.0'), NULL) AS canonicalName,
      if(isAccepted, concat('cer_', hex(cityHash64(organization, name))), NULL) AS registrationId,
      if(isAccepted, '1.2.0', NULL) AS schemaVersion,
      if(isAccepted, hex(cityHash64(name)), NULL) AS schemaHash,
      if(isAccepted, toNullable(offset), NULL) AS sequence,
      concat('customer-', toString(intDiv(dice, 1000000) % 5000)) AS subject,
      concat('key_', hex(cityHash64(organization))) AS actorId,
      'api' AS source,
      recordedAt - INTERVAL 5 MILLISECOND AS time,
      fromUnixTimestamp64Milli(toInt64(recordedAtMs), 'UTC') AS recordedAt,
      recordedAt + INTERVAL 3 MILLISECOND AS judgedAt,
      if(endDice < 500, hex(dice), NULL) AS idempotencyKey,
      if(endDice < 200, concat('cor_', hex(bitXor(dice, 1))), NULL) AS correlationId,
      eventId AS rootEventId,
      0 AS depth,
      multiIf(webhookDice < 800, 'http', webhookDice < 950, 'kafka', 'platform') AS channel,
      concat('req_', hex(bitXor(dice, 2))) AS requestId,
      200 + dice % 800 AS payloadBytes,
      concat('wh_', hex(cityHash64(organization, dice % 3))) AS webhookId,
      multiIf(isAccepted AND webhookDice < 200, [(webhookId, CAST(NULL AS Nullable(String)))], isAccepted AND webhookDice < 300, [(webhookId, CAST('condition' AS Nullable(String)))], []) AS webhooks,
      isAccepted AND webhookDice < 200 AS subscriberCount,
      multiIf(endDice < 950, 1, endDice < 990, 2, 3) AS tries,
      endDice = 0 AS isOpen,
      dice AS chance
    FROM numbers(${which === 'all' ? `${rows}` : `${each * others}, ${ofBig}`})`
}

/** The eight bytes of a number. */
const bigEndian = (number: string) => `reverse(reinterpretAsFixedString(toUInt64(${number})))`

/** One, two or three attempts for each delivery that has ended. */
const attemptsOf = (verdicts: string) => `
  SELECT
    organizationId, environment, webhookId, concat('dlv_', substring(emitId, 5, 10), hex(chance), substring(emitId, 31)) AS deliveryId,
    concat('att_', hex(chance), toString(number)) AS attemptId,
    assumeNotNull(eventId) AS eventId, emitId, name AS eventType, assumeNotNull(canonicalName) AS canonicalName,
    assumeNotNull(sequence) AS sequence, arrayJoin(range(1, tries + 1)) AS number, 3 AS maxAttempts, 'live' AS trigger,
    multiIf(number < tries, 'retrying', tries = 3, 'failed', 'success') AS state,
    if(state = 'failed', 'exhausted', NULL) AS reason, 'https://receiver.example.com/events' AS url,
    recordedAt + INTERVAL number SECOND AS startedAt, 20 + chance % 100 AS durationMs, 5 AS connectMs, 18 AS firstByteMs,
    if(state = 'success', 200, 503) AS responseStatus, '{"content-type":"application/json"}' AS requestHeaders,
    if(state = 'success', 'ok', 'try again later') AS responseBody, if(state = 'success', NULL, 'status') AS errorKind,
    if(state = 'success', NULL, 'The receiver answered 503.') AS error, recordedAt AS createdAt
  FROM (${verdicts}) WHERE subscriberCount > 0 AND NOT isOpen`
