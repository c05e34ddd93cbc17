/** Every screen, with content and in its other states, in both themes and on a narrow window, from recorded answers. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals'
import type { Browser } from 'playwright-core'
import { patient } from '../support/patience.ts'
import { openBrowser } from './browser.ts'
import { builtConsole } from './built.ts'
import { BILLING, FAILED, IDS, operatorSession, PAYLOAD, session } from './recorded/answers.ts'
import { openRecordedPlatform, type RecordedPlatform } from './recorded/recorded-platform.ts'
import { openWatched, type WatchedPage } from './watched-page.ts'

/** To look at; nothing compares them. */
const PICTURES = fileURLToPath(new URL('../../results/console', import.meta.url))
const WIDE = 1_360
const NARROW = 360

interface Screen {
  name: string
  path: string
  /** Of its page. */
  heading: string
  as?: 'operator'
  /** The list that it shows with one call for a page of it. */
  list?: { call: string; empty: string }
}

const SCREENS: Screen[] = [
  { name: 'home', path: '/', heading: 'Home' },
  { name: 'live', path: '/live', heading: 'Live' },
  {
    name: 'log',
    path: '/log',
    heading: 'Log',
    list: { call: 'GET /events/custom/emits', empty: 'no event in this time range' },
  },
  { name: 'event', path: `/events/${IDS.event}`, heading: 'northwind.order.paid no. 58' },
  { name: 'emit-record', path: `/emits/${IDS.emit}`, heading: 'northwind.order.paid' },
  {
    name: 'types',
    path: '/types',
    heading: 'Event types',
    list: { call: 'GET /events/custom', empty: 'no event type yet' },
  },
  { name: 'type', path: '/types/northwind.order.paid', heading: 'northwind.order.paid' },
  { name: 'emit', path: '/emit?name=northwind.order.paid', heading: 'Emit an event' },
  {
    name: 'quarantine',
    path: '/quarantine',
    heading: 'Quarantine',
    list: { call: 'GET /events/custom/quarantine', empty: 'Nothing is in quarantine' },
  },
  { name: 'quarantined', path: `/quarantine?entry=${IDS.emit}`, heading: 'Quarantine' },
  {
    name: 'webhooks',
    path: '/webhooks',
    heading: 'Webhooks',
    list: { call: 'GET /webhooks', empty: 'no webhook yet' },
  },
  { name: 'webhook', path: `/webhooks/${BILLING}`, heading: 'billing' },
  { name: 'webhook-delivery', path: `/webhooks/${BILLING}?delivery=${FAILED}`, heading: 'billing' },
  { name: 'delivery', path: `/deliveries/${FAILED}`, heading: 'Delivery of northwind.order.paid' },
  { name: 'dead-letters', path: '/dead-letters', heading: 'Dead letters' },
  { name: 'replays', path: '/replays', heading: 'Replays', list: { call: 'GET /replays', empty: 'no replay yet' } },
  { name: 'replay', path: `/replays/${IDS.replay}`, heading: 'A recovery' },
  { name: 'federation', path: '/federation', heading: 'Federation' },
  { name: 'usage', path: '/usage', heading: 'Usage' },
  { name: 'notifications', path: '/notifications', heading: 'Notifications' },
  { name: 'keys', path: '/keys', heading: 'Keys and Kafka' },
  { name: 'audit', path: '/audit', heading: 'Audit', list: { call: 'GET /audit', empty: 'Nothing was changed' } },
  {
    name: 'organizations',
    path: '/organizations',
    heading: 'Organizations',
    as: 'operator',
    list: { call: 'GET /organizations', empty: 'no organization yet' },
  },
  { name: 'organization', path: `/organizations/${IDS.organization}`, heading: 'Northwind', as: 'operator' },
  { name: 'ledger', path: '/ledger', heading: 'Ledger', as: 'operator' },
]

let browser: Browser
let platform: RecordedPlatform

beforeAll(async () => {
  mkdirSync(PICTURES, { recursive: true })
  platform = await openRecordedPlatform(await builtConsole())
  browser = await openBrowser()
}, patient(240_000))

beforeEach(() => {
  platform.mode = 'content'
  platform.session = session
  platform.calls = []
})

afterAll(async () => {
  await browser?.close()
  await platform?.close()
})

async function show({ page }: WatchedPage, { path, heading, as }: Screen): Promise<void> {
  platform.session = as === 'operator' ? operatorSession : session
  platform.calls = []
  await page.goto(`/console${path}`)
  await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor()
  await page.waitForLoadState(path === '/live' ? 'domcontentloaded' : 'networkidle')
}

it.each(['light', 'dark'] as const)(
  'every screen is accessible and quiet in the %s theme',
  async theme => {
    const watched = await openWatched(browser, platform.base, { theme, width: WIDE })
    const wrong: Record<string, string[]> = {}
    for (const screen of SCREENS) {
      await show(watched, screen)
      const found = [...(await watched.findings()), ...watched.complaints.splice(0)]
      if (found.length > 0) wrong[screen.name] = found
      await watched.page.screenshot({ path: join(PICTURES, `${screen.name}-${theme}.png`), fullPage: true })
    }
    await watched.close()
    expect(wrong).toEqual({})
  },
  patient(120_000),
)

it(
  'no screen is wider than a window of 360 px',
  async () => {
    const watched = await openWatched(browser, platform.base, { theme: 'light', width: NARROW })
    const wide: Record<string, number> = {}
    for (const screen of SCREENS) {
      await show(watched, screen)
      const over = await watched.overflow()
      if (over > 0) wide[screen.name] = over
      await watched.page.screenshot({ path: join(PICTURES, `${screen.name}-narrow.png`), fullPage: true })
    }
    await watched.close()
    expect(wide).toEqual({})
  },
  patient(90_000),
)

