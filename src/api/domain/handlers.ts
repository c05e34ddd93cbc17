/** The reference domain over HTTP: each call is a command, or a read, of the organization's shard of `run`. */

import type { Reads } from '../../analytics/read/reads.ts'
import type { Clock } from '../../clock.ts'
import type { DomainCalls } from '../../domain/calls.ts'
import { isCommandName } from '../../domain/commands.ts'
import type { DomainKind } from '../../domain/kinds.ts'
import { ClarionError } from '../../model/codes.ts'
import { type ListName, readCursor, writeCursor } from '../../model/cursors.ts'
import { planOf } from '../../model/plans.ts'
import { organizationOf, ownerOf } from '../http/caller.ts'
import { pagingOf } from '../http/paging.ts'
import type { Answer, Call, Handler } from '../http/route.ts'
import { createUsageInvoice } from './usage-invoice.ts'

/** An Avro int. No record comes to it, so that a greater one is no more right. */
const REVISION_MAX = 2 ** 31 - 1

/** The list of a kind, for cursors. */
const LISTS = {
  order: 'orders',
  resource: 'resources',
  cluster: 'clusters',
  invoice: 'invoices',
  usage_plan: 'usage-plans',
  alert_rule: 'alert-rules',
  instance: 'instances',
  deployment: 'deployments',
  health_check: 'health-checks',
  domain: 'domains',
  design: 'designs',
} as const satisfies Record<DomainKind, ListName>

interface Page {
  items: Array<{ id: string }>
  hasMore: boolean
}

export type DomainHandlers = ReturnType<typeof createDomainHandlers>

export function createDomainHandlers({
  domainCalls,
  ...deps
}: {
  domainCalls: DomainCalls
  reads: Pick<Reads, 'usageSummary'>
  clock: Clock
}) {
  function ask(
    call: Call,
    name: string,
    body: unknown,
    key = call.idempotencyKey,
  ): Promise<{ status: number; body: unknown }> {
    const { id = '', part = '' } = call.params
    const { plan } = organizationOf(call)
    return domainCalls.call({
      ...{ ...ownerOf(call), name, id, part, body: JSON.stringify(body ?? {}) },
      ...{ actorId: call.caller.actorId, requestId: call.requestId, recordsMax: planOf(plan).domainRecords },
      expectedRevision: call.expectedRevision === undefined ? null : Math.min(call.expectedRevision, REVISION_MAX),
      idempotencyKey: key ?? null,
    })
  }

  const change =
    (name: string): Handler =>
    async call => {
      if (!isCommandName(name)) throw new Error(`there is no command ${name}`)
      const { status, body } = await ask(call, name, call.body)
      return { status, data: body }
    }

  const get =
    (kind: DomainKind): Handler =>
    async call => ({ data: (await ask(call, `${kind}.get`, undefined)).body })

  /** `where`: parameters of the query or path that are fields of the record. */
  const list =
    (kind: DomainKind, where: (call: Call) => Record<string, unknown> = statusOf, parent?: DomainKind): Handler =>
    async (call): Promise<Answer> => {
      const { limit, cursor } = pagingOf(call.query)
      const before = (readCursor(LISTS[kind], cursor) as [string] | undefined)?.[0]
      const given = Object.entries(where(call)).filter(([, value]) => value !== undefined)
      const answer = await ask(call, `${kind}.list`, { limit, before, where: Object.fromEntries(given), parent })
      const { items, hasMore } = answer.body as Page
      const last = items.at(-1)
      return { data: items, nextCursor: hasMore && last ? writeCursor(LISTS[kind], [last.id]) : null }
    }

  /** A part of a design, by its address. */
  const partOf =
    (parts: 'exports' | 'shares', idField: string): Handler =>
    async call => {
      const design = (await ask(call, 'design.get', undefined)).body as Record<string, Array<Record<string, unknown>>>
      const found = design[parts]!.find(each => each[idField] === call.params.part)
      if (found === undefined) throw new ClarionError('not_found', `The design has no such ${idField}.`)
      return { data: { designId: call.params.id, ...found } }
    }

  const invoiceOfUsage = createUsageInvoice({
    ...deps,
    async create(call, given, key) {
      const { status, body } = await ask(call, 'invoice.create', given, key)
      return { status, data: body }
    },
  })

  return { change, get, list, partOf, invoiceOfUsage }
}

const statusOf = ({ query }: Call) => ({ status: query.status })
