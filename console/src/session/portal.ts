/** How the console looks to the customers of an organization: colour, name, logo, light or dark, and the way back. */
import type { Session } from '../api/types.ts'
import { hexOf, onColour, readableOn, rgbOf } from './contrast.ts'
import { forceTheme } from './preferences.ts'

const RETURN = 'clarion.return'
/** Grounds on which the accent is text: those of `tokens.css`. */
const LIGHT = ['#ffffff', '#fbfbfa', '#f3f3f1', '#e5edf8'].map(each => rgbOf(each)!)
const DARK = ['#16181b', '#1e2125', '#121416', '#25344a'].map(each => rgbOf(each)!)
const COLOURS = ['--accent', '--accent-fill', '--on-accent']

export function applyPortal({ theme, returnUrl }: Pick<Session, 'theme' | 'returnUrl'>): void {
  const { style } = document.documentElement
  const accent = rgbOf(theme?.accent ?? '')
  if (accent === undefined) for (const name of COLOURS) style.removeProperty(name)
  else {
    style.setProperty('--accent', `light-dark(${hexOf(readableOn(accent, LIGHT))}, ${hexOf(readableOn(accent, DARK))})`)
    style.setProperty('--accent-fill', hexOf(accent))
    style.setProperty('--on-accent', hexOf(onColour(accent)))
  }
  forceTheme(theme?.mode)
  remember(returnUrl)
}

/** Kept for the tab: when the session has ended, nobody knows any more where it came from. */
function remember(returnUrl: string | null): void {
  try {
    if (returnUrl === null) sessionStorage.removeItem(RETURN)
    else sessionStorage.setItem(RETURN, returnUrl)
  } catch {
    // A browser may refuse storage; then the sign-in is shown in place of the way back.
  }
}

/** The page of the product that opened the console; it makes a new link. */
export function wayBack(): string | undefined {
  try {
    return webAddress(sessionStorage.getItem(RETURN))
  } catch {
    return undefined
  }
}

/** Undefined for anything but http and https. */
export function webAddress(text: string | null): string | undefined {
  const url = text === null ? null : URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) ? url.href : undefined
}
