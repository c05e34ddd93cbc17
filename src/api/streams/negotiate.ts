/** The transport that the header `Accept` wants. */
import { ClarionError } from '../../model/codes.ts'

export type HttpTransport = 'sse' | 'ndjson'

export const MEDIA: Record<HttpTransport, string> = { sse: 'text/event-stream', ndjson: 'application/x-ndjson' }

/** SSE where both are welcome. Throws `not_acceptable`. */
export function negotiate(accept: string | undefined): HttpTransport {
  const ranges = (accept ?? '*/*').split(',').map(parseRange)
  const sse = qualityOf(MEDIA.sse, ranges)
  const ndjson = qualityOf(MEDIA.ndjson, ranges)
  if (Math.max(sse, ndjson) === 0) {
    const message = `must name ${MEDIA.sse} or ${MEDIA.ndjson}`
    const details = [{ path: '/headers/accept', rule: 'media_type', message }]
    throw new ClarionError('not_acceptable', `The header accept ${message}.`, { details })
  }
  return sse >= ndjson ? 'sse' : 'ndjson'
}

interface Range {
  media: string
  quality: number
}

function parseRange(text: string): Range {
  const [media = '', ...parameters] = text.split(';').map(part => part.trim().toLowerCase())
  const q = parameters.find(each => each.startsWith('q='))
  const quality = q === undefined ? 1 : Number(q.slice(2))
  return { media, quality: Number.isFinite(quality) ? quality : 1 }
}

/** The most specific range decides. */
function qualityOf(media: string, ranges: readonly Range[]): number {
  const [type] = media.split('/')
  for (const wanted of [media, `${type}/*`, '*/*']) {
    const range = ranges.find(each => each.media === wanted)
    if (range !== undefined) return range.quality
  }
  return 0
}
