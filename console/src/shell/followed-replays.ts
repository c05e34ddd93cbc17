/** The replays that this tab has started and that are not over: their progress is in the corner of every page. */
import { useSyncExternalStore } from 'react'

let followed: readonly string[] = []
const listeners = new Set<() => void>()

function set(next: readonly string[]): void {
  followed = next
  for (const listener of listeners) listener()
}

export const follow = (id: string): void => set([...followed.filter(each => each !== id), id])
export const unfollow = (id: string): void => set(followed.filter(each => each !== id))

export function useFollowed(): readonly string[] {
  return useSyncExternalStore(
    listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => followed,
  )
}
