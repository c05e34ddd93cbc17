/**
 * Templates of URLs. Scheme, host and port are literal or from `$env`, so that no event decides which machine is
 * called; every other value is percent-encoded, and none can climb out of its path by dots.
 */
import { type Compiled, compileText } from './compile-template.ts'
import { TemplateError } from './evaluation.ts'
import type { Expression, Template } from './template-syntax.ts'
import { textOf } from './text.ts'

/** The scheme of a literal beginning. */
const SCHEME = /^https?:\/\//i
/** A slash, and what is no second one. */
const PATH_BEGINS = /^\/[^/\\]/
const AUTHORITY_END = /[/?#\\]/
const DOTS = /^(?:\.|%2e){1,2}$/i

/** The fault of a URL, as a sentence's end; undefined when its origin is fixed. */
export function urlObjection(template: Template): string | undefined {
  const [first] = template
  if (typeof first === 'string' && !SCHEME.test(first)) return 'must begin with https://, http:// or {{$env.NAME}}'
  const origin = template.slice(0, originParts(template))
  const foreign = origin.find(part => typeof part === 'object' && part.reference.scope !== '$env') as
    | Expression
    | undefined
  return (
    foreign && `has {{${foreign.source}}} in its scheme or host: both are literal or from $env, and end with /, ? or #`
  )
}

/**
 * The fault of a header `location`; undefined when it leads to a path of this host, or its origin is fixed. A
 * value behind a single slash could begin with another one, which would name a host.
 */
export function locationObjection(template: Template): string | undefined {
  const [first] = template
  if (template.every(part => typeof part === 'string')) return undefined
  if (typeof first === 'string' && PATH_BEGINS.test(first)) return undefined
  return urlObjection(template) && 'must begin with a literal path such as /orders/, or with a literal scheme and host'
}

/** The number of parts that scheme and host are in. */
function originParts(template: Template): number {
  for (const [index, part] of template.entries()) {
    if (typeof part === 'object') continue
    const text = index === 0 ? part.replace(SCHEME, '') : part
    // Behind `{{$env.SCHEME}}`, the slashes of `://` do not end the host.
    if (AUTHORITY_END.test(index > 0 ? text.replace(/^:\/\//, '') : text)) return index + 1
  }
  return template.length
}

export function compileUrl(template: Template): Compiled {
  const count = originParts(template)
  const origin = compileText(template.slice(0, count), textOf)
  const path = compileText(template.slice(count), encoded)
  if (count === template.length) return origin
  return evaluation => withoutDots(origin(evaluation) + path(evaluation))
}

const encoded = (value: unknown): string => encodeURIComponent(textOf(value).toWellFormed())

function withoutDots(url: string): string {
  const path = url.split(/[?#]/, 1)[0]!
  if (path.split('/').some(segment => DOTS.test(segment)))
    throw new TemplateError(
      'with_invalid',
      'The path of the URL has a segment of dots alone, which would lead elsewhere.',
    )
  return url
}
