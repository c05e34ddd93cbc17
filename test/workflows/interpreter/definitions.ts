/** Random definitions that deploy accepts: what it finds fault with is replaced by a reference that is always there. */
import fc from 'fast-check'
import { checkDefinition } from '../../../src/workflows/language/check-definition.ts'
import { PERMISSIVE_CONTEXT } from '../../../src/workflows/language/deploy-context.ts'

type Node = Record<string, unknown> & { type: string }

/** References name actions by number; they become keys when all actions are counted. */
const reference = fc.oneof(
  { weight: 2, arbitrary: fc.constant('{{$param.n}}') },
  { weight: 6, arbitrary: fc.nat(11).map(n => `{{$action['k${n}']}}`) },
  { weight: 2, arbitrary: fc.nat(11).map(n => `{{$var['k${n}']}}`) },
  { weight: 1, arbitrary: fc.nat(11).map(n => `{{$var['k${n}'] | default: 7}}`) },
  { weight: 1, arbitrary: fc.nat(11).map(n => `{{$action['k${n}'] | default: 0}}`) },
)
const value = fc.oneof(reference, fc.record({ a: reference, b: reference }), fc.nat(3))
const operand = fc.record({
  path: fc.oneof(
    fc.constant('$param.n'),
    fc.nat(11).map(n => `$action['k${n}'].value`),
  ),
  operator: fc.constantFrom('equals', 'gte', 'exists', 'not_exists'),
  value: fc.nat(3),
})
const conditions = operand.map(({ path, operator, value }) => ({
  any: [{ path, operator, ...(operator.endsWith('exists') ? {} : { value }) }],
}))

const effect = fc
  .record({
    type: fc.constantFrom(
      'http_request',
      'table_insert',
      'table_get',
      'create_event',
      'send_notification',
      'custom_code',
    ),
    value,
    retry: fc.option(fc.record({ attempts: fc.integer({ min: 1, max: 3 }), firstSeconds: fc.nat(20) }), {
      nil: undefined,
    }),
  })
  .map(({ type, value, retry }): Node => ({ type, with: withOf(type, value), ...(retry ? { retry } : {}) }))

function withOf(type: string, value: unknown): unknown {
  switch (type) {
    case 'http_request':
      return { url: 'https://a.test/', body: value }
    case 'table_insert':
      return { table: 't', values: { a: value } }
    case 'table_get':
      return { table: 't', where: { a: value } }
    case 'create_event':
      return { event: 'e', params: { a: value } }
    case 'send_notification':
      return { channel: 'c', message: `m ${typeof value === 'string' ? value : '{{$param.n}}'}` }
    default:
      return { code: 'return 1', input: value }
  }
}

const simple = fc.oneof(
  { weight: 5, arbitrary: effect },
  { weight: 2, arbitrary: value.map((each): Node => ({ type: 'set_variable', with: { value: each } })) },
  { weight: 2, arbitrary: value.map((each): Node => ({ type: 'transform', with: { template: each } })) },
  { weight: 1, arbitrary: fc.nat(100).map((seconds): Node => ({ type: 'delay', with: { seconds } })) },
  { weight: 1, arbitrary: fc.constantFrom<Node>({ type: 'stop', with: {} }, { type: 'fail', with: { reason: 'no' } }) },
)

