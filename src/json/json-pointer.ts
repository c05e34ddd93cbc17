/** JSON pointers (RFC 6901), as findings carry them. */

/** The pointer one step below `path`. */
export function pointerTo(path: string, key: string | number): string {
  const text = String(key)
  return /[~/]/.test(text) ? `${path}/${text.replaceAll('~', '~0').replaceAll('/', '~1')}` : `${path}/${text}`
}

export const isJsonObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
