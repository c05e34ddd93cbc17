/**
 * The console in a browser, from recorded answers on loopback: when it is painted first, how long a jump in 100,000 rows
 * takes, and from an act to its paint with the CPU slowed four times.
 */
import type { Browser, Page } from 'playwright-core'
import { openBrowser } from '../../test/console/browser.ts'
import { builtConsole } from '../../test/console/built.ts'
import { BILLING } from '../../test/console/recorded/answers.ts'
import { openRecordedPlatform, type RecordedPlatform } from '../../test/console/recorded/recorded-platform.ts'
import { makeRunDirectory, removeRunDirectory } from '../../test/support/run-directory.ts'
import { median } from '../rates.ts'
import { type Row, short, whole } from '../table.ts'
import type { Testbed } from '../testbed.ts'

const PAINTS = 9
const JUMPS = 60
const ACTS = 40
const SLOWED = 4
const GOALS = { paintMs: 500, largestMs: 1_000, shift: 0.02, jumpMs: 50, actMs: 200, nodes: 400 }

interface Painted {
  firstMs: number
  largestMs: number
  shift: number
}

export async function measureConsole({ say }: Pick<Testbed, 'say'>): Promise<Row[]> {
  const directory = await makeRunDirectory()
  const platform = await openRecordedPlatform(await builtConsole())
  const browser = await openBrowser()
  try {
    const paints: Painted[] = []
    for (let round = 0; round < PAINTS; round++) paints.push(await firstPaint(browser, platform))
    const { jumps, nodes } = await jump(browser, platform)
    const acts = await act(browser, platform)
    say(`console: ${paints.map(({ firstMs }) => whole(firstMs)).join(', ')} ms until the first paint`)
    const of = (what: keyof Painted) => median(paints.map(each => each[what]))
    return [
      row('console: first paint, cold, ms', of('firstMs'), GOALS.paintMs),
      row('… largest paint, ms', of('largestMs'), GOALS.largestMs),
      row('… layout shift', of('shift'), GOALS.shift),
      row('… jump in 100,000 rows, p95, ms', at(jumps, 0.95), GOALS.jumpMs),
      row('… nodes of 100,000 rows', nodes, GOALS.nodes),
      row(`… act to paint, CPU slowed ${SLOWED} times, p98, ms`, at(acts, 0.98), GOALS.actMs),
    ]
  } finally {
    await browser.close()
    await platform.close()
    await removeRunDirectory(directory)
  }
}

const row = (figure: string, value: number, goal: number): Row => ({
  ...{ figure, clarion: short(value), baseline: '', ratio: '', goal: `≤ ${goal}`, holds: value <= goal },
})

const at = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0

/** A context of its own has nothing in its cache. */
async function opened(browser: Browser, platform: RecordedPlatform, path: string, heading: string): Promise<Page> {
  const context = await browser.newContext({ baseURL: platform.base, viewport: { width: 1_360, height: 820 } })
  const page = await context.newPage()
  await page.addInitScript(WATCH)
  await page.goto(`/console${path}`)
  await page.getByRole('heading', { level: 1, name: heading }).waitFor()
  await page.waitForLoadState('networkidle')
  return page
}

/** In the page: what it paints, how it moves, and how long its events take. */
const WATCH = `
  window.seen = { largest: 0, shift: 0, events: [] }
  const watch = (type, take, more) => new PerformanceObserver(list => list.getEntries().forEach(take)).observe({ type, buffered: true, ...more })
  watch('largest-contentful-paint', entry => { window.seen.largest = entry.startTime })
  watch('layout-shift', entry => { if (!entry.hadRecentInput) window.seen.shift += entry.value })
  watch('event', entry => { if (entry.interactionId > 0) window.seen.events.push(entry.duration) }, { durationThreshold: 16 })`

async function firstPaint(browser: Browser, platform: RecordedPlatform): Promise<Painted> {
  const page = await opened(browser, platform, '/webhooks', 'Webhooks')
  const found = (await page.evaluate(
    `({ firstMs: performance.getEntriesByName('first-contentful-paint')[0].startTime, largestMs: window.seen.largest, shift: window.seen.shift })`,
  )) as Painted
  await page.context().close()
  return found
}

async function jump(browser: Browser, platform: RecordedPlatform): Promise<{ jumps: number[]; nodes: number }> {
  platform.mode = 'many'
  const page = await opened(browser, platform, '/log', 'Log')
  await page.getByText('100,000 rows').waitFor()
  const jumps: number[] = []
  for (let count = 0; count < JUMPS; count++)
    jumps.push(
      (await page.evaluate(`new Promise(resolve => {
        const beganMs = performance.now()
        window.scrollTo(0, document.documentElement.scrollHeight * ${Math.random()})
        const look = () => {
          const seen = document.elementFromPoint(600, 500)?.closest('tr[aria-rowindex]')
          if (seen) requestAnimationFrame(() => resolve(performance.now() - beganMs))
          else requestAnimationFrame(look)
        }
        requestAnimationFrame(look)
      })`)) as number,
    )
  const nodes = (await page.evaluate(`document.querySelectorAll('table.list *').length`)) as number
  await page.context().close()
  platform.mode = 'content'
  return { jumps, nodes }
}

/** A delivery opens beside its list, and closes. */
async function act(browser: Browser, platform: RecordedPlatform): Promise<number[]> {
  const page = await opened(browser, platform, `/webhooks/${BILLING}`, 'billing')
  const session = await page.context().newCDPSession(page)
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWED })
  for (let count = 0; count < ACTS; count += 2) {
    await page.getByRole('button', { name: 'northwind.order.paid no. 58' }).click()
    await page.getByRole('region', { name: 'Delivery', exact: true }).waitFor()
    await page.getByRole('button', { name: 'Close the panel' }).click()
    await page.getByRole('region', { name: 'Delivery', exact: true }).waitFor({ state: 'detached' })
  }
  await page.waitForTimeout(500)
  const found = (await page.evaluate('window.seen.events')) as number[]
  await page.context().close()
  return found
}
