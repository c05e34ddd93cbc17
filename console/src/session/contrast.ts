/** A colour that somebody chose, so that text in it and on it can be read (WCAG 2.2, 4.5 to 1). */
type Rgb = readonly [number, number, number]

const ENOUGH = 4.5
const STEPS = 20

/** `#rrggbb`; undefined for anything else. */
export function rgbOf(text: string): Rgb | undefined {
  const [, r, g, b] = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text) ?? []
  if (r === undefined || g === undefined || b === undefined) return undefined
  return [Number.parseInt(r, 16), Number.parseInt(g, 16), Number.parseInt(b, 16)]
}

export const hexOf = (rgb: Rgb): string =>
  `#${rgb.map(each => Math.round(each).toString(16).padStart(2, '0')).join('')}`

export function contrast(a: Rgb, b: Rgb): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((one, other) => other - one) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map(each => {
    const part = each / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

const BLACK: Rgb = [0, 0, 0]
const WHITE: Rgb = [255, 255, 255]

/** Of text on the colour: one of the two always has enough. */
export const onColour = (colour: Rgb): Rgb => (contrast(colour, WHITE) >= ENOUGH ? WHITE : BLACK)

/** The colour itself, or as little darker or lighter as text on all of the grounds needs. */
export function readableOn(colour: Rgb, grounds: readonly Rgb[]): Rgb {
  const isEnough = (shown: Rgb) => grounds.every(ground => contrast(shown, ground) >= ENOUGH)
  const towards = grounds.every(ground => luminance(ground) > 0.5) ? BLACK : WHITE
  for (let step = 0; step < STEPS; step++) {
    const shown = colour.map((part, at) => part + (towards[at]! - part) * (step / STEPS)) as unknown as Rgb
    if (isEnough(shown)) return shown
  }
  return towards
}
