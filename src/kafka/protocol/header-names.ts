/**
 * The names of headers as strings, without making one for each record: a log has the same few in all of its records.
 * Producers choose names, so what is remembered is bounded in number and length.
 */
const PLACES = 1_024
const LENGTH_MAX = 64

const remembered: Array<string | undefined> = Array.from({ length: PLACES })

/** As latin1. */
export function headerName(buffer: Buffer, start: number, end: number): string {
  const length = end - start
  if (length === 0 || length > LENGTH_MAX) return buffer.toString('latin1', start, end)
  const middle = buffer[start + (length >> 1)]!
  const place = (((length * 31 + buffer[start]!) * 31 + middle) * 31 + buffer[end - 1]!) & (PLACES - 1)
  const known = remembered[place]
  if (known !== undefined && isSame(known, buffer, start, length)) return known
  const name = buffer.toString('latin1', start, end)
  remembered[place] = name
  return name
}

function isSame(name: string, buffer: Buffer, start: number, length: number): boolean {
  if (name.length !== length) return false
  for (let at = 0; at < length; at++) if (name.charCodeAt(at) !== buffer[start + at]) return false
  return true
}
