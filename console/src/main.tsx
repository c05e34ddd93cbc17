import './style/tokens.css'
import './style/base.css'
import './style/shell.css'
import './style/parts.css'
import './style/event.css'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { router } from './router.tsx'
import { applyTheme } from './session/preferences.ts'
import { queries } from './session/session.ts'

const RELOADED = 'clarion.reloaded'

applyTheme()
// A part of an older build is gone: the newest page has the names of today's parts. Once, lest it go on for ever.
window.addEventListener('vite:preloadError', event => {
  if (sessionStorage.getItem(RELOADED) === location.href) return
  sessionStorage.setItem(RELOADED, location.href)
  event.preventDefault()
  location.reload()
})

const root = document.getElementById('root')
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  )
