/**
 * A workflow's definition: what a run does, as data. `docs/workflows.md` describes every action.
 *
 *     { "language": 1, "actions": [ { "key": "left", "type": "sql_query", "with": { … } }, … ], "onError": [ … ] }
 *
 * A string of `with` may contain templates (`{{$body.sku}}`), so a field that is not a string is `Templated` where its
 * value may come from a template.
 */
import type { ConditionGroup } from '../../model/conditions.ts'

/** The one version of the language. A new meaning of a definition gets a new number, never a change of this one. */
export const LANGUAGE = 1

export const DEFINITION_LIMITS = {
  bytes: 65_536,
  actions: 100,
  /** Bodies within bodies; an action that is in none is at level 0. */
  nesting: 5,
  keyCharacters: 64,
  nameCharacters: 100,
  timeoutMs: 3_600_000,
} as const

/** Lower-case letters and digits, in words joined by one hyphen. */
export const KEY_PATTERN = /^[a-z0-9]+(?:-[a-z0-9]+)*$/

export interface Definition {
  language: typeof LANGUAGE
  actions: Action[]
  /** Runs after an error that nothing caught; reads it as `$run.error`. */
  onError: Action[]
}

export type Action =
  | CreateEvent
  | SqlQuery
  | HttpRequest
  | SendEmail
  | SendNotification
  | SendWebhook
  | CreateInvoice
  | TableInsert
  | TableUpdate
  | TableGet
  | TableDelete
  | ScaleCluster
  | Condition
  | Switch
  | LoopData
  | LoopWhile
  | SetVariable
  | Transform
  | CustomCode
  | CallWorkflow
  | Delay
  | Respond
  | Stop
  | Fail

export type ActionType = Action['type']
export type ActionOf<T extends ActionType> = Extract<Action, { type: T }>

/** A literal, or a string with a template that yields it. */
export type Templated<T> = T | string

interface ActionBase<T extends string, W> {
  /** Unique in the definition; others read its output as `$action['key']`. */
  key: string
  type: T
  name?: string
  with: W
  retry?: Retry
  /** One attempt's time; 30 s unless set. */
  timeoutMs?: number
  onError?: OnError
  /** Skipped, with its bodies. */
  disabled?: boolean
  /** Its output may be read where it may not have run: it is null there, and no warning follows. */
  optional?: boolean
}

export interface Retry {
  /** In all, 1 to 5. */
  attempts?: number
  firstSeconds?: number
  factor?: number
  maxSeconds?: number
}

/** After the last attempt: end the run, go on, or go on after a branch. */
export type OnError = 'fail' | 'continue' | { branch: Action[] }

export type CreateEvent = ActionBase<
  'create_event',
  {
    event: string
    version?: string
    params?: Record<string, unknown>
    idempotencyKey?: string
    delaySeconds?: Templated<number>
  }
>

export type SqlQuery = ActionBase<
  'sql_query',
  { connection?: string; sql: string; mode?: 'read' | 'write'; timeoutMs?: number; maxRows?: number }
>

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD'

export type HttpRequest = ActionBase<
  'http_request',
  {
    method?: HttpMethod
    url: string
    query?: Record<string, unknown>
    headers?: Record<string, string>
    body?: unknown
    /** `secret` names a secret of the organization, or is a template of one. */
    auth?: { type: 'bearer' | 'basic' | 'header'; secret: string; name?: string }
    failOnStatus?: false | number[]
  }
>

export type SendEmail = ActionBase<
  'send_email',
  {
    to: Templated<string[]>
    cc?: Templated<string[]>
    subject?: string
    html?: string
    text?: string
    template?: string
    variables?: Record<string, unknown>
  }
>

export type SendNotification = ActionBase<
  'send_notification',
  {
    channel: string
    title?: string
    message: string
    severity?: 'info' | 'warning' | 'critical'
    dedupeKey?: string
  }
>

export type SendWebhook = ActionBase<'send_webhook', { webhookId: string; payload: unknown }>

export type CreateInvoice = ActionBase<
  'create_invoice',
  {
    customerId: string
    lines: Templated<
      Array<{
        sku?: string
        description?: string
        quantity: Templated<number>
        unitPrice: Templated<number>
      }>
    >
    currency: string
    dueDays?: Templated<number>
  }
