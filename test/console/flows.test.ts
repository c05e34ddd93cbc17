/** What people do in the console, against a whole platform, found by role and name; clicks are counted. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { Browser, Locator, Page } from 'playwright-core'
import { patient } from '../support/patience.ts'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver, type Receiver } from '../support/receiver.ts'
import { openBrowser } from './browser.ts'
import { builtConsole } from './built.ts'
import { openWatched, type WatchedPage } from './watched-page.ts'

const LOOK = { theme: 'light', width: 1_360 } as const
const EVENTS = 3
/** To look at. */
const PICTURES = fileURLToPath(new URL('../../results/console', import.meta.url))

let platform: TestPlatform
let browser: Browser
let receiver: Receiver
let organization: TestOrganization
let webhookId: string
const opened: WatchedPage[] = []

beforeAll(async () => {
  mkdirSync(PICTURES, { recursive: true })
  await builtConsole()
  platform = await sharedPlatform()
  browser = await openBrowser()
  receiver = await createReceiver({ answer: () => ({ status: 503, body: '<b>upstream connect error</b>' }) })
  organization = await platform.organization()
  const { call, slug } = organization
  await must(
    call('POST', '/api/v1/events/custom', {
      ...{ namespace: slug, name: 'order.paid', version: '1.0.0', status: 'published' },
      payloadSchema: { type: 'object', required: ['total'], properties: { total: { type: 'number' } } },
      payloadExample: { total: 1 },
    }),
  )
  const made = await must(
    call('POST', '/api/v1/webhooks', {
      ...{ name: 'billing', url: receiver.url, events: [`${slug}.order.paid`], retry: { delays: [0, 0] } },
    }),
  )
  webhookId = String(made.id)
}, patient(240_000))

afterAll(async () => {
  for (const each of opened) await each.close()
  await browser?.close()
  await receiver?.close()
})

