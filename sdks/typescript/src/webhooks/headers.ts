/** Headers in the shapes that servers use: Node's object, `Headers`, a Map. Names are case-insensitive. */

export type HeaderValue = string | readonly string[] | null | undefined

/** A lone value is that of the one signature header. */
export type HeadersLike =
  | HeaderValue
  | Iterable<readonly [string, string]>
  | { readonly [name: string]: string | readonly string[] | undefined }

/** By lower-case name; undefined when it is missing, or present several times with different values. */
export type ReadHeader = (name: string) => string | undefined

/** The value of the signature header, if only that was given. */
export function loneValue(headers: HeadersLike): { value: string | undefined } | undefined {
  if (headers === null || headers === undefined) return { value: undefined }
  if (typeof headers === 'string') return { value: headers }
  return Array.isArray(headers) && headers.every(each => typeof each === 'string')
    ? { value: single(headers) }
    : undefined
}

export function headerReader(headers: HeadersLike): ReadHeader {
  const entries = entriesOf(headers)
  return wanted =>
    single(entries.filter(([name]) => String(name).toLowerCase() === wanted).flatMap(([, value]) => value))
}

function entriesOf(headers: HeadersLike): Array<readonly [unknown, unknown]> {
  if (typeof headers !== 'object' || headers === null) return []
  return Symbol.iterator in headers ? ([...headers] as Array<readonly [unknown, unknown]>) : Object.entries(headers)
}

function single(values: readonly unknown[]): string | undefined {
  const [first, ...others] = values.filter(value => value !== undefined && value !== null)
  return typeof first === 'string' && others.every(value => value === first) ? first : undefined
}
