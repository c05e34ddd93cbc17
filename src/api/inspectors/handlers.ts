/** Inspectors as resources, and what they got. See docs/specification/inspectors.md. */
import { PassThrough } from 'node:stream'
import type { InspectedRequest } from '../../../topics/inspectors-requests.ts'
import type { Clock, Timer } from '../../clock.ts'
import { getInspector, type InspectorSettings, type Inspectors } from '../../control-plane/inspectors/inspectors.ts'
import type { KeptRequests } from '../../inspectors/kept-requests.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import { INSPECTOR_PREFIX, type Inspector, isExpired } from '../../model/inspectors.ts'
import { baseOf } from '../http/call-origin.ts'
import { ownerOf, seesPayloads } from '../http/caller.ts'
import { pageAnswer } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'

const BEAT_MS = 5_000
const RETRY_MS = 1_000
const UNSENT_BYTES_MAX = 2 * 1024 * 1024
const STREAMS_MAX = 20

interface Open {
  organizationId: string
  out: PassThrough
  isValid(): boolean
}

export function createInspectorHandlers(deps: {
  inspectors: Inspectors
  kept: KeptRequests
  view: ControlView
  clock: Clock
}) {
  const { inspectors, kept, view, clock } = deps
  const open = new Set<Open>()
  let timer: Timer | undefined

  const found = (call: Call): Inspector => getInspector(view, ownerOf(call), call.params.id!, clock.nowMs())

  function present({ organizationId: _org, token, ...inspector }: Inspector, call: Call) {
    const url = `${baseOf(call.headers)}${INSPECTOR_PREFIX}${token}`
    return { ...inspector, url, received: kept.received(inspector.id) }
  }

  /** A comment keeps proxies from closing it; a session that has ended takes its streams with it. */
  function beat(): void {
    for (const { out, isValid } of open)
      if (isValid()) out.write(':\n\n')
      else out.end()
    timer = open.size > 0 ? clock.after(BEAT_MS, beat) : undefined
  }

  function stream(call: Call, inspector: Inspector): Answer {
    const { organizationId } = inspector
    if ([...open].filter(each => each.organizationId === organizationId).length >= STREAMS_MAX)
      throw new ClarionError(
        'stream_limit_exceeded',
        `An organization may watch inspectors ${STREAMS_MAX} times in a process.`,
      )
    const isShown = seesPayloads(call)
    const isAlive = () => view.find('inspector', organizationId, inspector.id) !== undefined
    const isHolder = () => call.principal?.session?.isValid() ?? true
    const out = new PassThrough()
    const one: Open = { organizationId, out, isValid: () => isAlive() && isHolder() }
    const write = (request: InspectedRequest) => {
      out.write(`id: ${request.id}\nevent: request\ndata: ${JSON.stringify(presentRequest(request, isShown))}\n\n`)
      // The reader comes back and reads the list.
      if (out.writableLength + out.readableLength > UNSENT_BYTES_MAX) out.destroy()
    }
    open.add(one)
    timer ??= clock.after(BEAT_MS, beat)
    out.write(`retry: ${RETRY_MS}\n\n`)
    for (const request of missed(kept.newest(inspector.id), call.headers['last-event-id'])) write(request)
    const unfollow = kept.follow(inspector.id, write)
    out.once('close', () => {
      unfollow()
      open.delete(one)
    })
    return { stream: { contentType: 'text/event-stream; charset=utf-8', body: out } }
  }

  return {
    async create(call: Call): Promise<Answer> {
      return { data: present(await inspectors.create(ownerOf(call), call.body as InspectorSettings), call) }
    },
    list(call: Call): Answer {
      const { organizationId, environment } = ownerOf(call)
      const nowMs = clock.nowMs()
      const all = view
        .list('inspector', organizationId)
        .filter(each => each.environment === environment && !isExpired(each, nowMs))
      return pageAnswer('inspectors', all, call.query, each => present(each, call))
    },
    get: (call: Call): Answer => ({ data: present(found(call), call) }),
    async patch(call: Call): Promise<Answer> {
      const patch = call.body as InspectorSettings
      const { id } = call.params
      return { data: present(await inspectors.patch(ownerOf(call), id!, patch, call.expectedRevision), call) }
    },
    async delete(call: Call): Promise<Answer> {
      const id = call.params.id!
      await inspectors.delete(ownerOf(call), id, call.expectedRevision)
      return { data: { id, deleted: true } }
    },
    requests(call: Call): Answer {
      const inspector = found(call)
      if (/\btext\/event-stream\b/i.test(call.headers.accept ?? '')) return stream(call, inspector)
      const isShown = seesPayloads(call)
      return { data: kept.newest(inspector.id).map(request => presentRequest(request, isShown)) }
    },
    /** Ends all streams, before the process stops listening. */
    drain(): void {
      timer?.cancel()
      for (const { out } of open) out.end()
    },
  }
}

/** Oldest first: those after the one that the reader has; without one, none but the new ones. */
function missed(newest: readonly InspectedRequest[], lastId: unknown): InspectedRequest[] {
  const at = typeof lastId === 'string' ? newest.findIndex(({ id }) => id === lastId) : -1
  return at < 0 ? [] : newest.slice(0, at).reverse()
}

function presentRequest(
  { receivedAtMs, headers, body, process: _, messageId: __, ...request }: InspectedRequest,
  isShown: boolean,
) {
  const { id, ...facts } = request
  const shown = JSON.parse(headers) as Record<string, string>
  const receivedAt = new Date(receivedAtMs).toISOString()
  if (isShown) return { id, receivedAt, ...facts, headers: shown, body: body.toString('utf8') }
  const names = Object.fromEntries(Object.keys(shown).map(name => [name, '']))
  return { id, receivedAt, ...facts, headers: names, withheld: true }
}
