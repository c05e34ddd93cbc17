/** A server with the built console and recorded answers, so that a screen can be shown in every state. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createBuildFiles } from '../../../src/api/console/build-files.ts'
import { serveConsole } from '../../../src/api/console/serve-console.ts'
import { createSystemClock } from '../../../src/clock.ts'
import * as answers from './answers.ts'
import * as automate from './automate-answers.ts'
import * as looks from './look-answers.ts'
import * as more from './more-answers.ts'

/** `failed`: every list and page answers 500; `forbidden`: 403 `insufficient_scope`; `empty`: lists have no rows; `many`: the log has 100,000. */
export type Mode = 'content' | 'empty' | 'failed' | 'forbidden' | 'many'

export interface RecordedPlatform {
  base: string
  /** Calls of the API since it was last emptied, `GET /webhooks`. */
  calls: string[]
  mode: Mode
  session: object | null
  close(): Promise<void>
}

const LISTS: Array<[RegExp, unknown]> = [
  [/^\/events\/custom\/emits$/, answers.emits],
  [/^\/events\/custom\/quarantine$/, [more.quarantined]],
  [/^\/events\/custom\/federation\/groups$/, more.groups],
  [/^\/events\/custom\/federation\/invitations$/, []],
  [/^\/events\/custom\/federation\/groups\/[^/]+\/members$/, more.members],
  [/^\/events\/custom\/federation\/groups\/[^/]+\/pushes$/, more.pushes],
  [/^\/events\/custom\/marketplace\/forks$/, automate.forks],
  [/^\/events\/custom\/marketplace$/, automate.listings],
  [/^\/queues$/, automate.queues],
  [/^\/queues\/[^/]+\/dead$/, automate.queueDead],
  [/^\/queues\/[^/]+\/peek$/, automate.peeked],
  [/^\/workflows\/runs$/, automate.runs],
  [/^\/workflows\/[^/]+\/runs$/, automate.runs],
  [/^\/workflows\/[^/]+\/versions$/, automate.workflowVersions],
  [/^\/workflows$/, [automate.workflow]],
  [/^\/drift\/findings$/, automate.findings],
  [/^\/events\/custom$/, more.registrations],
  [/^\/webhooks$/, answers.webhooks],
  [/^\/webhooks\/[^/]+\/deliveries$/, answers.deliveries.filter(({ webhookId }) => webhookId === answers.BILLING)],
  [/^\/webhooks\/deliveries$/, answers.deliveries.filter(({ webhookId }) => webhookId === answers.BILLING)],
  [/^\/webhooks\/dead-letters$/, answers.deliveries.filter(({ status }) => status === 'failed')],
  [/^\/replays$/, [more.replay]],
  [/^\/inspectors$/, [answers.inspector]],
  [/^\/inspectors\/[^/]+\/requests$/, answers.inspectorRequests],
  [/^\/usage\/timeseries$/, more.timeseries],
  [/^\/keys$/, more.keys],
  [/^\/kafka-credentials$/, more.kafkaUsers],
  [/^\/audit$/, more.audit],
  [/^\/notifications$/, more.notices],
  [/^\/notifications\/channels$/, more.channels],
  [/^\/organizations$/, more.organizations],
]
const OBJECTS: Array<[RegExp, unknown]> = [
  [/^\/webhooks\/[^/]+\/stats$/, looks.stats],
  [/^\/webhooks\/dead-letters\/redrive$/, looks.redrivePreview],
  [/^\/events\/custom\/marketplace\/[^/]+$/, automate.listing],
  [/^\/queues\/[^/]+\/stats$/, automate.queueStats],
  [/^\/queues\/[^/]+$/, automate.queues[0]],
  [/^\/workflows\/runs\/[^/]+$/, automate.run],
  [/^\/workflows\/[^/]+$/, automate.workflow],
  [/^\/drift\/findings\/[^/]+$/, automate.findings[0]],
  [/^\/drift\/summary$/, automate.driftSummary],
  [/^\/events\/[^/]+\/why$/, looks.why],
  [/^\/events\/[^/]+\/lineage$/, looks.lineage],
  [/^\/events\/custom\/emit$/, looks.preview],
  [/^\/events\/custom\/dry-run$/, looks.verdict],
  [/^\/events\/custom\/compare$/, looks.compared],
  [/^\/platform\/status$/, looks.platform],
  [/^\/organizations\/usage$/, looks.loads],
  [/^\/organizations\/[^/]+\/load$/, looks.load],
  [/^\/events\/custom\/emits\/[^/]+$/, answers.emits.at(-1)],
  [/^\/events\/custom\/quarantine\/[^/]+$/, more.quarantined],
  [
    /^\/events\/custom\/[^/]+\/types$/,
    { language: 'typescript', schemaHash: '', code: 'export interface OrderPaid {}' },
  ],
  [/^\/webhooks\/deliveries\/[^/]+$/, answers.deliveryInFull],
  [/^\/webhooks\/[^/]+$/, answers.webhooks[1]],
  [/^\/replays\/[^/]+$/, more.replay],
  [/^\/inspectors\/[^/]+$/, answers.inspector],
  [/^\/usage\/summary$/, more.summary],
  [/^\/organizations\/[^/]+$/, more.organizations[0]],
  [/^\/ledger$/, more.ledger],
]

