/** The references that a template or a condition may make: the scopes, and how a path begins at one. */

/** Each with what it is, for the message about an unknown one and for the docs. */
export const SCOPES = {
  $param: 'the payload of the event, or the params of a manual run or a call',
  $event: 'the envelope of the event',
  $body: 'the body of the request, parsed',
  $bodyRaw: 'the body of the request, as text',
  $query: 'the query of the request',
  $path: 'the parameters of the path',
  $header: 'the headers of the request, by names in lower case',
  $user: 'the key or the token that called the route',
  $action: "an earlier action's output, by its key",
  $var: 'a variable, by the key of its set_variable',
  $env: 'a variable or secret of the organization, by its name',
  $run: 'id, workflowId, mode, startedAt and error of the run',
} as const

export type ScopeName = keyof typeof SCOPES

/** Scopes that only the run of a route has. */
export const REQUEST_SCOPES: ReadonlySet<ScopeName> = new Set([
  '$body',
  '$bodyRaw',
  '$query',
  '$path',
  '$header',
  '$user',
])
/** Scopes whose first segment names what is read. */
const KEYED: ReadonlySet<ScopeName> = new Set(['$action', '$var', '$env'])
/** Words that lead from a value to what JavaScript made it of; no data needs them. */
const NO_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

export interface Reference {
  scope: ScopeName
  /** Of `$action`, `$var` and `$env`. */
  key?: string
  /** The path within the value. */
  rest: string[]
}

export type FoundReference =
  | { ok: true; reference: Reference }
  | { ok: false; rule: 'unknown_scope' | 'template_syntax'; message: string }

export function referenceOf([root = '', ...rest]: readonly string[]): FoundReference {
  const hidden = rest.find(segment => NO_NAMES.has(segment))
  if (hidden !== undefined) return refuse('template_syntax', `${hidden} is no name that a path may have`)
  if (!Object.hasOwn(SCOPES, root))
    return refuse('unknown_scope', `'${root.slice(0, 60)}' is no scope: there are ${Object.keys(SCOPES).join(', ')}`)
  const scope = root as ScopeName
  if (!KEYED.has(scope)) return { ok: true, reference: { scope, rest } }
  const [key, ...within] = rest
  if (key === undefined)
    return refuse('unknown_scope', `${scope} alone is no value: write ${scope}${EXAMPLES[scope] ?? ''}`)
  return { ok: true, reference: { scope, key, rest: within } }
}

const EXAMPLES: Partial<Record<ScopeName, string>> = { $action: "['key'].field", $var: "['key']", $env: '.NAME' }

const refuse = (rule: 'unknown_scope' | 'template_syntax', message: string): FoundReference => ({
  ok: false,
  rule,
  message,
})