const { body } = fc.letrec<{ body: Node[]; action: Node; own: Node }>(tie => ({
  body: fc.array(tie('action'), { minLength: 1, maxLength: 4, depthIdentifier: 'body' }),
  own: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'body', depthSize: 'small' },
    { weight: 5, arbitrary: simple },
    {
      weight: 2,
      arbitrary: fc.record({ conditions, yes: tie('body'), no: tie('body') }).map((each): Node => {
        const { conditions: group, yes, no } = each as { conditions: unknown; yes: Node[]; no: Node[] }
        // biome-ignore lint/suspicious/noThenProperty: the language's own field
        return { type: 'condition', with: group, then: yes, else: no }
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ value: reference, one: tie('body'), other: tie('body') }).map(
        (each): Node => ({
          type: 'switch',
          with: { value: each.value },
          cases: [{ value: 1, do: each.one }],
          default: each.other,
        }),
      ),
    },
    {
      weight: 3,
      arbitrary: fc
        .record({
          count: fc.nat(4),
          concurrency: fc.integer({ min: 1, max: 3 }),
          lenient: fc.boolean(),
          body: tie('body'),
        })
        .map(
          ({ count, concurrency, lenient, body: inner }): Node => ({
            type: 'loop_data',
            with: {
              items: Array.from({ length: count }, (_, n) => n),
              concurrency,
              continueOnError: lenient,
            },
            do: inner,
          }),
        ),
    },
    {
      weight: 1,
      arbitrary: fc.record({ turns: fc.nat(4), most: fc.integer({ min: 1, max: 4 }), body: tie('body') }).map(
        ({ turns, most, body: inner }): Node => ({
          type: 'loop_while',
          turns,
          with: { maxIterations: most },
          do: inner,
        }),
      ),
    },
  ),
  action: fc
    .record({
      own: tie('own'),
      onError: fc.oneof(
        { weight: 6, arbitrary: fc.constant(undefined) },
        { weight: 2, arbitrary: fc.constant('continue') },
        { weight: 1, arbitrary: simple.map(each => ({ branch: [each] })) },
      ),
      disabled: fc.nat(15),
      optional: fc.nat(7),
    })
    .map(
      ({ own, onError, disabled, optional }): Node => ({
        ...(own as Node),
        ...(onError === undefined ? {} : { onError }),
        ...(disabled === 0 ? { disabled: true } : {}),
        ...(optional === 0 ? { optional: true } : {}),
      }),
    ),
}))

const bodies = fc.record({
  actions: body,
  onError: fc.option(fc.array(simple, { minLength: 1, maxLength: 2 }), { nil: [] }),
})

/** Texts of definitions without errors, which end the same whatever the order of answers is. */
export const definitions: fc.Arbitrary<string> = bodies.map(definition => accepted(numbered(definition, false)))

/** The same where the first of several iterations to fail or to stop decides, which depends on time. */
export const hastyDefinitions: fc.Arbitrary<string> = bodies.map(definition => accepted(numbered(definition, true)))

/** Keys in the order of the text, and the conditions of loops, which name their loop. */
function numbered(definition: { actions: Node[]; onError: Node[] }, isHasty: boolean): unknown {
  let count = 0
  const walk = (nodes: Node[], isParallel = false): unknown[] =>
    nodes.slice(0, 12).map(node => {
      const { turns, ...rest } = isParallel && !isHasty && ['stop', 'fail'].includes(node.type) ? PLAIN : node
      const isLoop = ((rest.with as { concurrency?: number }).concurrency ?? 1) > 1
      const within = isParallel || isLoop
      const key = `k${count++}`
      const made: Record<string, unknown> = { key, ...rest }
      if (isLoop && !isHasty) made.with = { ...(rest.with as object), continueOnError: true }
      if (turns !== undefined)
        made.with = {
          ...(rest.with as object),
          condition: { all: [{ path: `$action['${key}'].i`, operator: 'lt', value: turns }] },
        }
      for (const name of ['then', 'else', 'default', 'do'])
        if (made[name]) made[name] = walk(made[name] as Node[], within)
      if (made.cases)
        made.cases = (made.cases as Array<{ do: Node[] }>).map(each => ({ ...each, do: walk(each.do, within) }))
      const { onError } = made as { onError?: { branch: Node[] } | string }
      if (typeof onError === 'object') made.onError = { branch: walk(onError.branch, isParallel) }
      return made
    })
  return { language: 1, actions: walk(definition.actions), onError: walk(definition.onError) }
}

const PLAIN: Node = { type: 'transform', with: { template: 1 } }
const SAFE = '{{$param.n}}'
const SAFE_PATH = '$param.n'

function accepted(definition: unknown): string {
  for (let tries = 0; tries < 10; tries++) {
    const text = JSON.stringify(definition)
    const errors = checkDefinition(text, { ...PERMISSIVE_CONTEXT, kind: 'workflow' }).findings.filter(
      ({ severity }) => severity === 'error',
    )
    if (errors.length === 0) return text
    for (const { path } of errors) replaceAt(definition, path)
  }
  throw new Error(`not repaired: ${JSON.stringify(definition)}`)
}

function replaceAt(definition: unknown, path: string): void {
  const segments = path.split('/').slice(1)
  const last = segments.pop()!
  let parent = definition as Record<string, unknown>
  for (const segment of segments) parent = parent[segment] as Record<string, unknown>
  const now = parent[last]
  if (typeof now !== 'string') throw new Error(`${path} ${JSON.stringify(definition)}`)
  parent[last] = last === 'path' ? SAFE_PATH : now.includes(SAFE) || !now.startsWith('m ') ? SAFE : `m ${SAFE}`
}
