/** The actions `create_invoice` and `scale_cluster`: changes of the reference domain, in the transaction of the run. */

import type { CommandName } from '../../../src/domain/commands.ts'
import { CHAIN_DEPTH_MAX, pathThrough } from '../../../src/events/chain.ts'
import { ClarionError, CODES } from '../../../src/model/codes.ts'
import type { RunFacts } from '../../../topics/run-journal.ts'
import type { ShardDomain } from '../domain/domain.ts'
import { failed, type InwardCall, type StepAnswer } from './step.ts'

interface InvoiceInput {
  customerId: string
  currency: string
  dueDays?: number
  lines: Array<{ sku?: string; description?: string; quantity: unknown; unitPrice: unknown }>
}

export function createInvoiceStep(call: InwardCall, domain: Pick<ShardDomain, 'changeBy'>): StepAnswer {
  const { customerId: customer_id, currency, dueDays, lines } = call.effect.with as InvoiceInput
  const body = {
    ...{ customer_id, currency, due_days: dueDays },
    lines: lines.map(({ sku, description, quantity, unitPrice }) => ({
      ...{ sku, description, quantity: decimal(quantity), unit_price: decimal(unitPrice) },
    })),
  }
  return changed(call, domain, { name: 'invoice.create', id: '', body }, answer => {
    const { id: invoiceId, number, total, total_cents: totalCents } = answer
    return { invoiceId, number, total, totalCents }
  })
}

interface ScaleInput {
  clusterId: string
  nodeCount?: number
  delta?: number
  max?: number
}

/** `current`: the number that it scales to. */
export function scaleClusterStep(call: InwardCall, domain: Pick<ShardDomain, 'changeBy'>): StepAnswer {
  const { clusterId: id, nodeCount: node_count, delta, max } = call.effect.with as ScaleInput
  return changed(call, domain, { name: 'cluster.scale', id, body: { node_count, delta, max } }, answer => {
    const { previous, target: current, changed: hasChanged, name } = answer
    return { previous, current, changed: hasChanged, name }
  })
}

function changed(
  { live: { facts }, effect, stepId }: InwardCall,
  domain: Pick<ShardDomain, 'changeBy'>,
  { name, id, body }: { name: CommandName; id: string; body: object },
  outputOf: (answer: Record<string, unknown>) => unknown,
): StepAnswer {
  const cause = causeOf(facts)
  if (cause.depth > CHAIN_DEPTH_MAX) return failed('chain_depth_exceeded', CODES.chain_depth_exceeded.meaning)
  const { organizationId, environment, workflowId: actorId } = facts
  const given = { id, part: '', body, expectedRevision: undefined }
  const seed = `${stepId}/${effect.attempt}`
  try {
    const answer = domain.changeBy({ owner: { organizationId, environment }, name, given, actorId, seed, cause })
    return { output: outputOf(answer as Record<string, unknown>) }
  } catch (error) {
    if (!(error instanceof ClarionError)) throw error
    return failed(error.code, error.message, { isTransient: CODES[error.code].retryable })
  }
}

function causeOf({ eventId, rootEventId, correlationId, traceparent, depth, path, workflowId }: RunFacts) {
  return {
    ...{ causationId: eventId, rootEventId, correlationId, traceparent },
    ...{ depth: depth + 1, path: pathThrough(path, workflowId) },
  }
}

/** A number whose digits a double cannot carry keeps them. */
const decimal = (value: unknown): number | string =>
  typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value)