it(
  'a list costs one call for each of its pages, and none for a row',
  async () => {
    const watched = await openWatched(browser, platform.base, { theme: 'light', width: WIDE })
    for (const screen of SCREENS.filter(({ list }) => list !== undefined)) {
      await show(watched, screen)
      expect([screen.name, platform.calls]).toEqual([screen.name, ['GET /sessions/current', screen.list!.call]])
    }
    await watched.close()
  },
  patient(60_000),
)

it(
  'an empty list, a failed one and one that a key may not see are three pictures',
  async () => {
    const watched = await openWatched(browser, platform.base, { theme: 'light', width: WIDE })
    const { page } = watched
    for (const screen of SCREENS.filter(({ list }) => list !== undefined)) {
      platform.mode = 'empty'
      await show(watched, screen)
      await page.getByText(screen.list!.empty).waitFor()
      platform.mode = 'failed'
      await show(watched, screen)
      await page.getByRole('alert').getByText('internal_error', { exact: true }).waitFor()
      expect(await page.getByRole('alert').textContent()).toContain('req_2')
      platform.mode = 'forbidden'
      await show(watched, screen)
      await page.getByRole('heading', { name: 'You may not see this.' }).waitFor()
    }
    await watched.close()
  },
  patient(90_000),
)

it('payloads and answers of receivers are text, to the last digit', async () => {
  const watched = await openWatched(browser, platform.base, { theme: 'light', width: WIDE })
  const { page } = watched
  await show(watched, SCREENS.find(({ name }) => name === 'event')!)
  const payload = page.getByRole('region', { name: 'Payload' })
  for (const text of ['399.10', '1e400', '12345678901234567890', '<img src=x onerror=', '⟨U+202E⟩', '😀'])
    expect(await payload.textContent()).toContain(text)
  await page.getByRole('button', { name: 'As sent' }).click()
  expect(await payload.textContent()).toBe(PAYLOAD.replace('\u202e', '⟨U+202E⟩'))
  expect(await page.locator('main img, main script').count()).toBe(0)
  expect(await page.title()).toContain('northwind.order.paid')
  expect(watched.complaints).toEqual([])
  await watched.close()
})

it('a key sees the screens of its scopes alone, and the console calls nothing else', async () => {
  const watched = await openWatched(browser, platform.base, { theme: 'light', width: WIDE })
  platform.session = { ...session, scopes: ['usage:read'] }
  await watched.page.goto('/console')
  const navigation = watched.page.getByRole('navigation', { name: 'Main navigation' })
  await navigation.getByRole('link', { name: 'Usage' }).waitFor()
  await watched.page.waitForLoadState('networkidle')
  expect(await navigation.getByRole('link').allTextContents()).toEqual(['Clarion', 'Home', 'Usage'])
  expect(platform.calls).toEqual(['GET /sessions/current', 'GET /usage/summary'])
  await watched.close()
})

it('the keyboard alone finds, opens and closes', async () => {
  const watched = await openWatched(browser, platform.base, { theme: 'light', width: WIDE })
  const { page } = watched
  await show(watched, SCREENS.find(({ name }) => name === 'webhooks')!)
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'billing' }).waitFor()
  await page.keyboard.press('/')
  await page.getByRole('dialog', { name: 'Search' }).waitFor()
  await page.keyboard.type(IDS.event)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'northwind.order.paid no. 58' }).waitFor()
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keys of the keyboard' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  expect(watched.complaints).toEqual([])
  await watched.close()
})

it('the operator looks inside an organization, sees that on every page, changes nothing, and leaves', async () => {
  const watched = await openWatched(browser, platform.base, { theme: 'light', width: WIDE })
  const { page } = watched
  await show(watched, SCREENS.find(({ name }) => name === 'organization')!)
  await page.getByRole('button', { name: 'Look inside …' }).click()
  await page.getByRole('button', { name: 'Look inside', exact: true }).click()
  const banner = page.getByText('You look inside Northwind as the operator')
  await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor()
  await page.getByRole('link', { name: 'billing is failing' }).click()
  await page.getByRole('heading', { level: 1, name: 'billing' }).waitFor()
  await banner.waitFor()
  for (const name of ['Test', 'Pause', 'Rotate the secret', 'Delete the webhook'])
    expect([name, await page.getByRole('button', { name, exact: true }).count()]).toEqual([name, 0])
  expect(await watched.findings()).toEqual([])
  await page.getByRole('button', { name: 'Leave' }).click()
  await page.getByRole('heading', { level: 1, name: 'Organizations' }).waitFor()
  expect(await banner.count()).toBe(0)
  expect(platform.calls.filter(each => /act-as/.test(each))).toEqual([
    'POST /sessions/act-as',
    'DELETE /sessions/act-as',
  ])
  await watched.close()
})

it('nobody sees a screen without a session', async () => {
  platform.session = null
  const watched = await openWatched(browser, platform.base, { theme: 'dark', width: NARROW })
  await watched.page.goto('/console/webhooks')
  await watched.page.getByRole('heading', { name: 'Sign in to Clarion' }).waitFor()
  expect(platform.calls).toEqual(['GET /sessions/current'])
  expect(await watched.findings()).toEqual([])
  expect(await watched.overflow()).toBe(0)
  await watched.page.screenshot({ path: join(PICTURES, 'sign-in.png') })
  await watched.page.getByLabel('API key').fill('ck_live_1')
  await watched.page.getByRole('button', { name: 'Sign in' }).click()
  await watched.page.getByRole('heading', { level: 1, name: 'Webhooks' }).waitFor()
  await watched.close()
})
