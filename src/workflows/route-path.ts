/** Paths of API routes: `/orders/{id}/lines`. A segment is literal, or a parameter. */

export type Segment = { literal: string } | { param: string }
export type ParsedPath = { ok: true; segments: Segment[] } | { ok: false; message: string }

const PATH_CHARACTERS_MAX = 255
const SEGMENTS_MAX = 20
/** Of RFC 3986 pchar, without what needs percent-encoding. */
const LITERAL = /^[A-Za-z0-9._~!$&'()*+,;=:@-]+$/
const PARAM = /^\{([A-Za-z_][A-Za-z0-9_]{0,62})\}$/
const NO_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

export function parsePath(path: string): ParsedPath {
  if (!path.startsWith('/')) return refused('must begin with /')
  if (path.length > PATH_CHARACTERS_MAX) return refused(`must not have more than ${PATH_CHARACTERS_MAX} characters`)
  if (path === '/') return { ok: true, segments: [] }
  const parts = path.slice(1).split('/')
  if (parts.length > SEGMENTS_MAX) return refused(`must not have more than ${SEGMENTS_MAX} segments`)
  const segments: Segment[] = []
  const names = new Set<string>()
  for (const part of parts) {
    const [, param] = PARAM.exec(part) ?? []
    if (param === undefined) {
      if (!LITERAL.test(part) || part === '.' || part === '..')
        return refused(`has the segment '${part}': write letters, digits and -._~ without escapes, or a {parameter}`)
      segments.push({ literal: part })
    } else if (names.has(param) || NO_NAMES.has(param))
      return refused(`cannot have a parameter '${param}' here: take another name`)
    else {
      names.add(param)
      segments.push({ param })
    }
  }
  return { ok: true, segments }
}

/** The same for two paths that match the same requests, whatever their parameters are called. */
export const shapeOf = (segments: readonly Segment[]): string =>
  segments.map(each => ('literal' in each ? `/${each.literal}` : '/{}')).join('')

const refused = (message: string): ParsedPath => ({ ok: false, message })
