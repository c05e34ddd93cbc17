/** The quarantine (C.17): what the organization's own producers sent and admission refused, kept to be looked at, repaired and emitted again. */
import type { IncomingMessage } from 'node:http'
import { emits } from '../../../topics/emits.ts'
import type { QuarantinedRecord, QuarantineEntry } from '../../analytics/read/quarantine-reads.ts'
import type { Reads } from '../../analytics/read/reads.ts'
import type { Clock } from '../../clock.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Owner } from '../../model/records.ts'
import type { Ids } from '../../model/ids.ts'
import { originOf, parseEmitId } from '../../model/ids.ts'
import type { IngressTags } from '../../events/ingress.ts'
import type { Logger } from '../../logger.ts'
import type { Authenticate } from '../http/authenticate.ts'
import { BODY_BYTES_MAX } from '../http/body.ts'
import { createAnswering, enveloped } from '../emits/raw-response.ts'
import type { AnswerEmit } from '../emits/answer.ts'
import { pagingOf } from '../http/paging.ts'
import type { Positions } from '../../ingress/ports.ts'
import { readRepair, repairedEmit } from '../emits/corrected-emit.ts'
import type { Answer, Call, DirectHandler } from '../http/route.ts'
import { ownerOf } from '../http/caller.ts'
import { shownBytes, shownHeaders } from './presenter.ts'

/** A judged record is in ClickHouse within this time, normally within one. */
const RECORD_TIMEOUT_MS = 3_000
const RECORD_POLL_MS = 100

export interface QuarantineDeps {
  reads: Reads
  positions: Positions
  view: ControlView
  tags: IngressTags
  authenticate: Authenticate
  answerEmit: AnswerEmit
  ids: Ids
  clock: Clock
  logger: Logger
}

export function createQuarantineHandlers(deps: QuarantineDeps) {
  const { reads, clock } = deps

  /** Waits for a record that admission has judged already. Throws `not_found`. */
  async function find(owner: Owner, emitId: string): Promise<QuarantinedRecord> {
    const { organizationId, environment } = owner
    const place = parseEmitId(emitId)
    if (place?.origin !== originOf('emits', organizationId, environment)) throw notFound()
    const position = deps.positions.position(emits.nameFor(organizationId, environment), place.partition)
    const deadlineMs = clock.monotonicMs() + RECORD_TIMEOUT_MS
    for (;;) {
      const found = await reads.quarantinedRecord(organizationId, environment, emitId)
      if (found !== undefined) return found
      const emit = await reads.emitById(organizationId, environment, emitId)
      const isElsewhere = emit !== undefined && (emit.verdict !== 'rejected' || emit.channel !== 'kafka')
      if (isElsewhere || (position ?? 0) <= place.offset || clock.monotonicMs() >= deadlineMs) throw notFound()
      await clock.sleep(RECORD_POLL_MS)
    }
  }

  const redrive: DirectHandler = createAnswering(deps)(
    BODY_BYTES_MAX,
    async (by, body, request, requestId) => {
      const emitId = emitIdIn(request)
      const repair = readRepair(body)
      const { id: organizationId } = by.organization
      const found = await find({ organizationId, environment: by.key.environment }, emitId)
      const schemas = deps.view.list('registration', organizationId)
      const read = repairedEmit(found, repair, { schemas, tags: deps.tags, nowMs: clock.nowMs() })
      const answer = await deps.answerEmit(by, read, { requestId, async: false, redriveOf: emitId })
      return { ...answer, json: enveloped(answer, requestId) }
    },
    { bodyOptional: true },
  )

  return {
    async list(call: Call): Promise<Answer> {
      const filter = call.query as { code?: string; from?: string; to?: string }
      const { items, nextCursor } = await reads.listQuarantine({ ...ownerOf(call), ...pagingOf(call.query), ...filter })
      return { data: items.map(shownEntry), nextCursor }
    },
    get: async (call: Call): Promise<Answer> => ({ data: shownRecord(await find(ownerOf(call), call.params.id!)) }),
    redrive,
  }
}

const shownEntry = <Entry extends QuarantineEntry>(entry: Entry) => ({ id: entry.emitId, ...entry })

function shownRecord({ key, headers, payload, ...entry }: QuarantinedRecord) {
  const [shownKey, shownPayload] = [shownBytes(key), shownBytes(payload)]
  return {
    ...shownEntry(entry),
    ...{ key: shownKey.text, keyEncoding: shownKey.encoding },
    ...shownHeaders(headers),
    ...{ payload: shownPayload.text, payloadEncoding: shownPayload.encoding, payloadBytes: payload?.length ?? 0 },
  }
}

/** `…/quarantine/<emit id>/redrive` */
const emitIdIn = ({ url = '' }: IncomingMessage): string => decodeURIComponentOrNothing(url.split('?')[0]!.split('/').at(-2) ?? '')

function decodeURIComponentOrNothing(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

const notFound = () => new ClarionError('not_found', 'There is no such record in quarantine.')
