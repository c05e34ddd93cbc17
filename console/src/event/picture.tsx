/** From emit to receiver on one time axis, and the same as a list for keyboard and screen reader. */
import { Link } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import type { EventInFull } from '../api/types.ts'
import { DeliveryMark } from '../parts/mark.tsx'
import { w } from '../words/words.ts'
import { createAxis } from './axis.ts'
import { type PictureLine, type PictureModel, pictureOf } from './picture-model.ts'

const LEFT = 130
const RIGHT = 20
const LINE = 44
const TOP = 22
const LABEL_PX = 118

export function Picture({ event, names }: { event: EventInFull; names: ReadonlyMap<string, string> }) {
  const model = pictureOf(event)
  const [width, box] = useWidth()
  const verdict = w.event.verdicts[event.emit.verdict ?? ''] ?? ''
  return (
    <div className="picture stack" ref={box}>
      {width > 0 && <Drawing {...{ model, width, names, verdict }} />}
      <h3>{w.event.asList}</h3>
      <ul>
        {model.judgedMs !== undefined && <li>{w.event.judged(model.judgedMs, verdict)}</li>}
        {model.lines.map(line => (
          <li key={line.id}>
            <Link to="/deliveries/$id" params={{ id: line.id }}>
              {names.get(line.webhookId) ?? line.webhookId}
            </Link>{' '}
            <DeliveryMark status={line.status} />{' '}
            {line.reason !== null && <span className="quiet">{w.reasons[line.reason] ?? line.reason} </span>}
            {line.attempts.map(each => captionOf(each)).join(' → ')}
            {line.nextMs !== undefined && ` → ${w.event.next}`}
          </li>
        ))}
      </ul>
    </div>
  )
}

const captionOf = ({ errorKind, responseStatus, lastsMs }: PictureLine['attempts'][number]) =>
  errorKind === null ? w.delivery.answered(responseStatus ?? 0, lastsMs) : w.errorName(errorKind, responseStatus)

function Drawing({
  model,
  width,
  names,
  verdict,
}: {
  model: PictureModel
  width: number
  names: ReadonlyMap<string, string>
  verdict: string
}) {
  const axis = createAxis(model.longestMs)
  const x = (ms: number) => LEFT + axis(ms) * (width - LEFT - RIGHT)
  const height = TOP + LINE * (model.lines.length + 1)
  return (
    <svg viewBox={`0 0 ${width} ${height}`} height={height} aria-hidden="true">
      <g transform={`translate(0 ${TOP})`}>
        <text>{w.event.emitRow}</text>
        {model.judgedMs !== undefined && (
          <>
            <rect className="good" x={LEFT} y={-9} width={Math.max(5, x(model.judgedMs) - LEFT)} height={12} rx={2} />
            <text className="caption" x={Math.max(LEFT + 5, x(model.judgedMs)) + 8}>
              {w.event.judged(model.judgedMs, verdict)}
            </text>
          </>
        )}
      </g>
      {model.lines.map((line, index) => (
        <Line
          key={line.id}
          y={TOP + LINE * (index + 1)}
          {...{ line, x, width }}
          name={names.get(line.webhookId) ?? line.webhookId}
        />
      ))}
    </svg>
  )
}

function Line({
  line,
  y,
  x,
  width,
  name,
}: {
  line: PictureLine
  y: number
  x(ms: number): number
  width: number
  name: string
}) {
  const captions = spread(
    line.attempts.map(each => ({ at: x(each.atMs), text: captionOf(each) })),
    width,
  )
  return (
    <g transform={`translate(0 ${y})`}>
      <text>{name.length > 18 ? `${name.slice(0, 17)}…` : name}</text>
      <line className="base" x1={LEFT} x2={width - RIGHT} y1={-4} y2={-4} />
      {line.attempts.map(({ atMs, lastsMs, isGood }) => (
        <rect
          key={atMs}
          className={isGood ? 'good' : 'bad'}
          x={x(atMs)}
          y={-10}
          width={Math.max(7, x(atMs + lastsMs) - x(atMs))}
          height={12}
          rx={2}
        />
      ))}
      {captions.map(({ at, text }) => (
        <text key={at} className="caption" x={at} y={17}>
          {text}
        </text>
      ))}
      {line.nextMs !== undefined && (
        <rect className="next" x={x(line.nextMs) - 5} y={-9} width={10} height={10} rx={2} />
      )}
      {line.attempts.length === 0 && (
        <text className="caption" x={LEFT} y={17}>
          {line.reason === null ? w.deliveryStatus[line.status] : (w.reasons[line.reason] ?? line.reason)}
        </text>
      )}
    </g>
  )
}

/** Leaves out what would lie over the one before; the list below has all of them. */
function spread(captions: Array<{ at: number; text: string }>, width: number) {
  const shown: Array<{ at: number; text: string }> = []
  for (const each of captions) {
    const at = Math.min(each.at, width - LABEL_PX)
    const last = shown.at(-1)
    if (last === undefined || at - last.at > LABEL_PX) shown.push({ at, text: each.text })
  }
  return shown
}

function useWidth() {
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const seen = box.current
    if (seen === null) return
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)))
    observer.observe(seen)
    return () => observer.disconnect()
  }, [])
  return [width, box] as const
}