async function must<T>(answer: Promise<{ status: number; data: T; body: unknown }>): Promise<T> {
  const { status, data, body } = await answer
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`)
  return data
}

async function open(path: string): Promise<WatchedPage> {
  const watched = await openWatched(browser, platform.base, LOOK)
  opened.push(watched)
  await watched.page.goto(`/console${path}`)
  return watched
}

async function signIn(path = '/', key = organization.apiKey): Promise<WatchedPage> {
  const watched = await open(path)
  await watched.page.getByLabel('API key').fill(key)
  await watched.page.getByRole('button', { name: 'Sign in' }).click()
  await watched.page.getByRole('navigation', { name: 'Main navigation' }).waitFor()
  // The browser complains of the first look for a session, which is 404.
  watched.complaints.splice(0)
  return watched
}

/** Counts the clicks of a walk. */
function counted() {
  let clicks = 0
  return {
    count: () => clicks,
    async click(on: Locator) {
      clicks++
      await on.click()
    },
  }
}

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name })

/** Emits as a program does, and waits until the history has the deliveries in this state. */
async function emitAll(status: string): Promise<string[]> {
  const { call, slug } = organization
  const ids: string[] = []
  for (let number = 0; number < EVENTS; number++) {
    const body = `{"name":"${slug}.order.paid","payload":{"total":12.50,"note":"<script>1</script>"},"subject":"order-${number}"}`
    ids.push(String((await must(call('POST', '/api/v1/events/custom/emit', body))).eventId))
  }
  for (let tries = 0; tries < patient(200); tries++) {
    const path = `/api/v1/webhooks/${webhookId}/deliveries?status=${status}`
    const { data } = await call<Array<{ eventId: string }>>('GET', path)
    if (ids.every(id => data.some(({ eventId }) => eventId === id))) return ids
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Error(`The deliveries did not become ${status}`)
}

it('signs in with a key that the browser does not keep, and says one thing about every wrong one', async () => {
  const { page, context } = await open('/webhooks')
  await page.getByLabel('API key').fill('ck_live_wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').getByText('unauthorized', { exact: true }).waitFor()
  await page.getByLabel('API key').fill(organization.apiKey)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await heading(page, 'Webhooks').waitFor()
  const [cookie] = await context.cookies()
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' })
  expect(cookie!.value).not.toContain(organization.apiKey)
  expect(await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])')).not.toContain('ck_live')
  await page.getByRole('button', { name: 'View' }).click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await heading(page, 'Sign in to Clarion').waitFor()
})

it('signs in by a link, once, and takes the token out of the address', async () => {
  const made = await must(
    platform.call<{ url: string }>(organization.apiKey, 'POST', '/api/v1/sessions/login-tokens', {}),
  )
  const path = made.url.slice(made.url.indexOf('/console') + '/console'.length)
  const { page } = await open(path)
  await heading(page, 'Home').waitFor()
  expect(page.url()).not.toContain('login')
  const again = await open(path)
  await again.page.getByText('The link does not work any more').waitFor()
})

it('a newcomer sees a webhook delivered and verified, then failing and delivered, in three clicks', async () => {
  const { page, complaints, findings } = await signIn('/start', platform.adminKey)
  await heading(page, 'First run').waitFor()
  const walk = counted()
  const got = page.getByRole('log', { name: 'Requests' })
  await walk.click(page.getByRole('button', { name: 'Start' }))
  await walk.click(page.getByRole('button', { name: 'Send the first event' }))
  await got.getByText('signature verified').first().waitFor()
  await page.getByRole('region', { name: 'Body of the request' }).getByText('"total": 12.50').waitFor()
  await page
    .getByText(/200 in \d+ ms/)
    .first()
    .waitFor()
  await walk.click(page.getByRole('button', { name: 'Let it fail' }))
  await got.getByText('attempt 3').waitFor()
  // Attempts come from the history, which is behind on a busy machine.
  await page.getByText(/answer 503 → answer 503 → 200/).waitFor({ timeout: patient(60_000) })
  expect(walk.count()).toBe(3)
  for (const [language, part] of [
    ['curl', 'Bearer ck_test_'],
    ['TypeScript', 'createClient'],
    ['Python', 'api_key="ck_test_'],
    ['Go', 'NewClient'],
  ] as const) {
    await page.getByRole('button', { name: language }).click()
    await page.getByRole('region', { name: 'The same from your program' }).getByText(part).waitFor()
  }
  expect(await findings()).toEqual([])
  // The event is asked for before the history has it.
  expect(complaints.filter(each => !each.includes('404'))).toEqual([])
  await page.screenshot({ path: join(PICTURES, 'first-run.png'), fullPage: true })
  await page.setViewportSize({ width: 360, height: 820 })
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.screenshot({ path: join(PICTURES, 'first-run-narrow-dark.png'), fullPage: true })
  expect(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')).toBe(0)
})

it('a failing webhook: from the error to everything delivered, on one page, in five clicks', async () => {
  await emitAll('failed')
  const { page, complaints } = await signIn(`/webhooks/${webhookId}`)
  await heading(page, 'billing').waitFor()
  const walk = counted()
  await walk.click(page.getByRole('button', { name: 'answer 503' }))
  const panel = page.getByRole('region', { name: 'Delivery', exact: true })
  await panel.getByText('<b>upstream connect error</b>').waitFor()
  expect(await panel.getByRole('region', { name: 'Headers of the request' }).textContent()).toContain(
    'webhook-signature: •••',
  )
  receiver.answerWith(() => ({ status: 200 }))
  await walk.click(page.getByRole('button', { name: 'Test', exact: true }))
  await page.getByText('The test was answered 200').waitFor()
  await walk.click(page.getByRole('button', { name: /^Recover/ }))
  await walk.click(page.getByRole('button', { name: `Deliver ${EVENTS}` }))
  await page.getByRole('region', { name: 'Progress of replays' }).getByText('completed').waitFor()
  await page.getByText(`${EVENTS} of ${EVENTS} delivered`).waitFor()
  expect(walk.count()).toBeLessThanOrEqual(5)
  expect(complaints).toEqual([])
})

it('"it never came": from a pasted id to its history, without a click', async () => {
  const [id] = await emitAll('success')
  const { page, complaints } = await signIn()
  await page.keyboard.press('/')
  await page.keyboard.type(id!)
  await page.keyboard.press('Enter')
  await heading(page, /order\.paid no\. /).waitFor()
  expect(await page.getByRole('region', { name: 'Payload' }).textContent()).toContain('"total": 12.50')
  await page.getByRole('link', { name: 'billing' }).first().waitFor()
  expect(complaints).toEqual([])
})

it('emits from the form of a schema, and numbers are sent as they were typed', async () => {
  const { page } = await signIn(`/emit?name=${organization.slug}.order.paid`)
  await page.getByLabel('total').fill('12.50')
  await page.getByRole('button', { name: 'Emit to live' }).click()
  await page.getByRole('link', { name: 'Open the event' }).click()
  await heading(page, /order\.paid no\. /).waitFor()
  expect(await page.getByRole('region', { name: 'Payload' }).textContent()).toContain('12.50')
})

it('shows events as they are accepted', async () => {
  const { page, complaints } = await signIn('/live')
  await page.getByText('Live', { exact: true }).nth(1).waitFor()
  await page.getByText('No event yet.').waitFor()
  await emitAll('success')
  await page
    .getByRole('link', { name: `${organization.slug}.order.paid` })
    .first()
    .waitFor()
  expect(complaints).toEqual([])
})

it('a deleted key ends its session with the next call', async () => {
  const made = await must(
    organization.call<{ key: { id: string }; apiKey: string }>('POST', '/api/v1/keys', {
      ...{ name: 'short', environment: 'live', scopes: ['webhooks:read'] },
    }),
  )
  const { page } = await open('/webhooks')
  await page.getByLabel('API key').fill(made.apiKey)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('link', { name: 'billing' }).waitFor()
  await must(organization.call('DELETE', `/api/v1/keys/${made.key.id}`))
  await page.reload()
  await heading(page, 'Sign in to Clarion').waitFor()
})

it("another organization's ids are shown as if there were none", async () => {
  const other = await platform.organization()
  const { page } = await open(`/webhooks/${webhookId}`)
  await page.getByLabel('API key').fill(other.apiKey)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').getByText('not_found', { exact: true }).waitFor()
  expect(await page.getByText('billing').count()).toBe(0)
})