>

export type Row = Record<string, unknown>

export type TableInsert = ActionBase<'table_insert', { table: string; values: Templated<Row | Row[]> }>
export type TableUpdate = ActionBase<
  'table_update',
  {
    table: string
    where: Row
    set?: Row
    increment?: Record<string, Templated<number>>
    min?: Templated<number>
  }
>
export type TableGet = ActionBase<
  'table_get',
  { table: string; where?: Row; orderBy?: string | string[]; limit?: Templated<number> }
>
export type TableDelete = ActionBase<'table_delete', { table: string; where: Row }>

export type ScaleCluster = ActionBase<
  'scale_cluster',
  { clusterId: string; nodeCount?: Templated<number>; delta?: Templated<number>; max?: Templated<number> }
>

/** Paths of the conditions begin at a scope (`$action['left'].first.quantity`); operands may be templates. */
export type Condition = ActionBase<'condition', ConditionGroup> & { then: Action[]; else: Action[] }

export type Switch = ActionBase<'switch', { value: unknown }> & { cases: Case[]; default: Action[] }
export interface Case {
  value: unknown
  do: Action[]
}

export type LoopData = ActionBase<
  'loop_data',
  {
    items: Templated<unknown[]>
    maxIterations?: number
    concurrency?: number
    continueOnError?: boolean
    keepOutputs?: boolean
  }
> & { do: Action[] }
export type LoopWhile = ActionBase<'loop_while', { condition: ConditionGroup; maxIterations?: number }> & {
  do: Action[]
}

export type SetVariable = ActionBase<'set_variable', { value: unknown }>
export type Transform = ActionBase<'transform', { template: unknown }>
export type CustomCode = ActionBase<
  'custom_code',
  { code: string; input?: unknown; timeoutMs?: number; memoryMb?: number }
>
export type CallWorkflow = ActionBase<
  'call_workflow',
  { workflowId: string; params?: Record<string, unknown>; wait?: boolean }
>
export type Delay = ActionBase<'delay', { seconds?: Templated<number>; until?: string }>
export type Respond = ActionBase<
  'respond',
  { status?: Templated<number>; headers?: Record<string, string>; body?: unknown; continue?: boolean }
>
export type Stop = ActionBase<'stop', { reason?: string }>
export type Fail = ActionBase<'fail', { reason: string }>

/** A body: the actions that another one runs. */
export interface Body {
  /** Its member of the action, as in a JSON pointer: `then`, `cases/0/do`, `onError/branch`. */
  at: string
  actions: Action[]
}

/** The bodies of an action, in the order of its members. */
export function bodiesOf(action: Action): Body[] {
  const bodies = ownBodies(action)
  return typeof action.onError === 'object'
    ? [...bodies, { at: 'onError/branch', actions: action.onError.branch }]
    : bodies
}

function ownBodies(action: Action): Body[] {
  switch (action.type) {
    case 'condition':
      return [
        { at: 'then', actions: action.then },
        { at: 'else', actions: action.else },
      ]
    case 'switch':
      return [
        ...action.cases.map((each, index) => ({ at: `cases/${index}/do`, actions: each.do })),
        { at: 'default', actions: action.default },
      ]
    case 'loop_data':
    case 'loop_while':
      return [{ at: 'do', actions: action.do }]
    default:
      return []
  }
}

/** Every action of a definition with its JSON pointer, outer ones first. */
export function* eachAction(definition: Definition): Generator<{ action: Action; path: string }> {
  yield* eachOf(definition.actions, '/actions')
  yield* eachOf(definition.onError, '/onError')
}

function* eachOf(actions: readonly Action[], at: string): Generator<{ action: Action; path: string }> {
  for (const [index, action] of actions.entries()) {
    const path = `${at}/${index}`
    yield { action, path }
    for (const body of bodiesOf(action)) yield* eachOf(body.actions, `${path}/${body.at}`)
  }
}

/** The key that a name gives: lower case, with runs of other characters as one hyphen. */
export const keyOf = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, DEFINITION_LIMITS.keyCharacters)
    .replace(/^-|-$/g, '')
