/** A time: how long ago, with the exact time on hover. */
import { useSyncExternalStore } from 'react'
import { usePreferences, zoneName } from '../session/preferences.ts'
import { ago, dateTime } from '../words/numbers.ts'
import { w } from '../words/words.ts'

const TICK_MS = 15_000
let now = Date.now()
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    now = Date.now()
    for (const each of listeners) each()
  }, TICK_MS)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** Moves every 15 seconds for all times of the page at once. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => now)

/** The clock of the page moves in steps: what came since its last one is of now, not of the future. */
const nowFor = (atMs: number, steppedMs: number): number => (atMs > steppedMs && atMs <= Date.now() ? atMs : steppedMs)

export function Time({ at, absolute }: { at: string | null | undefined; absolute?: boolean }) {
  const preferences = usePreferences()
  const current = useNow()
  if (at === null || at === undefined) return <span className="quiet">{w.unknown}</span>
  const atMs = Date.parse(at)
  const exact = dateTime(atMs, zoneName(preferences))
  return (
    <time dateTime={at} title={`${exact}\n${at}`}>
      {absolute === true ? exact : ago(atMs, nowFor(atMs, Math.max(current, Date.now() - TICK_MS)))}
    </time>
  )
}
