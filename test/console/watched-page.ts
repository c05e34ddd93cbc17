/** A page whose every complaint is kept: errors of the console, violations of the policy, failed requests of assets. */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { patient } from '../support/patience.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

export interface WatchedPage {
  page: Page
  context: BrowserContext
  /** Empty unless something is wrong. A call that is refused on purpose is a complaint of the browser, too. */
  complaints: string[]
  /** Findings of axe, as `rule: element`. */
  findings(): Promise<string[]>
  /** By how much the page is wider than its window. */
  overflow(): Promise<number>
  close(): Promise<void>
}

export interface Look {
  theme: 'light' | 'dark'
  width: number
}

export async function openWatched(browser: Browser, base: string, { theme, width }: Look): Promise<WatchedPage> {
  const context = await browser.newContext({
    baseURL: base,
    viewport: { width, height: 820 },
    ...{ locale: 'en-GB', timezoneId: 'UTC', colorScheme: theme, reducedMotion: 'reduce' },
  })
  const complaints: string[] = []
  context.setDefaultTimeout(patient(10_000))
  const page = await context.newPage()
  page.on('console', message => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', error => complaints.push(String(error)))
  await page.addInitScript({
    content: `document.addEventListener('securitypolicyviolation', event =>
      console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample))`,
  })
  return {
    page,
    context,
    complaints,
    async findings() {
      if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(AXE)
      const found = (await page.evaluate(
        `axe.run(document, { runOnly: ${JSON.stringify(TAGS)} }).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html.slice(0, 160))))`,
      )) as string[]
      return found
    },
    overflow: () => page.evaluate('document.documentElement.scrollWidth - window.innerWidth') as Promise<number>,
    close: () => context.close(),
  }
}
