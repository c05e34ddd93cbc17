/** The worked example: an order by a route that lowers a stock, and the workflow that reorders. Also with gates between the steps. */
import { readFileSync } from 'node:fs'

export interface Action {
  key: string
  type: string
  with: Record<string, unknown>
  then?: Action[]
  [member: string]: unknown
}

export interface Definition {
  language: 1
  actions: Action[]
}

export interface Example {
  definition: Definition
  [member: string]: unknown
}

const GATE = 'gate-'

export const ORDERS_ROUTE = example('orders.json')
export const REORDER_WORKFLOW = example('reorder.json')
export const ORDERS = ORDERS_ROUTE.definition
export const REORDER = REORDER_WORKFLOW.definition
export const THRESHOLD = 50

/** Emits the event again that has started it. */
export const AGAIN: Definition = {
  language: 1,
  actions: [{ key: 'again', type: 'create_event', with: { event: 'sku_reorder', params: { sku: '{{$param.sku}}' } } }],
}

/** The supplier is asked three times, one after the other. */
export const PERSISTENT: Definition = {
  ...REORDER,
  actions: REORDER.actions.map(action =>
    action.type === 'http_request' ? { ...action, retry: { attempts: 3, firstSeconds: 0.05 } } : action,
  ),
}

/** Orders that the supplier's gates know by `$body.order`, which their event takes along. */
export const GATED_ORDERS = gated(
  mapped(ORDERS, action => {
    if (action.type === 'respond') return { ...action, with: { ...action.with, continue: true } }
    if (action.type !== 'create_event') return action
    return { ...action, with: { ...action.with, params: { sku: '{{$body.sku.id}}', order: '{{$body.order}}' } } }
  }),
  '{{$body.order}}',
)
export const GATED_REORDER = gated(REORDER, '{{$param.order}}')

/** The keys of all gates of a definition, in the order in which a run comes to them. */
export function gatesOf({ actions }: Definition): string[] {
  return actions.flatMap(action => [
    ...(action.key.startsWith(GATE) ? [action.key] : []),
    ...gatesOf({ language: 1, actions: action.then ?? [] }),
  ])
}

function example(file: string): Example {
  return JSON.parse(readFileSync(new URL(`../../examples/workflows/${file}`, import.meta.url), 'utf8')) as Example
}

function mapped({ actions, ...rest }: Definition, change: (action: Action) => Action): Definition {
  const all = (list: Action[]): Action[] =>
    list.map(action => change(action.then === undefined ? action : { ...action, ...bodyOf(all(action.then)) }))
  return { ...rest, actions: all(actions) }
}

/** A request before and after each step, which the supplier answers when the demo lets it. */
function gated(definition: Definition, order: string): Definition {
  const around = (list: Action[], name: string): Action[] => [
    ...list.flatMap(action => [
      gate(`${name}${action.key}`, order),
      action.then === undefined ? action : { ...action, ...bodyOf(around(action.then, `in-${action.key}-`)) },
    ]),
    gate(`${name}end`, order),
  ]
  return { ...definition, actions: around(definition.actions, 'before-') }
}

function bodyOf(actions: Action[]): Pick<Action, 'then'> {
  // biome-ignore lint/suspicious/noThenProperty: the language's own field
  return { then: actions }
}

function gate(name: string, order: string): Action {
  const query = { order, at: `${GATE}${name}` }
  return {
    ...{ key: `${GATE}${name}`, type: 'http_request', timeoutMs: 240_000, retry: { attempts: 5, firstSeconds: 0.2 } },
    with: { method: 'POST', url: '{{$env.SUPPLIER_URL}}/gate', query },
  }
}
