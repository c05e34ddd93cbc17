/** What this browser remembers of its reader: theme and time zone. */
import { useSyncExternalStore } from 'react'

export type Theme = 'system' | 'light' | 'dark'
export type Zone = 'local' | 'utc'

interface Preferences {
  theme: Theme
  zone: Zone
}

const STORED = 'clarion.preferences'
const listeners = new Set<() => void>()
let current = read()

function read(): Preferences {
  try {
    const { theme, zone } = JSON.parse(localStorage.getItem(STORED) ?? '{}') as Partial<Preferences>
    return { theme: theme === 'light' || theme === 'dark' ? theme : 'system', zone: zone === 'utc' ? 'utc' : 'local' }
  } catch {
    return { theme: 'system', zone: 'local' }
  }
}

/** By the theme of a portal; undefined: the reader chooses. */
let forced: 'light' | 'dark' | undefined

export function forceTheme(mode: 'light' | 'dark' | undefined): void {
  forced = mode
  applyTheme()
}

export function applyTheme(): void {
  if (forced !== undefined) document.documentElement.dataset.theme = forced
  else if (current.theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = current.theme
}

export function setPreferences(change: Partial<Preferences>): void {
  current = { ...current, ...change }
  try {
    localStorage.setItem(STORED, JSON.stringify(current))
  } catch {
    // A browser may refuse storage; the choice then lasts as long as the tab.
  }
  applyTheme()
  for (const listener of listeners) listener()
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(
    listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => current,
  )
}

export const zoneName = ({ zone }: Preferences): 'UTC' | undefined => (zone === 'utc' ? 'UTC' : undefined)
