/** What must hold of runs, of the queue behind them and of the reference domain. */
import type { AnalyticsClient } from '../src/analytics/client.ts'
import type { Findings } from './findings.ts'
import { type HistoryStats, proveHistories } from './prove-histories.ts'
import type { Work } from './work.ts'
import type { World } from './world.ts'

interface LoggedEvent {
  id: string
  type: string
  subject: string | null
  sequence: number
  /** Of a generic event: its kind, and its own data. */
  data: { kind?: string; data?: { n?: number } }
}

interface RunEnd {
  runId: string
  eventId: string
  status: string
}

interface Invoice {
  id: string
  number: number
}

export interface WorkEvidence {
  world: World
  work: Work
  analytics: AnalyticsClient
}

/** Whether everything has come to its end: every run has, and every event of theirs was acked. */
export async function isWorkDone({ world, work, analytics }: WorkEvidence): Promise<boolean> {
  const log = await logOf(world, work.apiKey)
  const { started, made } = byKind(log)
  const ends = await endsOf(analytics, work)
  const ofHistories = byKind(log).history
  return (
    ends.length >= started.length &&
    made.every(({ id }) => work.consumed.acked.has(id)) &&
    ofHistories.every(({ id }) => work.histories.ackedMs.has(id))
  )
}

export async function proveWork(findings: Findings, evidence: WorkEvidence): Promise<void> {
  const { world, work, analytics } = evidence
  const log = await logOf(world, work.apiKey)
  const ends = await endsOf(analytics, work)
  proveRuns(findings, work, log, ends)
  proveQueue(findings, work, log)
  await proveTables(findings, world, work, log)
  const path = `/api/v1/queues/${work.histories.queueId}/stats`
  const stats = await world.surely<HistoryStats>(work.apiKey, 'GET', path)
  proveHistories(findings, work.histories, byKind(log).history, stats)
  await proveDomain(findings, world, work, log)
}

function proveRuns(findings: Findings, { emitted, supplier, workflowId }: Work, log: LoggedEvent[], ends: RunEnd[]) {
  const { started, made } = byKind(log)
  const numbers = new Set(started.map(numberOf))
  for (const number of emitted)
    findings.check('events that start runs are in the log once acknowledged', numbers.has(number), () => `${number}`)
  const endsOfEvent = Map.groupBy(ends, ({ eventId }) => eventId)
  const madeOf = Map.groupBy(made, numberOf)
  for (const event of started) {
    const of = endsOfEvent.get(event.id) ?? []
    const count = () => `${workflowId}, ${event.id}: ${of.map(({ runId, status }) => `${runId} ${status}`).join(', ')}`
    findings.check('each event has started one run, which has ended', of.length === 1, count)
    findings.check(
      'runs have succeeded',
      of.every(({ status }) => status === 'succeeded'),
      count,
    )
    const emits = madeOf.get(numberOf(event)) ?? []
    findings.check('each run has emitted its event once', emits.length === 1, () => `${event.id}: ${emits.length}`)
  }
  findings.check('no run has emitted what nobody started', made.length <= started.length, () => `${made.length}`)
  const runs = new Set(ends.map(({ runId }) => runId))
  for (const key of supplier.answered.keys()) {
    const [runId, step] = key.split('/') as [string, string]
    findings.check('requests of steps carry the key of one step', runs.has(runId) && step === 'ask', () => key)
  }
  findings.check('every run has asked', supplier.answered.size === ends.length, () => `${supplier.answered.size}`)
}

function proveQueue(findings: Findings, { consumed }: Work, log: LoggedEvent[]): void {
  const { made } = byKind(log)
  const ids = new Set(made.map(({ id }) => id))
  for (const { id } of made)
    findings.check('each event of a queue was handed out and acked', consumed.acked.has(id), () => id)
  for (const id of consumed.received.keys())
    findings.check('a queue hands out what it selects alone', ids.has(id), () => id)
  findings.check('nothing comes again after its ack was answered', consumed.afterAck.length === 0, () => consumed.afterAck.slice(0, 3).join(', ')) // biome-ignore format: one thought
}

interface Taken {
  n: number
  twice: number | null
}

