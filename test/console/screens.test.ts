/** Every screen, with content and in its other states, in both themes and on a narrow window, from recorded answers. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { patient } from '../support/patience.ts'
import { until } from '../support/until.ts'
import { openBrowser } from './browser.ts'
import { builtConsole } from './built.ts'
import { IDS, operatorSession, PAYLOAD, portalSession, session } from './recorded/answers.ts'
import { openRecordedPlatform, type RecordedPlatform } from './recorded/recorded-platform.ts'
import { SCREENS, type Screen } from './recorded/screens.ts'
import { openWatched, type WatchedPage } from './watched-page.ts'

/** To look at; nothing compares them. */
const PICTURES = fileURLToPath(new URL('../../results/console', import.meta.url))
const WIDE = 1_360
const NARROW = 360
const HEIGHT = 820

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

/** Nothing is being loaded any more. */
async function settled(page: Page): Promise<void> {
  await page.locator('main .state[role=status]').first().waitFor({ state: 'detached' })
  await page.evaluate('new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))')
}

async function show({ page }: WatchedPage, { path, heading, as }: Screen): Promise<void> {
  platform.session = as === 'operator' ? operatorSession : session
  platform.calls = []
  await page.goto(`/console${path}`)
  await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor()
  await settled(page)
}

it(
  'every screen is accessible and quiet in both themes, and no wider than a window of 360 px',
  async () => {
    const watched = await openWatched(browser, platform.base, { theme: 'light', width: WIDE })
    const { page } = watched
    const wrong: Record<string, string[]> = {}
    const picture = (name: string) => page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true })
    for (const screen of SCREENS) {
      await show(watched, screen)
      const found: string[] = []
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        found.push(...(await watched.findings()).map(each => `${colorScheme}: ${each}`))
        await picture(`${screen.name}-${colorScheme}`)
      }
      await page.setViewportSize({ width: NARROW, height: HEIGHT })
      const over = await watched.overflow()
      if (over > 0) found.push(`${over} px too wide`)
      await picture(`${screen.name}-narrow`)
      await page.setViewportSize({ width: WIDE, height: HEIGHT })
      found.push(...watched.complaints.splice(0))
      if (found.length > 0) wrong[screen.name] = found
    }
    await watched.close()
    expect(wrong).toEqual({})
  },
  patient(120_000),
)

