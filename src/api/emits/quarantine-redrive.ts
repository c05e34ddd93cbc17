/**
 * `POST /quarantine/:id/redrive`: emits a quarantined record again, corrected or unchanged. The answer is that of an
 * emit.
 */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../clock.ts'
import type { IngressTags } from '../../events/ingress.ts'
import type { Logger } from '../../logger.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Ids } from '../../model/ids.ts'
import type { FindQuarantined } from '../../replay/quarantined-record.ts'
import type { Authenticate } from '../http/authenticate.ts'
import { BODY_BYTES_MAX } from '../http/body.ts'
import type { DirectHandler } from '../http/route.ts'
import type { AnswerEmit } from './answer.ts'
import { correctedEmit, readCorrection } from './corrected-emit.ts'
import { createResponder, enveloped } from './raw-response.ts'

export function createQuarantineRedrive(deps: {
  findQuarantined: FindQuarantined
  view: ControlView
  tags: IngressTags
  authenticate: Authenticate
  answerEmit: AnswerEmit
  ids: Ids
  clock: Clock
  logger: Logger
}): DirectHandler {
  const { view, tags, clock } = deps
  return createResponder(deps)(
    BODY_BYTES_MAX,
    async (by, body, request, requestId) => {
      const emitId = emitIdIn(request)
      const correction = readCorrection(body)
      const { id: organizationId } = by.organization
      const found = await deps.findQuarantined({ organizationId, environment: by.key.environment }, emitId)
      const schemas = view.list('registration', organizationId)
      const read = correctedEmit(found, correction, { schemas, tags, nowMs: clock.nowMs() })
      const answer = await deps.answerEmit(by, read, { requestId, async: false, redriveOf: emitId })
      return { ...answer, json: enveloped(answer, requestId) }
    },
    { bodyOptional: true },
  )
}

/** `…/quarantine/<emit id>/redrive` */
const emitIdIn = ({ url = '' }: IncomingMessage): string =>
  decodeURIComponentOrNothing(url.split('?')[0]!.split('/').at(-2) ?? '')

function decodeURIComponentOrNothing(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