/** Changes of tables happen once for each step, whatever was repeated. */
async function proveTables(findings: Findings, world: World, { apiKey, stock }: Work, log: LoggedEvent[]) {
  const started = byKind(log).started.map(numberOf)
  const rowsOf = <T>(table: string) => listed<T>(world, apiKey, `/api/v1/tables/${table}/rows`)
  const [row] = await rowsOf<{ quantity: number }>('stock')
  const left = stock - started.length
  findings.check('the stock is less by one for each run', row?.quantity === left, () => `${row?.quantity}, not ${left}`)
  const taken = await rowsOf<Taken>('taken')
  const rows = Map.groupBy(taken, ({ n }) => n)
  for (const n of started)
    findings.check('each run has noted its number once', rows.get(n!)?.length === 1, () => `${n}: ${rows.get(n!)?.length}`) // biome-ignore format: one thought
  findings.check('no row is of no run', taken.length <= started.length, () => `${taken.length}`)
  for (const { n, twice } of taken)
    findings.check('code answers what it computes, or fails', twice === 2 * n || twice === null, () => `${n}: ${twice}`)
}

async function proveDomain(findings: Findings, world: World, work: Work, log: LoggedEvent[]): Promise<void> {
  const { apiKey } = work
  const invoices = await listed<Invoice>(world, apiKey, '/api/v1/invoices')
  const numbers = invoices.map(({ number }) => number).sort((a, b) => a - b)
  findings.check('invoices have dense numbers', numbers.every((number, at) => number === at + 1), () => `${numbers.slice(0, 9)}…`) // biome-ignore format: one thought
  const ids = new Set(invoices.map(({ id }) => id))
  for (const [key, id] of work.invoices) findings.check('acknowledged invoices are there', ids.has(id), () => key)
  const orders = await listed<{ id: string; status: string }>(world, apiKey, '/api/v1/orders')
  const statuses = new Map(orders.map(({ id, status }) => [id, status]))
  for (const [key, id] of work.orders)
    findings.check('acknowledged orders are provisioned', statuses.get(id) === 'provisioned', () => `${key}: ${statuses.get(id)}`) // biome-ignore format: one thought
  const counts = Map.groupBy(log, ({ type }) => type)
  const expected = {
    'invoice.generated': invoices.length,
    'order.created': orders.length,
    'order.provisioned': orders.length,
    'resource.created': orders.length,
  }
  for (const [type, count] of Object.entries(expected))
    findings.check('each transition is announced once', counts.get(type)?.length === count, () => `${type}: ${counts.get(type)?.length}, not ${count}`) // biome-ignore format: one thought
}

const numberOf = ({ data }: LoggedEvent): number | undefined => data.data?.n

function byKind(log: LoggedEvent[]) {
  const of = (kind: string) => log.filter(({ data }) => data.kind === kind)
  return { started: of('work'), made: of('done'), history: of('history') }
}

async function endsOf(analytics: AnalyticsClient, { id, workflowId }: Work): Promise<RunEnd[]> {
  return analytics.query<RunEnd>(ENDS, { organizationId: id, workflowId })
}

const ENDS = `SELECT runId, eventId, status FROM runs
  WHERE organizationId = {organizationId:String} AND workflowId = {workflowId:String} AND step = 1`

const PAGE = 1_000

async function logOf(world: World, apiKey: string): Promise<LoggedEvent[]> {
  return paged<LoggedEvent>(world, apiKey, `/api/v1/events?types=*&limit=${PAGE}`, 'from=earliest', true)
}

const listed = <T>(world: World, apiKey: string, path: string): Promise<T[]> =>
  paged<T>(world, apiKey, `${path}?limit=100`, '', false)

/** The log has a cursor at its end too. */
async function paged<T>(world: World, apiKey: string, path: string, first: string, isLog: boolean): Promise<T[]> {
  const found: T[] = []
  for (let at = first; ; ) {
    const answer = await world.call(apiKey, 'GET', at === '' ? path : `${path}&${at}`)
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status}`)
    const items = answer.body.data as T[]
    found.push(...items)
    const cursor = (answer.body as { meta?: { nextCursor?: string | null } }).meta?.nextCursor
    if (!cursor || (isLog && items.length === 0)) return found
    at = `cursor=${encodeURIComponent(cursor)}`
  }
}