it(
  'a list costs one call for each of its pages, and none for a row',
  async () => {
    const watched = await openWatched(browser, platform.base, { theme: 'light', width: WIDE })
    for (const screen of SCREENS.filter(({ list }) => list !== undefined)) {
      await show(watched, screen)
      const { call, beside } = screen.list!
      const calls = ['GET /sessions/current', call, ...(beside === undefined ? [] : [beside])]
      expect([screen.name, platform.calls.sort()]).toEqual([screen.name, calls.sort()])
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

it('a hundred thousand rows are at most four hundred nodes', async () => {
  const watched = await openWatched(browser, platform.base, { theme: 'light', width: WIDE })
  platform.mode = 'many'
  await show(watched, SCREENS.find(({ name }) => name === 'log')!)
  await watched.page.getByText('100,000 rows').waitFor()
  for (const share of [0, 0.5, 1]) {
    await watched.page.evaluate(`window.scrollTo(0, document.documentElement.scrollHeight * ${share})`)
    await until(() => watched.page.evaluate(`document.elementFromPoint(600, 400)?.closest('tr') !== null`), Boolean)
    expect(await watched.page.evaluate(`document.querySelectorAll('table.list *').length`)).toBeLessThanOrEqual(400)
  }
  await watched.close()
})

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

it('a schema is written in an editor that the policy lets in, and findings are at their place', async () => {
  const watched = await openWatched(browser, platform.base, { theme: 'dark', width: WIDE })
  const { page } = watched
  await show(watched, SCREENS.find(({ name }) => name === 'type')!)
  await page.getByRole('button', { name: 'New version' }).click()
  const editor = page.getByRole('textbox', { name: 'Schema of the payload' })
  await editor.and(page.locator('.cm-content')).waitFor()
  await editor.fill('{ "type": "object", "required": ["total", "currency"] }')
  await page.locator('.cm-lintRange-error').filter({ hasText: '["total", "currency"]' }).waitFor()
  await page.getByText('It would have refused 3 of 10 payloads').waitFor()
  await page.getByRole('button', { name: 'Make it optional' }).first().click()
  await page.getByRole('button', { name: 'Make it optional' }).first().waitFor({ state: 'detached' })
  expect((await editor.textContent())?.replace(/\s/g, '')).toBe('{"type":"object","required":["total"]}')
  await page.getByText('What changes').click()
  await page.getByRole('dialog').getByLabel('Compare with').selectOption('1.0.0')
  await page.getByRole('region', { name: 'What changes' }).getByText('"properties"').first().waitFor()
  await editor.fill('{ "type": "object", "" }')
  await editor.press('ArrowLeft')
  await editor.press('ArrowLeft')
  await editor.press('ArrowLeft')
  await editor.press('Control+Space')
  await page.getByRole('option', { name: 'additionalProperties' }).waitFor()
  await editor.press('Escape')
  expect([await watched.findings(), watched.complaints]).toEqual([[], []])
  await page.screenshot({ path: join(PICTURES, 'editor-dark.png') })
  await page.emulateMedia({ colorScheme: 'light' })
  expect(await watched.findings()).toEqual([])
  await page.screenshot({ path: join(PICTURES, 'editor-light.png') })
  await page.setViewportSize({ width: NARROW, height: HEIGHT })
  expect(await watched.overflow()).toBe(0)
  await watched.close()
})

it('an analyst gets the last quarter by type as a file, in three acts, by calls that read usage alone', async () => {
  const watched = await openWatched(browser, platform.base, { theme: 'light', width: WIDE })
  const { page } = watched
  platform.session = { ...session, scopes: ['usage:read'] }
  await page.goto('/console/usage')
  await page.getByLabel('Time', { exact: true }).selectOption('last quarter')
  await page.getByLabel('In groups').selectOption('by type')
  const [download, request] = await Promise.all([
    page.waitForEvent('download'),
    page.waitForRequest(each => each.headers().accept === 'text/csv'),
    page.getByRole('button', { name: 'Export as CSV' }).click(),
  ])
  expect(download.suggestedFilename()).toBe('usage-emits.csv')
  const query = Object.fromEntries(new URL(request.url()).searchParams)
  expect(query).toMatchObject({ meter: 'emits', interval: 'day', groupBy: 'type' })
  expect([query.from, query.to].every(each => /-(01|04|07|10)-01T00:00:00.000Z$/.test(each ?? ''))).toBe(true)
  expect(new Set(platform.calls)).toEqual(
    new Set(['GET /sessions/current', 'GET /usage/summary', 'GET /usage/timeseries']),
  )
  expect(watched.complaints).toEqual([])
  await watched.close()
})

it('a portal has the colour, name and mode of its product, and leads back to it', async () => {
  platform.session = portalSession
  const watched = await openWatched(browser, platform.base, { theme: 'light', width: WIDE })
  const { page } = watched
  await page.goto('/console/webhooks')
  await page.getByRole('heading', { level: 1, name: 'Webhooks' }).waitFor()
  await settled(page)
  const navigation = page.getByRole('navigation', { name: 'Main navigation' })
  expect(await navigation.getByRole('link').allTextContents()).toEqual([
    'Acme events',
    'Webhooks',
    'Inspectors',
    'Back',
  ])
  expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark')
  expect([await watched.findings(), watched.complaints]).toEqual([[], []])
  await page.screenshot({ path: join(PICTURES, 'portal.png') })
  await page.getByRole('button', { name: 'View' }).click()
  expect(await page.getByRole('group', { name: 'Theme' }).count()).toBe(0)
  await page.route('https://app.example.test/**', route => route.fulfill({ body: '<h1>The product</h1>' }))
  platform.session = null
  await page.reload()
  await page.getByRole('heading', { name: 'The product' }).waitFor()
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
