/** Counts by time that can be marked with the pointer; fields beside it do the same for the keyboard. */
import { type PointerEvent, useState } from 'react'
import { Bars, type Bucket } from './bars.tsx'

interface Marked {
  from: number
  to: number
}

export function ZoomBars({
  buckets,
  label,
  onZoom,
}: {
  buckets: readonly Bucket[]
  label: string
  /** The first bucket, and the one after the last. */
  onZoom(from: number, to: number): void
}) {
  const [marked, setMarked] = useState<Marked>()
  const at = (event: PointerEvent<HTMLElement>): number => {
    const { left, width } = event.currentTarget.getBoundingClientRect()
    const index = Math.floor(((event.clientX - left) / Math.max(1, width)) * buckets.length)
    return Math.max(0, Math.min(buckets.length - 1, index))
  }
  const share = (index: number) => `${(index / Math.max(1, buckets.length)) * 100}%`
  const [first, last] = [marked?.from ?? 0, marked?.to ?? 0].sort((a, b) => a - b) as [number, number]
  return (
    <div
      className="zoom-bars"
      onPointerDown={event => {
        event.currentTarget.setPointerCapture(event.pointerId)
        setMarked({ from: at(event), to: at(event) })
      }}
      onPointerMove={event => {
        const to = at(event)
        setMarked(before => before && { ...before, to })
      }}
      onPointerUp={() => {
        if (marked !== undefined && first !== last) onZoom(first, last + 1)
        setMarked(undefined)
      }}
      onPointerCancel={() => setMarked(undefined)}
    >
      <Bars buckets={buckets} label={label} height={44} />
      {marked !== undefined && (
        <i aria-hidden="true" style={{ insetInlineStart: share(first), width: share(last + 1 - first) }} />
      )}
    </div>
  )
}