export async function openRecordedPlatform(dist: string): Promise<RecordedPlatform> {
  const state: Pick<RecordedPlatform, 'calls' | 'mode' | 'session'> = {
    calls: [],
    mode: 'content',
    session: answers.session,
  }
  const clock = createSystemClock({ offsetMs: 0 })
  const server = createServer(
    serveConsole({
      state: createBuildFiles({ directory: dist, clock }),
      onAnswer: () => {},
      nowMs: () => 0,
      api: (request, response) => answer(state, request, response),
    }),
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(state, {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>(resolve => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  })
}

function answer(
  state: Pick<RecordedPlatform, 'calls' | 'mode' | 'session'>,
  request: IncomingMessage,
  response: ServerResponse,
): unknown {
  const path = (request.url ?? '').split('?')[0]!.replace(/^\/api\/v1/, '')
  state.calls.push(`${request.method} ${path}`)
  const send = (status: number, body: string): unknown =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  const good = (data: string) =>
    send(200, `{"success":true,"data":${data},"meta":{"requestId":"req_1","nextCursor":null}}`)
  const bad = (status: number, code: string) =>
    send(status, JSON.stringify({ success: false, error: { code, message: `It is ${code}.`, requestId: 'req_2' } }))
  if (path === '/sessions/current')
    return state.session === null ? bad(404, 'not_found') : good(JSON.stringify(state.session))
  if (path === '/sessions' || path === '/sessions/act-as') {
    if (path === '/sessions') state.session = answers.session
    else state.session = request.method === 'POST' ? answers.insideSession : answers.operatorSession
    return good(JSON.stringify(state.session))
  }
  if (path === '/events/stream') return stream(response)
  if (state.mode === 'failed') return bad(500, 'internal_error')
  if (state.mode === 'forbidden') return bad(403, 'insufficient_scope')
  if (state.mode === 'many' && path === '/events/custom/emits') return good(answers.manyEmits())
  const list = LISTS.find(([pattern]) => pattern.test(path))
  if (list !== undefined) return good(state.mode === 'empty' ? '[]' : JSON.stringify(list[1]))
  const found = OBJECTS.find(([pattern]) => pattern.test(path))
  if (found !== undefined) return good(JSON.stringify(found[1]))
  if (/^\/events\/evt_[^/]+$/.test(path)) return good(answers.eventText)
  return bad(404, 'not_found')
}

function stream(response: ServerResponse): unknown {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const event = {
    ...{ id: answers.IDS.event, type: 'northwind.order.paid', sequence: 58, subject: 'order-57' },
    ...{ recordedAt: '2026-12-01T05:08:31.828Z', data: { total: 1 } },
  }
  return response.write(
    `id: c1\nevent: ready\ndata: {"cursor":"c1"}\n\nid: c2\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`,
  )
}
