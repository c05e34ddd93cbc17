/**
 * Lines over two logarithmic axes as a self-contained SVG: no fonts or files of others, its own background, light or dark as the
 * reader's screen is.
 */

export interface Picture {
  title: string
  /** When and where it was measured. */
  subtitle: string
  x: Axis
  y: Axis
  lines: Line[]
}

/** `name` with its unit. */
interface Axis {
  name: string
}

export interface Line {
  name: string
  /** `quiet` lines are what the others are compared with. */
  color: 'first' | 'second' | 'quiet'
  /** All above 0. */
  points: Point[]
}

interface Point {
  x: number
  y: number
}

/** From a value to its place, and the values that get a line across. */
interface Scale {
  at(value: number): number
  ticks: number[]
}

const SIZE = { width: 800, height: 460 }
const FRAME = { left: 72, right: 660, top: 78, bottom: 396 }
const LABEL_GAP = 16

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-size: 17px; font-weight: 600 }
  .small { font-size: 12px; fill: #57606a }
  .paper { fill: #ffffff }
  .grid { stroke: #d0d7de; stroke-width: 1 }
  .line { fill: none; stroke-width: 2.5; stroke-linejoin: round }
  .first { stroke: #0969da } .second { stroke: #bc4c00 } .quiet { stroke: #6e7781; stroke-width: 1.5; stroke-dasharray: 5 4 }
  text.first, circle.first { fill: #0969da; stroke: none } text.second, circle.second { fill: #bc4c00; stroke: none }
  text.quiet, circle.quiet { fill: #6e7781; stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9198a1 } .paper { fill: #0d1117 } .grid { stroke: #30363d }
    .first { stroke: #4493f8 } .second { stroke: #f0883e } .quiet { stroke: #8b949e }
    text.first, circle.first { fill: #4493f8 } text.second, circle.second { fill: #f0883e } text.quiet, circle.quiet { fill: #8b949e }
  }`

export function drawPicture({ title, subtitle, x, y, lines }: Picture): string {
  const points = lines.flatMap(line => line.points)
  const across = scaleOf(
    points.map(point => point.x),
    FRAME.left,
    FRAME.right,
  )
  const up = scaleOf(
    points.map(point => point.y),
    FRAME.bottom,
    FRAME.top,
  )
  const middle = (FRAME.top + FRAME.bottom) / 2
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="paper" width="${SIZE.width}" height="${SIZE.height}"/>`,
    text(title, FRAME.left, 30, 'title'),
    text(subtitle, FRAME.left, 52, 'small'),
    ...gridOf(across, up),
    text(x.name, (FRAME.left + FRAME.right) / 2, FRAME.bottom + 46, '', 'middle'),
    `<g transform="rotate(-90 22 ${middle})">${text(y.name, 22, middle, '', 'middle')}</g>`,
    ...lines.map(line => drawLine(line, across, up)),
    ...labelsOf(lines, across, up),
    '</svg>\n',
  ].join('\n')
}

/** From the 1, 2 or 5 × 10ⁿ below the smallest to the one above the greatest; the ticks are all of these between. */
function scaleOf(values: number[], from: number, to: number): Scale {
  const round = [1, 2, 5]
  const lowest = Math.floor(Math.log10(Math.min(...values)))
  const steps: number[] = []
  for (let power = lowest; power <= lowest + 12; power++) steps.push(...round.map(digit => digit * 10 ** power))
  const first = steps.findLast(step => step <= Math.min(...values)) ?? steps[0]!
  const last = steps.find(step => step >= Math.max(...values) && step > first) ?? steps.at(-1)!
  const span = Math.log(last / first)
  return {
    at: value => from + (Math.log(value / first) / span) * (to - from),
    ticks: steps.filter(step => step >= first && step <= last),
  }
}

function gridOf(across: Scale, up: Scale): string[] {
  const line = (x1: number, y1: number, x2: number, y2: number) =>
    `<line class="grid" x1="${place(x1)}" y1="${place(y1)}" x2="${place(x2)}" y2="${place(y2)}"/>`
  return [
    ...across.ticks.flatMap(tick => [
      line(across.at(tick), FRAME.top, across.at(tick), FRAME.bottom),
      text(tickName(tick), across.at(tick), FRAME.bottom + 20, 'small', 'middle'),
    ]),
    ...up.ticks.flatMap(tick => [
      line(FRAME.left, up.at(tick), FRAME.right, up.at(tick)),
      text(tickName(tick), FRAME.left - 8, up.at(tick) + 4, 'small', 'end'),
    ]),
  ]
}

function drawLine({ color, points }: Line, across: Scale, up: Scale): string {
  const places = points.map(({ x, y }) => [place(across.at(x)), place(up.at(y))] as const)
  const dots = color === 'quiet' ? [] : places.map(([x, y]) => `<circle class="${color}" cx="${x}" cy="${y}" r="3.5"/>`)
  return [`<polyline class="line ${color}" points="${places.map(each => each.join(',')).join(' ')}"/>`, ...dots].join(
    '',
  )
}

/** Each line's name behind its end, pushed down where two would overlap. */
function labelsOf(lines: Line[], across: Scale, up: Scale): string[] {
  const ends = lines.flatMap(({ name, color, points }) => {
    const end = points.at(-1)
    return end ? [{ name, color, x: across.at(end.x) + 10, y: up.at(end.y) + 4 }] : []
  })
  let lowest = Number.NEGATIVE_INFINITY
  return ends
    .sort((a, b) => a.y - b.y)
    .map(({ name, color, x, y }) => {
      lowest = Math.max(y, lowest + LABEL_GAP)
      return text(name, x, lowest, color)
    })
}

const text = (words: string, x: number, y: number, name: string, anchor = 'start') =>
  `<text x="${place(x)}" y="${place(y)}"${name ? ` class="${name}"` : ''}${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}>${escaped(words)}</text>`

const tickName = (value: number) => (value >= 1 ? value.toLocaleString('en-US') : String(Number(value.toPrecision(1))))
const place = (value: number) => Math.round(value * 10) / 10
const escaped = (words: string) =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
