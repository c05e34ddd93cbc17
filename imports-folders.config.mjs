/**
 * No circle of folders, at any depth. Apart from the other rules, since a folder counts with all below it: src, which holds the clock that
 * all use and the program that uses all, would be in a circle with every other one. Without these three files it is not.
 */
import { options } from './imports.config.mjs'

export default {
  forbidden: [
    {
      name: 'no-circle-of-folders',
      comment: 'Two folders that need each other are one folder, or a third one below them is missing.',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
  ],
  options: { ...options, exclude: { path: '^src/(clock|logger|main)[.]ts$' } },
}
